"""Bringing a database to this version's schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from prompter.errors import PrompterError


class NewerDatabase(PrompterError):
    """The database was made by a newer version of Sufler."""


def migrate(engine: Engine) -> None:
    """Apply what is missing, in one transaction; does nothing on a database that is up to date.

    Raises:
        NewerDatabase: the schema is one that this version does not know.
    """
    with engine.connect() as connection:
        connection = connection.execution_options(sufler_writes=True)
        with connection.begin():
            config = _config(connection)
            known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
            current = MigrationContext.configure(connection).get_current_revision()
            if current is not None and current not in known:
                raise NewerDatabase(
                    f"the database has schema {current}, which this version does not know: update Sufler"
                )
            command.upgrade(config, "head")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
