"""FAISS, and nothing else that knows of it: flat while the base is small, HNSW above."""

import threading
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np
import numpy.typing as npt
import structlog

from kb_index.errors import IncompatibleIndex, IndexNotBuilt
from kb_index.vector_index import Ids, Vectors, in_order

_log = structlog.get_logger(__name__)
_untyped: Any = faiss  # its type stubs lack what SWIG adds
_MOST_REMOVED = 0.2  # share of dead vectors in a graph from which on it is built anew


class FaissIndex:
    """See `VectorIndex`.

    Above `hnsw_above` vectors a graph is searched instead of every vector (HNSW: Malkov & Yashunin,
    2016): `neighbours` links per vector, `depth` vectors looked at when building and `breadth` when
    searching; approximate, so more of each finds more of the nearest. A graph cannot forget: removed
    vectors are skipped until they are a fifth of it.
    """

    def __init__(
        self,
        dimensions: int,
        *,
        hnsw_above: int = 30_000,
        neighbours: int = 32,
        depth: int = 80,
        breadth: int = 64,
    ) -> None:
        self._dimensions = dimensions
        self._hnsw_above = hnsw_above
        self._neighbours = neighbours
        self._depth = depth
        self._breadth = breadth
        self._lock = threading.RLock()
        self._index: Any = faiss.IndexFlatIP(dimensions)
        self._ids: Ids = np.zeros(0, dtype=np.int64)  # by position in the FAISS index
        self._live: npt.NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)
        self._position_of: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._position_of)

    @property
    def dimensions(self) -> int:
        return self._dimensions

    @property
    def is_graph(self) -> bool:
        return isinstance(self._index, faiss.IndexHNSWFlat)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        last = {number: row for row, number in enumerate(ids.tolist())}  # of repeated ids the last one holds
        rows = list(last.values())
        with self._lock:
            self.remove(ids)
            self._append(ids[rows].astype(np.int64), np.ascontiguousarray(vectors[rows], dtype=np.float32))
            if not self.is_graph and len(self) > self._hnsw_above:
                _log.info("index_kind", kind="hnsw", vectors=len(self), because_above=self._hnsw_above)
                self._rebuild()

    def remove(self, ids: Ids) -> None:
        with self._lock:
            positions = [self._position_of[n] for n in dict.fromkeys(ids.tolist()) if n in self._position_of]
            if not positions:
                return
            self._live[positions] = False
            if self.is_graph and len(self) - len(positions) > (1 - _MOST_REMOVED) * len(self._ids):
                for position in positions:
                    del self._position_of[int(self._ids[position])]
                return
            self._rebuild()

    def search(self, vectors: Vectors, k: int) -> tuple[Vectors, Ids]:
        with self._lock:
            if not len(self):
                raise IndexNotBuilt("the index is empty: import articles first")
            k = min(k, len(self))
            similarities, positions = self._index.search(
                np.ascontiguousarray(vectors, dtype=np.float32), k, params=self._parameters(k)
            )
            ids = np.where(positions >= 0, self._ids[positions], -1)
            similarities = np.where(positions >= 0, similarities, -np.inf).astype(np.float32)
            return in_order(similarities, ids)

    def vectors(self, ids: Ids) -> Vectors:
        with self._lock:
            positions = np.array([self._position_of[number] for number in ids.tolist()], dtype=np.int64)
            found: Vectors = self._stored()[positions]
            return found

    def save(self, folder: Path) -> None:
        with self._lock:
            if not self._live.all():
                self._rebuild()
            np.save(folder / "ids.npy", self._ids)
            faiss.write_index(self._index, str(folder / "vectors.faiss"))

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        hnsw_above: int = 30_000,
        neighbours: int = 32,
        depth: int = 80,
        breadth: int = 64,
    ) -> Self:
        """Read what `save` wrote.

        Raises:
            IncompatibleIndex: files are missing, damaged or do not belong together.
        """
        try:
            ids = np.load(folder / "ids.npy", allow_pickle=False)
            stored = faiss.read_index(str(folder / "vectors.faiss"))
        except (OSError, ValueError, EOFError, RuntimeError) as error:
            reason = " ".join(str(error).split())[-200:]
            raise IncompatibleIndex(f"{folder}: the index cannot be read: {reason}") from None
        if ids.shape != (stored.ntotal,) or ids.dtype != np.int64 or len(np.unique(ids)) != len(ids):
            raise IncompatibleIndex(f"{folder}: ids and vectors of the index do not belong together")
        if not isinstance(stored, (faiss.IndexFlat, faiss.IndexHNSWFlat)):
            raise IncompatibleIndex(f"{folder}: an index of another kind: {type(stored).__name__}")
        index = cls(stored.d, hnsw_above=hnsw_above, neighbours=neighbours, depth=depth, breadth=breadth)
        index._index, index._ids = stored, ids
        index._live = np.ones(len(ids), dtype=np.bool_)
        index._position_of = {number: position for position, number in enumerate(ids.tolist())}
        return index

    def _append(self, ids: Ids, vectors: Vectors) -> None:
        start = len(self._ids)
        self._index.add(vectors)
        self._ids = np.concatenate([self._ids, ids])
        self._live = np.concatenate([self._live, np.ones(len(ids), dtype=np.bool_)])
        self._position_of |= {number: start + row for row, number in enumerate(ids.tolist())}

    def _rebuild(self) -> None:
        """Leave out what was removed, in the kind of index that the size asks for."""
        ids, vectors = self._ids[self._live], self._stored()[self._live]
        if len(ids) > self._hnsw_above:
            self._index = faiss.IndexHNSWFlat(self._dimensions, self._neighbours, faiss.METRIC_INNER_PRODUCT)
            self._index.hnsw.efConstruction = self._depth
        else:
            self._index = faiss.IndexFlatIP(self._dimensions)
        self._ids = np.zeros(0, dtype=np.int64)
        self._live = np.zeros(0, dtype=np.bool_)
        self._position_of = {}
        self._append(ids, np.ascontiguousarray(vectors))

    def _stored(self) -> Vectors:
        """Return the vectors by position: a view of FAISS's own memory, valid until something is added."""
        storage: Any = _untyped.downcast_index(self._index.storage) if self.is_graph else self._index
        if not storage.ntotal:
            return np.zeros((0, self._dimensions), dtype=np.float32)
        flat = faiss.rev_swig_ptr(storage.get_xb(), storage.ntotal * self._dimensions)
        return np.asarray(flat).reshape(storage.ntotal, self._dimensions)

    def _parameters(self, k: int) -> Any:
        if not self.is_graph:
            return None
        breadth = max(self._breadth, 2 * k)
        if self._live.all():
            return _untyped.SearchParametersHNSW(efSearch=breadth)
        self._selector = faiss.IDSelectorBatch(np.flatnonzero(self._live))  # FAISS does not keep it alive
        return _untyped.SearchParametersHNSW(efSearch=breadth, sel=self._selector)
