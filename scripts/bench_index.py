"""Measure recall and speed of the vector index at 10⁴, 10⁵, 10⁶ vectors.

    python -m scripts.bench_index --sizes 10000,100000,1000000 --json index.json --plot docs/images/index.svg

Gaussian noise is unlike users' data, because every vector is far from every other. So the vectors are made
from real sentences: a real vector (share 0.5 to 1) is mixed with one of its 32 nearest neighbours, and noise
of length 0.1 is added. This comes closest to the real set in intrinsic dimension and in the similarities of
neighbours, both of which are measured again and reported. Queries are real sentences that were not used to
make vectors. Recall is relative to comparing every vector.
"""

import argparse
import csv
import hashlib
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

from kb_index import FaissIndex
from nlu.text import clean
from prompter.models.encoder_factory import build_encoder
from scripts.measuring import DATA, ROOT
from sufler.cli.progress import progress_bar
from sufler.settings import load_settings

Vectors = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

TEXTS = [
    DATA / "intents" / f"{name}.csv" for name in ("banking77_train", "hwu64_large_train", "hwu64_ru_train")
]
NEIGHBOURS = 32  # nearest neighbours of a real vector from which its partner is drawn
NOISE = 0.1  # length of the noise added to a vector of length 1
K = 10
BREADTHS = (32, 64, 128, 256)
PART = 50_000  # vectors made or added between two steps of the progress bar
QUERIES = 1000
FLAT_QUERIES = 200  # timed against a flat index, which takes 100 ms each at a million


@dataclass(frozen=True, kw_only=True)
class Point:
    """One breadth of the search at one size, with one query at a time on one thread."""

    breadth: int | None  # None: a flat index, which compares every vector
    recall_at_10: float
    p50_ms: float
    p99_ms: float
    cpu_p50_ms: float  # CPU time of the thread, equal to wall time on an idle machine
    cpu_p99_ms: float


@dataclass(frozen=True, kw_only=True)
class Result:
    """The measurements at one size."""

    vectors: int
    choice: str  # flat or hnsw, and why
    build_s: float
    build_cpu_s: float
    bytes_per_vector: float  # on disk; 16 more in memory for the ids
    bytes_per_article: float  # one question and one passage
    flat_p50_ms: float
    flat_cpu_p50_ms: float
    breadth: int | None  # breadth of the product at this size
    points: list[Point]


def main() -> int:
    arguments = _arguments()
    texts = _texts(arguments.texts, arguments.rows)
    real = np.unique(_encode(texts, arguments.config, arguments.cache), axis=0)
    real = real[np.random.default_rng(arguments.seed).permutation(len(real))]
    if len(real) <= 2 * QUERIES:
        sys.exit(
            f"bench_index: {len(real)} distinct texts are too few: name files with {2 * QUERIES} or more"
        )
    queries, seeds = real[:QUERIES], real[QUERIES:]
    neighbours = _neighbours(seeds)
    results = [_measure(size, seeds, neighbours, queries, arguments) for size in sorted(arguments.sizes)]
    made = np.concatenate(list(_generate(len(seeds), seeds, neighbours, arguments.seed)))
    report = {
        "machine": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "versions": {"python": platform.python_version(), "faiss": faiss.__version__},
        "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "dimensions": int(real.shape[1]),
        "texts": [path.name for path in arguments.texts],
        "realism": {"real": _shape(seeds, queries), "made": _shape(made, queries)},
        "results": [asdict(result) for result in results],
    }
    text = json.dumps(report, indent=1)
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)  # noqa: T201
    if arguments.plot:
        _plot(results, arguments.plot)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=_sizes, default=[10_000, 100_000, 1_000_000], help="10000,100000")
    parser.add_argument("--texts", type=Path, nargs="+", default=TEXTS, help="CSV files with a column text")
    parser.add_argument("--rows", type=int, default=20_000, help="texts to read at most")
    parser.add_argument("--cache", type=Path, help="folder that keeps the texts' vectors for the next time")
    parser.add_argument("--config", type=Path, default=ROOT / "config.yml")
    parser.add_argument("--threads", type=int, default=0, help="to build with; 0: all cores")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="where to write the figures; else to standard output")
    parser.add_argument("--plot", type=Path, help="where to write the plot, an SVG (needs matplotlib)")
    arguments = parser.parse_args()
    for path in arguments.texts:
        if not path.is_file():
            parser.error(f"{path}: no such file; name CSV files with a column text after --texts")
    return arguments


def _sizes(text: str) -> list[int]:
    sizes = [int(part) for part in text.split(",")]
    if min(sizes) < 1000:
        raise argparse.ArgumentTypeError("sizes are 1000 or more")
    return sizes


def _texts(files: Sequence[Path], limit: int) -> list[str]:
    found: dict[str, None] = {}
    for path in files:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if text := clean(row["text"]):
                    found[text] = None
    texts = list(found)
    return texts[:: -(-len(texts) // limit)] if len(texts) > limit else texts


def _encode(texts: Sequence[str], config: Path, cache: Path | None) -> Vectors:
    encoder = build_encoder(load_settings(config).models)
    name = hashlib.sha256("\n".join([encoder.id, *texts]).encode()).hexdigest()[:16]
    kept = cache / f"{name}.npy" if cache else None
    if kept and kept.exists():
        return np.asarray(np.load(kept), dtype=np.float32)
    parts = []
    with progress_bar("Embedding", len(texts)) as advance:
        for start in range(0, len(texts), 128):
            parts.append(encoder.encode(texts[start : start + 128], kind="query"))
            advance(len(parts[-1]))
    # Rounded to half precision, as the product stores them
    vectors = np.concatenate(parts).astype(np.float16)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.save(kept, vectors)
    return vectors.astype(np.float32)


def _neighbours(seeds: Vectors) -> Rows:
    """Return the rows of each vector's nearest neighbours, shape (len(seeds), NEIGHBOURS)."""
    index = faiss.IndexFlatIP(seeds.shape[1])
    index.add(seeds)
    return np.asarray(index.search(seeds, NEIGHBOURS + 1)[1][:, 1:], dtype=np.int64)


def _generate(n: int, seeds: Vectors, neighbours: Rows, seed: int) -> Iterator[Vectors]:
    """Yield `n` vectors of length 1, in parts."""
    random = np.random.default_rng((seed, n))
    for start in range(0, n, PART):
        count = min(PART, n - start)
        first = random.integers(0, len(seeds), count)
        second = neighbours[first, random.integers(0, neighbours.shape[1], count)]
        share = random.uniform(0.5, 1, (count, 1)).astype(np.float32)
        mixed = share * seeds[first] + (1 - share) * seeds[second]
        mixed += random.normal(0, NOISE / np.sqrt(seeds.shape[1]), mixed.shape).astype(np.float32)
        mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
        yield mixed.astype(np.float16).astype(np.float32)


def _measure(
    size: int,
    seeds: Vectors,
    neighbours: Rows,
    queries: Vectors,
    arguments: argparse.Namespace,
) -> Result:
    hnsw_above = load_settings(arguments.config).search.hnsw_above
    threads = arguments.threads or os.cpu_count() or 1
    faiss.omp_set_num_threads(threads)
    index = FaissIndex(seeds.shape[1], hnsw_above=hnsw_above)
    exact = _Nearest(queries)
    build_s = build_cpu_s = 0.0
    with progress_bar(f"{size:,} vectors", size) as advance:
        done = 0
        for part in _generate(size, seeds, neighbours, arguments.seed):
            numbers = np.arange(done, done + len(part))
            wall, cpu = time.perf_counter(), time.process_time()
            index.add(numbers, part)
            build_s += time.perf_counter() - wall
            build_cpu_s += time.process_time() - cpu
            exact.add(part, done)
            done += len(part)
            advance(len(part))
    faiss.omp_set_num_threads(1)
    choice, chosen, points = index.choice, index.breadth if index.is_graph else None, []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        index.save(folder)
        del index
        size_on_disk = sum(path.stat().st_size for path in folder.iterdir())
        for breadth in sorted({*BREADTHS, chosen}) if chosen else (None,):
            loaded = FaissIndex.load(folder, hnsw_above=hnsw_above, breadth=breadth)
            points.append(_point(loaded, queries, exact.rows, breadth))
            del loaded
    flat = faiss.IndexFlatIP(seeds.shape[1])
    for part in _generate(size, seeds, neighbours, arguments.seed):
        flat.add(part)
    _, flat_times = _time_queries(lambda query: flat.search(query, K)[1], queries[:FLAT_QUERIES])
    return Result(
        vectors=size,
        choice=choice,
        build_s=round(build_s, 1),
        build_cpu_s=round(build_cpu_s, 1),
        bytes_per_vector=round(size_on_disk / size, 1),
        bytes_per_article=round(2 * size_on_disk / size, 1),
        flat_p50_ms=_ms(flat_times[:, 0], 0.5),
        flat_cpu_p50_ms=_ms(flat_times[:, 1], 0.5),
        breadth=chosen,
        points=points,
    )


class _Nearest:
    """Exact nearest neighbours, found by comparing every vector, one part at a time."""

    def __init__(self, queries: Vectors) -> None:
        self._queries = queries
        self._similarities = np.full((len(queries), K), -np.inf, dtype=np.float32)
        self.rows: Rows = np.full((len(queries), K), -1, dtype=np.int64)

    def add(self, vectors: Vectors, first: int) -> None:
        similarities = self._queries @ vectors.T
        best = np.argpartition(-similarities, K, axis=1)[:, :K]
        rows = np.concatenate([self.rows, best + first], axis=1)
        both = np.concatenate([self._similarities, np.take_along_axis(similarities, best, 1)], axis=1)
        order = np.argsort(-both, axis=1, kind="stable")[:, :K]
        self.rows = np.take_along_axis(rows, order, 1)
        self._similarities = np.take_along_axis(both, order, 1)


def _point(index: FaissIndex, queries: Vectors, exact: Rows, breadth: int | None) -> Point:
    found, times = _time_queries(lambda query: index.search(query, K)[1], queries)
    pairs = zip(found.tolist(), exact.tolist(), strict=True)
    return Point(
        breadth=breadth,
        recall_at_10=round(float(np.mean([len(set(a) & set(b)) / K for a, b in pairs])), 4),
        p50_ms=_ms(times[:, 0], 0.5),
        p99_ms=_ms(times[:, 0], 0.99),
        cpu_p50_ms=_ms(times[:, 1], 0.5),
        cpu_p99_ms=_ms(times[:, 1], 0.99),
    )


def _time_queries(
    search: Callable[[Vectors], Rows], queries: Vectors
) -> tuple[Rows, npt.NDArray[np.float64]]:
    """Return the rows found, and the wall time and thread time of each query in seconds."""
    for query in queries[:20]:
        search(query[None])
    found, times = [], []
    for query in queries:
        wall, cpu = time.perf_counter(), time.thread_time()
        found.append(search(query[None])[0])
        times.append((time.perf_counter() - wall, time.thread_time() - cpu))
    return np.stack(found), np.array(times)


def _ms(seconds: npt.NDArray[np.float64], quantile: float) -> float:
    return round(float(np.quantile(seconds, quantile)) * 1000, 3)


def _shape(vectors: Vectors, queries: Vectors) -> dict[str, float]:
    """Return how hard neighbours are to find, as medians over the queries.

    The dimension is the maximum-likelihood estimate from 20 neighbours (Levina & Bickel, 2004).
    """
    cosines = -np.sort(-(queries @ vectors.T), axis=1)[:, :20]
    distances = np.sqrt(np.maximum(2 - 2 * cosines, 1e-9))
    dimension = 1 / np.log(distances[:, -1:] / distances[:, :-1]).mean(axis=1)
    return {
        "intrinsic_dimension": round(float(np.median(dimension)), 1),
        "cosine_of_nearest": round(float(np.median(cosines[:, 0])), 3),
        "cosine_of_10th": round(float(np.median(cosines[:, 9])), 3),
    }


def _plot(results: Sequence[Result], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for result in results:
        left.plot(
            [point.cpu_p50_ms for point in result.points],
            [point.recall_at_10 for point in result.points],
            marker="o",
            label=f"{result.vectors:,} vectors",
        )
        for point in result.points:
            if point.breadth:
                left.annotate(
                    str(point.breadth), (point.cpu_p50_ms, point.recall_at_10), xytext=(4, -10),
                    textcoords="offset points", fontsize=8,
                )  # fmt: skip
    left.axhline(0.98, color="grey", linestyle=":")
    left.set(xlabel="ms a query, one thread (median)", ylabel="recall@10", title="By breadth of the search")
    left.legend()
    sizes = [result.vectors for result in results]
    used = [next(p for p in result.points if p.breadth == result.breadth) for result in results]
    right.loglog(sizes, [result.flat_cpu_p50_ms for result in results], marker="s", label="flat, median")
    right.loglog(sizes, [point.cpu_p50_ms for point in used], marker="o", label="as chosen, median")
    right.loglog(sizes, [point.cpu_p99_ms for point in used], marker="^", label="as chosen, 99 %")
    right.set(xlabel="vectors", ylabel="ms a query, one thread", title="By size")
    right.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    sys.exit(main())
