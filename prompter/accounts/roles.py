"""Check an account's role: the one rule that the API, the pages and the use cases apply."""

from prompter.common.errors import Forbidden
from prompter.domain.account import Account, Role


def has_role(account: Account, role: Role) -> bool:
    """Return whether the account has this role or a higher one."""
    return account.role >= role


def require_role(account: Account, role: Role) -> None:
    """Require that the account has this role or a higher one.

    Raises:
        Forbidden: when its role does not suffice.
    """
    if not has_role(account, role):
        raise Forbidden(f"this needs the role {role.label}")
