"""Generated articles that fill a small knowledge base up to the size to be measured."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from kb_index import Article
from nlu.encoders.encoder import Encoder, Kind, Vectors

_MARK = re.compile(r"\bfill(\d+)\b")
_NOISE = 0.1  # length of the added noise, so that two generated texts of the same sources still differ
_PREFIX = "fill"


def generate_articles(sources: Sequence[Article], n: int, *, seed: int) -> Iterator[Article]:
    """Make `n` articles, each from halves of two `sources`, with as many phrasings as the first source."""
    random = np.random.default_rng(seed)
    for number in range(n):
        first, second = (sources[int(row)] for row in random.integers(0, len(sources), 2))
        second_texts = (second.question, *second.phrasings)
        yield Article(
            id=f"{_PREFIX}-{number}",
            question=_halves(first.question, second.question, number),
            answer=_halves(first.answer, second.answer, number),
            topic=first.topic,
            language=first.language,
            phrasings=tuple(
                _halves(text, second_texts[place % len(second_texts)], number, place)
                for place, text in enumerate(first.phrasings, start=1)
            ),
        )


class FillerEncoder:
    """Encodes generated texts quickly: as the mean of two real texts' vectors with noise added.

    Vectors of real sentences are not spread evenly, and a graph over pure noise would be searched
    at a different speed. All other texts are encoded by `encoder`.
    """

    def __init__(self, encoder: Encoder, sources: Sequence[str], *, seed: int) -> None:
        self._encoder = encoder
        self._sources = sources
        self._seed = seed
        self._vectors: dict[Kind, Vectors] = {}

    @property
    def id(self) -> str:
        return self._encoder.id

    @property
    def dimensions(self) -> int:
        return self._encoder.dimensions

    def encode(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        """See `Encoder`."""
        if kind not in self._vectors:
            self._vectors[kind] = self._encoder.encode(self._sources, kind=kind)
        known = self._vectors[kind]
        result = np.empty((len(texts), self.dimensions), dtype=np.float32)
        real = [row for row, text in enumerate(texts) if not _MARK.search(text)]
        if real:
            result[real] = self._encoder.encode([texts[row] for row in real], kind=kind)
        for row, text in enumerate(texts):
            mark = _MARK.search(text)
            if mark:
                random = np.random.default_rng((self._seed, int(mark[1]), len(text)))
                mixed = known[random.integers(0, len(known), 2)].sum(axis=0) / 2
                mixed += random.normal(0, _NOISE / np.sqrt(self.dimensions), self.dimensions)
                result[row] = mixed / np.linalg.norm(mixed)
        return result


def _halves(first: str, second: str, number: int, place: int = 0) -> str:
    left, right = first.split(), second.split()
    words = [*left[: (len(left) + 1) // 2], *right[len(right) // 2 :]]
    return f"{' '.join(words)} {_PREFIX}{number}" + (f" {place}" if place else "")
