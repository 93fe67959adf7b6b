"""Model versions, and the one that answers."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update

from prompter.domain.gate_record import GateRecord
from prompter.domain.model_version import (
    Activation,
    ActivationReason,
    Origin,
    StoredVersion,
    VersionState,
    stack_of,
)
from prompter.storage.rows import Rows
from prompter.storage.tables import accounts, model_uses, model_versions, readiness_before


class VersionRows(Rows):
    def add(self, version: StoredVersion) -> None:
        """Add a version. An existing one stays unchanged."""
        row = {
            "id": version.id,
            "created_at": version.created_at,
            "parent": version.parent,
            "reason": version.made.value,
            "state": version.state.value,
            "model": version.model,
            "report": version.report.to_json(),
            "changed_at": version.changed_at,
        }
        self._connection.execute(self._insert_new(model_versions, row))

    def get(self, version_id: str) -> StoredVersion | None:
        row = self._connection.execute(
            select(model_versions).where(model_versions.c.id == version_id)
        ).one_or_none()
        return None if row is None else _version(row)

    def all(self) -> list[StoredVersion]:
        """Return every version that was ever made, newest first."""
        rows = self._connection.execute(
            select(model_versions).order_by(model_versions.c.created_at.desc(), model_versions.c.id)
        )
        return [_version(row) for row in rows]

    def list_by_state(self, state: VersionState) -> list[StoredVersion]:
        return [version for version in self.all() if version.state is state]

    def change(
        self,
        version_id: str,
        old: Collection[VersionState],
        new: VersionState,
        now: datetime,
        *,
        report: GateRecord | None = None,
        model: str | None = None,
    ) -> bool:
        """Change the state. Return False if it is not one of `old` any more."""
        values: dict[str, Any] = {"state": new.value, "changed_at": now}
        if report is not None:
            values["report"] = report.to_json()
        if model is not None:
            values["model"] = model
        changed = self._connection.execute(
            update(model_versions)
            .where(
                model_versions.c.id == version_id, model_versions.c.state.in_([state.value for state in old])
            )
            .values(**values)
        )
        return changed.rowcount == 1

    def find_new_answers(self, version_id: str) -> frozenset[str]:
        """Return articles with which the version answers alone where its champion answered differently."""
        version = self.get(version_id)
        if version is None:
            return frozenset()
        return frozenset(
            change.after for change in version.report.all_changes if change.topic and change.after
        )

    # --- activations ------------------------------------------------------------------------

    def last_number(self) -> int:
        """Return a number that grows whenever another version comes into use."""
        return self._connection.scalar(select(func.max(model_uses.c.number))) or 0

    def uses(self) -> list[Activation]:
        """Return the activations, oldest first. The last one's version answers."""
        rows = self._connection.execute(
            select(model_uses, accounts.c.name.label("account_name"))
            .join(accounts, accounts.c.id == model_uses.c.account_id, isouter=True)
            .order_by(model_uses.c.number)
        )
        return [
            Activation(
                number=row.number,
                version=row.version,
                at=row.at,
                reason=ActivationReason(row.reason),
                settings=row.settings,
                account_name=row.account_name,
            )
            for row in rows
        ]

    def list_rolled_back(self) -> frozenset[str]:
        """Return versions that were rolled back and have not come into use since."""
        uses = self.uses()
        return frozenset(use.version for use in uses) - {use.version for use in stack_of(uses)}

    def current_activation(self) -> Activation | None:
        uses = self.uses()
        return uses[-1] if uses else None

    def use(
        self,
        version_id: str,
        *,
        after: int,
        reason: ActivationReason,
        settings: str,
        account_id: int | None,
        now: datetime,
    ) -> int:
        """Make a version current, after activation number `after`, and return the new number.

        A primary key refuses a second activation with the same number.
        """
        self._connection.execute(
            model_uses.insert().values(
                number=after + 1,
                version=version_id,
                at=now,
                reason=reason.value,
                settings=settings,
                account_id=account_id,
            )
        )
        return after + 1

    def keep_readiness(self, use: int, values: Mapping[str, Mapping[str, Any]]) -> None:
        """Store the topics' readiness, by name, at the end of this activation."""
        for name, topic_values in values.items():
            row = {"use": use, "name": name, "values": dict(topic_values)}
            self._connection.execute(self._insert_new(readiness_before, row))

    def previous_readiness(self, use: int) -> dict[str, Mapping[str, Any]]:
        rows = self._connection.execute(
            select(readiness_before.c.name, readiness_before.c["values"]).where(readiness_before.c.use == use)
        )
        return {row.name: row[1] for row in rows}


def _version(row: Row[Any]) -> StoredVersion:
    return StoredVersion(
        id=row.id,
        created_at=row.created_at,
        parent=row.parent,
        made=Origin(row.reason),
        state=VersionState(row.state),
        model=row.model,
        report=GateRecord.from_json(row.report),
        changed_at=row.changed_at,
    )
