"""Any model that sentence-transformers can load (extra of that name; brings torch)."""

import hashlib
import threading
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from nlu.encoders.encoder import Kind, Vectors
from nlu.encoders.texts import encode_distinct
from nlu.errors import EncoderUnavailable

_BATCH = 64
_E5_PREFIX: dict[Kind, str] = {"query": "query: ", "passage": "passage: "}  # as in the E5 model cards


class SentenceTransformersEncoder:
    """`model` is a local folder or a hub id.

    Raises:
        EncoderUnavailable: the extra is not installed or the model cannot be loaded.
    """

    def __init__(self, model: str, *, threads: int = 0, longest_text: int = 2000) -> None:
        try:
            import torch
            from sentence_transformers import SentenceTransformer
            from transformers.utils.logging import disable_progress_bar
        except ImportError as error:
            raise EncoderUnavailable(
                "encoder sentence-transformers is not installed: "
                "pip install 'sufler-bot[sentence-transformers]'"
            ) from error
        disable_progress_bar()  # type: ignore[no-untyped-call,unused-ignore] # of loading weights
        if threads > 0:
            torch.set_num_threads(threads)
        try:
            self._engine = SentenceTransformer(model, device="cpu")
        except Exception as error:  # whatever hub, torch and the file system come up with
            reason = " ".join(str(error).split())[:300]
            raise EncoderUnavailable(f"encoder.model {model!r} cannot be loaded: {reason}") from error
        self._longest_text = longest_text
        self._lock = threading.Lock()
        self._prefix = _E5_PREFIX if "e5" in Path(model).name.lower() else {}
        # The method that tells the dimensions has other names in other versions.
        self._dimensions = int(self._encode([""], "query").shape[1])
        self._id = f"sentence-transformers-{version('sentence-transformers')}-{_name(model)}-{longest_text}"

    @property
    def id(self) -> str:
        return self._id

    @property
    def dimensions(self) -> int:
        return self._dimensions

    def encode(self, texts: Sequence[str], *, kind: Kind) -> Vectors:
        """See `Encoder`."""
        return encode_distinct(
            texts,
            lambda distinct: self._encode(distinct, kind),
            dimensions=self.dimensions,
            longest_text=self._longest_text,
            batch=_BATCH,
        )

    def _encode(self, texts: list[str], kind: Kind) -> Vectors:
        prefix = self._prefix.get(kind, "")
        with self._lock:
            vectors = self._engine.encode(
                [prefix + text for text in texts], normalize_embeddings=True, show_progress_bar=False
            )
        return np.asarray(vectors, dtype=np.float32)


def _name(model: str) -> str:
    """Return the hub id, or a folder's name and what its config and weights look like from outside."""
    folder = Path(model)
    if not folder.is_dir():
        return model.replace("/", "--")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    listing = "\n".join(f"{path.relative_to(folder)} {path.stat().st_size}" for path in files)
    return f"{folder.name}-{hashlib.sha256(listing.encode()).hexdigest()[:12]}"
