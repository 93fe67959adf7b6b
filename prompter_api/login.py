"""Log in with a name and a password, for the API and the login page."""

from dataclasses import dataclass

from anyio import to_thread
from starlette.requests import HTTPConnection
from starlette.responses import Response

from prompter.domain.account import Account
from prompter.storage import Transaction
from prompter_api import cookies
from prompter_api.errors import LoginRefused
from prompter_api.parts import Services
from prompter_api.throttle import Attempt
from web.addresses import address_of


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A login that just succeeded, with the cookies for the browser."""

    account: Account
    session_secret: str
    device_cookie: str

    def keep(self, response: Response, parts: Services) -> None:
        """Set the cookies in the response."""
        cookies.set_session(response, parts, self.session_secret)
        cookies.set_device(response, parts, self.device_cookie)


async def log_in(connection: HTTPConnection, parts: Services, name: str, password: str) -> Entry:
    """Check name and password and start a session. The browser's previous session ends.

    Raises:
        LoginRefused: when they do not match, or the account is disabled.
        TooManyTries: when too many tries have failed.
        TooManyAtOnce: when too many passwords are being checked.
    """
    attempt = await to_thread.run_sync(
        parts.throttle.attempt,
        name,
        address_of(connection),
        cookies.device(connection, parts),
        limiter=parts.login_lookups,
    )

    def check() -> Entry:
        parts.throttle.count(attempt)
        account = parts.accounts.log_in(name, password)
        if account is None:
            raise LoginRefused("wrong username or password")
        secret = parts.sessions.start(
            account, _user_agent(connection), instead_of=cookies.session_secret(connection, parts)
        )
        if secret is None:
            raise LoginRefused("wrong username or password")
        return _enter(parts, account, secret, attempt)

    return await parts.password_checks.run(check, is_known=attempt.is_known)


async def change_password(
    connection: HTTPConnection, parts: Services, account: Account, old: str, new: str
) -> Entry:
    """Replace the password. All sessions and tokens end, and this browser gets a new session.

    Raises:
        WrongPassword: when `old` is wrong.
        WeakPassword: when `new` is too weak.
        TooManyTries: when too many tries have failed.
        TooManyAtOnce: when too many passwords are being checked.
    """
    attempt = await to_thread.run_sync(
        parts.throttle.attempt_from_session, account.id, limiter=parts.login_lookups
    )

    def change() -> Entry:
        parts.throttle.count(attempt)
        verified = parts.accounts.verified(account.id, old)
        parts.throttle.fitted(attempt)
        changed, secret = parts.accounts.change_password(verified, old, new, then=begin)
        return _enter(parts, changed, secret, attempt)

    # In one transaction. With two, the password could change although the response says that it did not.
    def begin(tx: Transaction, changed: Account) -> tuple[Account, str]:
        return changed, parts.sessions.start_within(tx, changed.id, _user_agent(connection))

    return await parts.password_checks.run(change, is_known=True)


def _user_agent(connection: HTTPConnection) -> str:
    return connection.headers.get("user-agent", "")


def _enter(parts: Services, account: Account, secret: str, attempt: Attempt) -> Entry:
    parts.throttle.succeeded(attempt)
    return Entry(
        account=account, session_secret=secret, device_cookie=parts.throttle.device_cookie(account.name)
    )
