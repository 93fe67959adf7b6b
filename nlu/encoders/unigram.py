"""Tokenize texts into the pieces of a SentencePiece unigram model."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

_WORD_START = "▁"  # U+2581: SentencePiece's visible space
_WORDS = re.compile(f"{_WORD_START}[^{_WORD_START}]*")
_SPACES = re.compile(" +")
_PENALTY = 10.0  # in log-probability, of an unknown character below the rarest piece, as in SentencePiece
_KEPT_WORDS = 20_000
_MAX_KEPT_LENGTH = 32  # characters of a cached word, so that the cache stays small for any input


class UnigramTokenizer:
    """Finds the likeliest pieces of each word (Viterbi; Kudo, ACL 2018). Thread-safe.

    `pieces` are in the order of their ids, `scores` are their log-probabilities. A piece contains "▁" at its
    start only, so words are tokenized independently of each other. `replacements` maps code points for
    `str.translate`. A character that is in no piece becomes the id `unknown`.
    """

    def __init__(
        self,
        pieces: Sequence[str],
        scores: Sequence[float],
        *,
        replacements: Mapping[int, str],
        unknown: int,
    ) -> None:
        self._ids = dict(zip(pieces, range(len(pieces)), strict=True))
        del self._ids[pieces[unknown]]
        self._scores = scores
        self._max_length = max(map(len, pieces))
        self._replacements = replacements
        self._unknown = unknown
        self._unknown_score = min(scores) - _PENALTY
        self._kept = lru_cache(maxsize=_KEPT_WORDS)(self._cut)

    def encode(self, text: str) -> list[int]:
        """Return the ids of the text's pieces."""
        spaced = _SPACES.sub(_WORD_START, text.translate(self._replacements))
        if not spaced.startswith(_WORD_START):
            spaced = _WORD_START + spaced
        ids: list[int] = []
        for word in _WORDS.findall(spaced):
            ids += self._kept(word) if len(word) <= _MAX_KEPT_LENGTH else self._cut(word)
        return ids

    def _cut(self, word: str) -> tuple[int, ...]:
        size = len(word)
        best = [0.0] + [float("-inf")] * size  # log-probability of the likeliest pieces up to a character
        last = [(0, 0)] * (size + 1)  # the last piece of this sequence: its id and its start
        for start in range(size):
            for end in range(start + 1, min(start + self._max_length, size) + 1):
                number = self._ids.get(word[start:end])
                if number is not None and best[start] + self._scores[number] > best[end]:
                    best[end], last[end] = best[start] + self._scores[number], (number, start)
            if best[start] + self._unknown_score > best[start + 1]:
                best[start + 1], last[start + 1] = best[start] + self._unknown_score, (self._unknown, start)
        ids, end = [], size
        while end:
            number, end = last[end]
            ids.append(number)
        return tuple(reversed(ids))
