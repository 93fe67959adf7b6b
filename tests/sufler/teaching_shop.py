"""A shop whose operators teach: customers ask, operators decide, on the test's clock."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kb_index import Article
from prompter.accounts.service import Accounts
from prompter.conversations.intake import Reception
from prompter.conversations.triage_worker import Triager
from prompter.desk.decision import Action, Decision
from prompter.desk.service import Desk
from prompter.domain.account import Role
from prompter.domain.conversation import IncomingMessage
from prompter.domain.evidence import RejectReason
from prompter.readiness.sampling import SamplingPolicy
from prompter.storage import Store
from sufler import bootstrap
from sufler.bootstrap import build_live_assistant
from sufler.settings import Settings
from tests.fakes import FAST_HASHER, START, FakeClock, Numbers


@dataclass
class TeachingShop:
    """A shop whose turns close at once. Nothing is randomly sampled unless `numbers` say so."""

    settings: Settings
    store: Store
    articles: Sequence[Article]
    operators: Sequence[str] = ("anna", "boris", "vera")
    numbers: Numbers = field(default_factory=Numbers)
    clock: FakeClock = field(default_factory=FakeClock)
    _chats: int = 0

    def __post_init__(self) -> None:
        bootstrap.build_knowledge_base(self.store).import_articles(self.articles, changed_by="test")
        accounts = Accounts(self.store, hasher=FAST_HASHER)
        self.ids = {name: accounts.add(name, Role.OPERATOR, "correct horse").id for name in self.operators}
        self.refresher = build_live_assistant(self.settings, self.store)
        sampling = SamplingPolicy(random=self.numbers)
        self.reception = Reception(self.store, debounce=timedelta(0), max_wait=timedelta(0), clock=self.clock)
        self.triager = Triager(self.store, self.refresher.assistant, sampling=sampling, clock=self.clock)
        self.desk = Desk(self.store, undo=timedelta(seconds=5), sampling=sampling, clock=self.clock)

    def ask(self, text: str) -> tuple[int, int, list[str]]:
        """Ask as a new customer. Return the turn, its last message and the suggested articles."""
        self._chats += 1
        self.clock.forward(10)
        conversation = self.reception.receive(
            IncomingMessage(channel="web", chat_id=str(self._chats), external_id="1", text=text)
        ).conversation_id
        self.triager.run_once()
        view = self.desk.conversation(conversation)
        assert view.turn is not None
        return view.turn.id, view.last_message_id, [suggestion.article_id for suggestion in view.suggestions]

    def answer(self, text: str, article_id: str | None, operator: str) -> list[str]:
        """Ask, and let the operator send that article, accepting it if it is suggested.

        With None, the suggestion is rejected as wrong. Returns the suggested articles.
        """
        turn, message, offered = self.ask(text)
        if article_id is None:
            action = Action.REJECT
        else:
            action = Action.ACCEPT if article_id in offered else Action.PICK_OTHER
        decision = Decision(
            turn_id=turn,
            operator_id=self.ids[operator],
            action=action,
            seen_message_id=message,
            rank=offered.index(article_id) + 1 if action is Action.ACCEPT and article_id else None,
            article_id=article_id if action is Action.PICK_OTHER else None,
            reason=RejectReason.WRONG_ARTICLE if action is Action.REJECT else None,
        )
        self.desk.decide(decision)
        return offered

    def day(self, asked: Iterable[tuple[str, str]], *, wrong: Callable[[str], str] | None = None) -> float:
        """Ask a day's questions, and return the share whose first suggestion was right.

        With `wrong`, the operators send a wrong article instead of the right one.
        """
        right = []
        for number, (text, article_id) in enumerate(asked):
            sent = wrong(article_id) if wrong else article_id
            offered = self.answer(text, sent, self.operators[number % len(self.operators)])
            right.append(offered[:1] == [article_id])
        self.clock.now = datetime.combine(self.clock.now.date(), START.timetz()) + timedelta(days=1)
        return sum(right) / len(right)
