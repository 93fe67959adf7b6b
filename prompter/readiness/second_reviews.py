"""Double review: a second person judges without knowing the first verdict or the answers' authors."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from prompter.common.clock import Clock, utc_now
from prompter.common.errors import AlreadyDecided, Forbidden, InvalidDecision, NotFound
from prompter.domain.account import Account
from prompter.domain.conversation import OfferedSuggestion, Turn
from prompter.domain.evidence import Choice, Place, ReviewKind, SampleKind, StoredReview, Verdict
from prompter.storage import Store, Transaction


@dataclass(frozen=True, kw_only=True)
class Question:
    """A review as shown to the judge. With one answer, `choice` is `first` (it is right) or `neither`."""

    review_id: int
    question: str = field(repr=False)
    answers: tuple[str, ...] = field(repr=False)


class Reviews:
    """The use cases of reviewing others' decisions."""

    def __init__(self, store: Store, *, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock

    def count_waiting(self, account: Account) -> int:
        """Return the number of reviews that wait for the account."""
        with self._store.read() as tx:
            return tx.reviews.count_for(account.id)

    def find_next(self, account: Account, *, after: int = 0) -> Question | None:
        """Return the longest waiting review, skipping those up to `after`."""
        with self._store.read() as tx:
            review = tx.reviews.find_next(account.id, after=after)
        return None if review is None else _question(review)

    def judge(self, review_id: int, choice: Choice, account: Account) -> None:
        """Record which answer is right. The bot's counts as right if it was chosen, alone or with the other.

        Raises:
            NotFound: when there is no such review.
            Forbidden: when the account judged this turn before.
            AlreadyDecided: when somebody was faster, or the decision was undone.
            InvalidDecision: when there is no second answer to choose.
        """
        now = self._clock()
        with self._store.write() as tx:
            review = tx.reviews.get(review_id)
            if review is None:
                raise NotFound("there is no such review")
            if review.excluded_account_id == account.id:
                raise Forbidden("you have already judged this one: it needs a second person")
            if review.second_text is None and choice in (Choice.SECOND, Choice.BOTH):
                raise InvalidDecision("there is only one answer: choose first or neither")
            if not tx.reviews.judge(review_id, choice, account.id, now):
                raise AlreadyDecided("somebody else has just judged this one")
            if review.kind is ReviewKind.GOLD:
                return  # it measures the judge, and is no evidence about a topic
            right = choice is Choice.BOTH or choice.value == review.bot_position.value
            turn = tx.conversations.turn(review.turn_id)
            if turn is None:
                raise NotFound("there is no such turn")
            lot, probability = _lot(tx, review, turn)
            offered = tx.conversations.suggestions(turn.id)
            tx.decisions.add_evidence(
                turn,
                offered[0] if offered else None,
                decision_id=review.decision_id,
                verdict=Verdict.CONFIRMED if right else Verdict.REFUTED,
                right=right,
                operator_id=account.id,
                now=now,
                lot=lot,
                lot_probability=probability,
            )


def request_review(
    tx: Transaction,
    turn: Turn,
    offered: Sequence[OfferedSuggestion],
    *,
    kind: ReviewKind,
    decision_id: int | None,
    sent: str | None,
    excluded_account_id: int | None,
    bot_position: Place,
    now: datetime,
) -> None:
    """Ask a second person to review the bot's first answer, beside another answer if there is one.

    The other answer is the operator's or, if the operator sent the bot's own, the next best suggestion:
    a judge cannot tell the first verdict from it.
    """
    bot_answer = offered[0].text
    alternatives = (
        [sent] if kind is ReviewKind.SETTLE and sent else [suggestion.text for suggestion in offered[1:]]
    )
    alternative = next((text for text in alternatives if text.split() != bot_answer.split()), None)
    tx.reviews.add(
        turn_id=turn.id,
        decision_id=decision_id,
        kind=kind,
        question=turn.utterance or "",
        own_text=bot_answer,
        other_text=alternative,
        bot_position=bot_position,
        excluded_account_id=excluded_account_id,
        now=now,
    )


def _lot(tx: Transaction, review: StoredReview, turn: Turn) -> tuple[SampleKind | None, float | None]:
    """Return the sample to which the review belongs, and its probability."""
    if review.kind is ReviewKind.AUDIT:
        return SampleKind.AUDIT, turn.draw.probability if turn.draw else None
    if review.kind is ReviewKind.CHECK:
        return None, None
    before = tx.decisions.evidence(turn.id)[-1]
    return before.lot, before.lot_probability


def _question(review: StoredReview) -> Question:
    answers = (review.first_text,) if review.second_text is None else (review.first_text, review.second_text)
    return Question(review_id=review.id, question=review.question, answers=answers)
