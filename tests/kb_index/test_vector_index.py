"""Every vector index meets one contract: its values equal brute force."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb_index import FaissIndex, FlatIndex, IncompatibleIndex, IndexNotBuilt, VectorIndex

DIMENSIONS = 8
Make = Callable[[], VectorIndex]
KINDS: dict[str, Make] = {
    "flat": lambda: FlatIndex(DIMENSIONS),
    "faiss flat": lambda: FaissIndex(DIMENSIONS),
    "faiss hnsw": lambda: FaissIndex(DIMENSIONS, hnsw_above=1),
}
LOAD: dict[str, Callable[[Path], VectorIndex]] = {
    "flat": FlatIndex.load,
    "faiss flat": FaissIndex.load,
    "faiss hnsw": lambda folder: FaissIndex.load(folder, hnsw_above=1),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def unit_vectors(n: int, seed: int = 0) -> np.ndarray:
    vectors: np.ndarray = np.random.default_rng(seed).normal(size=(n, DIMENSIONS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    # As the product's encoder stores them, and as a graph keeps them: half precision loses nothing more.
    return vectors.astype(np.float16).astype(np.float32)


def fill(kind: str, n: int = 40) -> tuple[VectorIndex, dict[int, np.ndarray]]:
    index, vectors = KINDS[kind](), unit_vectors(n)
    ids = np.arange(n) * 3 + 7
    index.add(ids, vectors)
    return index, dict(zip(ids.tolist(), vectors, strict=True))


def assert_equals_brute_force(index: VectorIndex, held: dict[int, np.ndarray], k: int = 5) -> None:
    queries = unit_vectors(6, seed=1)
    similarities, ids = index.search(queries, k)
    assert ids.shape == similarities.shape == (6, min(k, len(held)))
    for query, row_similarities, row_ids in zip(queries, similarities, ids, strict=True):
        expected = sorted(((float(vector @ query), -number) for number, vector in held.items()), reverse=True)
        assert row_ids.tolist() == [-number for _, number in expected[:k]]
        assert row_similarities == pytest.approx([value for value, _ in expected[:k]], abs=1e-5)


def test_finds_the_nearest_with_their_cosines(kind: str) -> None:
    assert_equals_brute_force(*fill(kind))


def test_more_are_asked_for_than_there_are(kind: str) -> None:
    assert_equals_brute_force(*fill(kind, 4), k=10)


def test_removed_ones_are_not_found(kind: str) -> None:
    index, held = fill(kind)
    index.remove(np.array([7, 10, 10, 999]))
    del held[7], held[10]
    assert len(index) == 38
    assert_equals_brute_force(index, held, k=40)
    index.remove(np.array(list(held)[:30]))
    assert_equals_brute_force(index, {number: held[number] for number in list(held)[30:]}, k=40)


def test_adding_an_id_again_replaces_its_vector(kind: str) -> None:
    index, held = fill(kind)
    fresh = unit_vectors(2, seed=5)
    index.add(np.array([7, 1000]), fresh)
    held |= {7: fresh[0], 1000: fresh[1]}
    assert len(index) == 41
    assert_equals_brute_force(index, held)
    assert index.vectors(np.array([1000, 7])) == pytest.approx(fresh[::-1])


def test_equal_vectors_come_by_ascending_id(kind: str) -> None:
    index, vector = KINDS[kind](), unit_vectors(1)
    index.add(np.array([5, 3, 9]), np.repeat(vector, 3, axis=0))
    similarities, ids = index.search(vector, 3)
    assert ids.tolist() == [[3, 5, 9]]
    assert similarities == pytest.approx(1, abs=1e-3)


def test_an_empty_index_was_not_built(kind: str) -> None:
    index = KINDS[kind]()
    with pytest.raises(IndexNotBuilt):
        index.search(unit_vectors(1), 1)
    index.add(np.array([1]), unit_vectors(1))
    index.remove(np.array([1]))
    assert len(index) == 0
    with pytest.raises(IndexNotBuilt):
        index.search(unit_vectors(1), 1)


def test_it_is_the_same_after_a_restart(kind: str, tmp_path: Path) -> None:
    index, held = fill(kind)
    index.remove(np.array([7]))
    del held[7]
    index.save(tmp_path)
    loaded = LOAD[kind](tmp_path)
    assert_equals_brute_force(loaded, held)
    loaded.add(np.array([7]), unit_vectors(1, seed=5))
    assert_equals_brute_force(loaded, held | {7: unit_vectors(1, seed=5)[0]})


@pytest.mark.parametrize("damage", ["cut", "gone", "of another index"])
def test_damaged_files_are_refused(kind: str, damage: str, tmp_path: Path) -> None:
    fill(kind)[0].save(tmp_path)
    for path in tmp_path.iterdir():
        if path.stem == "vectors":
            content = path.read_bytes()
            path.unlink()
            if damage == "cut":
                path.write_bytes(content[: len(content) // 2])
    if damage == "of another index":
        other = tmp_path / "other"
        other.mkdir()
        fill(kind, 10)[0].save(other)
        for path in other.glob("vectors.*"):
            path.rename(tmp_path / path.name)
    with pytest.raises(IncompatibleIndex):
        LOAD[kind](tmp_path)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.lists(st.integers(0, 15), min_size=1, max_size=6)), max_size=8))
def test_any_history_ends_like_brute_force(history: list[tuple[bool, list[int]]]) -> None:
    for make in KINDS.values():
        index, held = make(), dict[int, np.ndarray]()
        for step, (adds, ids) in enumerate(history):
            if adds:
                vectors = unit_vectors(len(ids), seed=step)
                index.add(np.array(ids), vectors)
                held |= dict(zip(ids, vectors, strict=True))
            else:
                index.remove(np.array(ids))
                held = {number: vector for number, vector in held.items() if number not in ids}
        assert len(index) == len(held)
        if held:
            assert_equals_brute_force(index, held, k=20)


def test_a_large_index_becomes_a_graph_and_stays_right() -> None:
    index = FaissIndex(DIMENSIONS, hnsw_above=500)
    vectors = unit_vectors(600)
    index.add(np.arange(400), vectors[:400])
    kinds = [index.is_graph]
    index.add(np.arange(400, 600), vectors[400:])
    assert [*kinds, index.is_graph] == [False, True]
    queries = unit_vectors(50, seed=2)
    found = index.search(queries, 10)[1]
    exact = np.argsort(-(queries @ vectors.T), axis=1)[:, :10]
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found.tolist(), exact.tolist(), strict=True)])
    assert recall >= 0.98


@pytest.mark.parametrize("hnsw_above", [1, 1000])
def test_a_fork_changes_alone(hnsw_above: int) -> None:
    index, vectors = FaissIndex(DIMENSIONS, hnsw_above=hnsw_above), unit_vectors(50)
    index.add(np.arange(50), vectors)
    fork = index.fork()
    fork.remove(np.array([3, 4]))
    fork.add(np.array([5, 77]), unit_vectors(2, seed=5))
    held = dict(enumerate(vectors))
    assert_equals_brute_force(index, held, k=50)
    changed = {number: vector for number, vector in held.items() if number not in (3, 4)}
    changed |= dict(zip((5, 77), unit_vectors(2, seed=5), strict=True))
    assert_equals_brute_force(fork, changed, k=50)
    assert fork.vectors(np.array([77, 0])) == pytest.approx(np.stack([changed[77], changed[0]]))


@pytest.mark.parametrize("hnsw_above", [1, 1000])
@pytest.mark.parametrize("kept", [range(100), range(40, 50), range(0, 100, 3)])
def test_some_are_taken_under_other_numbers(hnsw_above: int, kept: range) -> None:
    index, vectors = FaissIndex(DIMENSIONS, hnsw_above=hnsw_above), unit_vectors(100)
    index.add(np.arange(90), vectors[:90])
    index.add(np.arange(90, 100), vectors[90:])
    other = index.take(np.array(kept), np.arange(len(kept)) + 7)
    assert_equals_brute_force(other, {row + 7: vectors[number] for row, number in enumerate(kept)}, k=100)
    assert_equals_brute_force(index, dict(enumerate(vectors)), k=100)
    with pytest.raises(KeyError):
        other.vectors(np.array([len(kept) + 7]))


def test_a_graph_takes_in_what_is_added_and_says_why_it_is_one() -> None:
    index, vectors = FaissIndex(DIMENSIONS, hnsw_above=100), unit_vectors(1500)
    index.add(np.arange(100), vectors[:100])
    assert index.choice == "flat: 100 vectors, hnsw from 101 on"
    index.add(np.arange(100, 200), vectors[100:200])
    assert index.choice == "hnsw: 200 vectors, more than 100 when it was built"
    for start in range(200, 1500, 100):
        index.add(np.arange(start, start + 100), vectors[start : start + 100])
    queries = unit_vectors(50, seed=2)
    exact = np.argsort(-(queries @ vectors.T), axis=1)[:, :10]
    found = index.search(queries, 10)[1]
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found.tolist(), exact.tolist(), strict=True)])
    assert recall >= 0.98
