"""Copy all data from one database to another, such as from SQLite to PostgreSQL."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, Select, Table, func, select, text

from prompter.common.errors import PrompterError
from prompter.storage.failures import database_failures
from prompter.storage.tables import facts, metadata

_BATCH = 500


class TargetNotEmpty(PrompterError):
    """The target database already holds data."""


def copy_database(source: Engine, target: Engine, *, progress: Callable[[str, int], None]) -> None:
    """Copy all rows except secrets. Both databases must have this version's schema.

    The target is written in one transaction: everything or nothing. `progress` is called with table and rows.

    Raises:
        TargetNotEmpty: when the target already holds rows.
        DatabaseUnavailable: when one of the databases cannot be used.
    """
    with (
        database_failures(),
        source.connect() as reader,
        reader.begin(),
        target.connect().execution_options(sufler_writes=True) as writer,
        writer.begin(),
    ):
        for table in metadata.sorted_tables:
            if writer.scalar(select(func.count()).select_from(table)):
                raise TargetNotEmpty(
                    f"the database to move to already has rows in {table.name}: use a new one"
                )
        for table in metadata.sorted_tables:
            rows = reader.execution_options(yield_per=_BATCH).execute(_rows_to_copy(table)).mappings()
            for batch in rows.partitions(_BATCH):
                writer.execute(table.insert(), [dict(row) for row in batch])
                progress(table.name, len(batch))
        if target.dialect.name == "postgresql":
            _move_sequences(writer)


def _rows_to_copy(table: Table) -> Select[Any]:
    rows = select(table)
    return rows.where(table.c.name.not_like("session_secret%")) if table is facts else rows


def _move_sequences(connection: Connection) -> None:
    """Advance PostgreSQL's id sequences, which rows with given ids do not move."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        highest = connection.scalar(select(func.max(column)))
        if highest is not None:
            connection.execute(
                text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)"),
                {"table": table.name, "column": column.name, "highest": highest},
            )
