"""Accounts, for admins."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from prompter.accounts.service import one_time_password
from prompter_api.auth import Admin, AdminPerson, GuardedRoute
from prompter_api.schemas.accounts import AccountOut, NewAccount, OneTimePassword
from prompter_api.schemas.common import Done
from prompter_api.services import services_of

router = APIRouter(prefix="/api/users", tags=["users"], route_class=GuardedRoute)
Name = Annotated[str, Path(max_length=100, pattern=r"^[^\x00]*$", examples=["boris"])]


@router.get("")
def list_users(request: Request, _me: Admin) -> list[AccountOut]:
    """List every account, in order of name."""
    return [AccountOut.of(account) for account in services_of(request).accounts.all()]


@router.post("", status_code=201)
async def add_user(request: Request, _me: AdminPerson, body: NewAccount) -> OneTimePassword:
    """Add an account. Its one-time password is shown only once."""
    services, password = services_of(request), one_time_password()
    account = await services.password_checks.run(
        lambda: services.accounts.add(body.name, body.role.role, password, one_time_password=True),
        is_known=True,
    )
    return OneTimePassword(account=AccountOut.of(account), password=password)


@router.post("/{name}/disable")
def disable_user(request: Request, _me: Admin, name: Name) -> Done:
    """Disable an account with its sessions and tokens, from its next request on."""
    services_of(request).accounts.disable(name)
    return Done()


@router.post("/{name}/password")
async def reset_password(request: Request, _me: AdminPerson, name: Name) -> OneTimePassword:
    """Give an account a new one-time password. Its sessions and tokens end."""
    services, password = services_of(request), one_time_password()
    account = await services.password_checks.run(
        lambda: services.accounts.set_password(name, password, one_time_password=True), is_known=True
    )
    return OneTimePassword(account=AccountOut.of(account), password=password)


@router.post("/{name}/sessions/revoke")
def end_sessions(request: Request, _me: AdminPerson, name: Name) -> Done:
    """Log an account out everywhere."""
    services = services_of(request)
    services.sessions.revoke_all(services.accounts.require_by_name(name).id)
    return Done()


@router.post("/{name}/tokens/revoke")
def revoke_tokens(request: Request, _me: AdminPerson, name: Name) -> Done:
    """Revoke every API token of an account."""
    services = services_of(request)
    services.accounts.revoke_tokens(services.accounts.require_by_name(name).id)
    return Done()
