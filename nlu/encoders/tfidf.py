"""An encoder without weights: for Windows, and where nothing may be installed."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nlu.encoders.encoder import Kind, Vectors
from nlu.encoders.texts import encode_distinct
from nlu.ngrams import Grams, NgramHasher

_BATCH = 256
_BUCKETS = 1 << 18  # number of buckets with a known rarity; hashes are folded into them


class TfidfEncoder:
    """Words and character n-grams, weighted by rarity and projected to `dimensions` by signed hashing.

    The projection is a count sketch (Weinberger et al., ICML 2009). It learns nothing, so a new word
    never changes existing vectors, and cosines are accurate to about 1 / sqrt(dimensions).
    Fitting only learns which n-grams are rare; unfitted, all have equal weight. `kind` has no effect.
    """

    def __init__(
        self, *, dimensions: int = 1024, word_share: float = 0.5, max_text_length: int = 2000
    ) -> None:
        self._dimensions = dimensions
        self._word_share = word_share
        self._max_text_length = max_text_length
        self._hasher = NgramHasher(max_length=4)
        self._rarity: npt.NDArray[np.float32] = np.ones(_BUCKETS, dtype=np.float32)

    def fit(self, texts: Sequence[str]) -> "TfidfEncoder":
        """Learn rarity: ln((1 + n) / (1 + texts with it)) + 1."""
        counts = np.zeros(_BUCKETS, dtype=np.int64)
        for start in range(0, len(texts), _BATCH):
            grams = self._hasher.analyze(texts[start : start + _BATCH])
            for part in (grams.words, grams.characters):
                counts += np.bincount(part.buckets % _BUCKETS, minlength=_BUCKETS)
        self._rarity = (np.log((1 + len(texts)) / (1 + np.minimum(counts, len(texts)))) + 1).astype(
            np.float32
        )
        return self

    @property
    def id(self) -> str:
        digest = hashlib.sha256(self._rarity.tobytes()).hexdigest()[:12]
        return f"tfidf-{self._dimensions}-{self._word_share}-{self._max_text_length}-{digest}"

    @property
    def dimensions(self) -> int:
        return self._dimensions

    def encode(self, texts: Sequence[str], *, kind: Kind) -> Vectors:  # noqa: ARG002 - symmetric
        """See `Encoder`."""
        return encode_distinct(
            texts,
            self._encode,
            dimensions=self._dimensions,
            max_text_length=self._max_text_length,
            batch=_BATCH,
        )

    def _encode(self, texts: list[str]) -> Vectors:
        grams = self._hasher.analyze(texts)
        words, characters = self._project(grams.words, 0), self._project(grams.characters, 1)
        return _unit(np.sqrt(self._word_share) * words + np.sqrt(1 - self._word_share) * characters)

    def _project(self, grams: Grams, salt: int) -> Vectors:
        weights = self._rarity[grams.buckets % _BUCKETS]
        mixed = (grams.buckets.astype(np.uint64) + np.uint64(salt)) * np.uint64(0x9E3779B97F4A7C15)
        signs = np.where(mixed >> np.uint64(63), 1.0, -1.0)
        columns = (mixed >> np.uint64(20)) % np.uint64(self._dimensions)
        rows = np.repeat(np.arange(len(grams)), np.diff(grams.starts))
        flat = np.bincount(
            rows * self._dimensions + columns.astype(np.int64),
            weights=weights * signs,
            minlength=len(grams) * self._dimensions,
        )
        return _unit(flat.reshape(len(grams), self._dimensions))


def _unit(vectors: npt.NDArray[Any]) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)
