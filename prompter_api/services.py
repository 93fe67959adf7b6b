"""The services behind the HTTP face. `sufler.bootstrap` puts them together."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from anyio import CapacityLimiter
from fastapi import Request

from kb_index import Article
from nlu.encoders.encoder import Vectors
from prompter.accounts.idempotency import IdempotencyKeys
from prompter.accounts.service import Accounts
from prompter.accounts.sessions import Sessions
from prompter.desk.service import Desk
from prompter.dialogue.actions import Actions
from prompter.domain.triage import Suggestion, Triage
from prompter.knowledge.knowledge_base import KnowledgeBase
from prompter.knowledge.proposals import Proposals
from prompter.knowledge.topics import Topics
from prompter.learning.service import Learning
from prompter.models.registry import Versions
from prompter.readiness.monitoring import QualityMonitor
from prompter.readiness.second_reviews import Reviews
from prompter.readiness.service import Readiness
from prompter.suggestions.explanations import Explanation
from prompter_api.password_checks import PasswordChecks
from prompter_api.ready import Readiness as ProcessReadiness
from prompter_api.throttle import LoginThrottle

_HARDLY_SIMILAR = 0.03  # confidence below which an article is noise to somebody who searches


class Assistant(Protocol):
    """The part of the assistant that the HTTP face needs."""

    def triage(self, text: str) -> Triage: ...

    def suggest(self, text: str) -> Sequence[Suggestion]: ...


@dataclass(frozen=True, kw_only=True)
class Embeddings:
    """Vectors of shape (texts, dimensions). Vectors of encoders with the same name are comparable."""

    encoder: str
    vectors: Vectors


@dataclass(frozen=True, kw_only=True)
class Services:
    """The use cases behind the pages and the API, and the settings of the face itself."""

    accounts: Accounts
    sessions: Sessions
    idempotency: IdempotencyKeys
    throttle: LoginThrottle
    actions: Actions
    assistant: Assistant
    triage_for_engine: Callable[[str], Triage]  # never asks the engine, which waits for us
    encode: Callable[[Sequence[str]], Embeddings]
    desk: Desk
    knowledge: KnowledgeBase
    topics: Topics
    explain: Callable[[str], Explanation]
    learning: Learning
    proposals: Proposals
    versions: Versions
    reviews: Reviews
    readiness: Readiness
    monitoring: QualityMonitor
    language: str  # of pages, if the account has chosen none: ru or en
    session_hours: float
    secure_cookies: bool
    max_body_bytes: int  # bytes of one request
    max_header_bytes: int
    ready: ProcessReadiness = field(default_factory=ProcessReadiness)
    hosts: tuple[str, ...] = ()  # names of this site; empty means any Host
    # Handles actions that are not ours: the unchanged call goes to the team's own server.
    custom_actions: Callable[[bytes], tuple[int, bytes]] | None = None
    # More messages than cores would only wait for each other, and waiting threads cost time.
    asked_at_once: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(os.cpu_count() or 1))

    # Actions may wait for other servers, and other requests must not wait with them.
    actions_at_once: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(8))

    # Logins must not take the threads that customers' requests need.
    password_checks: PasswordChecks = field(default_factory=PasswordChecks)
    login_lookups: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(4))

    def find_articles(self, text: str, *, limit: int) -> list[Article]:
        """Find articles for an operator by the bot's own search, which sees through typos, and by text."""
        similar = [
            suggestion.article_id
            for suggestion in self.assistant.suggest(text)
            if suggestion.confidence >= _HARDLY_SIMILAR
        ]
        return self.desk.find_articles(text, similar=similar, limit=limit)

    def explanation(self, text: str) -> Explanation:
        """Explain the triage of a text. As in `ask`, the route takes readiness into account."""
        found = self.explain(text)
        return replace(found, triage=self.readiness.preview(found.triage))


def services_of(request: Request) -> Services:
    """Return the services of the application that serves this request."""
    services: Services = request.app.state.services
    return services
