"""Correct typos with the vocabulary of the knowledge base."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from itertools import chain, islice
from typing import Self

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA

from nlu.respelling.known_words import is_known, likeliest_word, reads_worse

# Tuned on training rows: docs/reference/tuning.md.
_MIN_LENGTH = 4  # minimum letters of a word that is corrected
_TWO_SLIPS_FROM = 8  # minimum letters of a word that may have two typos
_TWICE_MISTYPED = 4.0  # nats by which its letters must be less likely than those of the correction

_RULES = "typos-1"  # changed whenever the same words would correct a text differently
_MAX_LENGTH = 32  # letters; a longer string is not a word
_MAX_PIECES = 200  # pieces of a message that are checked
_MAX_PIECE_LENGTH = 40  # characters; longer pieces are addresses and codes
_PIECE = re.compile(r"\S+")
_CODE = re.compile(r"[\d@#_\\=&$%]|^/|\w[.:]\w")  # pieces with such characters are codes, addresses, commands
_WORD = re.compile(r"[^\W\d_]+")
_WHOLE_WORD = re.compile(r"(?<![\w'’-])[^\W\d_]{%d,%d}(?![\w'’-])" % (_MIN_LENGTH, _MAX_LENGTH))  # noqa: UP031
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\u0300\u0301]")  # soft hyphens, zero widths, stress


class Corrector:
    """Corrects words that are neither in the texts nor in any known language. Immutable.

    Candidates in this order: a word of the texts one edit away, a word of Russian or English, and, for a long
    word, a word of the texts two edits away. The nearer candidate wins, then the more frequent.
    """

    def __init__(self, counts: Counter[str]) -> None:
        """Store the vocabulary. `counts` says how often each word occurs in the texts."""
        self._counts = counts
        kept = [word for word in counts if _MIN_LENGTH - 1 <= len(word) <= _MAX_LENGTH]
        self._words = sorted(kept, key=lambda word: (len(word), word))
        lengths = np.array([len(word) for word in self._words], dtype=np.int64)
        self._starts = np.searchsorted(lengths, np.arange(_MAX_LENGTH + 4)).tolist()  # offsets by length
        self._letters = _letters_of(self._words)

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """Learn the words of `texts`. Takes a fifth of a second for 600,000 words."""
        pieces = Counter(chain.from_iterable(map(str.split, texts)))
        counts: Counter[str] = Counter()  # distinct pieces are few, so only they go through the slower steps
        for piece, count in pieces.items():
            plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", piece)).lower().replace("ё", "е")
            for word in _WORD.findall(plain):
                counts[word] += count
        return cls(counts)

    @property
    def fingerprint(self) -> str:
        """Return a fingerprint. Equal fingerprints give equal corrections."""
        digest = hashlib.sha256(_RULES.encode())
        for word in self._words:
            digest.update(f"{word} {self._counts[word]}\n".encode())
        return digest.hexdigest()

    def correct(self, cleaned: str) -> str:
        """Correct a text in lower case. Correcting twice changes nothing more.

        >>> corrector = Corrector.of(["Как оформить возврат?", "Доставка Northpeak"])
        >>> corrector.correct("офромить возрват northpeak sx-4")
        'оформить возврат northpeak sx-4'
        """
        result, end = [], 0
        for piece in islice(_PIECE.finditer(cleaned), _MAX_PIECES):
            if len(piece[0]) <= _MAX_PIECE_LENGTH and not _CODE.search(piece[0]):
                result += [cleaned[end : piece.start()], _WHOLE_WORD.sub(self._correct_word, piece[0])]
                end = piece.end()
        return "".join([*result, cleaned[end:]])

    def _correct_word(self, match: re.Match[str]) -> str:
        word = match[0]
        if word in self._counts or is_known(word):
            return word
        meant = self._find_nearest(word, 1) or likeliest_word(word)
        if meant is None and len(word) >= _TWO_SLIPS_FROM:
            meant = self._find_nearest(word, 2)
            if meant is not None and not _is_mistyped_twice(word, meant):
                meant = None
        return meant or word

    def _find_nearest(self, word: str, slips: int) -> str | None:
        """Return the nearest of the texts' words within this number of edits."""
        start, end = self._starts[len(word) - slips], self._starts[len(word) + slips + 1]
        # An edit changes at most two letters of a word's set, so comparing sets leaves few words to measure.
        differing = np.bitwise_count(self._letters[start:end] ^ _letters_of([word])[0])
        near = [self._words[start + place] for place in np.flatnonzero(differing <= 2 * slips).tolist()]
        found: list[tuple[str, int, int]] = process.extract(
            word, near, scorer=OSA.distance, score_cutoff=slips, limit=None
        )
        if not found:
            return None
        return min(found, key=lambda group: (group[1], -self._counts[group[0]], group[0]))[0]


def _is_mistyped_twice(word: str, meant: str) -> bool:
    """Return True if two typos are likelier than an unknown word. First letters are rarely mistyped."""
    return word[0] == meant[0] and reads_worse(word, meant, by=_TWICE_MISTYPED)


def _letters_of(words: list[str]) -> npt.NDArray[np.uint64]:
    """Return the set of letters of each word as bits, shared by letters of different scripts."""
    if not words:
        return np.zeros(0, dtype=np.uint64)
    codes = np.array(words, dtype=f"U{_MAX_LENGTH}").view(np.uint32).reshape(len(words), -1)
    bits = np.where(codes > 0, np.uint64(1) << (codes & np.uint32(63)).astype(np.uint64), np.uint64(0))
    return np.asarray(np.bitwise_or.reduce(bits, axis=1), dtype=np.uint64)
