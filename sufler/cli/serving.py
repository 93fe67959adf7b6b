"""sufler demo and sufler run: a running Sufler."""

import secrets
from typing import TYPE_CHECKING, Annotated

import typer

from sufler.cli.common import ConfigOption, fail
from sufler.cli.progress import progress_bar

if TYPE_CHECKING:
    from prompter.storage import Store
    from sufler.serve import Duty
    from sufler.settings import Settings


def run(
    only: Annotated[
        str | None, typer.Option(help="Some of api,bot,worker, for a process of their own each.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Run a deployment: pages, API, messengers and the worker."""
    from sufler import bootstrap
    from sufler.serve import Duty
    from sufler.settings import load_settings

    names = [name.strip() for name in only.split(",")] if only else list(Duty)
    if unknown := [name for name in names if name not in set(Duty)]:
        fail(f"--only {unknown[0]}: use some of {','.join(Duty)}")
    settings = load_settings(config)
    with bootstrap.open_store(settings) as store:
        if not bootstrap.build_accounts(store).all():
            typer.echo("Nobody can log in yet: sufler user add NAME --role admin", err=True)
        _serve(settings, store, frozenset(Duty(name) for name in names))


def demo(config: ConfigOption = None) -> None:
    """Run everything on embedded defaults, with the base of a fictional shop."""
    from kb_index.formats import read_articles
    from sufler import bootstrap
    from sufler.serve import Duty
    from sufler.settings import load_settings

    settings = load_settings(config)
    with bootstrap.open_store(settings) as store:
        knowledge = bootstrap.build_knowledge_base(store)
        if knowledge.revision() == 0:
            path = settings.training_data_dir / "kb.csv"
            report = knowledge.import_articles(read_articles(path), changed_by="demo")
            typer.echo(f"Loaded {report.added} articles of a fictional shop.", err=True)
        bootstrap.embed_articles(settings, store, progress_bar)
        password = _one_time_admin(store)
        if password:
            typer.echo(f"\n  Log in as admin with the one-time password  {password}\n")
        else:
            typer.echo(
                "\n  Log in as before; a forgotten password is renewed by: sufler user password admin\n"
            )
        _serve(settings, store, frozenset(Duty))


def _one_time_admin(store: "Store") -> str | None:
    """A fresh one-time password for the account admin; None if its owner has set one of their own."""
    from prompter.storage import Role
    from sufler import bootstrap

    accounts = bootstrap.build_accounts(store)
    password = secrets.token_urlsafe(12)
    admin = next((account for account in accounts.all() if account.name == "admin"), None)
    if admin is None:
        accounts.add("admin", Role.ADMIN, password, one_time_password=True)
    elif admin.one_time_password:
        accounts.set_password("admin", password, one_time_password=True)
    else:
        return None
    return password


def _serve(settings: "Settings", store: "Store", duties: "frozenset[Duty]") -> None:
    import asyncio

    from sufler.serve import CannotServe, serve

    def ready(url: str) -> None:
        if url:
            typer.echo(f"  Operators' desk   {url}/desk")
            typer.echo(f"  Customers' chat   {url}/chat")
            typer.echo(f"  API               {url}/docs")
        if settings.telegram_token is None:
            typer.echo("  Telegram          set SUFLER_TELEGRAM_TOKEN to connect a bot")
        typer.echo("  Ctrl+C stops it; everything is kept.", err=True)

    try:
        asyncio.run(serve(settings, store, duties, on_ready=ready))
    except CannotServe as error:
        fail(str(error))
