import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nlu.artifacts import (
    Manifest,
    data_hash,
    describe,
    load_model,
    read_manifest,
    save_model,
    use_model,
    used_model,
)
from nlu.classifier import IntentClassifier
from nlu.errors import IncompatibleModel
from nlu.intent_model import IntentModel
from nlu.reader import TextReader
from tests.encoders import LetterEncoder

TEXTS, INTENTS = ["где заказ", "верните деньги", "пока"], ["order", "refund", "bye"]


@pytest.fixture
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


def test_a_version_says_the_same_after_a_restart(tmp_path: Path, model: IntentModel) -> None:
    folder = save_model(model, manifest(), tmp_path / "models")
    loaded, said = load_model(folder, reader_id="reader-1")
    assert said == manifest() == read_manifest(folder)
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


def test_the_version_in_use_is_remembered(tmp_path: Path, model: IntentModel) -> None:
    with pytest.raises(IncompatibleModel, match="run 'sufler train'"):
        used_model(tmp_path)
    folder = save_model(model, manifest(), tmp_path)
    use_model(folder)
    assert used_model(tmp_path) == folder
    assert save_model(model, manifest(), tmp_path) == folder
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([folder.name, "in-use"])


def test_another_encoder_is_refused(tmp_path: Path, model: IntentModel) -> None:
    folder = save_model(model, manifest(), tmp_path)
    with pytest.raises(IncompatibleModel, match="trained with reader-1, in use is reader-2"):
        load_model(folder, reader_id="reader-2")


def test_another_format_is_refused(tmp_path: Path, model: IntentModel) -> None:
    path = save_model(model, manifest(), tmp_path) / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
    with pytest.raises(IncompatibleModel, match="format 99"):
        load_model(path.parent, reader_id="reader-1")


@pytest.mark.parametrize("name", ["weights.npy", "manifest.json", "words-buckets.npy"])
@pytest.mark.parametrize("damage", ["cut", "changed", "gone"])
def test_damage_is_noticed(tmp_path: Path, model: IntentModel, name: str, damage: str) -> None:
    path = save_model(model, manifest(), tmp_path) / name
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content[:-5] if damage == "cut" else b"\x07" + content[1:])
    with pytest.raises(IncompatibleModel):
        load_model(path.parent, reader_id="reader-1")
