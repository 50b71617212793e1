#!/usr/bin/env bash
# Installs the peers into target/compare and prints the tables of README's performance section.
#
#   benches/compare/run.sh           both tables
#   benches/compare/run.sh embed     dayi beside onnxruntime
#   benches/compare/run.sh http      the service under load (needs wrk: apt install wrk)
set -euo pipefail
cd "$(dirname "$0")/../.."
python=target/compare/bin/python
if [ "${1:-embed}" = embed ]; then
    [ -x "$python" ] || python3 -m venv target/compare
    "$python" -m pip install --quiet --requirement benches/compare/requirements.txt
fi
lscpu | grep -E '^(Model name|CPU\(s\)|L2 cache|L3 cache)' || true
DAYI_BENCH_PYTHON="$PWD/$python" exec cargo bench --quiet --bench compare -- "$@"
