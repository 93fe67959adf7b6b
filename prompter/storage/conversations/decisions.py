"""Operators' decisions and the evidence that follows from them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, update

from prompter.domain.conversation import OfferedSuggestion, Turn
from prompter.domain.evidence import (
    DeskTurn,
    Evidence,
    RejectReason,
    SampleKind,
    StoredDecision,
    TeachingTurn,
    Verdict,
)
from prompter.storage.rows import Rows
from prompter.storage.tables import (
    accounts,
    articles,
    conversations,
    customers,
    decisions,
    evidence,
    later_suggestions,
    suggestions,
    turns,
)

_QUESTION = func.coalesce(turns.c.full_text, turns.c.utterance)
_IS_LIVE = (decisions.c.turn_id == turns.c.id) & decisions.c.superseded_at.is_(None)


class DecisionRows(Rows):
    def add(
        self,
        *,
        turn_id: int,
        operator_id: int,
        verdict: Verdict,
        reason: RejectReason | None,
        rank: int | None,
        article_id: str | None,
        suggested_text: str | None,
        sent_text: str | None,
        now: datetime,
    ) -> int:
        """Add the turn's live decision. A unique index refuses a second live one."""
        return self._insert(
            decisions,
            turn_id=turn_id,
            operator_id=operator_id,
            verdict=verdict.value,
            reason=reason.value if reason else None,
            rank=rank,
            article_id=article_id,
            suggested_text=suggested_text,
            sent_text=sent_text,
            decided_at=now,
        )

    def get(self, decision_id: int) -> StoredDecision | None:
        row = self._connection.execute(_WITH_OPERATOR.where(decisions.c.id == decision_id)).one_or_none()
        return None if row is None else _decision(row)

    def find_live(self, turn_id: int) -> StoredDecision | None:
        """Return the turn's decision in force."""
        row = self._connection.execute(
            _WITH_OPERATOR.where(decisions.c.turn_id == turn_id, decisions.c.superseded_at.is_(None))
        ).one_or_none()
        return None if row is None else _decision(row)

    def find_last(self, conversation_id: int) -> StoredDecision | None:
        """Return the conversation's last decision in force that has sent a reply."""
        row = self._connection.execute(
            _WITH_OPERATOR.join(turns, turns.c.id == decisions.c.turn_id)
            .where(
                turns.c.conversation_id == conversation_id,
                decisions.c.superseded_at.is_(None),
                decisions.c.sent_text.is_not(None),
            )
            .order_by(decisions.c.id.desc())
            .limit(1)
        ).one_or_none()
        return None if row is None else _decision(row)

    def sent_articles(self, turn_ids: Collection[int]) -> dict[int, str]:
        """Return the article that each turn's decision in force has sent, by turn."""
        rows = self._connection.execute(
            select(decisions.c.turn_id, decisions.c.article_id).where(
                decisions.c.turn_id.in_(turn_ids),
                decisions.c.superseded_at.is_(None),
                decisions.c.article_id.is_not(None),
            )
        )
        return {row.turn_id: row.article_id for row in rows}

    def history(self, turn_id: int) -> list[StoredDecision]:
        """Return every decision ever taken on the turn, oldest first."""
        rows = self._connection.execute(
            _WITH_OPERATOR.where(decisions.c.turn_id == turn_id).order_by(decisions.c.id)
        )
        return [_decision(row) for row in rows]

    def supersede(self, decision_id: int, now: datetime) -> bool:
        """Undo a decision. Return False if it is undone already."""
        changed = self._connection.execute(
            update(decisions)
            .where(decisions.c.id == decision_id, decisions.c.superseded_at.is_(None))
            .values(superseded_at=now)
        )
        return changed.rowcount == 1

    def teaching_turns(self) -> list[TeachingTurn]:
        """Return turns with a decision in force, oldest first, without randomly sampled ones.

        Sampled turns measure the models, so they do not teach them.
        """
        sampled = select(evidence.c.turn_id).where(evidence.c.lot.is_not(None))
        rows = self._connection.execute(
            select(decisions, _QUESTION.label("question"))
            .join(turns, turns.c.id == decisions.c.turn_id)
            .where(
                decisions.c.superseded_at.is_(None),
                turns.c.utterance.is_not(None),
                decisions.c.turn_id.not_in(sampled),
            )
            .order_by(decisions.c.id)
        ).all()
        offered = self._shown_suggestions(turns.c.id == decisions.c.turn_id)
        return [
            TeachingTurn(
                turn_id=row.turn_id,
                operator_id=row.operator_id,
                decided_at=row.decided_at,
                utterance=row.question,
                verdict=Verdict(row.verdict),
                reason=RejectReason(row.reason) if row.reason else None,
                article_id=row.article_id,
                offered=tuple(article_id for article_id, _ in offered.get(row.turn_id, ())),
            )
            for row in rows
        ]

    def _shown_suggestions(self, of_interest: ColumnElement[bool]) -> dict[int, list[tuple[str, str]]]:
        """Return articles and texts as the operators saw them, best first, by turn.

        `of_interest` is a condition on turns and their decisions in force.
        """
        shown: dict[int, list[tuple[str, str]]] = {}
        for table in (suggestions, later_suggestions):
            rows = self._connection.execute(
                select(table.c.turn_id, table.c.article_id, table.c.text)
                .join(turns, turns.c.id == table.c.turn_id)
                .outerjoin(decisions, _IS_LIVE)
                .where(of_interest)
                .order_by(table.c.turn_id, table.c.rank)
            )
            offered: dict[int, list[tuple[str, str]]] = {}
            for row in rows:
                offered.setdefault(row.turn_id, []).append((row.article_id, row.text))
            shown |= offered
        return shown

    def desk_turns(self, *, unanswered: Collection[str]) -> list[DeskTurn]:
        """Return turns with a decision in force, oldest first, without randomly sampled ones.

        Undecided turns that were handed over for a reason in `unanswered` are included.
        """
        sampled = select(evidence.c.turn_id).where(evidence.c.lot.is_not(None))
        left_alone = turns.c.handoff_reason.in_(unanswered) & turns.c.blind.is_(False)
        of_interest = (
            turns.c.utterance.is_not(None)
            & turns.c.id.not_in(sampled)
            & (decisions.c.id.is_not(None) | left_alone)
        )
        offered = self._shown_suggestions(of_interest)
        wanted = (
            select(
                turns.c.id,
                turns.c.conversation_id,
                _QUESTION.label("question"),
                turns.c.intent,
                turns.c.intent_confidence,
                decisions.c.verdict,
                decisions.c.reason,
                decisions.c.article_id,
                decisions.c.suggested_text,
                decisions.c.sent_text,
                decisions.c.operator_id,
                customers.c.name,
            )
            .select_from(turns)
            .join(conversations, conversations.c.id == turns.c.conversation_id)
            .join(customers, customers.c.id == conversations.c.customer_id)
            .outerjoin(decisions, _IS_LIVE)
            .where(of_interest)
            .order_by(turns.c.id)
        )
        return [_desk_turn(row, offered.get(row.id, ())) for row in self._connection.execute(wanted)]

    def verdicts_by_article(self) -> dict[str, dict[Verdict, int]]:
        """Count verdicts on each article's answer since its last change, including rejections as outdated.

        Only rejections that criticise the answer itself count, not those of an unsuitable suggestion.
        """
        first = suggestions.c.article_id.label("article")
        at_fault = [RejectReason.OUTDATED.value, RejectReason.INCOMPLETE.value]
        used = select(
            decisions.c.article_id.label("article"), decisions.c.verdict, decisions.c.decided_at
        ).where(decisions.c.superseded_at.is_(None), decisions.c.article_id.is_not(None))
        rejected = (
            select(first, decisions.c.verdict, decisions.c.decided_at)
            .join(suggestions, (suggestions.c.turn_id == decisions.c.turn_id) & (suggestions.c.rank == 1))
            .where(decisions.c.superseded_at.is_(None), decisions.c.reason.in_(at_fault))
        )
        labels = used.union_all(rejected).subquery()
        rows = self._connection.execute(
            select(labels.c.article, labels.c.verdict, func.count())
            .join(articles, articles.c.id == labels.c.article)
            .where(labels.c.decided_at >= articles.c.changed_at)
            .group_by(labels.c.article, labels.c.verdict)
        )
        counts: dict[str, dict[Verdict, int]] = {}
        for article, verdict, count in rows:
            counts.setdefault(article, {})[Verdict(verdict)] = count
        return counts

    def is_accepted_since_change(self, article_id: str) -> bool:
        """Return whether the last judgement of the article's answer since its last change found it right."""
        changed = select(articles.c.changed_at).where(articles.c.id == article_id).scalar_subquery()
        last = self._connection.execute(
            select(evidence.c.right)
            .where(evidence.c.article_id == article_id, evidence.c.received_at >= changed)
            .order_by(evidence.c.id.desc())
            .limit(1)
        ).scalar()
        return last is True

    # --- evidence ---------------------------------------------------------------------------

    def add_evidence(
        self,
        turn: Turn,
        first: OfferedSuggestion | None,
        *,
        decision_id: int | None,
        verdict: Verdict,
        right: bool | None,
        operator_id: int,
        now: datetime,
        lot: SampleKind | None = None,
        lot_probability: float | None = None,
    ) -> int:
        """Add a judgement of the turn's top suggestion. Rows are never changed."""
        return self._insert(
            evidence,
            turn_id=turn.id,
            decision_id=decision_id,
            topic=first.topic if first else None,
            article_id=first.article_id if first else None,
            model_version=turn.model_version,
            confidence=first.confidence if first else None,
            suggestion_visible=not turn.blind,
            lot=lot.value if lot else None,
            lot_probability=lot_probability,
            verdict=verdict.value,
            right=right,
            operator_id=operator_id,
            received_at=turn.received_at,
            judged_at=now,
        )

    def evidence(self, turn_id: int) -> list[Evidence]:
        """Return the turn's judgements, oldest first. The last one is in force."""
        rows = self._connection.execute(
            select(evidence).where(evidence.c.turn_id == turn_id).order_by(evidence.c.id)
        )
        return [_evidence(row) for row in rows]


_WITH_OPERATOR = select(decisions, accounts.c.name.label("operator_name")).join(
    accounts, accounts.c.id == decisions.c.operator_id
)


def _decision(row: Row[Any]) -> StoredDecision:
    return StoredDecision(
        id=row.id,
        turn_id=row.turn_id,
        operator_id=row.operator_id,
        operator_name=row.operator_name,
        verdict=Verdict(row.verdict),
        reason=RejectReason(row.reason) if row.reason else None,
        rank=row.rank,
        article_id=row.article_id,
        suggested_text=row.suggested_text,
        sent_text=row.sent_text,
        decided_at=row.decided_at,
        superseded_at=row.superseded_at,
    )


def _evidence(row: Row[Any]) -> Evidence:
    return Evidence(
        id=row.id,
        turn_id=row.turn_id,
        decision_id=row.decision_id,
        topic=row.topic,
        article_id=row.article_id,
        model_version=row.model_version,
        confidence=row.confidence,
        suggestion_visible=row.suggestion_visible,
        lot=SampleKind(row.lot) if row.lot else None,
        lot_probability=row.lot_probability,
        verdict=Verdict(row.verdict),
        right=row.right,
        operator_id=row.operator_id,
        received_at=row.received_at,
        judged_at=row.judged_at,
    )


def _desk_turn(row: Any, offered: Sequence[tuple[str, str]]) -> DeskTurn:
    """Build a turn from a row and the suggested articles and texts, best first."""
    return DeskTurn(
        turn_id=row.id,
        conversation_id=row.conversation_id,
        utterance=row.question,
        intent=row.intent,
        intent_confidence=row.intent_confidence or 0.0,
        verdict=Verdict(row.verdict) if row.verdict else None,
        reason=RejectReason(row.reason) if row.reason else None,
        article_id=row.article_id,
        suggested_text=row.suggested_text,
        sent_text=row.sent_text,
        operator_id=row.operator_id,
        offered=tuple(article_id for article_id, _ in offered),
        first_text=next((text for _, text in offered), None),
        customer_name=row.name,
    )
