"""A shop's operators teach the bot for three days, and a bad day's model is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from kb_index.formats import read_articles
from kb_index.search import select_published
from prompter.domain.learning_outcome import Result
from sufler import bootstrap
from sufler.bootstrap import learn
from sufler.settings import load_settings
from tests.sufler.teaching_shop import TeachingShop

BASE = Path("training_data/kb.csv").resolve()


@pytest.mark.slow
@pytest.mark.full  # tests/sufler/test_learning.py shows the same with a small model
def test_three_days_of_verdicts_make_better_suggestions_and_a_bad_day_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    articles = [article for article in select_published(read_articles(BASE)) if article.language == "ru"][:40]
    # Customers put their questions in words that the base does not know yet, and ask them again and again.
    asked = [(text, article.id) for article in articles for text in article.phrasings]
    later = [(f"подскажите, {text}", right) for text, right in asked[::3]]
    monkeypatch.chdir(tmp_path)
    settings = load_settings(None)
    with bootstrap.open_store(settings) as store:
        shop = TeachingShop(
            store, settings=settings, articles=[replace(article, phrasings=()) for article in articles]
        )
        assistant = shop.refresher.assistant

        def share_right() -> float:
            return sum(assistant.suggest(text)[0].article_id == right for text, right in later) / len(later)

        shares, versions = [share_right()], []
        for day in range(3):
            shop.day(asked[day::3])
            outcome = learn(settings, store)
            assert outcome.result is Result.PROMOTED
            assert shop.refresher.reload_version()
            versions.append(outcome.version)
            shares.append(share_right())
        assert shares == sorted(shares)
        assert shares[-1] >= shares[0] + 0.1

        ids = [article.id for article in articles]
        shop.day(asked[::2], wrong=lambda right: ids[ids.index(right) - 7])
        refused = learn(settings, store)
        assert refused.result is Result.REFUSED
        assert not shop.refresher.reload_version()
        assert assistant.triage("где мой заказ").model_version.startswith(str(versions[-1]))
        assert share_right() == shares[-1]
