"""A candidate triages in the shadow before it may answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from prompter.domain.learning_outcome import Result
from prompter.domain.model_version import VersionState
from prompter.learning.shadow_evaluation import ShadowEvaluator
from sufler import bootstrap
from sufler.bootstrap import build_shadow_evaluator, learn
from tests.sufler.teaching_shop import TeachingShop
from tests.sufler.test_learning import CONFIG, SLANG, open_shop

pytestmark = pytest.mark.slow

TURNS = 8


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TeachingShop]:
    monkeypatch.chdir(tmp_path)
    config = CONFIG.replace("min_new_decisions: 5", f"least_new: 5, shadow_turns: {TURNS}")
    with open_shop(tmp_path, config) as shop:
        yield shop


@pytest.fixture
def shadow(shop: TeachingShop) -> ShadowEvaluator:
    """Build a shadow evaluator for a candidate that has learned the slang."""
    shop.day(SLANG * 2)
    assert learn(shop.settings, shop.store).result is Result.SHADOW
    assert not shop.refresher.reload_version()
    return build_shadow_evaluator(shop.settings, shop.store, shop.refresher, clock=shop.clock)


def candidate(shop: TeachingShop) -> VersionState:
    return bootstrap.build_versions(shop.settings, shop.store).all()[0].version.state


def test_nobody_sees_it_until_enough_turns_show_that_it_is_better(
    shop: TeachingShop, shadow: ShadowEvaluator
) -> None:
    first = shop.refresher.assistant.knowledge.version
    shop.clock.now = bootstrap.build_versions(shop.settings, shop.store).all()[0].version.changed_at
    for text, right in SLANG[: TURNS - 1]:
        offered = shop.answer(f"{text}, а", right, "anna")
        assert not shadow.run_once()
        assert offered == [
            suggestion.article_id for suggestion in shop.refresher.assistant.triage(f"{text}, а").suggestions
        ]
    assert candidate(shop) is VersionState.SHADOW
    with shop.store.read() as tx:
        version = bootstrap.build_versions(shop.settings, shop.store).shadow_version()
        assert version is not None
        seen = tx.shadows.all(version.id)
    assert len(seen) == TURNS - 1
    assert [row.candidate for row in seen.values()] == [right for _, right in SLANG[: TURNS - 1]]

    shop.answer("передумал, а", "cancel", "boris")
    assert shadow.run_once()
    assert candidate(shop) is VersionState.PASSED
    assert shop.refresher.reload_version()
    assert shop.refresher.assistant.knowledge.version != first


def test_one_that_does_worse_on_live_turns_is_refused(shop: TeachingShop, shadow: ShadowEvaluator) -> None:
    shop.clock.now = bootstrap.build_versions(shop.settings, shop.store).all()[0].version.changed_at
    for text, learned in SLANG[:TURNS]:
        offered = [suggestion.article_id for suggestion in shop.refresher.assistant.triage(text).suggestions]
        other_article = next(article_id for article_id in [*offered, "courier"] if article_id != learned)
        shop.answer(text, other_article, "anna")  # the world has changed: now it means something else
    assert shadow.run_once()
    assert candidate(shop) is VersionState.REFUSED
    assert not shop.refresher.reload_version()


def test_a_supervisor_may_promote_it_at_once(shop: TeachingShop, shadow: ShadowEvaluator) -> None:
    record = bootstrap.build_versions(shop.settings, shop.store)
    version = record.shadow_version()
    assert version is not None
    record.promote(version.id, None)
    assert shop.refresher.reload_version()
    assert not shadow.run_once()
    assert record.shadow_version() is None


def test_a_newer_candidate_takes_its_place(shop: TeachingShop, shadow: ShadowEvaluator) -> None:
    before = bootstrap.build_versions(shop.settings, shop.store).shadow_version()
    shop.day([(f"{text} уже", right) for text, right in SLANG])
    assert learn(shop.settings, shop.store).result is Result.SHADOW
    now = bootstrap.build_versions(shop.settings, shop.store).shadow_version()
    assert before is not None
    assert now is not None
    assert now.id != before.id
    assert not shadow.run_once()
