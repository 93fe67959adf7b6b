"""The commands `sufler user …`: maintain accounts, sessions and API tokens."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sufler.cli.common import ConfigOption, JsonOption, print_json

if TYPE_CHECKING:
    from prompter.accounts.service import Accounts

app = typer.Typer(no_args_is_help=True, help="Accounts of operators, supervisors and admins.")

_STDIN = typer.Option("--password-stdin", help="Read the password from standard input.")


@app.command()
def add(
    name: str,
    role: Annotated[str, typer.Option(help="operator, supervisor or admin")] = "operator",
    password_stdin: Annotated[bool, _STDIN] = False,
    config: ConfigOption = None,
) -> None:
    """Add an account."""
    from prompter.domain.account import Role

    if role.upper() not in Role.__members__:
        raise typer.BadParameter(f"{role!r} is not one of operator, supervisor, admin", param_hint="--role")
    with _accounts(config) as accounts:
        accounts.add(name, Role.from_name(role), _read_password(password_stdin))
    typer.echo(f"Added {name} as {role.lower()}.", err=True)


@app.command("list")
def list_accounts(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the accounts."""
    with _accounts(config) as open_accounts:
        accounts = open_accounts.all()
    if as_json:
        print_json(
            {
                "users": [
                    {
                        "name": account.name,
                        "role": account.role.label,
                        "disabled": account.disabled_at is not None,
                    }
                    for account in accounts
                ]
            }
        )
        return
    for account in accounts:
        state = "  disabled" if account.disabled_at else ""
        typer.echo(f"{account.name:<24} {account.role.label}{state}")


@app.command()
def disable(name: str, config: ConfigOption = None) -> None:
    """Disable an account with its sessions and API tokens, from its next request on."""
    with _accounts(config) as accounts:
        accounts.disable(name)
    typer.echo(f"{name} can no longer log in.", err=True)


@app.command()
def password(name: str, password_stdin: Annotated[bool, _STDIN] = False, config: ConfigOption = None) -> None:
    """Set a new password. Ends the account's sessions and API tokens."""
    with _accounts(config) as accounts:
        accounts.set_password(name, _read_password(password_stdin))
    typer.echo(f"The password of {name} has been changed.", err=True)


@app.command()
def token(
    name: str,
    label: Annotated[str, typer.Option(help="What the token is for.")] = "command line",
    scope: Annotated[
        list[str],
        typer.Option(help="read, operate, supervise, admin, metrics or rasa. May be repeated."),
    ] = ["read"],  # noqa: B006 - Typer copies it
    days: Annotated[int, typer.Option(min=1, max=365, help="Days until the token expires.")] = 90,
    never_expires: Annotated[
        bool, typer.Option("--never-expires", help="The token is valid until revoked.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Create an API token for an account and print it. It is shown only once."""
    from prompter.domain.account import Scope

    if unknown := [value for value in scope if value not in set(Scope)]:
        raise typer.BadParameter(f"{unknown[0]!r} is not one of {', '.join(Scope)}", param_hint="--scope")
    with _accounts(config) as accounts:
        scopes = frozenset(map(Scope, scope))
        account = accounts.require_by_name(name)
        lasts = None if never_expires else days
        typer.echo(accounts.create_token(account.id, label, scopes=scopes, days=lasts))


@app.command()
def tokens(
    name: str,
    revoke_all: Annotated[bool, typer.Option("--revoke-all", help="Revoke all of them.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List an account's API tokens, or revoke them."""
    with _accounts(config) as accounts:
        account = accounts.require_by_name(name)
        if revoke_all:
            accounts.revoke_tokens(account.id)
            typer.echo(f"All API tokens of {account.name} have been revoked.", err=True)
            return
        found = accounts.tokens(account.id)
    if as_json:
        listed = [
            {
                "id": token.id,
                "name": token.name,
                "scopes": sorted(token.scopes),
                "created_at": token.created_at.isoformat(),
                "expires_at": token.expires_at and token.expires_at.isoformat(),
                "last_used_at": token.last_used_at and token.last_used_at.isoformat(),
            }
            for token in found
        ]
        print_json({"tokens": listed})
        return
    for token in found:
        until = f"until {token.expires_at:%Y-%m-%d}" if token.expires_at else "never expires"
        used = f"used {token.last_used_at:%Y-%m-%d %H:%M} UTC" if token.last_used_at else "never used"
        typer.echo(f"{token.id:<6} {token.name:<24} {','.join(sorted(token.scopes)):<24} {until}, {used}")


@app.command()
def sessions(
    name: str,
    revoke_all: Annotated[
        bool, typer.Option("--revoke-all", help="Log the account out on all devices.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the browsers in which an account is logged in, or log it out of all of them."""
    from sufler import bootstrap
    from sufler.settings import load_settings

    settings = load_settings(config)
    with bootstrap.open_store(settings) as store:
        account = bootstrap.build_accounts(store).require_by_name(name)
        sessions = bootstrap.build_sessions(settings, store)
        if revoke_all:
            sessions.revoke_all(account.id)
            typer.echo(f"{account.name} has been logged out on all devices.", err=True)
            return
        found = sessions.all(account.id)
    if as_json:
        listed = [
            {
                "id": session.id,
                "created_at": session.created_at.isoformat(),
                "seen_at": session.seen_at.isoformat(),
                "user_agent": session.user_agent,
            }
            for session in found
        ]
        print_json({"sessions": listed})
        return
    for session in found:
        since, seen = (f"{moment:%Y-%m-%d %H:%M} UTC" for moment in (session.created_at, session.seen_at))
        typer.echo(f"{session.id:<6} since {since}, seen {seen}  {session.user_agent}")


@contextmanager
def _accounts(config: Path | None) -> "Iterator[Accounts]":
    from sufler import bootstrap
    from sufler.settings import load_settings

    with bootstrap.open_store(load_settings(config)) as store:
        yield bootstrap.build_accounts(store)


def _read_password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
