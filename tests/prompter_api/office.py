"""The web application on a real store, with people who send it requests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar

from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from prompter.accounts.service import Accounts, scopes_of
from prompter.accounts.sessions import Sessions
from prompter.conversations.delivery import Deliveries
from prompter.conversations.intake import Reception
from prompter.conversations.triage_worker import Triager
from prompter.desk.service import Desk
from prompter.dialogue.actions import Actions
from prompter.dialogue.engine import DialogueEngine
from prompter.dialogue.session import DialogueSessions
from prompter.domain.account import Role, Scope
from prompter.domain.conversation import IncomingMessage
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
from prompter_api.app import create_app, serve_with
from prompter_api.services import Services
from prompter_api.throttle import LoginThrottle
from sufler import resources
from sufler.rasa.form_checks import checked_forms
from tests.fakes import (
    FAST_HASHER,
    SHOP,
    FakeClock,
    FixedOrders,
    Numbers,
    WordAssistant,
    by_length,
    explained,
)
from tests.shipped import SESSIONS

PASSWORD = "correct horse battery"
OURS = {"Origin": "http://testserver"}  # as a browser on our own pages says


@dataclass
class Office:
    """An application, and customers who write to it.

    Accounts: anna and boris (operators), vera (supervisor), adam (admin); the password of all is PASSWORD.
    """

    store: Store
    clock: FakeClock = field(default_factory=FakeClock)
    numbers: Numbers = field(default_factory=Numbers)  # for random sampling
    count: int = 0
    _shared: ClassVar[FastAPI | None] = None

    def __post_init__(self) -> None:
        clock = self.clock
        self.accounts = Accounts(self.store, hasher=FAST_HASHER, clock=clock)
        self.sampling = SamplingPolicy(random=self.numbers)
        self.desk = Desk(self.store, undo=timedelta(seconds=5), sampling=self.sampling, clock=clock)
        self.knowledge = KnowledgeBase(self.store, clock=clock)
        self.topics = Topics(self.store, language="ru", clock=clock)
        self.proposals = Proposals(self.store, clock=clock)
        self.versions = Versions(self.store, clock=clock)
        self.readiness = Readiness(self.store, clock=clock)
        self.reception = Reception(self.store, clock=clock)
        self.assistant = WordAssistant(SHOP)
        self.orders = FixedOrders({"40018237": "едет"})
        self.triager = Triager(self.store, self.assistant, sampling=self.sampling, clock=clock)
        self.deliveries = Deliveries(self.store, clock=clock)
        self.knowledge.import_articles(SHOP, changed_by="test")
        for name, role in (
            ("anna", Role.OPERATOR),
            ("boris", Role.OPERATOR),
            ("vera", Role.SUPERVISOR),
            ("adam", Role.ADMIN),
        ):
            self.accounts.add(name, role, PASSWORD)

    @cached_property
    def app(self) -> FastAPI:
        """Return the application that all offices of this process share, one after the other."""
        parts = self.parts()
        if Office._shared is None:
            Office._shared = create_app(parts)
        serve_with(Office._shared, parts)
        return Office._shared

    def build(self, *routers: APIRouter, **parts: Any) -> FastAPI:
        """Build a separate application, which takes a fifth of a second. `parts` replace the office's own."""
        return create_app(self.parts(**parts), routers=routers)

    def parts(self, **others: Any) -> Services:
        mine: dict[str, Any] = {
            "accounts": self.accounts,
            "sessions": Sessions(self.store, clock=self.clock),
            "actions": Actions(
                self.store,
                lambda text: self.readiness.preview(self.assistant.triage(text)),
                secret="the session secret",
                forms=checked_forms(resources.training_data()),
                lookup=self.orders,
                template_values={"shop_name": "Северок"},
                clock=self.clock,
            ),
            "assistant": self.assistant,
            "asked_by_engine": lambda text: self.readiness.preview(self.assistant.triage(text)),
            "encode": by_length,
            "desk": self.desk,
            "knowledge": self.knowledge,
            "topics": self.topics,
            "explain": lambda text: explained(self.assistant, text),
            "learning": Learning(self.store),
            "proposals": self.proposals,
            "versions": self.versions,
            "reviews": Reviews(self.store, clock=self.clock),
            "readiness": self.readiness,
            "monitoring": QualityMonitor(self.store, clock=self.clock),
            "language": "ru",
            "session_hours": 12,
            "secure_cookies": False,
            "throttle": LoginThrottle(
                self.store, secret="the session secret", per_name=3, per_address=20, clock=self.clock
            ),
        }
        return Services(**(mine | others))

    def talk_through(self, engine: DialogueEngine) -> None:
        """Run all dialogues in an engine from now on."""
        dialogue_sessions = DialogueSessions(
            self.store, engine, seal="sealed {}".format, clock=self.clock, **SESSIONS
        )
        self.triager = Triager(
            self.store,
            self.assistant,
            sampling=self.sampling,
            dialogue_sessions=dialogue_sessions,
            clock=self.clock,
        )

    def browser(self, name: str | None = None, *, app: FastAPI | None = None) -> TestClient:
        """Return a browser on our pages, logged in if a name is given."""
        client = TestClient(app or self.app, headers=OURS)
        if name is not None:
            answer = client.post("/api/login", json={"name": name, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
        return client

    def program(self, name: str, *scopes: Scope) -> TestClient:
        """Return a client with an API token of that account, with these scopes or all available ones."""
        account = self.accounts.named(name)
        token = self.accounts.create_token(account.id, "test", scopes=scopes or scopes_of(account.role))
        return TestClient(self.app, headers={"Authorization": f"Bearer {token}"})

    def say(self, text: str, *, chat: str = "7") -> int:
        """Write as a customer, and return the conversation's id."""
        self.count += 1
        message = IncomingMessage(
            channel="telegram",
            chat_id=chat,
            external_id=str(self.count),
            text=text,
            customer_name="Ольга",
        )
        return self.reception.receive(message).conversation_id

    def ask(self, text: str, *, chat: str = "7") -> int:
        """Write as a customer, wait until the turn closes, and triage it."""
        conversation_id = self.say(text, chat=chat)
        self.clock.forward(2)
        self.triager.run_once()
        return conversation_id

    def deliver(self) -> list[str]:
        """Deliver every reply that may leave now."""
        messages = self.deliveries.claim(["telegram"])
        for message in messages:
            self.deliveries.sent(message, f"out-{message.id}")
        return [message.text for message in messages]


def refusal(answer: Response) -> tuple[int, str]:
    """Return status and code of an error, after checking its shape."""
    body: Mapping[str, str] = answer.json()
    assert set(body) == {"error", "message"}, body
    assert body["message"]
    return answer.status_code, body["error"]


def accept(conversation: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a decision's body: the first suggestion, unchanged by default."""
    return {"action": "accept", "rank": 1, "seen_message_id": conversation["last_message_id"]} | changes
