"""Texts are clustered, on a few vectors computed by hand and on many vectors."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb_index import clusters as module
from kb_index.clusters import Cluster, central, clusters
from kb_index.vector_index import Vectors


def at(*degrees: float) -> Vectors:
    """Return points on a circle, whose cosines are those of the angles between them."""
    angles = np.deg2rad(np.array(degrees))
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_texts_that_are_near_are_together_and_the_heaviest_cluster_is_first() -> None:
    texts, vectors = ["a", "b", "c", "d"], at(0, 90, 10, 20)
    assert clusters(texts, vectors) == [
        Cluster(members=(0, 2, 3), centre=2),
        Cluster(members=(1,), centre=1),
    ]
    by_weight = clusters(texts, vectors, weights=[1, 9, 1, 1])
    assert [cluster.centre for cluster in by_weight] == [1, 2]


def test_what_people_say_names_the_cluster() -> None:
    texts, vectors = ["nobody", "often", "rarely"], at(10, 0, 20)
    assert texts[central(texts, vectors)] == "nobody"  # in the middle
    assert texts[central(texts, vectors, [1, 30, 2])] == "often"


def test_a_chain_is_no_cluster() -> None:
    """Each text is near the next, but the ends have nothing in common."""
    found = clusters([f"{number:02}" for number in range(10)], at(*range(0, 300, 30)))
    assert max(len(cluster.members) for cluster in found) <= 3


def test_of_nothing_there_is_nothing() -> None:
    assert clusters([], np.zeros((0, 2), np.float32)) == []
    assert clusters(["a"], at(5)) == [Cluster(members=(0,), centre=0)]


@given(st.permutations(range(12)))
def test_the_order_changes_nothing(order: list[int]) -> None:
    texts = [f"text {number}" for number in range(12)]
    vectors = at(*(37 * number % 360 for number in range(12)))
    plain = {
        frozenset(texts[row] for row in cluster.members): texts[cluster.centre]
        for cluster in clusters(texts, vectors)
    }
    shuffled = [texts[row] for row in order]
    found = {
        frozenset(shuffled[row] for row in cluster.members): shuffled[cluster.centre]
        for cluster in clusters(shuffled, vectors[order])
    }
    assert found == plain


def _make(groups: int, size: int, dimensions: int = 64) -> tuple[list[str], Vectors]:
    random = np.random.default_rng(7)
    centres = random.normal(size=(groups, dimensions))
    vectors = np.repeat(centres, size, axis=0) + 0.25 * random.normal(size=(groups * size, dimensions))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return [f"{row // size}-{row % size}" for row in range(len(vectors))], vectors.astype(np.float32)


def test_groups_that_are_halved_give_the_same_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, vectors = _make(40, 6)
    # One near pair after another binds everything together: one large group.
    middle = vectors[:-1] + vectors[1:]
    vectors = np.concatenate(
        [vectors, (middle / np.linalg.norm(middle, axis=1, keepdims=True)).astype(np.float32)]
    )
    texts = texts + [f"between {row}" for row in range(len(middle))]
    whole = {cluster.members for cluster in clusters(texts, vectors)}
    monkeypatch.setattr(module, "_MAX_GROUP", 100)
    halved = {cluster.members for cluster in clusters(texts, vectors)}
    assert len(whole & halved) >= 0.8 * len(whole)


@pytest.mark.slow
def test_many_texts_in_bounded_memory() -> None:
    texts, vectors = _make(1_400, 5)
    tracemalloc.start()
    found = clusters(texts, vectors)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == 1_400
    assert {len(cluster.members) for cluster in found} == {5}
    assert peak < 70e6  # all pairs would take 200 MB
