"""sufler migrate: the database's schema, and moving to another database."""

from contextlib import ExitStack
from typing import Annotated

import typer

from sufler.cli.common import ConfigOption, fail


def migrate(
    source: Annotated[str | None, typer.Option("--from", help="Database URL to move from.")] = None,
    target: Annotated[
        str | None, typer.Option("--to", help="Database URL to move to; must be empty.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Bring the database to this version's schema, or move all data to another database."""
    from sqlalchemy.exc import SQLAlchemyError

    from prompter.storage import connect
    from prompter.storage import migrate as apply
    from prompter.storage.copying import copy_database
    from sufler import bootstrap
    from sufler.settings import load_settings

    if (source is None) != (target is None):
        fail("--from and --to go together")
    try:
        if source is None or target is None:
            with bootstrap.open_store(load_settings(config)):
                typer.echo("The database is up to date.", err=True)
            return
        copied = 0

        def count(_table: str, rows: int) -> None:
            nonlocal copied
            copied += rows

        with ExitStack() as closing:
            old, new = connect(source), connect(target)
            closing.callback(old.dispose)
            closing.callback(new.dispose)
            apply(old)
            apply(new)
            copy_database(old, new, progress=count)
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        fail(f"the database cannot be used: {getattr(error, 'orig', None) or error}")
    typer.echo(f"Copied {copied} rows. Set database.url to the new database.", err=True)
