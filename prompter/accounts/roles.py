"""What may an account do?  The one rule that the API, the pages and the use cases ask."""

from prompter.common.errors import Forbidden
from prompter.domain.account import Account, Role


def has_role(account: Account, role: Role) -> bool:
    """Whether the account has this role, or a higher one."""
    return account.role >= role


def require_role(account: Account, role: Role) -> None:
    """Let an account with this role pass.

    Raises:
        Forbidden: its role does not suffice.
    """
    if not has_role(account, role):
        raise Forbidden(f"this needs the role {role.label}")
