"""Combine several encoders into one."""

import hashlib
from collections.abc import Sequence
from math import sqrt

import numpy as np

from nlu.encoders.encoder import Encoder, Kind, Vectors


class CombinedEncoder:
    """Concatenates vectors times √weight, so cosines are the weighted means of the parts' cosines.

    Weights count relative to their sum. The parts' cosines should be on one scale:
    `nlu.encoders.cosine_scaling`.
    """

    def __init__(self, parts: Sequence[Encoder], weights: Sequence[float]) -> None:
        if not parts or len(parts) != len(weights) or min(weights) <= 0:
            raise ValueError("every part needs a weight above 0")
        self._parts = tuple(parts)
        self._weights = tuple(weight / sum(weights) for weight in weights)

    @property
    def id(self) -> str:
        made_of = repr([(part.id, weight) for part, weight in zip(self._parts, self._weights, strict=True)])
        return f"combined-{len(self._parts)}-{hashlib.sha256(made_of.encode()).hexdigest()[:16]}"

    @property
    def dimensions(self) -> int:
        return sum(part.dimensions for part in self._parts)

    def encode(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        """See `Encoder`. Where a part finds nothing in a text, the cosines are those of the other parts."""
        blocks = [
            part.encode(texts, kind=kind) * np.float32(sqrt(weight))
            for part, weight in zip(self._parts, self._weights, strict=True)
        ]
        vectors = np.hstack(blocks)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)
