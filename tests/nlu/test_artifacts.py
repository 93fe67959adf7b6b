import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from nlu.artifacts import (
    Manifest,
    data_hash,
    describe,
    load_version,
    note_metrics,
    read_manifest,
    save_version,
)
from nlu.classifier import IntentClassifier
from nlu.errors import IncompatibleModel
from nlu.intent_file import intents_of, part_of
from nlu.intent_model import IntentModel
from nlu.reader import TextReader
from tests.encoders import LetterEncoder

TEXTS, INTENTS = ["где заказ", "верните деньги", "пока"], ["order", "refund", "bye"]


@pytest.fixture(scope="module")
def model() -> IntentModel:
    fitted: IntentModel = IntentClassifier(LetterEncoder()).fit(TEXTS, INTENTS).model_
    return fitted


def manifest(reader_id: str = "reader-1") -> Manifest:
    return describe(
        reader_id=reader_id,
        data=data_hash(TEXTS, INTENTS),
        config={"ridge": 0.3},
        created=datetime(2026, 3, 2, tzinfo=UTC),
        metrics={"examples": 3},
    )


def save(model: IntentModel, models: Path) -> Path:
    return save_version({"intents": part_of(model)}, manifest(), models)


def test_a_version_says_the_same_after_a_restart(tmp_path: Path, model: IntentModel) -> None:
    folder = save(model, tmp_path / "models")
    parts, said = load_version(folder)
    assert said == manifest() == read_manifest(folder)
    loaded = intents_of(parts["intents"])
    reader = TextReader(LetterEncoder())
    for text in ("где деньги", "", "пока"):
        utterance = reader.read(text)
        expected = model.predict(utterance.vector, utterance.grams)
        got = loaded.predict(utterance.vector, utterance.grams)
        assert (got.intent, got.confidence, got.in_scope) == (
            expected.intent,
            expected.confidence,
            expected.in_scope,
        )


def test_versions_are_named_after_what_made_them() -> None:
    assert manifest().id == manifest().id != manifest("reader-2").id
    assert (
        data_hash(TEXTS, INTENTS) == data_hash(TEXTS[::-1], INTENTS[::-1]) != data_hash(TEXTS, INTENTS[::-1])
    )


def test_what_was_measured_is_noted_beside_what_it_is(tmp_path: Path, model: IntentModel) -> None:
    folder = save(model, tmp_path)
    note_metrics(folder, {"p_at_1": 0.9})
    _, said = load_version(folder)
    assert (said.id, said.metrics) == (manifest().id, {"p_at_1": 0.9})


def test_a_version_that_is_there_stays_and_nothing_is_left_behind(tmp_path: Path, model: IntentModel) -> None:
    folder = save(model, tmp_path)
    before = (folder / "manifest.json").stat().st_mtime_ns
    assert save(model, tmp_path) == folder
    assert (folder / "manifest.json").stat().st_mtime_ns == before
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_a_full_disk_leaves_nothing(tmp_path: Path, model: IntentModel) -> None:
    class Full:
        """An array that cannot be written, as on a full disk."""

        def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
            raise OSError(28, "No space left on device")

    broken = part_of(model)
    arrays = {**broken.arrays, "z-last": Full()}
    with pytest.raises(OSError, match="No space left"):
        save_version(
            {"intents": type(broken)(arrays=arrays, values=broken.values)},  # type: ignore[arg-type]
            manifest(),
            tmp_path,
        )
    assert list(tmp_path.iterdir()) == []


def test_another_format_is_refused(tmp_path: Path, model: IntentModel) -> None:
    path = save(model, tmp_path) / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
    with pytest.raises(IncompatibleModel, match="format 99"):
        load_version(path.parent)


def test_a_manifest_changed_by_hand_is_refused(tmp_path: Path, model: IntentModel) -> None:
    path = save(model, tmp_path) / "manifest.json"
    document = json.loads(path.read_text())
    document["parts"]["intents"]["values"]["temperature"] = 0.01
    path.write_text(json.dumps(document))
    with pytest.raises(IncompatibleModel, match="changed by hand"):
        load_version(path.parent)


@pytest.mark.parametrize("name", ["intents-weights.npy", "manifest.json", "intents-words-buckets.npy"])
@pytest.mark.parametrize("damage", ["cut", "changed", "gone"])
def test_damage_is_noticed(tmp_path: Path, model: IntentModel, name: str, damage: str) -> None:
    path = save(model, tmp_path) / name
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content[:-5] if damage == "cut" else b"\x07" + content[1:])
    with pytest.raises(IncompatibleModel):
        load_version(path.parent)
