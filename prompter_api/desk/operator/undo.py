"""Decisions that can still be undone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from prompter.common.clock import Clock, is_over, utc_now
from prompter.desk.decision import Action, Decided, Decision
from prompter_api.desk.operator.drafts import Draft


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A decision whose reply is not sent yet, with the draft to restore."""

    decision_id: int
    turn_id: int
    conversation_id: int
    draft: Draft
    silent: bool  # nothing is sent to the customer
    until: datetime

    @classmethod
    def of(cls, decision: Decision, decided: Decided, draft: Draft, *, conversation_id: int) -> Self:
        return cls(
            decision_id=decided.decision_id,
            turn_id=decision.turn_id,
            conversation_id=conversation_id,
            draft=draft,
            silent=decision.action is Action.REJECT and decision.text is None,
            until=decided.undo_until,
        )


class Undoable:
    """The last decisions of one page, for as long as they can be undone."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._sent: list[Sent] = []
        self._max_wait = timedelta(0)  # the longest time for which a decision could be undone

    def add(self, sent: Sent) -> None:
        self._max_wait = max(self._max_wait, sent.until - self._clock())
        self._sent.append(sent)

    def last(self) -> Sent | None:
        """Return the decision that undo would take back, or None."""
        now = self._clock()
        self._sent = [
            decision for decision in self._sent if not is_over(decision.until, now, max_wait=self._max_wait)
        ]
        return self._sent[-1] if self._sent else None

    def take(self) -> Sent | None:
        """Remove and return the last decision, or None."""
        last = self.last()
        if last is not None:
            self._sent.remove(last)
        return last
