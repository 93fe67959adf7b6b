"""Hash words and character n-grams of texts into buckets with numpy: 0.1 ms per message."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_NOT_WORD = re.compile(r"[\W_]+")
_SPACE = np.uint64(32)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_STEP = np.uint64(0x100000001B3)
_CHUNK = 2000  # texts; sorting many short runs is faster than sorting a long one
_MAX_WORD_LENGTH = 64  # characters; longer words are compared by these only


@dataclass(frozen=True, kw_only=True)
class Grams:
    """The bag of buckets of each text, in compressed rows.

    Text i holds `buckets[starts[i]:starts[i + 1]]`, ascending and distinct.
    """

    starts: npt.NDArray[np.int64]
    buckets: npt.NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.starts) - 1


@dataclass(frozen=True, kw_only=True)
class TextGrams:
    """The content of texts (words and word pairs) and their spelling (character n-grams inside words)."""

    words: Grams
    characters: Grams


@dataclass(frozen=True, kw_only=True)
class NgramHasher:
    """Hashes n-grams without any fitted state: equal settings give equal buckets in every process."""

    word_pairs: bool = True
    min_length: int = 2  # characters of a character n-gram; a word's ends count as one character each
    max_length: int = 5

    @property
    def id(self) -> str:
        return f"ngrams-1-{self.word_pairs:d}-{self.min_length}-{self.max_length}"

    def analyze(self, texts: Sequence[str]) -> TextGrams:
        """Analyze cleaned texts."""
        if len(texts) > _CHUNK:
            parts = [self.analyze(texts[start : start + _CHUNK]) for start in range(0, len(texts), _CHUNK)]
            return TextGrams(
                words=_join([part.words for part in parts]),
                characters=_join([part.characters for part in parts]),
            )
        padded = [f" {_NOT_WORD.sub(' ', text).strip()} " for text in texts]
        codes = np.frombuffer("".join(padded).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
        ends = np.cumsum([len(text) for text in padded], dtype=np.int64)
        return TextGrams(words=self._words(codes, ends), characters=self._characters(codes, ends))

    def _words(self, codes: npt.NDArray[np.uint64], ends: npt.NDArray[np.int64]) -> Grams:
        inside = codes != _SPACE
        starts = np.flatnonzero(inside[1:] & ~inside[:-1]) + 1 if len(codes) else np.zeros(0, dtype=np.int64)
        if not len(starts):
            return _compress(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint64), len(ends))
        positions = np.flatnonzero(inside)
        word_of = np.searchsorted(starts, positions, side="right") - 1
        place = np.minimum(positions - starts[word_of], _MAX_WORD_LENGTH - 1)
        terms = codes[positions] * _POWERS[place]
        first = np.searchsorted(positions, starts)
        hashes = np.add.reduceat(terms, first)
        text_of = np.searchsorted(ends, starts, side="right")
        if self.word_pairs and len(starts) > 1:
            together = text_of[1:] == text_of[:-1]
            pairs = (hashes[:-1] * _STEP + hashes[1:] * _MULTIPLIER)[together]
            hashes = np.concatenate([hashes, pairs])
            text_of = np.concatenate([text_of, text_of[:-1][together]])
        return _compress(text_of, hashes, len(ends))

    def _characters(self, codes: npt.NDArray[np.uint64], ends: npt.NDArray[np.int64]) -> Grams:
        room = _room(codes == _SPACE)
        rolling = codes
        places, hashes = [], []
        for size in range(2, self.max_length + 1):
            windows = len(codes) - size + 1
            if windows <= 0:
                break
            rolling = rolling[:windows] * _STEP + codes[size - 1 :]
            if size < self.min_length:
                continue
            within = np.flatnonzero(room[:windows] >= size)
            places.append(within)
            hashes.append(rolling[within] + np.uint64(size))
        if not places:
            return _compress(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint64), len(ends))
        text_of = np.searchsorted(ends, np.concatenate(places), side="right")
        return _compress(text_of, np.concatenate(hashes), len(ends))


def _room(is_space: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return the maximum window length at each start: to the space after its word, or 1 without one."""
    places, last = np.arange(len(is_space)), len(is_space) - 1
    spaces = np.flatnonzero(is_space)
    following = np.append(spaces, last)[np.cumsum(is_space)]
    room: npt.NDArray[np.int64] = following - places + 1
    room[spaces[room[spaces] == 2]] = 1  # a text's last space before the next text's first
    return room


def _compress(text_of: npt.NDArray[np.int64], hashes: npt.NDArray[np.uint64], n_texts: int) -> Grams:
    """Sort by text and bucket, and drop repetitions."""
    buckets = (hashes * _MULTIPLIER) >> np.uint64(32)
    keys = (text_of.astype(np.uint64) << np.uint64(32)) | buckets
    keys.sort()
    new = np.ones(len(keys), dtype=np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    keys = keys[new]
    starts = np.searchsorted(keys, np.arange(n_texts + 1, dtype=np.uint64) << np.uint64(32))
    return Grams(starts=starts.astype(np.int64), buckets=(keys & np.uint64(0xFFFFFFFF)).astype(np.uint32))


def _join(parts: list[Grams]) -> Grams:
    lengths = np.concatenate([np.diff(part.starts) for part in parts])
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Grams(starts=starts, buckets=np.concatenate([part.buckets for part in parts]))


def _powers() -> npt.NDArray[np.uint64]:
    powers = np.full(_MAX_WORD_LENGTH, _STEP, dtype=np.uint64)
    powers[0] = 1
    return np.cumprod(powers, dtype=np.uint64)


_POWERS = _powers()
