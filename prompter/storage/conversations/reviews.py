"""Reviews by second persons, and their judgements."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, or_, select, update

from prompter.domain.evidence import Choice, GoldQuestion, Place, ReviewKind, StoredReview
from prompter.storage.rows import Rows
from prompter.storage.tables import reviews, suggestions, turns


class ReviewRows(Rows):
    def add(
        self,
        *,
        turn_id: int,
        decision_id: int | None,
        kind: ReviewKind,
        question: str,
        own_text: str,
        other_text: str | None,
        bot_position: Place,
        excluded_account_id: int | None,
        now: datetime,
    ) -> int:
        """Request a review of the bot's answer. Without another answer it stands first."""
        own_first = bot_position is Place.FIRST or other_text is None
        return self._insert(
            reviews,
            turn_id=turn_id,
            decision_id=decision_id,
            kind=kind.value,
            question=question,
            first_text=own_text if own_first else other_text,
            second_text=other_text if own_first else own_text,
            own_place=(Place.FIRST if own_first else Place.SECOND).value,
            not_for=excluded_account_id,
            drawn_at=now,
        )

    def get(self, review_id: int) -> StoredReview | None:
        row = self._connection.execute(select(reviews).where(reviews.c.id == review_id)).one_or_none()
        return None if row is None else _review(row)

    def of_turn(self, turn_id: int) -> list[StoredReview]:
        rows = self._connection.execute(
            select(reviews).where(reviews.c.turn_id == turn_id).order_by(reviews.c.id)
        )
        return [_review(row) for row in rows]

    def find_next(self, account_id: int, *, after: int = 0) -> StoredReview | None:
        """Return the oldest open review above the id `after`, of a turn that the account has not judged."""
        row = self._connection.execute(
            select(reviews)
            .where(_OPEN, _for(account_id), reviews.c.id > after)
            .order_by(reviews.c.id)
            .limit(1)
        ).one_or_none()
        return None if row is None else _review(row)

    def count_for(self, account_id: int) -> int:
        open_ones = select(func.count()).select_from(reviews).where(_OPEN, _for(account_id))
        return self._connection.scalar(open_ones) or 0

    def second_looks_at(self, account_id: int) -> tuple[int, int]:
        """Count the account's accepted suggestions that were judged again, and those that were refuted."""
        rows = self._connection.execute(
            select(reviews.c.choice, reviews.c.own_place).where(
                reviews.c.kind == ReviewKind.SECOND.value,
                reviews.c.not_for == account_id,
                reviews.c.choice.is_not(None),
                reviews.c.cancelled_at.is_(None),
            )
        ).all()
        return len(rows), sum(row.choice not in ("both", row.own_place) for row in rows)

    def gold_results_of(self, account_id: int) -> tuple[int, int]:
        """Count the account's judged attention checks, and those in which it found an answer right."""
        rows = self._connection.scalars(
            select(reviews.c.choice).where(
                reviews.c.kind == ReviewKind.GOLD.value, reviews.c.judge_id == account_id
            )
        ).all()
        return len(rows), sum(choice != Choice.NEITHER.value for choice in rows)

    def count_gold(self) -> tuple[int, int]:
        """Count the reviews without attention checks, and the attention checks."""
        total = self._connection.scalar(select(func.count()).select_from(reviews)) or 0
        is_gold = reviews.c.kind == ReviewKind.GOLD.value
        gold = self._connection.scalar(select(func.count()).select_from(reviews).where(is_gold)) or 0
        return total - gold, gold

    def next_gold_question(self) -> "GoldQuestion | None":
        """Return the last judged question that has not been used for an attention check yet."""
        used = select(reviews.c.turn_id).where(reviews.c.kind == ReviewKind.GOLD.value)
        row = self._connection.execute(
            select(turns.c.id, turns.c.utterance, suggestions.c.topic)
            .join(suggestions, (suggestions.c.turn_id == turns.c.id) & (suggestions.c.rank == 1))
            .join(reviews, reviews.c.turn_id == turns.c.id)
            .where(reviews.c.judged_at.is_not(None), turns.c.utterance.is_not(None), turns.c.id.not_in(used))
            .order_by(reviews.c.id.desc())
            .limit(1)
        ).one_or_none()
        if row is None:
            return None
        return GoldQuestion(turn_id=row.id, utterance=row.utterance, topic=row.topic)

    def judge(self, review_id: int, choice: Choice, judge_id: int, now: datetime) -> bool:
        """Record the judgement. Return False if somebody was faster or the decision was undone."""
        changed = self._connection.execute(
            update(reviews)
            .where(reviews.c.id == review_id, _OPEN)
            .values(choice=choice.value, judge_id=judge_id, judged_at=now)
        )
        return changed.rowcount == 1

    def cancel_decision(self, decision_id: int, now: datetime) -> None:
        """Cancel open reviews of a decision that was undone."""
        self._connection.execute(
            update(reviews).where(reviews.c.decision_id == decision_id, _OPEN).values(cancelled_at=now)
        )


_OPEN = reviews.c.judged_at.is_(None) & reviews.c.cancelled_at.is_(None)


def _for(account_id: int) -> Any:
    return or_(reviews.c.not_for.is_(None), reviews.c.not_for != account_id)


def _review(row: Row[Any]) -> StoredReview:
    return StoredReview(
        id=row.id,
        turn_id=row.turn_id,
        decision_id=row.decision_id,
        kind=ReviewKind(row.kind),
        question=row.question,
        first_text=row.first_text,
        second_text=row.second_text,
        bot_position=Place(row.own_place),
        excluded_account_id=row.not_for,
        drawn_at=row.drawn_at,
        cancelled_at=row.cancelled_at,
        choice=Choice(row.choice) if row.choice else None,
        judge_id=row.judge_id,
        judged_at=row.judged_at,
    )
