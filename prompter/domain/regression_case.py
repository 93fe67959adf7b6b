"""Pinned questions, whose answers must not get worse."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class PinnedCase:
    """A text and the article that must come first for it."""

    id: int
    text: str = field(repr=False)
    article_id: str
    pinned_at: datetime
    pinned_by: str | None
