"""What the HTTP face is built from; bootstrap puts it together."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from anyio import CapacityLimiter
from fastapi import Request

from nlu.encoders.encoder import Vectors
from prompter.accounts.service import Accounts
from prompter.accounts.sessions import Sessions
from prompter.desk.service import Desk
from prompter.dialogue.actions import Actions
from prompter.domain.triage import Triage
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


class Assistant(Protocol):
    """What the HTTP face needs of an assistant."""

    def triage(self, text: str) -> Triage: ...


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """Vectors, shape (texts, dimensions); those of equally named encoders can be compared."""

    encoder: str
    vectors: Vectors


@dataclass(frozen=True, kw_only=True)
class Services:
    """The use cases behind the pages and the API, and how the face itself is set up."""

    accounts: Accounts
    sessions: Sessions
    throttle: LoginThrottle
    actions: Actions
    assistant: Assistant
    asked_by_engine: Callable[[str], Triage]  # asks no engine in its turn: that would wait for us
    encode: Callable[[Sequence[str]], Encoded]
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
    language: str  # of pages where the account has chosen none: ru or en
    session_hours: float
    secure_cookies: bool
    max_body_bytes: int = 500_000  # bytes of one request
    max_header_bytes: int = 32_768
    ready: ProcessReadiness = field(default_factory=ProcessReadiness)
    hosts: tuple[str, ...] = ()  # names of this site; none: whatever browsers say
    # Actions that are none of ours: the call as it came goes to the team's own server.
    custom_actions: Callable[[bytes], tuple[int, bytes]] | None = None
    # More messages than cores would only wait for each other, and what they wait with costs time.
    asked_at_once: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(os.cpu_count() or 1))

    # They may wait for other servers: requests that need nothing of them must not wait, too.
    actions_at_once: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(8))

    # Logins must not take the threads that customers' requests need.
    password_checks: PasswordChecks = field(default_factory=PasswordChecks)
    login_lookups: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(4))

    def explanation(self, text: str) -> Explanation:
        """What is made of a text and why; who would answer as `ask` says it, readiness included."""
        found = self.explain(text)
        return replace(found, triage=self.readiness.preview(found.triage))


def services_of(request: Request) -> Services:
    """The parts of the application that serves this request."""
    parts: Services = request.app.state.parts
    return parts
