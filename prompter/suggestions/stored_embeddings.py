"""Cache vectors of the knowledge base's texts in the database."""

import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from nlu.encoders.encoder import Encoder, Kind, Vectors
from prompter.storage import Store

_BATCH = 128  # texts encoded between two commits; a crash loses at most these


class StoredEncoder:
    """An encoder with a cache: each text is encoded once for all processes.

    Vectors are stored and returned at half precision, so cached and fresh ones are equal.
    For the knowledge base only: customers' utterances must not be kept under a hash for ever.
    """

    def __init__(
        self, encoder: Encoder, store: Store, *, progress: Callable[[int], None] = lambda _: None
    ) -> None:
        self._encoder = encoder
        self._store = store
        self._progress = progress

    @property
    def id(self) -> str:
        return self._encoder.id

    @property
    def dimensions(self) -> int:
        return self._encoder.dimensions

    def encode(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        """Encode texts, reading cached vectors from the database."""
        hashes = [_hash(text) for text in texts]
        with self._store.read() as tx:
            known = tx.articles.vectors(self.id, kind, list(dict.fromkeys(hashes)))
        missing = {key: text for key, text in zip(hashes, texts, strict=True) if key not in known}
        self._progress(len(texts) - len(missing))
        waiting = list(missing.items())
        for start in range(0, len(waiting), _BATCH):
            batch = waiting[start : start + _BATCH]
            vectors = self._encoder.encode([text for _, text in batch], kind=kind).astype(np.float16)
            fresh = {key: vector.tobytes() for (key, _), vector in zip(batch, vectors, strict=True)}
            with self._store.write() as tx:
                tx.articles.add_vectors(self.id, kind, fresh.items())
            known |= fresh
            self._progress(len(batch))
        result = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for row, key in enumerate(hashes):
            result[row] = np.frombuffer(known[key], dtype=np.float16)
        return result


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
