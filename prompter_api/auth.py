"""Who is asking: a person with a session cookie, or a program with an API token.

A session that was opened with a one-time password may only choose a password (`/api/me/…`) and log
out. API tokens go on working meanwhile: they are credentials of their own.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from starlette.requests import HTTPConnection

from prompter.accounts import Accounts
from prompter.storage import Account, Role
from prompter_api.errors import PasswordChangeNeeded
from prompter_api.parts import parts_of
from web.origins import OTHER_SITE, SAFE_METHODS, is_same_origin


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
    if (token := _bearer_token(request)) is not None:
        account = accounts.by_token(token)
    else:
        account = session_account(request, accounts)
        if account is not None and request.method not in SAFE_METHODS and is_same_origin(request) is not True:
            raise HTTPException(403, OTHER_SITE)
    if account is None:
        raise HTTPException(401, "log in first, or send an API token", {"WWW-Authenticate": "Bearer"})
    return account


def by_token(request: Request) -> bool:
    """Whether the request comes with an API token, right or wrong, and not with a session."""
    return _bearer_token(request) is not None


def _bearer_token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    # Rasa's: it would not start where a header began with a variable that is not set.
    name, _, token = request.headers.get("x-sufler-token", "").partition("=")
    return token.strip() if name == "token" else None


CurrentAccount = Annotated[Account, Depends(current_account)]


def at_least(role: Role) -> Callable[[Request, Account], Awaitable[Account]]:
    """A dependency: the account, which must have this role or a higher one."""

    # Nothing here waits for anything: as a coroutine it costs no change of threads.
    async def check(request: Request, account: CurrentAccount) -> Account:
        if account.one_time_password and not by_token(request):
            raise PasswordChangeNeeded("choose a password of your own first: POST /api/me/password")
        if account.role < role:
            raise HTTPException(403, f"this needs the role {role.label}")
        return account

    return check


Operator = Annotated[Account, Depends(at_least(Role.OPERATOR))]
Supervisor = Annotated[Account, Depends(at_least(Role.SUPERVISOR))]
Admin = Annotated[Account, Depends(at_least(Role.ADMIN))]
