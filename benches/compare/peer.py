"""Measures onnxruntime for `cargo bench --bench compare`, which starts this script and speaks to it.

    peer.py MODEL_DIR CACHE_DIR THREADS

First prints one line of JSON, `{"variant": least cosine to reference.json, ...}`. Then, for each line
`{"variant": ..., "ids": [[...], ...], "repeats": n}` read, prints one line `[seconds, ...]`.
"""

import contextlib
import json
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime

import onnx_bert


def session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def inputs(ids: list[list[int]]) -> dict[str, np.ndarray]:
    tokens = np.array(ids, dtype=np.int64)
    return {"input_ids": tokens, "attention_mask": np.ones_like(tokens)}


def least_cosine(run: onnxruntime.InferenceSession, items: list[dict]) -> float:
    """How far the variant is from the vectors that the model's trainer computed."""
    cosines = []
    for item in items:
        mean = run.run(None, inputs([item["token_ids"]]))[0][0].mean(0)
        cosines.append(float(mean @ np.array(item["embedding"]) / np.linalg.norm(mean)))
    return min(cosines)


def main() -> None:
    model_dir, cache, threads = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    items = json.loads((model_dir / "reference.json").read_text())["items"]
    # What the libraries print must not come between the answers.
    with contextlib.redirect_stdout(sys.stderr):
        sessions = {name: session(path, threads) for name, path in onnx_bert.build(model_dir, cache).items()}
        cosines = {name: least_cosine(run, items) for name, run in sessions.items()}
    print(json.dumps(cosines), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        run, feed = sessions[order["variant"]], inputs(order["ids"])
        seconds = []
        for _ in range(order["repeats"]):
            start = time.perf_counter()
            run.run(None, feed)
            seconds.append(time.perf_counter() - start)
        print(json.dumps(seconds), flush=True)


if __name__ == "__main__":
    main()
