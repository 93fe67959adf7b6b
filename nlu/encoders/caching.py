"""Encode each text only once, even across restarts."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import numpy as np

from nlu.encoders.encoder import Encoder, Kind, Vectors


class CachingEncoder:
    """Remembers the vectors of the last `max_texts` texts. Thread-safe."""

    def __init__(self, encoder: Encoder, *, max_texts: int = 10_000) -> None:
        self._encoder = encoder
        self._max_texts = max_texts
        self._vectors: OrderedDict[tuple[Kind, str], Vectors] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def id(self) -> str:
        return self._encoder.id

    @property
    def dimensions(self) -> int:
        return self._encoder.dimensions

    def remember(self, texts: Sequence[str], vectors: Vectors, *, kind: Kind) -> None:
        """Add vectors, shape (len(texts), dimensions), that were computed before."""
        with self._lock:
            self._vectors.update(((kind, text), vector) for text, vector in zip(texts, vectors, strict=True))

    def encode(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        """See `Encoder`."""
        with self._lock:
            known = {text: self._vectors[kind, text] for text in texts if (kind, text) in self._vectors}
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            known |= dict(zip(missing, self._encoder.encode(missing, kind=kind), strict=True))
        with self._lock:
            for text in texts:
                self._vectors[kind, text] = known[text]
                self._vectors.move_to_end((kind, text))
            while len(self._vectors) > self._max_texts:
                self._vectors.popitem(last=False)
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        return np.stack([known[text] for text in texts])


ProgressBar = Callable[[str, int | None], AbstractContextManager[Callable[[int], None]]]


class ProgressEncoder:
    """Shows a progress bar while many texts are encoded.

    `bar("Encoding", total)` yields a function that takes the number of texts encoded since its last call.
    """

    def __init__(self, encoder: Encoder, bar: ProgressBar, *, step: int = 64) -> None:
        self._encoder = encoder
        self._bar = bar
        self._step = step

    @property
    def id(self) -> str:
        return self._encoder.id

    @property
    def dimensions(self) -> int:
        return self._encoder.dimensions

    def encode(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        """See `Encoder`."""
        if len(texts) <= self._step:
            return self._encoder.encode(texts, kind=kind)
        vectors = []
        with self._bar("Encoding", len(texts)) as advance:
            for start in range(0, len(texts), self._step):
                vectors.append(self._encoder.encode(texts[start : start + self._step], kind=kind))
                advance(len(vectors[-1]))
        return np.concatenate(vectors)
