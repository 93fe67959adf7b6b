"""Who is asking: a person with a session cookie, or a program with an API token."""

from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request
from starlette.requests import HTTPConnection

from prompter.accounts import Accounts
from prompter.storage import Account, Role
from prompter_api.parts import parts_of

_READING = {"GET", "HEAD", "OPTIONS"}


def start_session(connection: HTTPConnection, account: Account) -> None:
    """Log the account in; a later change of its password ends the session."""
    connection.session.clear()
    connection.session.update(account=account.id, password=account.password_changed_at.isoformat())


def end_session(connection: HTTPConnection) -> None:
    connection.session.clear()


def session_account(connection: HTTPConnection, accounts: Accounts) -> Account | None:
    """The account of the session cookie, if it may still log in."""
    account_id = connection.session.get("account")
    account = accounts.active(account_id) if isinstance(account_id, int) else None
    if account is None or connection.session.get("password") != account.password_changed_at.isoformat():
        return None
    return account


def current_account(request: Request) -> Account:
    """The account behind a request.

    A browser sends its cookie whoever made it ask, so a request that changes something must come
    from our own pages.
    """
    accounts = parts_of(request).accounts
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        account = accounts.by_token(token.strip())
    else:
        account = session_account(request, accounts)
        if account is not None and request.method not in _READING and not _from_our_pages(request):
            raise HTTPException(403, "This request comes from another site.")
    if account is None:
        raise HTTPException(401, "Log in first, or send an API token.", {"WWW-Authenticate": "Bearer"})
    return account


def _from_our_pages(request: Request) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host")


CurrentAccount = Annotated[Account, Depends(current_account)]


def at_least(role: Role) -> Callable[[Account], Account]:
    """A dependency: the account, which must have this role or a higher one."""

    def check(account: CurrentAccount) -> Account:
        if account.role < role:
            raise HTTPException(403, f"This needs the role {role.label}.")
        return account

    return check


Operator = Annotated[Account, Depends(at_least(Role.OPERATOR))]
Supervisor = Annotated[Account, Depends(at_least(Role.SUPERVISOR))]
Admin = Annotated[Account, Depends(at_least(Role.ADMIN))]
