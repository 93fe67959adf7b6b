"""sufler user ...: who may log in."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sufler.cli.common import ConfigOption, JsonOption, print_json

if TYPE_CHECKING:
    from prompter.accounts import Accounts

app = typer.Typer(no_args_is_help=True, help="Accounts of operators, supervisors and admins.")

_STDIN = typer.Option(
    "--password-stdin", help="Read the password from standard input, not from the keyboard."
)


@app.command()
def add(
    name: str,
    role: Annotated[str, typer.Option(help="operator, supervisor or admin")] = "operator",
    password_stdin: Annotated[bool, _STDIN] = False,
    config: ConfigOption = None,
) -> None:
    """Add an account."""
    from prompter.storage import Role

    if role.upper() not in Role.__members__:
        raise typer.BadParameter(f"{role!r} is none of operator, supervisor, admin", param_hint="--role")
    with _accounts(config) as accounts:
        accounts.add(name, Role.named(role), _read_password(password_stdin))
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
    """Lock an account out, from its next request on."""
    with _accounts(config) as accounts:
        accounts.disable(name)
    typer.echo(f"{name} can no longer log in.", err=True)


@app.command()
def password(name: str, password_stdin: Annotated[bool, _STDIN] = False, config: ConfigOption = None) -> None:
    """Set a new password; sessions that are open end."""
    with _accounts(config) as accounts:
        accounts.set_password(name, _read_password(password_stdin))
    typer.echo(f"The password of {name} is changed.", err=True)


@app.command()
def token(
    name: str,
    label: Annotated[str, typer.Option(help="What the token is for.")] = "command line",
    config: ConfigOption = None,
) -> None:
    """Make an API token for an account and print it, this once."""
    from prompter.errors import NotFound

    with _accounts(config) as accounts:
        for account in accounts.all():
            if account.name.lower() == name.lower() and account.disabled_at is None:
                typer.echo(accounts.create_token(account.id, label))
                return
    raise NotFound(f"there is no active account named {name}")


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
