"""An encoder whose vectors one can compute by hand."""

from collections.abc import Sequence

import numpy as np

from nlu.encoders.encoder import Kind, Vectors


class LetterEncoder:
    """Counts letters; rows of length 1. "аб" and "ба" are the same, "аа" is near "аб"."""

    letters = "abcdefghijklmnopqrstuvwxyzабвгдежзийклмнопрстуфхцчшщъыьэюя"

    def __init__(self) -> None:
        self.encoded: list[str] = []

    @property
    def id(self) -> str:
        return "letters-1"

    @property
    def dimensions(self) -> int:
        return len(self.letters)

    def encode(self, texts: Sequence[str], *, kind: Kind) -> Vectors:  # noqa: ARG002
        self.encoded += texts
        vectors = np.array(
            [[text.count(letter) for letter in self.letters] for text in texts], dtype=np.float32
        )
        vectors = vectors.reshape(len(texts), self.dimensions)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)
