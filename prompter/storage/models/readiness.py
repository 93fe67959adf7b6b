"""Topics' readiness, its history, and the evidence by topic."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, true, update

from prompter.domain.conversation import TurnState
from prompter.domain.evidence import SampleKind, Verdict
from prompter.domain.readiness import (
    LedgerRow,
    LedgerTurn,
    Mode,
    ReadinessChangeFacts,
    ReadinessEvent,
    ReadinessState,
    ReplayedTurn,
    StoredReadiness,
)
from prompter.domain.triage import Route
from prompter.storage.rows import Rows
from prompter.storage.tables import (
    accounts,
    evidence,
    readiness,
    readiness_events,
    replays,
    suggestions,
    turns,
)


class ReadinessRows(Rows):
    def all(self) -> dict[str, StoredReadiness]:
        rows = self._connection.execute(select(readiness).order_by(readiness.c.name))
        return {row.name: _readiness(row) for row in rows}

    def get(self, name: str) -> StoredReadiness | None:
        row = self._connection.execute(select(readiness).where(readiness.c.name == name)).one_or_none()
        return None if row is None else _readiness(row)

    def begin(self, name: str, *, model: str, now: datetime) -> None:
        """Begin to collect evidence for a topic or group, unless that has begun."""
        row = {
            "name": name,
            "state": ReadinessState.COLLECTING.value,
            "test_number": 1,
            "test_began_at": now,
            "model": model,
            "frozen": {},
            "left_out": [],
            "changed_at": now,
            "revision": 1,
        }
        self._connection.execute(self._insert_new(readiness, row))

    def change(self, old: StoredReadiness, **values: Any) -> bool:
        """Change a topic's row. Return False if it was changed since `old` was read."""
        changed = self._connection.execute(
            update(readiness)
            .where(readiness.c.name == old.name, readiness.c.revision == old.revision)
            .values(revision=old.revision + 1, **values)
        )
        return changed.rowcount == 1

    def add_event(
        self,
        name: str,
        *,
        state: ReadinessState,
        reason: str,
        facts: ReadinessChangeFacts,
        account_id: int | None,
        now: datetime,
    ) -> int:
        return self._insert(
            readiness_events,
            name=name,
            at=now,
            state=state.value,
            reason=reason,
            facts=facts.to_json(),
            account_id=account_id,
        )

    def events(self, name: str, *, limit: int = 100) -> list[ReadinessEvent]:
        """Return the last changes, newest first."""
        rows = self._connection.execute(
            select(readiness_events, accounts.c.name.label("account_name"))
            .join(accounts, accounts.c.id == readiness_events.c.account_id, isouter=True)
            .where(readiness_events.c.name == name)
            .order_by(readiness_events.c.id.desc())
            .limit(limit)
        )
        return [_event(row) for row in rows]

    def last_event(self) -> int:
        """Return a number that grows with every change."""
        return self._connection.scalar(select(func.max(readiness_events.c.id))) or 0

    # --- the evidence -----------------------------------------------------------------------

    def last_evidence(self) -> int:
        """Return a number that grows with every judgement."""
        return self._connection.scalar(select(func.max(evidence.c.id))) or 0

    def judged_topics(self, *, after: int) -> set[str]:
        """Return the topics that have judgements with an id above `after`."""
        return set(
            self._connection.scalars(
                select(evidence.c.topic)
                .where(evidence.c.id > after, evidence.c.topic.is_not(None))
                .distinct()
            )
        )

    def count_turns(self, topics: Collection[str], *, since: datetime) -> int:
        """Count the turns since then whose top suggestion belongs to these topics."""
        turns_of = (
            select(func.count())
            .select_from(turns.join(suggestions, suggestions.c.turn_id == turns.c.id))
            .where(suggestions.c.topic.in_(topics), suggestions.c.rank == 1, turns.c.received_at >= since)
        )
        return self._connection.scalar(turns_of) or 0

    def count_audits(self, topics: Collection[str], *, since: datetime) -> int:
        """Count the automated replies since then that have been judged."""
        judged = (
            select(func.count(func.distinct(evidence.c.turn_id)))
            .select_from(evidence.join(turns, turns.c.id == evidence.c.turn_id))
            .where(
                evidence.c.topic.in_(topics),
                evidence.c.received_at >= since,
                turns.c.route == Route.AUTOPILOT.value,
            )
        )
        return self._connection.scalar(judged) or 0

    def add_replays(self, model: str, replayed: Sequence[ReplayedTurn], now: datetime) -> None:
        """Store a model's top suggestions for earlier turns. Existing rows stay unchanged."""
        for turn in replayed:
            self._connection.execute(
                self._insert_new(
                    replays,
                    {
                        "turn_id": turn.turn_id,
                        "model": model,
                        "topic": turn.topic,
                        "article_id": turn.article_id,
                        "confidence": turn.confidence,
                        "right": turn.right,
                        "at": now,
                    },
                )
            )

    def replayed_turns(self, topics: Collection[str], model: str) -> list[LedgerTurn]:
        """Return judged turns as the model would have answered them, in the order of receipt."""
        rows = self._connection.execute(
            select(
                turns,
                replays.c.topic,
                replays.c.article_id,
                replays.c.confidence,
                replays.c.right,
            )
            .join(replays, replays.c.turn_id == turns.c.id)
            .where(replays.c.model == model, replays.c.topic.in_(topics))
            .order_by(turns.c.id)  # in the order of receipt, whatever the clock said
        )
        return [
            _ledger_turn(
                row,
                is_automated=False,
                blind=True,
                rows=[
                    LedgerRow(
                        verdict=Verdict.CONFIRMED if row.right else Verdict.REFUTED,
                        right=row.right,
                        lot=SampleKind.BLIND,
                    )
                ],
            )
            for row in rows
        ]

    def ledger(
        self, topics: Collection[str] | None, *, since: datetime, without: Collection[str] = ()
    ) -> list[LedgerTurn]:
        """Return the turns of these topics, or of all, from `since` on, in the order of receipt.

        Turns triaged by a model version in `without` are left out.
        """
        chosen = (
            (suggestions.c.topic.in_(topics) if topics is not None else true())
            & (suggestions.c.rank == 1)
            & turns.c.lot_probability.is_not(None)
            & (turns.c.received_at >= since)
        )
        for version in without:
            chosen &= func.coalesce(turns.c.model_version, "").not_like(f"{version}.%")
        joined = turns.join(suggestions, suggestions.c.turn_id == turns.c.id)
        judged: dict[int, list[LedgerRow]] = {}
        for row in self._connection.execute(
            select(evidence.c.turn_id, evidence.c.verdict, evidence.c.right, evidence.c.lot)
            .where(evidence.c.turn_id.in_(select(turns.c.id).select_from(joined).where(chosen)))
            .order_by(evidence.c.id)
        ):
            judged.setdefault(row.turn_id, []).append(
                LedgerRow(
                    verdict=Verdict(row.verdict),
                    right=row.right,
                    lot=SampleKind(row.lot) if row.lot else None,
                )
            )
        rows = self._connection.execute(
            select(turns, suggestions.c.topic, suggestions.c.article_id, suggestions.c.confidence)
            .select_from(joined)
            .where(chosen)
            .order_by(turns.c.id)  # in the order of receipt, whatever the clock said
        )
        return [
            _ledger_turn(
                row,
                is_automated=row.route == Route.AUTOPILOT.value,
                blind=row.blind,
                rows=judged.get(row.id, ()),
            )
            for row in rows
        ]


def _ledger_turn(row: Row[Any], *, is_automated: bool, blind: bool, rows: Sequence[LedgerRow]) -> LedgerTurn:
    return LedgerTurn(
        id=row.id,
        conversation_id=row.conversation_id,
        received_at=row.received_at,
        utterance=row.utterance,
        topic=row.topic,
        article_id=row.article_id,
        confidence=row.confidence,
        is_waiting=row.state != TurnState.CLOSED.value,
        is_automated=is_automated,
        blind=blind,
        tests=row.tests,
        probability=row.lot_probability,
        second_probability=row.second_probability,
        rows=tuple(rows),
    )


def _readiness(row: Row[Any]) -> StoredReadiness:
    return StoredReadiness(
        name=row.name,
        state=ReadinessState(row.state),
        mode=Mode(row.mode) if row.mode else None,
        threshold=row.threshold,
        test_number=row.test_number,
        test_began_at=row.test_began_at,
        model=row.model,
        live_since=row.live_since,
        frozen={float(threshold): value for threshold, value in row.frozen.items()},
        left_out=tuple(row.left_out),
        changed_at=row.changed_at,
        revision=row.revision,
    )


def _event(row: Row[Any]) -> ReadinessEvent:
    return ReadinessEvent(
        id=row.id,
        name=row.name,
        at=row.at,
        state=ReadinessState(row.state),
        reason=row.reason,
        facts=ReadinessChangeFacts.from_json(row.facts),
        account_id=row.account_id,
        account_name=row.account_name,
    )
