"""Operators' drafts, and the decisions that they become when they are sent."""

from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from kb_index import Article
from prompter.desk.decision import Action, Decision
from prompter.domain.conversation import OfferedSuggestion
from prompter.domain.evidence import RejectReason


class Purpose(StrEnum):
    OWN = "own"
    EDIT = "edit"
    PICK = "pick"
    REJECT = "reject"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A text being written. A draft based on a suggestion stays with its turn.

    `offered` is the text that the draft started from. `aside` is the operator's own text that it replaced,
    which comes back when the draft is dropped.
    """

    purpose: Purpose = Purpose.OWN
    text: str = ""
    turn_id: int | None = None
    rank: int | None = None
    article_id: str | None = None
    question: str = ""
    offered: str = ""
    reason: RejectReason | None = None
    aside: str = ""

    @classmethod
    def from_suggestion(cls, suggestion: OfferedSuggestion, text: str, *, question: str) -> Self:
        """Start from a suggestion. `question` is the question that it answers, as pages show it."""
        return cls(
            purpose=Purpose.EDIT,
            text=text,
            turn_id=suggestion.turn_id,
            rank=suggestion.rank,
            question=question,
            offered=suggestion.text,
        )

    @classmethod
    def from_article(cls, article: Article, answer: str, *, turn_id: int) -> Self:
        """Start from another article's answer, which the operator checks before sending."""
        return cls(
            purpose=Purpose.PICK,
            text=answer,
            turn_id=turn_id,
            article_id=article.id,
            question=article.question,
            offered=answer,
        )

    @property
    def own_text(self) -> str:
        """The operator's own text, in the field or set aside."""
        return self.text if self.purpose is Purpose.OWN else self.aside

    @property
    def is_worth_keeping(self) -> bool:
        return self.purpose is not Purpose.OWN or bool(self.text.strip())

    def without_source(self) -> "Draft":
        """Return the draft that is left when the suggestion, article or rejection is dropped."""
        return self if self.purpose is Purpose.OWN else Draft(text=self.aside)

    def without_turn(self) -> "Draft":
        """Return the operator's own text as a draft without a turn, which somebody else has answered."""
        written = self.text if self.text != self.offered else ""
        return Draft(text=written or self.aside)

    def decision(self, *, turn_id: int, operator_id: int, seen_message_id: int) -> Decision:
        """Return the decision that sending this draft makes.

        Raises:
            InvalidDecision: when a required text is missing.
        """
        action = {
            Purpose.OWN: Action.WRITE_OWN,
            Purpose.EDIT: Action.EDIT,
            Purpose.PICK: Action.PICK_OTHER,
            Purpose.REJECT: Action.REJECT,
        }[self.purpose]
        text: str | None = self.text
        if self.purpose is Purpose.PICK and self.text == self.offered:
            text = None
        if self.purpose is Purpose.REJECT and not self.text.strip():
            text = None
        return Decision(
            turn_id=self.turn_id or turn_id,
            operator_id=operator_id,
            action=action,
            seen_message_id=seen_message_id,
            rank=self.rank,
            article_id=self.article_id,
            text=text,
            reason=self.reason,
        )


def accept(suggestion: OfferedSuggestion, *, operator_id: int, seen_message_id: int) -> Decision:
    """Return the decision to send a suggestion unchanged."""
    return Decision(
        turn_id=suggestion.turn_id,
        operator_id=operator_id,
        action=Action.ACCEPT,
        seen_message_id=seen_message_id,
        rank=suggestion.rank,
    )


class Drafts:
    """Unsent texts by account and conversation. They survive a reload of the page, but no restart."""

    def __init__(self, limit: int = 2000) -> None:
        self._kept: OrderedDict[tuple[int, int], Draft] = OrderedDict()
        self._limit = limit

    def keep(self, account_id: int, conversation_id: int, draft: Draft) -> None:
        key = (account_id, conversation_id)
        self._kept.pop(key, None)
        if draft.is_worth_keeping:
            self._kept[key] = draft
            if len(self._kept) > self._limit:
                self._kept.popitem(last=False)

    def of(self, account_id: int, conversation_id: int) -> Draft:
        return self._kept.get((account_id, conversation_id), Draft())
