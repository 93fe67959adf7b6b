"""A shop with its web application, and people who send it requests or open its pages."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar

from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from prompter.accounts.idempotency import IdempotencyKeys
from prompter.accounts.service import scopes_of
from prompter.accounts.sessions import Sessions, Visit
from prompter.common.clock import Clock, utc_now
from prompter.dialogue.actions import Actions
from prompter.domain.account import Scope
from prompter.domain.triage import Triage
from prompter.knowledge.topics import Topics
from prompter.learning.service import Learning
from prompter.models.registry import Versions
from prompter.readiness.monitoring import QualityMonitor
from prompter_api.app import create_app, serve_with
from prompter_api.desk import add_pages
from prompter_api.services import Services
from prompter_api.throttle import LoginThrottle
from sufler import resources
from sufler.rasa.form_checks import read_forms
from tests.browser import serve
from tests.fakes import FixedOrders, by_length, explain
from tests.shipped import SESSIONS, SETTINGS
from tests.shop import PASSWORD, ClockT, Shop

OURS = {"Origin": "http://testserver"}  # as a browser on our own pages says
SECRET = "the session secret"


@dataclass
class WebShop(Shop[ClockT]):
    """A shop with pages and an API."""

    _shared: ClassVar[FastAPI | None] = None

    # --- services ------------------------------------------------------------------------------

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(self.store, clock=self.clock, **SESSIONS)

    @cached_property
    def topics(self) -> Topics:
        return Topics(self.store, language=SETTINGS.language, clock=self.clock)

    @cached_property
    def versions(self) -> Versions:
        return Versions(self.store, clock=self.clock)

    @cached_property
    def orders(self) -> FixedOrders:
        return FixedOrders({"40018237": "едет"})

    def preview(self, text: str) -> Triage:
        """Return the triage of a text as dialogue engines see it."""
        return self.readiness.preview(self.assistant.triage(text))

    def services(self, **others: Any) -> Services:
        """Return the use cases that the application calls. `others` replace the shop's own."""
        own: dict[str, Any] = {
            "accounts": self.accounts,
            "sessions": self.sessions,
            "idempotency": IdempotencyKeys(self.store, secret=SECRET, clock=self.clock),
            "actions": Actions(
                self.store,
                self.preview,
                secret=SECRET,
                sampling=self.sampling,
                forms=read_forms(resources.training_data()),
                lookup=self.orders,
                template_values={"shop_name": "Северок"},
                clock=self.clock,
            ),
            "assistant": self.assistant,
            "triage_for_engine": self.preview,
            "encode": by_length,
            "desk": self.desk,
            "knowledge": self.knowledge,
            "topics": self.topics,
            "explain": lambda text: explain(self.assistant, text),
            "learning": Learning(self.store),
            "proposals": self.proposals,
            "versions": self.versions,
            "reviews": self.reviews,
            "readiness": self.readiness,
            "monitoring": QualityMonitor(self.store, clock=self.clock),
            "language": SETTINGS.language,
            "session_hours": SETTINGS.web.session_hours,
            "secure_cookies": False,
            "max_body_bytes": SETTINGS.web.max_body_bytes,
            "max_header_bytes": SETTINGS.web.max_header_bytes,
            "throttle": LoginThrottle(
                self.store,
                secret=SECRET,
                per_name=3,
                per_address=20,
                window_seconds=SETTINGS.web.login_window_seconds,
                clock=self.clock,
            ),
        }
        return Services(**(own | others))

    # --- the application --------------------------------------------------------------------

    @cached_property
    def app(self) -> FastAPI:
        """Return the API's application, which all shops of this process share, one after the other."""
        services = self.services()
        if WebShop._shared is None:
            WebShop._shared = create_app(services)
        serve_with(WebShop._shared, services)
        return WebShop._shared

    def build(self, *routers: APIRouter, **services: Any) -> FastAPI:
        """Build a separate application, in a fifth of a second. `services` replace the shop's own."""
        return create_app(self.services(**services), routers=routers)

    def pages(self, *, poll_seconds: float = 0.3) -> FastAPI:
        """Build a separate application with the desk's pages."""
        app = self.build()
        add_pages(app, app.state.services, poll_seconds=poll_seconds)
        return app

    @contextmanager
    def open(self, *, poll_seconds: float = 0.3) -> Iterator[str]:
        """Serve the desk's pages, and yield the address."""
        with serve(self.pages(poll_seconds=poll_seconds)) as address:
            yield address

    # --- people -----------------------------------------------------------------------------

    def browser(self, name: str | None = None, *, app: FastAPI | None = None) -> TestClient:
        """Return a browser on our pages, logged in if a name is given."""
        client = TestClient(app or self.app, headers=OURS)
        if name is not None:
            answer = client.post("/api/login", json={"name": name, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
        return client

    def program(self, name: str, *scopes: Scope) -> TestClient:
        """Return a client with an API token of that account, with these scopes or all available ones."""
        account = self.accounts.require_by_name(name)
        token = self.accounts.create_token(account.id, "test", scopes=scopes or scopes_of(account.role))
        return TestClient(self.app, headers={"Authorization": f"Bearer {token}"})

    def visit(self, name: str) -> Visit:
        """Return the session of a newly logged-in person."""
        secret = self.sessions.start(self.accounts.require_by_name(name))
        visit = self.sessions.find(secret or "")
        assert visit is not None
        return visit


@dataclass
class DeskShop(WebShop[Clock]):
    """A shop on the real clock, with time to press undo, for tests with a browser."""

    clock: Clock = utc_now
    undo: timedelta = timedelta(seconds=30)


def refusal(answer: Response) -> tuple[int, str]:
    """Return status and code of an error, after checking its shape."""
    body: Mapping[str, str] = answer.json()
    assert set(body) == {"error", "message"}, body
    assert body["message"]
    return answer.status_code, body["error"]


def acceptance(conversation: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a decision's body: the first suggestion, unchanged by default."""
    return {"action": "accept", "rank": 1, "seen_message_id": conversation["last_message_id"]} | changes
