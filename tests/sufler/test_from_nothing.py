"""A team starts without a single article, with the shipped encoder."""

import random
from datetime import timedelta

import pytest

from kb_index import Article
from kb_index.formats import read_articles
from prompter.accounts.service import Accounts
from prompter.conversations.intake import Reception
from prompter.conversations.triage_worker import Triager
from prompter.desk.decision import Action, Decision
from prompter.desk.service import Desk
from prompter.domain.account import Account, Role
from prompter.domain.conversation import IncomingMessage
from prompter.knowledge.proposals import Proposals
from prompter.learning.proposing import propose
from prompter.models.encoder_factory import build_encoder
from prompter.storage import Store
from sufler import bootstrap
from sufler.settings import Settings, load_settings
from tests.fakes import FAST_HASHER

_TURNS = 300
_EVERY = 50  # turns between two looks at the proposals
_ARTICLES = 20


class Team:
    """An operator who knows the answers, and a supervisor who approves every proposal."""

    def __init__(self, store: Store, settings: Settings, known: list[Article]) -> None:
        self.store, self.settings = store, settings
        self.answers = {text: one for one in known for text in (one.question, *one.phrasings)}
        accounts = Accounts(store, hasher=FAST_HASHER)
        accounts.add("anna", Role.OPERATOR, "correct horse battery")
        accounts.add("vera", Role.SUPERVISOR, "correct horse battery")
        self.anna, self.vera = sorted(accounts.all(), key=lambda account: account.name)
        self.encoder = build_encoder(settings.models)
        self.refresher = bootstrap.build_live_assistant(settings, store, encoder=self.encoder)
        self.desk = Desk(store)
        self.reception = Reception(store, debounce=timedelta(0), max_wait=timedelta(0))
        self.triager = Triager(store, self.refresher.assistant)
        self.proposals = Proposals(store)

    def asked(self, number: int, text: str) -> bool:
        """Ask as a customer. Return True if the answer was suggested and sent, otherwise write it."""
        message = IncomingMessage(
            channel="web", chat_id=str(number), external_id="1", text=text, customer_name="Ольга"
        )
        view_id = self.reception.receive(message).conversation_id
        self.triager.run_once()
        view = self.desk.conversation(view_id)
        assert view.turn is not None
        right = self.answers[text].answer
        found = [suggestion for suggestion in view.suggestions if suggestion.text == right]
        decision = Decision(
            turn_id=view.turn.id,
            operator_id=self.anna.id,
            action=Action.ACCEPT if found else Action.WRITE_OWN,
            rank=found[0].rank if found else None,
            text=None if found else f"Здравствуйте, Ольга! {right}",
            seen_message_id=view.last_message_id,
        )
        self.desk.decide(decision)
        return bool(found)

    def learns(self, account: Account) -> None:
        """Make and approve all proposals. The running assistant picks them up."""
        propose(bootstrap.proposal_config(self.settings), self.store, encoder=self.encoder)
        done = self.proposals.approve_many(
            [proposal.id for proposal in self.proposals.open(limit=500)], account
        )
        assert [outcome.error for outcome in done if outcome.error] == []
        self.refresher.reload_articles()


@pytest.mark.slow
def test_a_team_without_an_article_has_a_bot_that_answers_after_three_hundred_turns(
    store: Store, tmp_path: object
) -> None:
    settings = load_settings(None).model_copy(update={"data_dir": tmp_path})
    shipped = [
        article
        for article in read_articles(settings.training_data_dir / "kb.csv")
        if article.language == "ru" and "{" not in article.answer and len(article.phrasings) >= 5
    ]
    known = random.Random(1).sample(shipped, _ARTICLES)
    team = Team(store, settings, known)
    texts = sorted(team.answers)
    asked = random.Random(2).choices(texts, k=_TURNS)
    hits = []
    for number, text in enumerate(asked):
        hits.append(team.asked(number, text))
        if (number + 1) % _EVERY == 0:
            team.learns(team.vera)
    assert not any(hits[:_EVERY])  # there was nothing to suggest
    made = list(bootstrap.build_knowledge_base(store).articles())
    rate = sum(hits[-100:]) / 100
    print(  # noqa: T201
        [sum(hits[start : start + _EVERY]) / _EVERY for start in range(0, _TURNS, _EVERY)], len(made), rate
    )
    assert rate >= 0.7
    assert len(made) <= 2 * _ARTICLES
