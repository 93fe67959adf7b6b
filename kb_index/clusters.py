"""Cluster texts that ask the same question.

Average linkage: two clusters are joined as long as the mean cosine between their members is high enough.
This needs every pair within a group. So texts are first split into groups between which no pair is near
enough, and no cluster can span two groups. A group that is too large for that is halved until it fits.

The texts themselves determine the processing order, so the order of the input changes nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kb_index.vector_index import Vectors

NEAR = 0.75  # mean cosine within a cluster; docs/reference/tuning.md
_MAX_GROUP = 2_500  # texts whose pairs are all compared at once: 50 MB
_BLOCK = 8_000_000  # cosines computed at a time: 32 MB

_Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Rows of texts that ask the same question, ascending, and the row of the text that names the cluster."""

    members: tuple[int, ...]
    centre: int


def clusters(
    texts: Sequence[str],
    vectors: Vectors,
    *,
    weights: Sequence[int] | None = None,
    near: float = NEAR,
) -> list[Cluster]:
    """Split all texts into clusters, the heaviest first. An isolated text forms its own cluster.

    `vectors` has a row of length 1 for each text. `weights` says how often each text occurred (default:
    once) and decides which text names a cluster, see `central`.
    """
    if not len(texts):
        return []
    times = np.ones(len(texts)) if weights is None else np.asarray(weights, dtype=np.float64)
    order = np.array(sorted(range(len(texts)), key=lambda row: texts[row]), dtype=np.int64)
    ordered = np.ascontiguousarray(vectors[order], dtype=np.float32)
    found = [
        _cluster(texts, order[rows], ordered[rows], times)
        for group in _groups(ordered, near)
        for rows in _cluster_group(ordered, group, near)
    ]
    return sorted(found, key=lambda cluster: (-times[list(cluster.members)].sum(), texts[cluster.centre]))


def central(texts: Sequence[str], vectors: Vectors, weights: Sequence[float] | None = None) -> int:
    """Return the row of the medoid: the text with the highest mean cosine to all, weighted by frequency.

    Only texts that occurred at least half as often as the most frequent text are candidates, because
    the name should be a common wording.
    """
    times = np.ones(len(texts)) if weights is None else np.asarray(weights, dtype=np.float64)
    nearness = vectors @ (times @ vectors)
    often = times >= times.max() / 2
    return min(
        np.flatnonzero(often).tolist(),
        key=lambda row: (-round(float(nearness[row]), 4), len(texts[row]), texts[row]),
    )


def _cluster(
    texts: Sequence[str], rows: _Integers, vectors: Vectors, times: npt.NDArray[np.float64]
) -> Cluster:
    centre = central([texts[row] for row in rows.tolist()], vectors, times[rows].tolist())
    return Cluster(members=tuple(sorted(rows.tolist())), centre=int(rows[centre]))


def _groups(vectors: Vectors, near: float) -> Iterator[_Integers]:
    """Return groups of texts connected by near pairs. Average linkage joins nothing across groups."""
    from scipy import sparse

    n = len(vectors)
    label = np.arange(n)
    step = max(1, _BLOCK // n)
    for start in range(0, n, step):
        block = vectors[start : start + step]
        rows, columns = np.nonzero(block @ vectors[start:].T >= near)
        row_labels, column_labels = label[rows + start], label[columns + start]
        graph = sparse.coo_matrix(
            (np.ones(len(row_labels), np.bool_), (row_labels, column_labels)), shape=(n, n)
        )
        _, joined = sparse.csgraph.connected_components(graph, directed=False)
        label = joined[label]
    order = np.argsort(label, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(label[order])) + 1)


def _cluster_group(vectors: Vectors, group: _Integers, near: float) -> list[_Integers]:
    if len(group) == 1:
        return [group]
    if len(group) <= _MAX_GROUP:
        labels = _average_linkage(vectors[group] @ vectors[group].T, near)
        return [group[labels == label] for label in range(labels.max() + 1)]
    parts = [rows for half in _halves(vectors, group) for rows in _cluster_group(vectors, half, near)]
    return _link_across(vectors, parts, near)


def _average_linkage(cosines: Vectors, near: float) -> _Integers:
    from sklearn.cluster import AgglomerativeClustering

    distances = np.clip(1 - cosines, 0, 2)
    np.fill_diagonal(distances, 0)
    model = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=1 - near
    )
    labels: _Integers = model.fit_predict(distances)
    return labels


def _halves(vectors: Vectors, group: _Integers) -> list[_Integers]:
    from sklearn.cluster import KMeans

    side = KMeans(n_clusters=2, n_init=1, random_state=0, max_iter=25).fit_predict(vectors[group])
    if side.all() or not side.any():  # all texts are equal, so any split will do
        side = np.arange(len(group)) % 2
    return [group[side == 0], group[side == 1]]


def _link_across(vectors: Vectors, parts: list[_Integers], near: float) -> list[_Integers]:
    """Join clusters that the halving has cut. The mean cosine between two is the product of their means."""
    from scipy import sparse

    means = np.array([vectors[rows].mean(axis=0) for rows in parts], dtype=np.float32)
    step = max(1, _BLOCK // len(parts))
    best = np.full(len(parts), -1, dtype=np.int64)
    for start in range(0, len(parts), step):
        cosines = means[start : start + step] @ means.T
        cosines[np.arange(len(cosines)), np.arange(start, start + len(cosines))] = -1
        nearest = cosines.argmax(axis=1)
        close = cosines[np.arange(len(cosines)), nearest] >= near
        best[start : start + len(cosines)] = np.where(close, nearest, -1)
    # Join mutual nearest neighbours only, so every join is as near as average linkage requires.
    rows = np.flatnonzero((best >= 0) & (best[best] == np.arange(len(parts))))
    graph = sparse.coo_matrix((np.ones(len(rows), np.bool_), (rows, best[rows])), shape=(len(parts),) * 2)
    _, label = sparse.csgraph.connected_components(graph, directed=False)
    joined: dict[int, list[_Integers]] = {}
    for number, rows_of_part in zip(label.tolist(), parts, strict=True):
        joined.setdefault(number, []).append(rows_of_part)
    return [np.concatenate(members) for members in joined.values()]
