"""Embed texts as the search compares them."""

from collections.abc import Callable, Sequence

import numpy as np

from nlu.encoders.encoder import Vectors
from nlu.reader import TextReader

_BATCH = 256


class QueryEmbedder:
    """Embeds texts as questions: rows of length 1, whose dot products are cosines.

    `progress` is called with the number of texts read since its last call.
    """

    def __init__(self, reader: TextReader, *, progress: Callable[[int], None] = lambda _: None) -> None:
        self._reader = reader
        self._progress = progress

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self._reader.dimensions), dtype=np.float32)
        for start in range(0, len(texts), _BATCH):
            batch = [self._reader.clean(text) for text in texts[start : start + _BATCH]]
            vectors[start : start + len(batch)] = self._reader.encode(batch, kind="query")
            self._progress(len(batch))
        return vectors
