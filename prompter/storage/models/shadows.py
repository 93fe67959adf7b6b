"""Top suggestions of versions in shadow mode."""

from datetime import datetime

from sqlalchemy import func, select

from prompter.domain.dialogue import IDS as DIALOGUES
from prompter.domain.model_version import ShadowRow
from prompter.storage.rows import Rows
from prompter.storage.tables import shadow_triages, suggestions, turns


class ShadowRows(Rows):
    def to_triage(self, version: str, *, since: datetime, limit: int) -> list[tuple[int, str]]:
        """Return turns triaged since then that the version has not seen, with their texts, oldest first."""
        seen = select(shadow_triages.c.turn_id).where(shadow_triages.c.version == version)
        rows = self._connection.execute(
            select(turns.c.id, turns.c.utterance)
            .where(
                turns.c.triaged_at >= since,
                turns.c.utterance.is_not(None),
                turns.c.utterance != "",
                turns.c.id.not_in(seen),
            )
            .order_by(turns.c.id)
            .limit(limit)
        )
        return [(row.id, row.utterance) for row in rows]

    def add(
        self,
        version: str,
        turn_id: int,
        *,
        article_id: str | None,
        confidence: float | None,
        now: datetime,
    ) -> None:
        row = {
            "turn_id": turn_id,
            "version": version,
            "article_id": article_id,
            "confidence": confidence,
            "at": now,
        }
        self._connection.execute(self._insert_new(shadow_triages, row))

    def all(self, version: str) -> dict[int, ShadowRow]:
        """Return the top suggestions of both versions by turn, without turns where a dialogue came first."""
        first = suggestions.alias()
        rows = self._connection.execute(
            select(
                shadow_triages,
                first.c.article_id.label("champion"),
                first.c.confidence.label("champion_confidence"),
            )
            .join(
                first,
                (first.c.turn_id == shadow_triages.c.turn_id) & (first.c.rank == 1),
                isouter=True,
            )
            .where(
                shadow_triages.c.version == version,
                func.coalesce(~first.c.article_id.startswith(DIALOGUES), True),
            )
        )
        return {
            row.turn_id: ShadowRow(
                turn_id=row.turn_id,
                champion=row.champion,
                champion_confidence=row.champion_confidence or 0.0,
                candidate=row.article_id,
                candidate_confidence=row.confidence or 0.0,
            )
            for row in rows
        }
