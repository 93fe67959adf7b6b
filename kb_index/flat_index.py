"""The reference vector index: compares every vector, in numpy."""

from pathlib import Path
from typing import Self

import numpy as np

from kb_index.errors import IncompatibleIndex, IndexNotBuilt
from kb_index.vector_index import Ids, Vectors, sort_rows


class FlatIndex:
    """Exact vector index, see `VectorIndex`. Fast enough for some ten thousand vectors."""

    def __init__(self, dimensions: int) -> None:
        self._ids: Ids = np.zeros(0, dtype=np.int64)
        self._vectors: Vectors = np.zeros((0, dimensions), dtype=np.float32)

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def dimensions(self) -> int:
        return int(self._vectors.shape[1])

    def add(self, ids: Ids, vectors: Vectors) -> None:
        last = {number: row for row, number in enumerate(ids.tolist())}  # the last of repeated ids wins
        self.remove(ids)
        rows = list(last.values())
        self._ids = np.concatenate([self._ids, ids[rows].astype(np.int64)])
        self._vectors = np.concatenate([self._vectors, vectors[rows].astype(np.float32)])

    def remove(self, ids: Ids) -> None:
        kept = ~np.isin(self._ids, ids)
        self._ids, self._vectors = self._ids[kept], self._vectors[kept]

    def search(self, vectors: Vectors, k: int) -> tuple[Vectors, Ids]:
        if not len(self):
            raise IndexNotBuilt("the index is empty: import articles first")
        similarities = (vectors @ self._vectors.T).astype(np.float32)
        similarities, ids = sort_rows(similarities, np.tile(self._ids, (len(vectors), 1)))
        return similarities[:, :k], ids[:, :k]

    def vectors(self, ids: Ids) -> Vectors:
        row_of = {number: row for row, number in enumerate(self._ids.tolist())}
        return self._vectors[[row_of[number] for number in ids.tolist()]]

    def save(self, folder: Path) -> None:
        np.save(folder / "ids.npy", self._ids)
        np.save(folder / "vectors.npy", self._vectors)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read an index that `save` wrote.

        Raises:
            IncompatibleIndex: when files are missing, damaged or do not belong together.
        """
        try:
            ids = np.load(folder / "ids.npy", allow_pickle=False)
            vectors = np.load(folder / "vectors.npy", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise IncompatibleIndex(f"{folder}: the index cannot be read: {error}") from None
        if vectors.ndim != 2 or vectors.dtype != np.float32 or ids.shape != (len(vectors),):
            raise IncompatibleIndex(f"{folder}: ids and vectors of the index do not belong together")
        index = cls(vectors.shape[1])
        index._ids, index._vectors = ids, vectors
        return index
