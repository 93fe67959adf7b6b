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
    new_secret: Annotated[
        bool,
        typer.Option(
            "--new-secret",
            help="The secret that chats are signed with is lost, or known: take another; all sessions end.",
        ),
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Bring the database to this version's schema, or move all data to another database."""
    from prompter.storage import Store
    from prompter.storage import migrate as apply
    from prompter.storage.copying import copy_database
    from sufler import bootstrap
    from sufler.installation_secret import replace_secret, take_over_secret
    from sufler.settings import load_settings

    if (source is None) != (target is None):
        fail("--from and --to go together")
    settings = load_settings(config)
    try:
        if source is None or target is None:
            with bootstrap.open_store(settings) as store:
                typer.echo("The database is up to date.", err=True)
                if new_secret:
                    replace_secret(settings.secret, store)
                    if settings.web.session_secret is not None:
                        typer.echo("Set another web.session_secret before the next start.", err=True)
                    typer.echo(
                        "All sessions have ended: everybody logs in again. A new secret is in use from the "
                        "next start: customers of the web chat begin anew.",
                        err=True,
                    )
            return
        copied = 0

        def count(_table: str, rows: int) -> None:
            nonlocal copied
            copied += rows

        with ExitStack() as closing:
            old, new = bootstrap.open_engine(source), bootstrap.open_engine(target)
            closing.callback(old.dispose)
            closing.callback(new.dispose)
            apply(old)
            secret_file = take_over_secret(settings.secret, Store(old))
            apply(new)
            copy_database(old, new, progress=count)
    except ModuleNotFoundError as error:
        fail(f"the database cannot be used: {error}")
    if secret_file is not None:
        typer.echo(f"The secret that signs chats is in {secret_file} now.", err=True)
    typer.echo(f"Copied {copied} rows. Set database.url to the new database.", err=True)
