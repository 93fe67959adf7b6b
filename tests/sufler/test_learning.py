"""A small model learns: its data, its refusals, and its failures."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kb_index import Article
from prompter.domain.job import JobKind, JobState
from prompter.domain.learning_outcome import Result
from prompter.domain.model_version import VersionState
from prompter.jobs import JobRunning, Jobs
from prompter.labels.regression_cases import Pins
from sufler import bootstrap
from sufler.bootstrap import learn
from sufler.settings import load_settings
from tests.command_line import run_command
from tests.sufler.teaching_shop import TeachingShop
from tests.sufler.test_cli import Run, run  # noqa: F401 - a fixture

pytestmark = pytest.mark.slow

CONFIG = """\
sufler:
  encoder: {kind: tfidf}
  data_dir: data
  learning: {min_new_decisions: 5}
"""
ARTICLES = [
    Article(id=key, question=question, answer=f"Ответ {key}.", topic=topic, language="ru")
    for key, question, topic in (
        ("refund", "Когда вернут деньги", "returns"),
        ("order", "Где мой заказ", "orders"),
        ("cancel", "Как отменить заказ", "orders"),
        ("courier", "Как вызвать курьера", "delivery"),
    )
]
# Words that the base does not know, and what they mean.
SLANG = [
    ("бабки назад", "refund"),
    ("верните бабки", "refund"),
    ("бабки гоните", "refund"),
    ("где бабки мои", "refund"),
    ("посылочка пропала", "order"),
    ("пропала посылочка моя", "order"),
    ("где посылочка", "order"),
    ("посылочка где она", "order"),
    ("передумал брать", "cancel"),
    ("я передумал", "cancel"),
    ("передумал, снимайте", "cancel"),
    ("гонца пришлите", "courier"),
    ("нужен гонец", "courier"),
    ("гонца бы мне", "courier"),
]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TeachingShop]:
    monkeypatch.chdir(tmp_path)
    with open_shop(tmp_path) as shop:
        yield shop


@contextmanager
def open_shop(folder: Path, config: str = CONFIG) -> Iterator[TeachingShop]:
    """Open the shop with these settings in the folder's config.yml."""
    (folder / "config.yml").write_text(config, encoding="utf-8")
    settings = load_settings(folder / "config.yml")
    with bootstrap.open_store(settings) as store:
        yield TeachingShop(store, settings=settings, articles=ARTICLES)


def run_learning(shop: TeachingShop) -> Result:
    result = learn(shop.settings, shop.store).result
    shop.refresher.reload_version()
    return result


def first(shop: TeachingShop, text: str) -> str:
    return shop.refresher.assistant.suggest(text)[0].article_id


def test_what_operators_pick_is_suggested_from_then_on(shop: TeachingShop) -> None:
    assert run_learning(shop) is Result.NOTHING_NEW
    shop.day(SLANG * 2)
    assert run_learning(shop) is Result.PROMOTED
    assert first(shop, "бабки верните уже") == "refund"
    assert first(shop, "пришлите гонца") == "courier"
    known = shop.refresher.assistant.knowledge
    assert known.learned is not None
    assert known.training_cutoff == known.learned.until
    assert len(known.learned.judged) == len(SLANG)
    assert run_learning(shop) is Result.NOTHING_NEW  # what was kept back says the same


def test_which_version_answered_each_turn_stays_traceable(shop: TeachingShop) -> None:
    turn = shop.turn(shop.ask("где мой заказ"))
    shop.day(SLANG * 2)
    run_learning(shop)
    later = shop.turn(shop.ask("где мой заказ"))
    listed = [shown.version.id for shown in bootstrap.build_versions(shop.settings, shop.store).all()]
    versions = [str(answered.model_version) for answered in (turn, later)]
    assert [version.partition(".")[0] for version in versions] == [listed[1], listed[0]]


def test_rejections_are_learned_too_and_kept(shop: TeachingShop) -> None:
    shop.day(SLANG)
    for _ in range(2):
        for operator in shop.staff:
            shop.answer("заказ пиццы", None, operator)
    before = shop.refresher.assistant.suggest("заказ пиццы")
    assert run_learning(shop) is Result.PROMOTED
    assert first(shop, "заказ пиццы") != before[0].article_id
    shop.day(SLANG)
    run_learning(shop)
    known = shop.refresher.assistant.knowledge.learned
    assert known is not None
    assert [text.wrong for text in known.judged.texts if text.text == "заказ пиццы"] == [
        (before[0].article_id,)
    ]


def test_turns_drawn_by_lot_teach_nothing(shop: TeachingShop) -> None:
    shop.day(SLANG)
    for _ in range(3):
        shop.numbers.prepared = [0.0, 0.0]  # blind
        shop.answer("бабосики", "refund", "anna")
    run_learning(shop)
    known = shop.refresher.assistant.knowledge.learned
    assert known is not None
    assert "бабосики" not in {text.text for text in known.judged.texts}


def test_a_pinned_case_that_would_break_is_refused(shop: TeachingShop) -> None:
    shop.day(SLANG * 2)
    run_learning(shop)
    Pins(shop.store).pin("бабки назад", "refund", None)
    shop.day([("бабки назад", "cancel")] * 12 + [("назад бабки", "cancel")] * 12)
    outcome = learn(shop.settings, shop.store)
    assert outcome.result is Result.REFUSED
    assert outcome.report is not None
    assert outcome.report.refusal is not None
    assert outcome.report.refusal.value == "pinned"
    record = bootstrap.build_versions(shop.settings, shop.store)
    refused = record.all()[0]
    assert (refused.version.state, refused.is_used) == (VersionState.REFUSED, False)
    assert refused.version.report.broken_pins == (1,)
    assert not shop.refresher.reload_version()
    assert first(shop, "бабки назад") == "refund"


def test_an_operator_whose_every_verdict_is_wrong_is_flagged_and_not_learned_from(
    shop: TeachingShop,
) -> None:
    for text, right in SLANG:
        for operator in ("anna", "boris"):
            shop.answer(text, right, operator)
        wrong = next(article.id for article in ARTICLES if article.id != right)
        shop.answer(f"{text} пожалуйста", wrong, "vera")
    outcome = learn(shop.settings, shop.store)
    flagged = [check.operator_id for check in outcome.operators if check.is_flagged]
    assert flagged == [shop.vera.id]
    assert outcome.label_set is not None
    assert not any("пожалуйста" in labeled.text for labeled in outcome.label_set.texts)
    assert outcome.result is Result.PROMOTED


def test_two_at_once_and_one_that_breaks_leave_the_champion(shop: TeachingShop) -> None:
    shop.day(SLANG * 2)
    jobs = Jobs(shop.store)
    with jobs.run(JobKind.LEARN), pytest.raises(JobRunning):
        learn(shop.settings, shop.store)

    models = shop.settings.data_dir / "models"
    before = {path.name for path in models.iterdir()}
    largest = max(path.stat().st_size for path in models.rglob("*.npy"))
    with no_file_larger_than(largest - 1), pytest.raises(OSError, match="File too large"):
        learn(shop.settings, shop.store)
    assert {path.name for path in models.iterdir()} == before
    failed = jobs.list_recent(JobKind.LEARN)[0]
    assert failed.state is JobState.FAILED
    assert "File too large" in str(failed.problem)
    assert not shop.refresher.reload_version()
    assert run_learning(shop) is Result.PROMOTED  # and next time it works


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Make the system refuse to write larger files, as on a full disk."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_on_the_command_line(run: Run, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "config.yml").write_text(CONFIG, encoding="utf-8")
    run("kb", "import", "kb.csv", "--config", "config.yml")
    told = run("learn", "--config", "config.yml")
    assert (
        told.stdout == "0 new decisions since the last run; learning needs 5 (learning.min_new_decisions).\n"
    )
    found = json.loads(run("learn", "--json", "--config", "config.yml").stdout)
    assert (found["result"], found["version"], found["n_new"]) == ("nothing_new", None, 0)


def test_what_the_gate_measured_is_listed_with_the_versions(shop: TeachingShop) -> None:
    shop.day(SLANG * 2)
    outcome = learn(shop.settings, shop.store)
    assert outcome.report is not None
    assert outcome.report.candidate is not None
    newest, first = run_command("models", "--json", "--config", "config.yml").report["models"]
    assert newest["p_at_1"] == pytest.approx(outcome.report.candidate.value, abs=1e-4)
    assert first["p_at_1"] is None
