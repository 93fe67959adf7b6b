"""Model versions work on the command line and in running processes."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kb_index import Article, LabeledText
from prompter.domain.model_version import Origin
from prompter.models import builder
from prompter.models.encoder_factory import Encoders
from prompter.models.registry import CannotUse
from prompter.models.version_folders import ModelVersions, Version
from prompter.storage import Store
from sufler import bootstrap
from sufler.bootstrap import build_live_assistant
from sufler.settings import Settings, load_settings
from tests.fakes import SHOP
from tests.sufler.test_cli import Run, run  # noqa: F401 - a fixture

pytestmark = pytest.mark.slow

CONFIG = """\
sufler:
  encoder: {kind: tfidf}
  data_dir: data
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    return configure(tmp_path)


def configure(folder: Path, more: str = "") -> Settings:
    (folder / "config.yml").write_text(CONFIG + more, encoding="utf-8")
    return load_settings(folder / "config.yml")


@pytest.fixture
def shop(settings: Settings) -> Iterator[Store]:
    with bootstrap.open_store(settings) as store:
        bootstrap.build_knowledge_base(store).import_articles(SHOP, changed_by="test")
        yield store


def make_version(settings: Settings, store: Store, *texts: LabeledText) -> Version:
    """Create a version that has learned these texts and is not in use."""
    versions = ModelVersions(settings.models, store, Encoders(store))
    articles = list(bootstrap.build_knowledge_base(store).articles())
    previous = versions.load_current(articles)
    known = bootstrap.open_assistant(settings, store).knowledge
    learned = builder.with_labels(previous.config, known, texts).learned
    return versions.make(
        previous.config, articles, made=Origin.LEARN, previous=previous, learned=learned, model=previous.model
    )


NEW = (
    LabeledText(text="бабки назад", right=("refund-when",)),
    LabeledText(text="бабки верните", right=("refund-when",)),
)


def test_versions_are_listed_promoted_and_rolled_back(run: Run) -> None:  # noqa: F811
    run("kb", "import", "kb.csv")
    assert "No model yet" in run("models").stdout
    first = json.loads(run("train", "--json").stdout)["version"]
    Path("config.yml").write_text("sufler: {classifier: {ridge: 0.5}}", encoding="utf-8")
    second = json.loads(run("train", "--json", "--config", "config.yml").stdout)["version"]
    assert first != second

    listed = json.loads(run("models", "--json").stdout)["models"]
    assert [(version["version"], version["is_used"], version["parent"]) for version in listed] == [
        (second, True, first),
        (first, False, None),
    ]
    assert {version["condition"] for version in listed} == {None}
    assert run("rollback", "--config", "config.yml").stdout == f"{first} is now in use, before it {second}.\n"
    assert json.loads(run("ask", "где заказ", "--json", "--config", "config.yml").stdout)[
        "model_version"
    ].startswith(first)
    assert json.loads(run("promote", second, "--json", "--config", "config.yml").stdout)["version"] == second
    ended = run("rollback", "--config", "config.yml")
    ended = run("rollback", "--config", "config.yml")
    assert (ended.exit_code, ended.stderr) == (
        2,
        "sufler: no other version was in use before this one\n",
    )
    assert run("promote", "nothing").stderr == (
        "sufler: there is no model version nothing: sufler models lists them\n"
    )


def test_a_folder_changed_by_hand_is_shown_and_never_promoted(run: Run) -> None:  # noqa: F811
    run("kb", "import", "kb.csv")
    first = json.loads(run("train", "--json").stdout)["version"]
    Path("config.yml").write_text("sufler: {classifier: {ridge: 0.5}}", encoding="utf-8")
    second = json.loads(run("train", "--json", "--config", "config.yml").stdout)["version"]
    manifest = Path("sufler-data/models") / first / "manifest.json"
    manifest.write_text(manifest.read_text().replace("intents", "intentions", 1))
    condition = {version["version"]: str(version["condition"]) for version in _models(run)}
    assert "changed by hand" in condition[first]
    assert condition[second] == "None"
    for command in (("promote", first), ("rollback",)):
        refused = run(*command, "--config", "config.yml")
        assert refused.exit_code == 2
        assert "changed by hand" in refused.stderr
    assert [version["version"] for version in _models(run) if version["is_used"]] == [second]


def _models(run: Run) -> list[dict[str, object]]:  # noqa: F811
    models: list[dict[str, object]] = json.loads(run("models", "--json").stdout)["models"]
    return models


def test_running_processes_follow_within_one_look(settings: Settings, shop: Store) -> None:
    here, there = (build_live_assistant(settings, shop) for _ in range(2))
    first = here.assistant.knowledge.version.partition(".")[0]
    version = make_version(settings, shop, *NEW)
    record = bootstrap.build_versions(settings, shop)
    assert not here.reload_version()
    with pytest.raises(CannotUse, match="never measured"):
        record.promote(version.id, None)
    record.promote(version.id, None, force=True)
    for process in (here, there):
        assert process.reload_version()
        assert not process.reload_version()
        assert process.assistant.knowledge.learned is not None
        assert process.assistant.triage("бабки").model_version.startswith(version.id)
    record.roll_back(None)
    assert here.reload_version()
    assert here.assistant.knowledge.learned is None
    assert here.assistant.triage("бабки").model_version.startswith(first)


def test_going_back_brings_back_settings_index_thresholds_and_calibration(
    tmp_path: Path, settings: Settings, shop: Store
) -> None:
    refresher = build_live_assistant(settings, shop)
    before = refresher.assistant.knowledge
    changed = configure(
        tmp_path,
        "  search: {on_words: 9.0}\n  routing: {suggest_at: 0.9}\n  confidence: {bias: -3.0}\n",
    )
    after = build_live_assistant(changed, shop).assistant.knowledge
    assert (after.search.config.weight_words, after.thresholds.suggest_at, after.confidence.bias) == (
        9.0,
        0.9,
        -3.0,
    )
    assert refresher.reload_version()  # the other process had the old file, and follows all the same
    assert refresher.assistant.knowledge.version == after.version

    bootstrap.build_versions(changed, shop).roll_back(None)
    assert refresher.reload_version()
    known = refresher.assistant.knowledge
    assert (known.version, known.model) == (before.version, before.model)
    assert (known.thresholds, known.confidence) == (before.thresholds, before.confidence)
    assert known.search.config == before.search.config
    # and it stays so over a restart: config.yml is the same as when somebody went back
    again = build_live_assistant(changed, shop).assistant.knowledge
    assert again.version == before.version


def test_what_was_learned_stays_when_settings_change(tmp_path: Path, settings: Settings, shop: Store) -> None:
    version = make_version(settings, shop, *NEW)
    bootstrap.build_versions(settings, shop).promote(version.id, None, force=True)
    changed = configure(tmp_path, "  search: {on_words: 9.0}\n")
    known = build_live_assistant(changed, shop).assistant.knowledge
    assert known.learned is not None
    assert known.learned.judged.texts == NEW
    assert known.learned.weights.weight_words != version.learned.weights.weight_words  # type: ignore[union-attr]


def test_a_damaged_version_is_replaced_by_the_one_before(settings: Settings, shop: Store) -> None:
    first = build_live_assistant(settings, shop).assistant.knowledge.version
    version = make_version(settings, shop, *NEW)
    bootstrap.build_versions(settings, shop).promote(version.id, None, force=True)
    running = build_live_assistant(settings, shop)
    weights = settings.data_dir / "models" / version.id / "intents-weights.npy"
    weights.write_bytes(b"nothing")
    assert running.assistant.triage("бабки").model_version.startswith(version.id)  # it is in memory
    assert build_live_assistant(settings, shop).assistant.knowledge.version == first
    shown = bootstrap.build_versions(settings, shop).current_activation()
    assert shown is not None
    assert shown.reason.value == "damaged"


def test_a_running_process_keeps_its_version_when_the_new_one_cannot_be_read(
    settings: Settings, shop: Store
) -> None:
    running = build_live_assistant(settings, shop)
    first = running.assistant.knowledge.version
    version = make_version(settings, shop, *NEW)
    bootstrap.build_versions(settings, shop).promote(version.id, None, force=True)
    (settings.data_dir / "models" / version.id / "manifest.json").unlink()  # before anybody has looked
    assert not running.reload_version()
    assert running.assistant.triage("бабки").model_version == first


def test_a_new_topic_is_answered_before_its_intent_is_learned(settings: Settings, shop: Store) -> None:
    running = build_live_assistant(settings, shop)
    made_by = running.assistant.knowledge.version.partition(".")[0]
    new = Article(
        id="gift", question="Как упаковать подарок", answer="Бесплатно.", topic="gifts", language="ru"
    )
    bootstrap.build_knowledge_base(shop).import_articles([new], changed_by="test")
    assert running.reload_articles()
    triage = running.assistant.triage("как упаковать подарок")
    assert triage.suggestions[0].article_id == "gift"
    assert triage.model_version.startswith(made_by)  # nothing was trained
    changed = replace(new, answer="За 100 рублей.")
    bootstrap.build_knowledge_base(shop).import_articles([changed], changed_by="test")
    assert running.reload_articles()
    assert running.assistant.suggest("как упаковать подарок")[0].answer == "За 100 рублей."


def test_two_that_start_at_once_agree(settings: Settings, shop: Store) -> None:
    found: list[str] = []

    def start() -> None:
        found.append(build_live_assistant(settings, shop).assistant.knowledge.version)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert len(set(found)) == 1


def test_only_the_last_versions_keep_their_folders(settings: Settings, shop: Store) -> None:
    record = bootstrap.build_versions(settings, shop)
    made = []
    for number in range(4):
        version = make_version(settings, shop, LabeledText(text=f"бабки {number}", right=("refund-when",)))
        record.promote(version.id, None, force=True)
        made.append(version.id)
    versions = ModelVersions(settings.models, shop, Encoders(shop))
    left = settings.data_dir / "models" / ".abc.1"
    left.mkdir()
    versions.tidy(2)
    assert {path.name for path in (settings.data_dir / "models").iterdir()} == {*made[-2:], left.name}
    assert record.rollback_versions() == [*reversed(made[:-1]), record.all()[-1].version.id]
    assert record.roll_back(None).id == made[-2]
    with pytest.raises(CannotUse, match="removed to save space"):
        record.promote(made[0], None)
