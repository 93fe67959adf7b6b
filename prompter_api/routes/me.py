"""The user's own account, sessions and API tokens."""

from fastapi import APIRouter, HTTPException, Request, Response

from prompter.domain.account import Role
from prompter_api import cookies
from prompter_api.auth import CurrentAccount, GuardedRoute, NewPerson, Person, caller_of
from prompter_api.login import change_password
from prompter_api.schemas.accounts import (
    AccountOut,
    LanguageChange,
    NewToken,
    PasswordChange,
    SessionOut,
    TokenOut,
    TokenWithSecret,
)
from prompter_api.schemas.common import Done, Id
from prompter_api.services import services_of

router = APIRouter(prefix="/api/me", tags=["me"], route_class=GuardedRoute)


@router.get("")
def get_me(me: CurrentAccount) -> AccountOut:
    """Get your own account."""
    return AccountOut.of(me)


@router.post("/password")
async def change_my_password(
    request: Request, response: Response, me: NewPerson, body: PasswordChange
) -> AccountOut:
    """Choose a new password. Your other sessions and all your API tokens end."""
    services = services_of(request)
    entry = await change_password(request, services, me, body.old, body.new)
    entry.keep(response, services)
    return AccountOut.of(entry.account)


@router.post("/language")
def change_my_language(request: Request, me: CurrentAccount, body: LanguageChange) -> Done:
    """Choose the language of your pages."""
    services_of(request).accounts.set_language(me.id, body.language)
    return Done()


@router.get("/sessions")
def list_my_sessions(request: Request, me: Person) -> list[SessionOut]:
    """List the browsers in which you are logged in, newest first."""
    session = caller_of(request).session
    current = session.id if session is not None else None
    return [
        SessionOut.of(login_session, current=current)
        for login_session in services_of(request).sessions.all(me.id)
    ]


@router.delete("/sessions/{session_id}")
def end_my_session(request: Request, me: Person, session_id: Id) -> Done:
    """Log out of one of your browsers."""
    services_of(request).sessions.revoke(session_id, of=me.id)
    return Done()


@router.delete("/sessions")
def end_my_sessions(request: Request, response: Response, me: Person) -> Done:
    """Log out everywhere, including here, so that a copy of this session's cookie becomes useless, too."""
    services = services_of(request)
    services.sessions.revoke_all(me.id)
    cookies.forget_session(response, services)
    return Done()


@router.get("/tokens")
def list_my_tokens(request: Request, me: Person) -> list[TokenOut]:
    """List your API tokens, without their secrets."""
    return [TokenOut.of(token) for token in services_of(request).accounts.tokens(me.id)]


@router.post("/tokens", status_code=201)
def create_my_token(request: Request, me: Person, body: NewToken) -> TokenWithSecret:
    """Create an API token. It is shown only once. Only admins may create one that never expires."""
    if body.expires_in_days is None and me.role < Role.ADMIN:
        raise HTTPException(403, "a token that never expires needs the role admin")
    token, secret = services_of(request).accounts.issue_token(
        me.id, body.name, scopes=frozenset(body.scopes), days=body.expires_in_days
    )
    return TokenWithSecret(**TokenOut.of(token).model_dump(), token=secret)


@router.delete("/tokens")
def revoke_my_tokens(request: Request, me: Person) -> Done:
    """Revoke all your API tokens."""
    services_of(request).accounts.revoke_tokens(me.id)
    return Done()


@router.delete("/tokens/{token_id}")
def revoke_my_token(request: Request, me: Person, token_id: Id) -> Done:
    """Revoke one of your API tokens."""
    services_of(request).accounts.revoke_token(token_id, of=me.id)
    return Done()
