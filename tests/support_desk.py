"""A small shop with a running desk, a customer who writes and a messenger that takes replies."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from fastapi import FastAPI

from kb_index import Article
from prompter.accounts.service import Accounts
from prompter.accounts.sessions import Sessions, Visit
from prompter.common.clock import Clock, utc_now
from prompter.conversations.delivery import Deliveries, OutgoingMessage
from prompter.conversations.intake import Reception
from prompter.conversations.triage_worker import Triager
from prompter.desk.decision import Action, Decision
from prompter.desk.service import Desk
from prompter.dialogue.actions import Actions
from prompter.dialogue.engine import DialogueEngine
from prompter.dialogue.session import DialogueSessions
from prompter.domain.account import Role
from prompter.domain.conversation import IncomingMessage, MessageKind
from prompter.knowledge.knowledge_base import KnowledgeBase
from prompter.knowledge.proposals import Proposals
from prompter.knowledge.topics import Topics
from prompter.learning.service import Learning
from prompter.models.registry import Versions
from prompter.readiness.monitoring import QualityMonitor
from prompter.readiness.sampling import SamplingPolicy
from prompter.readiness.second_reviews import Reviews
from prompter.readiness.service import Readiness
from prompter.storage import Store
from prompter_api.app import create_app
from prompter_api.desk import add_pages
from prompter_api.services import Services
from prompter_api.throttle import LoginThrottle
from tests.browser import serve
from tests.fakes import FAST_HASHER, SHOP, Numbers, WordAssistant, by_length, explained
from tests.shipped import SESSIONS

PASSWORD = "correct horse battery"


@dataclass
class DeskShop:
    """The core on a real store and the real clock. Turns close at once.

    Accounts: anna and boris (operators), vera (supervisor).
    """

    store: Store
    articles: Sequence[Article] = SHOP
    undo_seconds: float = 30.0
    language: str = "ru"
    loaded: Clock = utc_now  # when the articles came
    numbers: Numbers = field(default_factory=Numbers)  # for whatever is drawn by lot
    accounts: Accounts = field(init=False)
    desk: Desk = field(init=False)
    deliveries: Deliveries = field(init=False)
    _messages: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.accounts = Accounts(self.store, hasher=FAST_HASHER)
        self.sampling = sampling = SamplingPolicy(random=self.numbers)
        self.desk = Desk(self.store, undo=timedelta(seconds=self.undo_seconds), sampling=sampling)
        self.deliveries = Deliveries(self.store)
        self.readiness = Readiness(self.store)
        self.knowledge = KnowledgeBase(self.store, clock=self.loaded)
        self.knowledge.import_articles(self.articles, changed_by="test")
        self.topics = Topics(self.store, language=self.language)
        self.reception = Reception(self.store, debounce=timedelta(0), max_wait=timedelta(0))
        self.assistant = WordAssistant(self.articles)
        self.triager = Triager(self.store, self.assistant, sampling=sampling)
        self.sessions = Sessions(self.store, max_age=timedelta(hours=1))
        self.accounts.add("anna", Role.OPERATOR, PASSWORD)
        self.accounts.add("boris", Role.OPERATOR, PASSWORD)
        self.accounts.add("vera", Role.SUPERVISOR, PASSWORD)

    def talk_through(self, engine: DialogueEngine) -> DialogueSessions:
        """Run all dialogues in an engine from now on."""
        dialogue_sessions = DialogueSessions(self.store, engine, seal="sealed {}".format, **SESSIONS)
        self.triager = Triager(
            self.store, self.assistant, sampling=self.sampling, dialogue_sessions=dialogue_sessions
        )
        return dialogue_sessions

    def say(
        self,
        text: str,
        *,
        chat: str = "7",
        name: str = "Ольга",
        kind: MessageKind = MessageKind.TEXT,
        channel: str = "telegram",
        forwarded: bool = False,
        replaces: str | None = None,
    ) -> int:
        """Write as a customer. Return the conversation's id. The message's external id is its number."""
        self._messages += 1
        message = IncomingMessage(
            channel=channel,
            chat_id=chat,
            external_id=str(self._messages),
            text=text,
            kind=kind,
            customer_name=name,
            forwarded=forwarded,
            replaces=replaces,
        )
        return self.reception.receive(message).conversation_id

    def ask(self, text: str, *, chat: str = "7", name: str = "Ольга", channel: str = "telegram") -> int:
        """Write as a customer, and bring the turn to the desk."""
        conversation_id = self.say(text, chat=chat, name=name, channel=channel)
        self.triager.run_once()
        return conversation_id

    def accept(self, text: str, *, chat: str = "7") -> int:
        """Ask as a customer, accept the first suggestion as Anna, and return the turn's id."""
        view = self.desk.conversation(self.ask(text, chat=chat))
        assert view.turn is not None
        anna = next(account for account in self.accounts.all() if account.name == "anna")
        self.desk.decide(
            Decision(
                turn_id=view.turn.id,
                operator_id=anna.id,
                action=Action.ACCEPT,
                seen_message_id=view.last_message_id,
                rank=1,
            )
        )
        return view.turn.id

    def deliver(self) -> list[OutgoingMessage]:
        """Let the messenger take every reply that may leave now."""
        messages = self.deliveries.claim(["telegram", "web"])
        for message in messages:
            self.deliveries.sent(message, f"out-{message.id}")
        return messages

    def outbox(self, conversation_id: int) -> list[str]:
        """Return texts on their way to the customer, or sent."""
        replies = self.desk.conversation(conversation_id).replies
        return [reply.text for reply in replies if reply.state.value != "cancelled"]

    def parts(self) -> Services:
        return Services(
            accounts=self.accounts,
            sessions=self.sessions,
            throttle=LoginThrottle(self.store, secret="a secret of the tests"),
            actions=Actions(self.store, self.assistant.triage, secret="a secret of the tests"),
            assistant=self.assistant,
            asked_by_engine=self.assistant.triage,
            encode=by_length,
            desk=self.desk,
            knowledge=self.knowledge,
            topics=self.topics,
            explain=lambda text: explained(self.assistant, text),
            learning=Learning(self.store),
            proposals=Proposals(self.store),
            versions=Versions(self.store),
            reviews=Reviews(self.store),
            readiness=self.readiness,
            monitoring=QualityMonitor(self.store),
            language=self.language,
            session_hours=1,
            secure_cookies=False,
        )

    def visit(self, name: str) -> Visit:
        """Return the session of a newly logged-in person."""
        secret = self.sessions.start(self.accounts.named(name))
        visit = self.sessions.find(secret or "")
        assert visit is not None
        return visit

    def app(self, *, poll_seconds: float = 0.3) -> FastAPI:
        parts = self.parts()
        app = create_app(parts)
        add_pages(app, parts, poll_seconds=poll_seconds)
        return app

    @contextmanager
    def open(self, *, poll_seconds: float = 0.3) -> Iterator[str]:
        """Serve the shop's desk, and yield the address."""
        with serve(self.app(poll_seconds=poll_seconds)) as address:
            yield address
