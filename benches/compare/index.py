"""The indexes of others over the vectors that `cargo bench --bench index_recall -- --save DIR` wrote.

    index.py DIR

Same vectors, same queries, same parameters as dayi's defaults; built on all cores, asked one query at a time on one.
"""

import os
import sys
import time
from pathlib import Path

import faiss
import hnswlib
import numpy as np
from usearch.index import Index

K, CONNECTIONS, EF_CONSTRUCTION = 10, 16, 200
WIDTHS = [20, 50, 100, 128, 200, 400]


def resident() -> float:
    """Megabytes of this process in memory."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1e3


def hnswlib_index(vectors):
    index = hnswlib.Index(space="ip", dim=vectors.shape[1])
    index.init_index(max_elements=len(vectors), M=CONNECTIONS, ef_construction=EF_CONSTRUCTION)
    index.add_items(vectors)
    index.set_num_threads(1)
    return lambda query: index.knn_query(query, k=K)[0][0], index.set_ef


def faiss_index(vectors):
    index = faiss.IndexHNSWFlat(vectors.shape[1], CONNECTIONS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = EF_CONSTRUCTION
    index.add(vectors)
    faiss.omp_set_num_threads(1)

    def widen(width):
        index.hnsw.efSearch = width

    return lambda query: index.search(query[None], K)[1][0], widen


def usearch_index(vectors):
    index = Index(
        ndim=vectors.shape[1], metric="ip", dtype="f32", connectivity=CONNECTIONS, expansion_add=EF_CONSTRUCTION
    )
    index.add(np.arange(len(vectors)), vectors, threads=os.cpu_count())

    def widen(width):
        index.expansion_search = width

    return lambda query: index.search(query, K, threads=1).keys, widen


def main() -> None:
    folder = Path(sys.argv[1])
    dimension = int((folder / "dimension").read_text())
    vectors = np.fromfile(folder / "vectors.f32", dtype="<f4").reshape(-1, dimension)
    queries = np.fromfile(folder / "queries.f32", dtype="<f4").reshape(-1, dimension)
    truth = np.fromfile(folder / "truth.u32", dtype="<u4").reshape(len(queries), -1)
    for name, build in [("hnswlib", hnswlib_index), ("faiss", faiss_index), ("usearch", usearch_index)]:
        before, start = resident(), time.perf_counter()
        search, widen = build(vectors)
        print(f"{name}: built in {time.perf_counter() - start:.1f} s, {resident() - before:.0f} MB", flush=True)
        for width in WIDTHS:
            widen(width)
            found, times = [], []
            for query in queries:
                start = time.perf_counter()
                found.append(search(query))
                times.append(time.perf_counter() - start)
            hits = sum(len(set(a.tolist()) & set(b.tolist())) for a, b in zip(found, truth))
            p50, p95, p99 = np.quantile(times, [0.5, 0.95, 0.99]) * 1e3
            print(
                f"{name:8} ef {width:4} recall@{K} {hits / truth.size:.4f}  "
                f"p50 {p50:.2f} ms  p95 {p95:.2f} ms  p99 {p99:.2f} ms",
                flush=True,
            )


main()
