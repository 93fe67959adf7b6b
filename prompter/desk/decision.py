"""An operator's decision and the verdict it counts as."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from prompter.common.errors import InvalidDecision
from prompter.domain.conversation import OfferedSuggestion
from prompter.domain.evidence import RejectReason, Verdict


class Action(StrEnum):
    """An operator's action on a turn."""

    ACCEPT = "accept"  # send a suggestion as it is
    EDIT = "edit"  # send a suggestion with changes
    PICK_OTHER = "pick_other"  # send another article
    WRITE_OWN = "write_own"  # send a text of their own
    REJECT = "reject"  # the top suggestion is wrong; `text`, if given, is sent instead


@dataclass(frozen=True, kw_only=True)
class Decision:
    """An operator's decision on a turn.

    `seen_message_id` is the customer's newest message on the operator's screen: if there is a newer
    message, nothing is sent unless `send_anyway` is set. Customers' words stay out of the repr.
    """

    turn_id: int
    operator_id: int
    action: Action
    seen_message_id: int
    rank: int | None = None
    article_id: str | None = None
    text: str | None = field(default=None, repr=False)
    reason: RejectReason | None = None
    send_anyway: bool = False

    def __post_init__(self) -> None:
        needs = {
            Action.ACCEPT: {"rank"},
            Action.EDIT: {"rank", "text"},
            Action.PICK_OTHER: {"article_id"},
            Action.WRITE_OWN: {"text"},
            Action.REJECT: {"reason"},
        }[self.action]
        for name in sorted(needs):
            value = getattr(self, name)
            if value is None or (isinstance(value, str) and not value.strip()):
                raise InvalidDecision(f"{self.action.value} needs {name}")


@dataclass(frozen=True, kw_only=True)
class DecisionReceipt:
    """A decision that was stored. It can be undone until `undo_until`."""

    decision_id: int
    verdict: Verdict
    undo_until: datetime


def counts_as_right(
    verdict: Verdict,
    *,
    rank: int | None,
    article_id: str | None,
    answer: str | None,
    first: OfferedSuggestion | None,
    changed: bool,
) -> bool | None:
    """Return whether the top suggestion was right, or None if a second person has to judge.

    `rank`, `article_id` and `answer` belong to the suggestion or article that the operator used, with
    the template fields of `answer` filled as it was offered. `changed` means that the sent text says
    something else. The table is in docs/reference/verdicts.md.
    """
    if first is None:
        return False
    if verdict is Verdict.WROTE_OWN:
        return None
    if verdict in (Verdict.REJECTED, Verdict.EDITED_SUBSTANTIVE, Verdict.UNDECIDED):
        return False
    if changed:
        return False
    if rank == 1 or article_id == first.article_id:
        return True
    return answer is not None and answer.split() == first.text.split()
