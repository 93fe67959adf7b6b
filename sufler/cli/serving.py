"""The commands `sufler demo` and `sufler run`: start Sufler."""

import logging
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from sufler.cli.common import ConfigOption, fail
from sufler.cli.progress import progress_bar

if TYPE_CHECKING:
    from prompter.storage import Store
    from sufler.benchmarking.traffic_simulator import Traffic
    from sufler.bootstrap.process import Duty
    from sufler.settings import Settings

_DEMO_DAYS = 7  # validity of the tokens of a demo's simulated people, who get new tokens at each start


def run(
    only: Annotated[
        str | None, typer.Option(help="Run only some of api,bot,worker, to split them into processes.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Run a deployment: pages, API, messengers and the worker."""
    from sufler import bootstrap
    from sufler.bootstrap.process import Duty
    from sufler.private_files import private_files
    from sufler.settings import load_settings

    names = [name.strip() for name in only.split(",")] if only else list(Duty)
    if unknown := [name for name in names if name not in set(Duty)]:
        fail(f"--only {unknown[0]}: use some of {','.join(Duty)}")
    settings = load_settings(config)
    with private_files(), bootstrap.open_store(settings) as store:
        if not bootstrap.build_accounts(store).all():
            typer.echo("No accounts yet. Create one: sufler user add NAME --role admin", err=True)
        _serve(settings, store, frozenset(Duty(name) for name in names))


def demo(
    with_traffic: Annotated[
        bool,
        typer.Option(
            "--with-traffic",
            help="Simulate customers and operators: topics go live, and one drops in accuracy.",
        ),
    ] = False,
    turns_per_second: Annotated[
        float, typer.Option(min=0.1, help="With --with-traffic: how many questions customers ask a second.")
    ] = 10,
    config: ConfigOption = None,
) -> None:
    """Run everything with default settings and the knowledge base of a fictional shop."""
    from kb_index.formats import read_articles
    from prompter.knowledge.topic_files import read_titles
    from sufler import bootstrap
    from sufler.bootstrap.process import Duty
    from sufler.logs import configure_logs
    from sufler.private_files import private_files
    from sufler.settings import load_settings

    settings = load_settings(config)
    if with_traffic:
        configure_logs(logging.WARNING)  # a log line for each of a thousand messages would hide the report
        settings = _for_traffic(settings)
    with private_files(), bootstrap.open_store(settings) as store:
        knowledge = bootstrap.build_knowledge_base(store)
        if knowledge.revision() == 0:
            path = settings.training_data_dir / "kb.csv"
            report = knowledge.import_articles(read_articles(path), changed_by="demo")
            titles = settings.training_data_dir / "topics.csv"
            if titles.exists():  # the team's own knowledge base may have none
                bootstrap.build_topics(settings, store).change_titles(read_titles(titles))
            typer.echo(f"Loaded {report.added} articles of a fictional shop.", err=True)
        bootstrap.embed_articles(settings, store, progress_bar)
        password = _reset_admin(store)
        if password:
            typer.echo(f"\n  Log in as admin with the temporary password  {password}\n")
        else:
            typer.echo("\n  Log in as before. Forgotten the password? sufler user password admin\n")
        traffic = _traffic(settings, store, turns_per_second) if with_traffic else None
        try:
            _serve(settings, store, frozenset(Duty), on_url=traffic.start if traffic else None)
        finally:
            if traffic is not None:
                traffic.stop()


def _for_traffic(settings: "Settings") -> "Settings":
    """Speed everything up and use a separate database. The rule of readiness stays the same."""
    changes = {
        "data_dir": settings.data_dir.with_name(f"{settings.data_dir.name}-with-traffic"),
        "turns": settings.turns.model_copy(update={"debounce_seconds": 0.3}),
        "desk": settings.desk.model_copy(update={"undo_seconds": 1.0}),
        "web": settings.web.model_copy(  # all simulated customers have the same address
            update=dict.fromkeys(
                ("messages_per_address", "new_chats_per_address", "new_chats_per_minute"), 1_000_000
            )
        ),
        "sampling": settings.sampling.model_copy(update={"blind_collecting": 0.5, "audit_initial": 0.5}),
        "readiness": settings.readiness.model_copy(update={"mode": "automatic"}),
    }
    return settings.model_copy(update=changes)


def _traffic(settings: "Settings", store: "Store", turns_per_second: float) -> "Traffic":
    """Create simulated people, with accounts and API tokens like real people."""
    from prompter.domain.account import Role, Scope
    from sufler import bootstrap
    from sufler.benchmarking.traffic_simulator import Traffic, Truth, read_questions

    accounts = bootstrap.build_accounts(store)
    tokens = []
    for name, role, scope in (
        ("Анна (имитация)", Role.OPERATOR, Scope.OPERATE),
        ("Борис (имитация)", Role.OPERATOR, Scope.OPERATE),
        ("Наблюдатель (имитация)", Role.SUPERVISOR, Scope.SUPERVISE),
    ):
        known = next((account for account in accounts.all() if account.name == name), None)
        account = known or accounts.add(name, role, secrets.token_urlsafe(32))
        tokens.append(accounts.create_token(account.id, "demo", scopes={scope}, days=_DEMO_DAYS))
    articles = {article.id: article for article in bootstrap.build_knowledge_base(store).articles()}
    rule = settings.readiness
    typer.echo(
        f"  A topic goes live once its accuracy is proven to be above {rule.bar:.0%}; the probability that\n"
        f"  a worse one ever does is {rule.alpha:.0%}. Half of the questions are answered without\n"
        "  suggestions and half of the automated replies are audited, so that you see it in minutes.\n"
    )
    return Traffic(
        read_questions(settings.training_data_dir / "held_out.csv", articles),
        Truth(articles=articles),
        operator_tokens=tokens[:2],
        supervisor_token=tokens[2],
        turns_per_second=turns_per_second,
        say=lambda line: typer.echo(f"  {line}"),
    )


def _reset_admin(store: "Store") -> str | None:
    """Give the account admin a new one-time password. Return None if its owner has chosen their own."""
    from prompter.domain.account import Role
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


def _serve(
    settings: "Settings",
    store: "Store",
    duties: "frozenset[Duty]",
    *,
    on_url: "Callable[[str], None] | None" = None,
) -> None:
    import asyncio

    from sufler.bootstrap.process import serve
    from sufler.serve import CannotServe

    def ready(url: str) -> None:
        if url:
            typer.echo(f"  Desk              {url}/desk")
            typer.echo(f"  Web chat          {url}/chat")
            typer.echo(f"  Readiness         {url}/readiness")
            typer.echo(f"  API               {url}/docs")
        if settings.telegram_token is None:
            typer.echo("  Telegram          set SUFLER_TELEGRAM_TOKEN to connect a bot")
        typer.echo("  Press Ctrl+C to stop; all data is kept.", err=True)
        if url and on_url is not None:
            on_url(url)

    try:
        asyncio.run(serve(settings, store, duties, on_ready=ready))
    except CannotServe as error:
        fail(str(error))
