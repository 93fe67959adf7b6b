"""What every encoder can do."""

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
        """Names model and version; vectors of encoders with equal ids are interchangeable."""
        ...

    @property
    def dimensions(self) -> int: ...

    def encode(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        """Encode texts as what is asked ("query") or what answers ("passage").

        Returns:
            float32 of shape (len(texts), dimensions), rows of length 1 (of length 0 for a text
            in which the encoder finds nothing).
        """
        ...
