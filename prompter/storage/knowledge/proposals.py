"""Proposals and their outcomes."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update

from prompter.domain.drafts import Draft, GivenAnswer, Proof, ProposalKind, SeenText, Source
from prompter.domain.proposal import Proposal, ProposalState, content_key
from prompter.storage.rows import Rows
from prompter.storage.tables import accounts, proposals


class ProposalRows(Rows):
    def add(self, draft: Draft, now: datetime) -> int:
        """Add an open proposal. A unique index refuses a second open one with the same content."""
        return self._insert(
            proposals,
            kind=draft.kind.value,
            source=draft.source.value,
            state=ProposalState.OPEN.value,
            created_at=now,
            **_columns(draft, now),
        )

    def get(self, proposal_id: int) -> Proposal | None:
        row = self._connection.execute(_WITH_NAME.where(proposals.c.id == proposal_id)).one_or_none()
        return None if row is None else _proposal(row)

    def all(
        self,
        *,
        state: ProposalState | None = None,
        kind: ProposalKind | None = None,
        article_id: str | None = None,
        language: str | None = None,
        newest_first: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Proposal]:
        """Return the matching proposals, those with the most turns first or the newest first."""
        query = _WITH_NAME
        for column, value in _filters(state, kind, article_id, language):
            query = query.where(column == value)
        order = (proposals.c.created_at.desc(),) if newest_first else (proposals.c.weight.desc(),)
        rows = self._connection.execute(query.order_by(*order, proposals.c.id).limit(limit).offset(offset))
        return [_proposal(row) for row in rows]

    def count(
        self,
        *,
        state: ProposalState | None = None,
        kind: ProposalKind | None = None,
        article_id: str | None = None,
        language: str | None = None,
    ) -> int:
        query = select(func.count()).select_from(proposals)
        for column, value in _filters(state, kind, article_id, language):
            query = query.where(column == value)
        return self._connection.scalar(query) or 0

    def count_by_kind(self) -> dict[ProposalKind, int]:
        """Count open proposals by kind."""
        rows = self._connection.execute(
            select(proposals.c.kind, func.count())
            .where(proposals.c.state == ProposalState.OPEN.value)
            .group_by(proposals.c.kind)
        )
        found = {ProposalKind(kind): number for kind, number in rows}
        return {kind: found.get(kind, 0) for kind in ProposalKind}

    def renew(self, proposal: Proposal, draft: Draft, now: datetime) -> None:
        """Replace an open proposal's wording and customer examples by a draft's."""
        self._connection.execute(
            update(proposals).where(proposals.c.id == proposal.id).values(**_columns(draft, now))
        )

    def set_proof(self, proposal_id: int, proof: Proof, now: datetime) -> None:
        """Store more customer examples, and leave the wording as it is."""
        self._connection.execute(
            update(proposals).where(proposals.c.id == proposal_id).values(**_proof_values(proof, now))
        )

    def edit(self, proposal_id: int, changes: Mapping[str, Any], edited_by: int, now: datetime) -> bool:
        """Change the wording of an open proposal. Return False if it is not open any more."""
        return self._change(proposal_id, now, edited_by=edited_by, **changes)

    def settle(
        self,
        proposal_id: int,
        state: ProposalState,
        now: datetime,
        *,
        settled_by: int | None = None,
        merged_into: int | None = None,
    ) -> bool:
        """Close an open proposal. Return False if it is closed already."""
        values: dict[str, Any] = {"state": state.value, "settled_at": now, "settled_by": settled_by}
        if merged_into is not None:
            values["merged_into"] = merged_into
        return self._change(proposal_id, now, **values)

    def record_article(self, proposal_id: int, article_id: str, topic: str) -> None:
        """Record the article that an approved proposal created or changed."""
        self._connection.execute(
            update(proposals).where(proposals.c.id == proposal_id).values(article_id=article_id, topic=topic)
        )

    def _change(self, proposal_id: int, now: datetime, **values: Any) -> bool:
        changed = self._connection.execute(
            update(proposals)
            .where(proposals.c.id == proposal_id, proposals.c.state == ProposalState.OPEN.value)
            .values(changed_at=now, **values)
        )
        return changed.rowcount == 1


_WITH_NAME = select(proposals, accounts.c.name.label("settler")).outerjoin(
    accounts, accounts.c.id == proposals.c.settled_by
)


def _filters(
    state: ProposalState | None, kind: ProposalKind | None, article_id: str | None, language: str | None
) -> Iterator[tuple[Any, str]]:
    if state is not None:
        yield proposals.c.state, state.value
    if kind is not None:
        yield proposals.c.kind, kind.value
    if article_id is not None:
        yield proposals.c.article_id, article_id
    if language is not None:
        yield proposals.c.language, language


def _columns(draft: Draft, now: datetime) -> dict[str, Any]:
    """Return the columns of a draft's wording and customer examples."""
    return {
        "article_id": draft.article_id,
        "question": draft.question,
        "answer": draft.answer,
        "topic": draft.topic,
        "language": draft.language,
        "base_answer": draft.base_answer,
        "about": content_key(draft),
        **_proof_values(draft.proof, now),
    }


def _proof_values(proof: Proof, now: datetime) -> dict[str, Any]:
    return {"weight": proof.n_turns, "evidence": asdict(proof), "changed_at": now}


def _proposal(row: Row[Any]) -> Proposal:
    return Proposal(
        id=row.id,
        kind=ProposalKind(row.kind),
        source=Source(row.source),
        state=ProposalState(row.state),
        article_id=row.article_id,
        question=row.question,
        answer=row.answer,
        topic=row.topic,
        language=row.language,
        base_answer=row.base_answer,
        chosen_phrasings=None if row.chosen_phrasings is None else tuple(row.chosen_phrasings),
        proof=_proof(row.evidence),
        created_at=row.created_at,
        changed_at=row.changed_at,
        edited_by=row.edited_by,
        settled_at=row.settled_at,
        settled_by=row.settler,
        merged_into=row.merged_into,
        content_key=row.about,
    )


def _proof(stored: Mapping[str, Any]) -> Proof:
    return Proof(
        n_turns=stored["n_turns"],
        n_conversations=stored["n_conversations"],
        n_operators=stored["n_operators"],
        texts=tuple(SeenText(**text) for text in stored["texts"]),
        turns=tuple(stored["turns"]),
        answers=tuple(GivenAnswer(**answer) for answer in stored["answers"]),
        added=tuple(stored["added"]),
        removed=tuple(stored["removed"]),
    )
