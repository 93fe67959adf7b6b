"""Log in with a name and a password, for the API and the login page."""

from dataclasses import dataclass

from anyio import to_thread
from starlette.requests import HTTPConnection
from starlette.responses import Response

from prompter.domain.account import Account
from prompter.storage import Transaction
from prompter_api import cookies
from prompter_api.errors import LoginRefused
from prompter_api.services import Services
from prompter_api.throttle import Attempt
from web.addresses import address_of


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A login that just succeeded, with the cookies for the browser."""

    account: Account
    session_secret: str
    device_cookie: str

    def keep(self, response: Response, services: Services) -> None:
        """Set the cookies in the response."""
        cookies.set_session(response, services, self.session_secret)
        cookies.set_device(response, services, self.device_cookie)


async def log_in(connection: HTTPConnection, services: Services, name: str, password: str) -> Entry:
    """Check name and password and start a session. The browser's previous session ends.

    Raises:
        LoginRefused: when they do not match, or the account is disabled.
        TooManyTries: when too many tries have failed.
        TooManyAtOnce: when too many passwords are being checked.
    """
    attempt = await to_thread.run_sync(
        services.throttle.attempt,
        name,
        address_of(connection),
        cookies.device(connection, services),
        limiter=services.login_lookups,
    )

    def check() -> Entry:
        services.throttle.count(attempt)
        account = services.accounts.log_in(name, password)
        if account is None:
            raise LoginRefused("wrong username or password")
        secret = services.sessions.start(
            account, _user_agent(connection), instead_of=cookies.session_secret(connection, services)
        )
        if secret is None:
            raise LoginRefused("wrong username or password")
        return _enter(services, account, secret, attempt)

    return await services.password_checks.run(check, is_known=attempt.is_known)


async def change_password(
    connection: HTTPConnection, services: Services, account: Account, old: str, new: str
) -> Entry:
    """Replace the password. All sessions and tokens end, and this browser gets a new session.

    Raises:
        WrongPassword: when `old` is wrong.
        WeakPassword: when `new` is too weak.
        TooManyTries: when too many tries have failed.
        TooManyAtOnce: when too many passwords are being checked.
    """
    attempt = await to_thread.run_sync(
        services.throttle.attempt_from_session, account.id, limiter=services.login_lookups
    )

    def change() -> Entry:
        services.throttle.count(attempt)
        verified = services.accounts.verify_password(account.id, old)
        services.throttle.reset_own_count(attempt)
        changed, secret = services.accounts.change_password(verified, old, new, then=begin)
        return _enter(services, changed, secret, attempt)

    # In one transaction. With two, the password could change although the response says that it did not.
    def begin(tx: Transaction, changed: Account) -> tuple[Account, str]:
        return changed, services.sessions.start_within(tx, changed.id, _user_agent(connection))

    return await services.password_checks.run(change, is_known=True)


def _user_agent(connection: HTTPConnection) -> str:
    return connection.headers.get("user-agent", "")


def _enter(services: Services, account: Account, secret: str, attempt: Attempt) -> Entry:
    services.throttle.record_success(attempt)
    return Entry(
        account=account, session_secret=secret, device_cookie=services.throttle.device_cookie(account.name)
    )
