"""The interface of every encoder."""

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

Kind = Literal["query", "passage"]
Vectors = npt.NDArray[np.float32]


class Encoder(Protocol):
    """Turns texts into vectors whose dot product is their cosine similarity."""

    @property
    def id(self) -> str:
        """Return the name of model and version. Vectors of encoders with equal ids are interchangeable."""
        ...

    @property
    def dimensions(self) -> int: ...

    def encode(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        """Encode texts as questions ("query") or as content that answers them ("passage").

        Returns:
            float32 of shape (len(texts), dimensions), rows of length 1 (of length 0 for a text
            in which the encoder finds nothing).
        """
        ...
