"""Decisions that can still be undone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from prompter.common.clock import Clock, is_over, utc_now
from prompter.desk.decision import Action, Decision, DecisionReceipt
from prompter_api.desk.operator.drafts import Draft


@dataclass(frozen=True, kw_only=True)
class UndoableReply:
    """A decision whose reply is not sent yet, with the draft to restore."""

    decision_id: int
    turn_id: int
    conversation_id: int
    draft: Draft
    silent: bool  # nothing is sent to the customer
    until: datetime

    @classmethod
    def of(cls, decision: Decision, decided: DecisionReceipt, draft: Draft, *, conversation_id: int) -> Self:
        return cls(
            decision_id=decided.decision_id,
            turn_id=decision.turn_id,
            conversation_id=conversation_id,
            draft=draft,
            silent=decision.action is Action.REJECT and decision.text is None,
            until=decided.undo_until,
        )


class UndoHistory:
    """The last decisions of one page, for as long as they can be undone."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._replies: list[UndoableReply] = []
        self._max_wait = timedelta(0)  # the longest time for which a decision could be undone

    def add(self, reply: UndoableReply) -> None:
        self._max_wait = max(self._max_wait, reply.until - self._clock())
        self._replies.append(reply)

    def find_last(self) -> UndoableReply | None:
        """Return the decision that undo would take back, or None."""
        now = self._clock()
        self._replies = [
            reply for reply in self._replies if not is_over(reply.until, now, max_wait=self._max_wait)
        ]
        return self._replies[-1] if self._replies else None

    def take(self) -> UndoableReply | None:
        """Remove and return the last decision, or None."""
        last = self.find_last()
        if last is not None:
            self._replies.remove(last)
        return last
