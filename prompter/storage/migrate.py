"""Migrate a database to this version's schema."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from prompter.common.errors import PrompterError
from prompter.storage.failures import database_failures

_MIGRATIONS = Path(__file__).parent / "migrations"


class NewerDatabase(PrompterError):
    """The database was created by a newer version of Sufler."""


def migrate(engine: Engine) -> None:
    """Apply missing migrations in one transaction. An up-to-date database is not changed.

    Raises:
        NewerDatabase: when this version does not know the schema.
        DatabaseUnavailable: when there is no such database, or it cannot be used.
    """
    with database_failures(), engine.connect() as connection:
        connection = connection.execution_options(sufler_writes=True)
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL statement_timeout = 0"))  # large tables take long
            known = revisions()
            current = _current(connection)
            if current is not None and current not in known:
                raise NewerDatabase(
                    f"the database has schema {current}, which this version does not know: update Sufler"
                )
            if current != known[-1]:
                _upgrade(connection)


def revisions() -> list[str]:
    """Return the schema versions that this Sufler knows, oldest first: the prefixes of their file names."""
    return sorted(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _upgrade(connection: Connection) -> None:
    from alembic import command  # takes a quarter of a second, which an up-to-date database does not need
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
