#!/usr/bin/env bash
# Installs the peers into target/compare and prints the tables of README's performance section.
#
#   benches/compare/run.sh           both tables
#   benches/compare/run.sh embed     dayi beside onnxruntime
#   benches/compare/run.sh http      the service under load (needs wrk: apt install wrk)
#   benches/compare/run.sh index     dayi's index beside hnswlib, faiss and usearch; what follows goes to the benchmark,
#                                    such as --count 100000 or --texts questions.tsv --count 500000
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ "${1:-}" = index ]; then
    shift
    indexes=target/compare-index
    [ -x "$indexes/bin/python" ] || python3 -m venv "$indexes"
    "$indexes/bin/python" -m pip install --quiet --requirement benches/compare/index-requirements.txt
    cargo bench --quiet --bench index_recall -- --save "$indexes/vectors" "$@"
    exec "$indexes/bin/python" benches/compare/index.py "$indexes/vectors"
fi
python=target/compare/bin/python
if [ "${1:-embed}" = embed ]; then
    [ -x "$python" ] || python3 -m venv target/compare
    "$python" -m pip install --quiet --requirement benches/compare/requirements.txt
fi
lscpu | grep -E '^(Model name|CPU\(s\)|L2 cache|L3 cache)' || true
DAYI_BENCH_PYTHON="$PWD/$python" exec cargo bench --quiet --bench compare -- "$@"
