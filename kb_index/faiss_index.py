"""The vector index on FAISS: flat for a small knowledge base, HNSW for a large one.

No other module imports FAISS.
"""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np
import numpy.typing as npt

from kb_index.errors import IncompatibleIndex, IndexNotBuilt
from kb_index.vector_index import Ids, Vectors, sort_rows

_untyped: Any = faiss  # its type stubs lack the methods that SWIG adds
_REMOVED = -1
_MAX_REMOVED = 0.2  # share of removed vectors above which the graph is rebuilt
_MAX_TAIL = 1000  # vectors outside the graph: comparing them all takes 0.1 ms
_BREADTH = 64  # vectors visited in a search among 10,000 vectors
_GROWTH = 0.55  # exponent with which the breadth grows with the size: docs/reference/tuning.md
_HALF = _untyped.ScalarQuantizer.QT_fp16


@dataclass(frozen=True, kw_only=True)
class _State:
    """The contents of an index at one moment. It is replaced, never changed, so threads may share it."""

    body: Any  # a FAISS index
    tail: Vectors  # vectors added after the graph was built; empty for a flat index
    ids: Ids  # by position, the body's ids first
    sorted_ids: Ids  # without the removed ones
    positions: Ids  # of `sorted_ids`
    in_place: bool  # ids and positions are equal
    stored: npt.NDArray[np.float16] | Vectors  # the body's vectors by position, in FAISS's own memory
    bitmap: npt.NDArray[np.uint8] | None  # set bits mark live positions of the body; None: all are live


class FaissIndex:
    """Vector index on FAISS, see `VectorIndex`. Add many vectors at once: each call copies a flat index.

    Above `hnsw_above` vectors the index searches a graph instead of every vector (HNSW: Malkov & Yashunin,
    2016): `neighbours` links per vector, `depth` vectors visited when building and `breadth` when
    searching. The search is approximate, and raising any of the three finds more of the nearest vectors.
    Unless given, `breadth` is 64 up to 10,000 vectors, 227 at 100,000 and 806 at a million. A graph cannot
    delete: removed vectors are skipped until they are a fifth of it. Added vectors wait in a tail outside
    the graph and enter a copy of the graph a thousand at a time, so running searches never see a change.
    A graph keeps vectors at half precision, half the memory at the same recall; cosines move by 1e-4 or less,
    and not at all for vectors that were at half precision before.
    """

    def __init__(
        self,
        dimensions: int,
        *,
        hnsw_above: int = 30_000,
        neighbours: int = 24,
        depth: int = 80,
        breadth: int | None = None,
    ) -> None:
        self._dimensions = dimensions
        self._hnsw_above = hnsw_above
        self._neighbours = neighbours
        self._depth = depth
        self._breadth = breadth
        self._writing = threading.RLock()
        self._state = self._build(np.zeros(0, dtype=np.int64), np.zeros((0, dimensions), dtype=np.float32))

    def __len__(self) -> int:
        return len(self._state.sorted_ids)

    @property
    def dimensions(self) -> int:
        return self._dimensions

    @property
    def is_graph(self) -> bool:
        return _is_graph(self._state.body)

    @property
    def choice(self) -> str:
        """Describe the kind of the index and the reason for it.

        >>> FaissIndex(384, hnsw_above=20_000).choice
        'flat: 0 vectors, hnsw from 20001 on'
        """
        if self.is_graph:
            return f"hnsw: {len(self)} vectors, more than {self._hnsw_above} when it was built"
        return f"flat: {len(self)} vectors, hnsw from {self._hnsw_above + 1} on"

    @property
    def breadth(self) -> int:
        """Return the minimum number of vectors visited in a search. Has no effect while the index is flat."""
        if self._breadth is not None:
            return self._breadth
        return round(_BREADTH * float(max(1.0, len(self) / 10_000) ** _GROWTH))

    def add(self, ids: Ids, vectors: Vectors) -> None:
        last = {number: row for row, number in enumerate(ids.tolist())}  # the last of repeated ids wins
        rows = list(last.values())
        if not rows:
            return
        fresh, fresh_ids = np.ascontiguousarray(vectors[rows], dtype=np.float32), ids[rows].astype(np.int64)
        with self._writing:
            old = self._state
            kept = _without(old, ids)
            all_ids = np.concatenate([kept, fresh_ids])
            self._state = self._choose_state(old.body, np.concatenate([old.tail, fresh]), all_ids)

    def remove(self, ids: Ids) -> None:
        with self._writing:
            old = self._state
            if np.isin(ids, old.sorted_ids).any():
                self._state = self._choose_state(old.body, old.tail, _without(old, ids))

    def fork(self) -> Self:
        """Return an index with the same vectors that can be changed independently. Costs no memory."""
        index = self._empty()
        index._state = self._state
        return index

    def take(self, ids: Ids, renamed: Ids) -> Self:
        """Return an index of the vectors of `ids` only, with the new ids `renamed`."""
        old, index = self._state, self._empty()
        all_ids = np.full(len(old.ids), _REMOVED, dtype=np.int64)
        all_ids[_positions(old, ids)] = renamed
        index._state = index._choose_state(old.body, old.tail, all_ids)
        return index

    def search(self, vectors: Vectors, k: int) -> tuple[Vectors, Ids]:
        state = self._state
        if not len(state.sorted_ids):
            raise IndexNotBuilt("the index is empty: import articles first")
        k = min(k, len(state.sorted_ids))
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        similarities, positions = self._search_body(state, vectors, k)
        if len(state.tail):
            in_tail = np.arange(state.body.ntotal, len(state.ids))
            similarities = np.concatenate([similarities, vectors @ state.tail.T], axis=1)
            positions = np.concatenate([positions, np.tile(in_tail, (len(vectors), 1))], axis=1)
        ids = np.where(positions >= 0, state.ids[positions], _REMOVED)
        similarities = np.where(ids >= 0, similarities, -np.inf).astype(np.float32)
        similarities, ids = sort_rows(similarities, ids)
        return similarities[:, :k], ids[:, :k]

    def vectors(self, ids: Ids) -> Vectors:
        state = self._state
        return _vectors(state, _positions(state, ids))

    def save(self, folder: Path) -> None:
        with self._writing:
            if len(self._state.tail):
                self._state = self._extend(self._state.body, self._state.tail, self._state.ids)
            state = self._state
        np.save(folder / "ids.npy", state.ids)
        faiss.write_index(state.body, str(folder / "vectors.faiss"))

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        hnsw_above: int = 30_000,
        neighbours: int = 24,
        depth: int = 80,
        breadth: int | None = None,
    ) -> Self:
        """Read an index that `save` wrote.

        Raises:
            IncompatibleIndex: when files are missing, damaged or do not belong together.
        """
        try:
            ids = np.load(folder / "ids.npy", allow_pickle=False)
            stored = faiss.read_index(str(folder / "vectors.faiss"))
        except (OSError, ValueError, EOFError, RuntimeError) as error:
            reason = " ".join(str(error).split())[-200:]
            raise IncompatibleIndex(f"{folder}: the index cannot be read: {reason}") from None
        if not (isinstance(stored, faiss.IndexFlat) or _is_graph(stored)):
            raise IncompatibleIndex(f"{folder}: an index of another kind: {type(stored).__name__}")
        index = cls(stored.d, hnsw_above=hnsw_above, neighbours=neighbours, depth=depth, breadth=breadth)
        live = ids[ids >= 0] if ids.dtype == np.int64 else ids
        if ids.shape != (stored.ntotal,) or ids.dtype != np.int64 or len(np.unique(live)) != len(live):
            raise IncompatibleIndex(f"{folder}: ids and vectors of the index do not belong together")
        index._state = _state(stored, index._state.tail, ids)
        return index

    def _empty(self) -> Self:
        return type(self)(
            self._dimensions,
            hnsw_above=self._hnsw_above,
            neighbours=self._neighbours,
            depth=self._depth,
            breadth=self._breadth,
        )

    def _choose_state(self, body: Any, tail: Vectors, ids: Ids) -> _State:
        """Choose between keeping the body, a copy with the tail added to it, and a new body."""
        state = _state(body, tail, ids)
        live = len(state.sorted_ids)
        if not _is_graph(body) or live <= (1 - _MAX_REMOVED) * len(ids):
            kept = np.flatnonzero(ids >= 0)
            return self._build(ids[kept], _vectors(state, kept))
        return self._extend(body, tail, ids) if len(tail) > _MAX_TAIL else state

    def _build(self, ids: Ids, vectors: Vectors) -> _State:
        """Build the kind of index that suits the size."""
        if len(ids) > self._hnsw_above:
            body = _untyped.IndexHNSWSQ(self._dimensions, _HALF, self._neighbours, faiss.METRIC_INNER_PRODUCT)
            body.hnsw.efConstruction = self._depth
            body.train(vectors)  # there is nothing to learn, but FAISS requires the call
        else:
            body = faiss.IndexFlatIP(self._dimensions)
        body.add(vectors)
        return _state(body, np.zeros((0, self._dimensions), dtype=np.float32), ids)

    def _extend(self, body: Any, tail: Vectors, ids: Ids) -> _State:
        """Add the tail to a copy of the graph."""
        copy = _untyped.clone_index(body)
        copy.add(tail)
        return _state(copy, tail[:0], ids)

    def _search_body(self, state: _State, vectors: Vectors, k: int) -> tuple[Vectors, Ids]:
        parameters = None
        if _is_graph(state.body):
            selector = None if state.bitmap is None else _untyped.IDSelectorBitmap(state.bitmap)
            parameters = _untyped.SearchParametersHNSW(efSearch=max(self.breadth, 2 * k), sel=selector)
        similarities, positions = state.body.search(vectors, k, params=parameters)
        return similarities, positions


def _state(body: Any, tail: Vectors, ids: Ids) -> _State:
    live = np.flatnonzero(ids >= 0)
    positions = live[np.argsort(ids[live], kind="stable")]
    in_body = ids[: body.ntotal] >= 0
    return _State(
        body=body,
        tail=tail,
        ids=ids,
        sorted_ids=ids[positions],
        positions=positions,
        in_place=np.array_equal(ids, np.arange(len(ids))),
        stored=_memory_of(body),
        bitmap=None if in_body.all() else np.packbits(in_body, bitorder="little"),
    )


def _without(state: _State, ids: Ids) -> Ids:
    """Return the ids by position, with `ids` removed."""
    return np.where(np.isin(state.ids, ids), _REMOVED, state.ids)


def _positions(state: _State, ids: Ids) -> Ids:
    if state.in_place and len(ids) and ids.min() >= 0 and ids.max() < len(state.ids):
        return ids
    places = np.searchsorted(state.sorted_ids, ids)
    if len(ids) and (not len(state.sorted_ids) or places.max() == len(state.sorted_ids)):
        raise KeyError(int(ids.max()))
    missing = state.sorted_ids[places] != ids
    if missing.any():
        raise KeyError(int(ids[missing][0]))
    found: Ids = state.positions[places]
    return found


def _vectors(state: _State, positions: Ids) -> Vectors:
    n = state.body.ntotal
    if not len(state.tail):
        return np.asarray(state.stored[positions], dtype=np.float32)
    found = np.empty((len(positions), state.body.d), dtype=np.float32)
    in_tail = positions >= n
    found[~in_tail] = state.stored[positions[~in_tail]]
    found[in_tail] = state.tail[positions[in_tail] - n]
    return found


def _is_graph(body: Any) -> bool:
    return isinstance(body, _untyped.IndexHNSWSQ)


def _memory_of(body: Any) -> npt.NDArray[np.float16] | Vectors:
    """Return all vectors in FAISS's own memory, valid as long as the body exists."""
    if not body.ntotal:
        return np.zeros((0, body.d), dtype=np.float32)
    if not _is_graph(body):
        return np.asarray(faiss.rev_swig_ptr(body.get_xb(), body.ntotal * body.d)).reshape(-1, body.d)
    codes = _untyped.downcast_index(body.storage).codes
    halves: npt.NDArray[np.float16] = faiss.rev_swig_ptr(codes.data(), codes.size()).view(np.float16)
    return halves.reshape(-1, body.d)
