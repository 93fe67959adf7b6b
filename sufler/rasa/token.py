"""Sufler's address and the API token for Rasa's process."""

import os
import secrets
from datetime import timedelta
from pathlib import Path

from prompter.accounts.service import MAX_TOKEN_DAYS, Accounts, Bearer, TooManyTokens
from prompter.common.clock import utc_now
from prompter.domain.account import Role, Scope
from sufler import bootstrap
from sufler.rasa.environment import NoRasa
from sufler.settings import Settings

_NAME = "rasa"
_SCOPES = frozenset({Scope.RASA})
_MIN_LIFETIME = timedelta(days=MAX_TOKEN_DAYS / 2)  # Rasa reads its token once and may run for months


def rasa_variables(settings: Settings, *, with_token: bool) -> dict[str, str]:
    """Return the environment variables for Rasa's process. Variables that are set already are kept."""
    host = settings.web.host if settings.web.host not in {"0.0.0.0", "::"} else "127.0.0.1"  # noqa: S104
    variables = {"SUFLER_ADDRESS": os.environ.get("SUFLER_ADDRESS") or f"{host}:{settings.web.port}"}
    if with_token and not os.environ.get("SUFLER_TOKEN"):
        with bootstrap.open_store(settings) as store:
            token = token_for_rasa(bootstrap.build_accounts(store), settings.data_dir / "rasa" / "token")
        variables["SUFLER_TOKEN"] = token
    return variables


def token_for_rasa(accounts: Accounts, file: Path) -> str:
    """Return the token in `file` if its only scope is Rasa's and it lasts, or create a new token.

    A new token belongs to Rasa's own account, which is created if it is missing.

    Raises:
        NoRasa: when the account of that name is not an operator, is disabled or has too many tokens.
    """
    token = _read_token(file)
    if token and _is_right(accounts.find_by_token(token)):
        return token
    account = next((account for account in accounts.all() if account.name.casefold() == _NAME), None)
    if account is not None and (account.role is not Role.OPERATOR or account.disabled_at is not None):
        state = "disabled" if account.disabled_at else f"one with the role {account.role.label}"
        raise NoRasa(f"the account {account.name} is {state}: give Rasa another one's token in SUFLER_TOKEN")
    if account is None:
        account = accounts.add(_NAME, Role.OPERATOR, secrets.token_urlsafe(32))  # nobody logs in with it
    try:
        token = accounts.create_token(account.id, "Rasa's actions", scopes=_SCOPES, days=MAX_TOKEN_DAYS)
    except TooManyTokens as error:
        raise NoRasa(f"{error}: sufler user tokens {account.name}") from None
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_text(token, encoding="utf-8")
    return token


def _is_right(bearer: Bearer | None) -> bool:
    if bearer is None or bearer.token.scopes != _SCOPES:
        return False
    return bearer.token.expires_at is None or bearer.token.expires_at > utc_now() + _MIN_LIFETIME


def _read_token(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
