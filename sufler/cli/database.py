"""The command `sufler migrate`: upgrade the database's schema, or move to another database."""

from contextlib import ExitStack
from typing import Annotated

import typer

from sufler.cli.common import ConfigOption, fail


def migrate(
    source: Annotated[str | None, typer.Option("--from", help="URL of the database to copy from.")] = None,
    target: Annotated[
        str | None, typer.Option("--to", help="URL of the database to copy to; it must be empty.")
    ] = None,
    new_secret: Annotated[
        bool,
        typer.Option(
            "--new-secret",
            help="Replace the secret that signs chats, if it is lost or has leaked. Ends all sessions.",
        ),
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Upgrade the database schema, or copy all data to another database."""
    from prompter.storage import Store
    from prompter.storage import migrate as apply
    from prompter.storage.copying import copy_database
    from sufler import bootstrap
    from sufler.installation_secret import replace_secret, take_over_secret
    from sufler.settings import load_settings

    if (source is None) != (target is None):
        fail("--from and --to must be given together")
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
                        "All sessions have ended: everybody has to log in again. The new secret is used from "
                        "the next start: web chat customers begin a new conversation.",
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
        typer.echo(f"The secret that signs chats is now in {secret_file}.", err=True)
    typer.echo(f"Copied {copied} rows. Set database.url to the new database.", err=True)
