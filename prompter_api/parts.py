"""What the HTTP face is built from; bootstrap puts it together."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from anyio import CapacityLimiter
from fastapi import Request

from prompter.accounts import Accounts
from prompter.desk import Desk
from prompter.explaining import Explanation
from prompter.knowledge import KnowledgeBase
from prompter.learning import Learning
from prompter.proposals import Proposals
from prompter.readiness import Readiness
from prompter.reviews import Reviews
from prompter.triage import Triage
from prompter.versions import Versions
from prompter.watching import Watching
from prompter_api.throttle import LoginThrottle


class Assistant(Protocol):
    """What the HTTP face needs of an assistant."""

    def triage(self, text: str) -> Triage: ...


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The use cases behind the pages and the API, and how the face itself is set up."""

    accounts: Accounts
    assistant: Assistant
    desk: Desk
    knowledge: KnowledgeBase
    explain: Callable[[str], Explanation]
    learning: Learning
    proposals: Proposals
    versions: Versions
    reviews: Reviews
    readiness: Readiness
    watching: Watching
    language: str  # of pages where the account has chosen none: ru or en
    session_secret: str = field(repr=False)
    session_hours: float
    secure_cookies: bool
    largest_body: int = 500_000  # bytes of one request
    throttle: LoginThrottle = field(default_factory=LoginThrottle)
    # More messages than cores would only wait for each other, and what they wait with costs time.
    asked_at_once: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(os.cpu_count() or 1))

    def explanation(self, text: str) -> Explanation:
        """What is made of a text and why; who would answer as `ask` says it, readiness included."""
        found = self.explain(text)
        return replace(found, triage=self.readiness.preview(found.triage))


def parts_of(request: Request) -> Parts:
    """The parts of the application that serves this request."""
    parts: Parts = request.app.state.parts
    return parts
