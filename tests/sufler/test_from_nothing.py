"""A team starts without a single article, with the shipped encoder."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from kb_index import Article
from kb_index.formats import read_articles
from nlu.encoders.caching import CachingEncoder
from prompter.desk.decision import Action
from prompter.domain.account import Account
from prompter.learning.proposing import propose
from prompter.models.encoder_factory import build_encoder
from prompter.storage import Store
from sufler import bootstrap
from sufler.resources import training_data
from sufler.settings import Settings, load_settings
from tests.shop import Shop
from tests.small_talk import write_small_talk

_EVERY = 50  # turns between two looks at the proposals


@dataclass(kw_only=True)
class Team(Shop):
    """An operator who knows the answers, and a supervisor who approves every proposal."""

    settings: Settings
    known: list[Article]
    articles: Sequence[Article] = ()
    chat: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.answers = {
            text: article for article in self.known for text in (article.question, *article.phrasings)
        }
        self.encoder = CachingEncoder(build_encoder(self.settings.models))
        self.refresher = bootstrap.build_live_assistant(self.settings, self.store, encoder=self.encoder)
        self.triager = self.worker(self.refresher.assistant)

    def answer(self, text: str) -> bool:
        """Ask as a customer. Return True if the answer was suggested and sent, otherwise write it."""
        conversation = self.ask(text)
        right = self.answers[text].answer
        for suggestion in self.desk.conversation(conversation).suggestions:
            if suggestion.text == right:
                self.accept(conversation, rank=suggestion.rank)
                return True
        self.decide(conversation, Action.WRITE_OWN, text=f"Здравствуйте, Ольга! {right}")
        return False

    def learns(self, account: Account) -> None:
        """Make and approve all proposals. The running assistant picks them up."""
        propose(bootstrap.proposal_config(self.settings), self.store, encoder=self.encoder)
        done = self.proposals.approve_many(
            [proposal.id for proposal in self.proposals.open(limit=500)], account
        )
        assert [outcome.error for outcome in done if outcome.error] == []
        self.refresher.reload_articles()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n_turns", "n_articles"), [(200, 13), pytest.param(300, 20, marks=pytest.mark.full)]
)
def test_a_team_without_an_article_has_a_bot_that_answers_after_some_hundred_turns(
    store: Store, tmp_path: Path, n_turns: int, n_articles: int
) -> None:
    talk = write_small_talk(tmp_path / "small-talk")
    settings = load_settings(None).model_copy(update={"data_dir": tmp_path, "training_data": talk})
    shipped = [
        article
        for article in read_articles(training_data() / "kb.csv")
        if article.language == "ru" and "{" not in article.answer and len(article.phrasings) >= 5
    ]
    known = random.Random(1).sample(shipped, n_articles)
    team = Team(store, settings=settings, known=known)
    texts = sorted(team.answers)
    asked = random.Random(2).choices(texts, k=n_turns)
    hits = []
    for number, text in enumerate(asked):
        hits.append(team.answer(text))
        if (number + 1) % _EVERY == 0:
            team.learns(team.vera)
    assert not any(hits[:_EVERY])  # there was nothing to suggest
    made = list(bootstrap.build_knowledge_base(store).articles())
    rate = sum(hits[-100:]) / 100
    print(  # noqa: T201
        [sum(hits[start : start + _EVERY]) / _EVERY for start in range(0, n_turns, _EVERY)], len(made), rate
    )
    assert rate >= 0.7
    assert len(made) <= 2 * n_articles
