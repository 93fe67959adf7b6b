"""Load any sentence-transformers model as an encoder (extra `sentence-transformers`, needs torch)."""

import hashlib
import json
import re
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from nlu.encoders.encoder import Kind, Vectors
from nlu.encoders.texts import encode_distinct
from nlu.errors import EncoderUnavailable

_BATCH = 64
_E5_PREFIX: dict[Kind, str] = {"query": "query: ", "passage": "passage: "}  # as in the E5 model cards
_PROMPTS: dict[Kind, tuple[str, ...]] = {
    "query": ("query",),
    "passage": ("passage", "document", "corpus"),  # prompt names that models use
}
METADATA = "sufler-finetuning.json"  # in the folder of a model that was fine-tuned here
SCALE_FACTOR = "spread_factor"
_READ_WHOLE = 1 << 20  # bytes; larger files are sampled for a model's name
_SAMPLES, _SAMPLE = 64, 1 << 14


class SentenceTransformersEncoder:
    """Encoder on a local folder or a hub id, `model`. Code that comes with a model is never run.

    The prefixes of queries and passages are the prompts saved with the model. A model without prompts
    whose name contains E5 gets E5's. Texts longer than the model's window (`max_seq_length` in its config)
    are cut. `scale_factor`: see `scale_factor_of`.

    Raises:
        EncoderUnavailable: when the extra is not installed or the model cannot be loaded.
    """

    def __init__(self, model: str, *, threads: int = 0, max_text_length: int = 2000) -> None:
        self._engine = load_engine(model, threads=threads)
        self._max_text_length = max_text_length
        self._lock = threading.Lock()
        self.prefixes = prefixes_of(model, self._engine.prompts, self._engine.default_prompt_name)
        # The name of this method differs between versions.
        self._dimensions = int(self._encode([""], "query").shape[1])
        self.scale_factor = scale_factor_of(model)
        self._id = (
            f"sentence-transformers-{version('sentence-transformers')}-{_name(model)}-{max_text_length}"
        )

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
            max_text_length=self._max_text_length,
            batch=_BATCH,
        )

    def _encode(self, texts: list[str], kind: Kind) -> Vectors:
        with self._lock:
            vectors = self._engine.encode(
                texts, prompt=self.prefixes[kind], normalize_embeddings=True, show_progress_bar=False
            )
        return np.asarray(vectors, dtype=np.float32)


def load_engine(model: str, *, threads: int = 0) -> Any:
    """Load a `SentenceTransformer` onto the CPU from a folder or hub id, downloading it if necessary.

    Raises:
        EncoderUnavailable: when the extra is not installed or the model cannot be loaded.
    """
    folder = Path(model).expanduser()
    if not folder.is_dir():
        _check_hub_id(model)  # before torch, which takes ten seconds to import
    try:
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar
    except ImportError as error:
        raise EncoderUnavailable(
            "encoder sentence-transformers is not installed: pip install 'sufler-bot[sentence-transformers]'"
        ) from error
    disable_progress_bar()  # type: ignore[no-untyped-call,unused-ignore] # of loading weights
    if threads > 0:
        torch.set_num_threads(threads)
    options: dict[str, Any] = {"device": "cpu", "trust_remote_code": False}
    try:
        if folder.is_dir():
            return SentenceTransformer(str(folder), local_files_only=True, **options)
        try:
            return SentenceTransformer(model, local_files_only=True, **options)
        except (OSError, ValueError):
            _ask_hub(model)  # once: the loader itself would retry for a minute
            return SentenceTransformer(model, **options)
    except EncoderUnavailable:
        raise
    except Exception as error:  # any error of the hub, torch or the file system
        raise EncoderUnavailable(f"encoder.model {model!r} cannot be loaded: {_reason(error)}") from error


def prefixes_of(model: str, prompts: Mapping[str, str | None], default: str | None) -> dict[Kind, str]:
    """Return the prefixes of queries and passages."""
    saved: dict[Kind, str] = {}
    for kind, names in _PROMPTS.items():
        chosen = [*names, default] if default else names
        saved[kind] = next((text for name in chosen if name and (text := prompts.get(name))), "")
    if any(saved.values()):
        return saved
    is_e5 = re.search(r"(?<![a-z0-9])e5(?![a-z0-9])", Path(model).name.lower())
    return dict(_E5_PREFIX) if is_e5 else saved


def finetuning_time(model: str) -> datetime | None:
    """Return when a model was fine-tuned here, or None if it was not or the time is unknown.

    >>> finetuning_time("some/model-of-the-hub")
    """
    try:
        noted = json.loads((Path(model).expanduser() / METADATA).read_text(encoding="utf-8"))
        moment = datetime.fromisoformat(noted["created"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return moment if moment.tzinfo else None


def scale_factor_of(model: str) -> float:
    """Return how much a model fine-tuned here overstates differences, 1 for other models.

    Raises:
        EncoderUnavailable: when the file that fine-tuning has written cannot be read.
    """
    path = Path(model).expanduser() / METADATA
    if not path.is_file():
        return 1.0
    try:
        factor = float(json.loads(path.read_text(encoding="utf-8"))[SCALE_FACTOR])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EncoderUnavailable(f"{path}: cannot be read: {error!r}") from None
    if not 0 < factor <= 1:
        raise EncoderUnavailable(f"{path}: {SCALE_FACTOR} must be above 0 and at most 1, not {factor}")
    return factor


def _check_hub_id(model: str) -> None:
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", model, re.ASCII) or model.startswith((".", "-", "/")):
        raise EncoderUnavailable(f"encoder.model {model!r}: there is no such folder")


def _ask_hub(model: str) -> None:
    from huggingface_hub import HfApi

    try:
        HfApi().model_info(model, timeout=10)
    except Exception as error:
        raise EncoderUnavailable(
            f"encoder.model {model!r} is not a folder here and has not been downloaded before, "
            f"and the hub does not give it: {_reason(error)}"
        ) from error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _name(model: str) -> str:
    """Return the hub id, or a folder's name with a hash of its contents."""
    folder = Path(model).expanduser()
    if not folder.is_dir():
        return model.replace("/", "--")
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()} {path.stat().st_size}\n".encode())
        digest.update(_sample_bytes(path))
    return f"{folder.resolve().name[:60]}-{digest.hexdigest()[:12]}"


def _sample_bytes(path: Path) -> bytes:
    """Return a small file's bytes, or samples from all over a large file.

    Training changes weights everywhere, so samples show it.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= _READ_WHOLE:
            return file.read()
        parts = []
        for number in range(_SAMPLES):
            file.seek((size - _SAMPLE) * number // (_SAMPLES - 1))
            parts.append(file.read(_SAMPLE))
        return b"".join(parts)
