"""A shop whose operators teach: customers ask, operators decide, on the test's clock."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from prompter.conversations.triage_worker import Triager
from prompter.desk.decision import Action
from prompter.domain.account import Role
from prompter.domain.evidence import RejectReason
from prompter.models.live_assistant import LiveAssistant
from sufler.bootstrap import build_live_assistant
from sufler.settings import Settings
from tests.fakes import START
from tests.shop import Shop


@dataclass(kw_only=True)
class TeachingShop(Shop):
    """A shop with the real assistant. All its accounts are operators, and every question has a customer."""

    settings: Settings
    staff: Mapping[str, Role] = field(
        default_factory=lambda: dict.fromkeys(("anna", "boris", "vera"), Role.OPERATOR)
    )
    chat: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refresher: LiveAssistant = build_live_assistant(self.settings, self.store)

    @cached_property
    def triager(self) -> Triager:
        return self.worker(self.refresher.assistant)

    def answer(self, text: str, article_id: str | None, operator: str) -> list[str]:
        """Ask, and let the operator send that article, accepting it if it is suggested.

        With None, the suggestion is rejected as wrong. Returns the suggested articles.
        """
        conversation = self.ask(text)
        offered = [suggestion.article_id for suggestion in self.desk.conversation(conversation).suggestions]
        if article_id is None:
            self.decide(conversation, Action.REJECT, by=operator, reason=RejectReason.WRONG_ARTICLE)
        elif article_id in offered:
            self.accept(conversation, by=operator, rank=offered.index(article_id) + 1)
        else:
            self.decide(conversation, Action.PICK_OTHER, by=operator, article_id=article_id)
        return offered

    def day(self, asked: Iterable[tuple[str, str]], *, wrong: Callable[[str], str] | None = None) -> float:
        """Ask a day's questions, and return the share whose first suggestion was right.

        With `wrong`, the operators send a wrong article instead of the right one.
        """
        operators = tuple(self.staff)
        right = []
        for number, (text, article_id) in enumerate(asked):
            sent = wrong(article_id) if wrong else article_id
            offered = self.answer(text, sent, operators[number % len(operators)])
            right.append(offered[:1] == [article_id])
        self.clock.now = datetime.combine(self.clock.now.date(), START.timetz()) + timedelta(days=1)
        return sum(right) / len(right)
