"""Questions whose answers may not change for the worse."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class PinnedCase:
    """The article that is to come first for a text."""

    id: int
    text: str = field(repr=False)
    article_id: str
    pinned_at: datetime
    pinned_by: str | None
