"""The base class of the row classes."""

from typing import Any

from sqlalchemy import Connection, Insert, Table
from sqlalchemy.dialects import sqlite


class Rows:
    """Reads and writes one noun's tables on the connection of a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _insert_new(self, table: Table, rows: dict[str, Any] | list[dict[str, Any]]) -> Insert:
        """Return an insert that skips rows that a unique index already holds."""
        if self._connection.dialect.name == "sqlite":
            return sqlite.insert(table).values(rows).on_conflict_do_nothing()
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table).values(rows).on_conflict_do_nothing()

    def _insert(self, table: Table, **values: Any) -> int:
        """Insert one row and return its id."""
        key = self._connection.execute(table.insert().values(**values)).inserted_primary_key
        assert key is not None  # noqa: S101 - a single-row insert always has one
        return int(key[0])
