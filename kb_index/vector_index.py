"""The interface of every vector index."""

from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]


class VectorIndex(Protocol):
    """Unit-length vectors under the caller's ids, found by cosine."""

    def __len__(self) -> int: ...

    @property
    def dimensions(self) -> int: ...

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors of shape (len(ids), dimensions). A vector with an existing id replaces the old one."""
        ...

    def remove(self, ids: Ids) -> None:
        """Remove those of `ids` that exist."""
        ...

    def search(self, vectors: Vectors, k: int) -> tuple[Vectors, Ids]:
        """Find the nearest vectors to each of `vectors`, shape (n, dimensions).

        Returns:
            similarities (cosines, higher is nearer) and ids, both of shape (n, min(k, len(self))),
            nearest first, ties by ascending id. An approximate index pads with -inf and -1.

        Raises:
            IndexNotBuilt: when the index is empty.
        """
        ...

    def vectors(self, ids: Ids) -> Vectors:
        """Return the vectors of `ids`, all of which must exist: shape (len(ids), dimensions)."""
        ...

    def save(self, folder: Path) -> None:
        """Write the index into `folder`, which must exist and be empty."""
        ...


def sort_rows(similarities: Vectors, ids: Ids) -> tuple[Vectors, Ids]:
    """Sort each row: nearest first, ties by ascending id.

    Similarities that differ only by rounding are ties.
    """
    rounded = np.round(similarities, 6)
    if (rounded[:, 1:] < rounded[:, :-1]).all():
        return similarities, ids
    order = np.lexsort((ids, -rounded), axis=1)
    return np.take_along_axis(similarities, order, 1), np.take_along_axis(ids, order, 1)
