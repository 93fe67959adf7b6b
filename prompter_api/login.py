"""Logging in with a name and a password, for the API and the login page."""

from starlette.requests import HTTPConnection

from prompter.storage import Account
from prompter_api.auth import start_session
from prompter_api.errors import LoginRefused
from prompter_api.parts import Parts
from web.addresses import address_of


def log_in(connection: HTTPConnection, parts: Parts, name: str, password: str) -> Account:
    """Check name and password and start a session.

    Raises:
        LoginRefused: they do not fit, or the account is disabled.
        TooManyTries: too many failed before.
    """
    address = address_of(connection)
    parts.throttle.count(name, address)
    account = parts.accounts.log_in(name, password)
    if account is None:
        raise LoginRefused("name or password is wrong")
    parts.throttle.succeeded(name, address)
    start_session(connection, account)
    return account


def change_password(
    connection: HTTPConnection, parts: Parts, account: Account, old: str, new: str
) -> Account:
    """Replace the password; the session it was done in goes on, every other one ends.

    Raises:
        WrongPassword: `old` does not fit.
        WeakPassword: `new` will not do.
        TooManyTries: too many failed before.
    """
    address = address_of(connection)
    parts.throttle.count(account.name, address)
    changed = parts.accounts.change_password(account.id, old, new)
    parts.throttle.succeeded(account.name, address)
    if connection.session.get("account") == account.id:
        start_session(connection, changed)
    return changed
