"""Choose the lane of the triage queue in which a new turn waits.

Each channel has three lanes, and each lane moves at its own share of the queue
(`ConversationRows.open_turn`): a flood of new chats delays other new customers of the same channel, not
customers who already have a conversation.
Turns whose triage has failed are tried again in a separate lane.
Customers' network addresses are not stored, so there is no lane for each address. Limits on new chats
of one address apply before the queue.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from prompter.common.clock import SLACK

RECENT = timedelta(minutes=10)
MAX_RECENT_TURNS = 20  # of one customer; more count as a flood, or can wait like one


class Lane(StrEnum):
    KNOWN = "known"  # customers whose earlier turns have been triaged
    NEW = "new"  # first turns of a conversation
    BUSY = "busy"  # customers who have had more than MAX_RECENT_TURNS lately
    FAILED = "failed"  # turns of any channel whose triage has failed

    @property
    def share(self) -> float:
        """Turns triaged in this lane for each turn of the slowest lane, when all lanes are full."""
        return _SHARES[self]


_SHARES = {Lane.KNOWN: 8.0, Lane.NEW: 2.0, Lane.BUSY: 1.0, Lane.FAILED: 1.0}


def lane_of(last_turns: Sequence[datetime], now: datetime) -> Lane:
    """Return the lane of a customer's next turn. `last_turns` are the starts of earlier ones, newest first.

    Turns in the future do not count: the clock was set back, and nobody knows how long ago they were.

    >>> now = datetime(2026, 3, 2, 9, 0)
    >>> lane_of([], now).value, lane_of([now], now).value, lane_of([now] * MAX_RECENT_TURNS, now).value
    ('new', 'known', 'busy')
    """
    if not last_turns:
        return Lane.NEW
    n_recent = sum(now - RECENT < began <= now + SLACK for began in last_turns[:MAX_RECENT_TURNS])
    return Lane.BUSY if n_recent >= MAX_RECENT_TURNS else Lane.KNOWN
