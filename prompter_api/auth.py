"""Who is asking: a person with a session cookie, or a program with an API token.

A session that was opened with a one-time password may only choose a password (`/api/me/…`) and log
out. A route names the guard that it wants passed; `GuardedRoute` has it passed before the body is read.
"""

from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from anyio import to_thread
from fastapi import Depends, HTTPException, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection

from prompter.accounts.roles import require_role
from prompter.accounts.sessions import Visit
from prompter.domain.account import Account, ApiToken, Role, Scope, Session
from prompter_api import cookies
from prompter_api.errors import PasswordChangeNeeded
from prompter_api.parts import Services, services_of
from web.origins import OTHER_SITE, SAFE_METHODS, is_same_origin

# What a token needs for a request, by whether the request changes something and whose it is.
_SCOPES: Mapping[tuple[bool, Role], Scope] = {
    (False, Role.OPERATOR): Scope.READ,
    (False, Role.SUPERVISOR): Scope.READ,
    (False, Role.ADMIN): Scope.ADMIN,
    (True, Role.OPERATOR): Scope.OPERATE,
    (True, Role.SUPERVISOR): Scope.SUPERVISE,
    (True, Role.ADMIN): Scope.ADMIN,
}


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks: an account, by a session or by a token."""

    account: Account
    session: Session | None = None
    token: ApiToken | None = None


def visit_of(connection: HTTPConnection, parts: Services, *, is_active: bool = True) -> Visit | None:
    """The live session of the cookie, with its account."""
    secret = cookies.session_secret(connection, parts)
    return parts.sessions.find(secret, is_active=is_active) if secret else None


def _authenticate(request: Request) -> Caller:
    """The caller that the credentials show.

    A browser sends its cookie whoever made it ask, so a request that changes something must come
    from our own pages.
    """
    parts = services_of(request)
    if (secret := _bearer_token(request)) is not None:
        if (bearer := parts.accounts.by_token(secret)) is not None:
            return Caller(account=bearer.account, token=bearer.token)
    elif (visit := visit_of(request, parts)) is not None:
        if request.method not in SAFE_METHODS and is_same_origin(request) is not True:
            raise HTTPException(403, OTHER_SITE)
        return Caller(account=visit.account, session=visit.session)
    raise HTTPException(401, "log in first, or send an API token", {"WWW-Authenticate": "Bearer"})


def _bearer_token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    # Rasa's: it would not start where a header began with a variable that is not set.
    name, _, token = request.headers.get("x-sufler-token", "").partition("=")
    return token.strip() if name == "token" else None


@dataclass(frozen=True, kw_only=True)
class Guard:
    """A dependency: the account, which must have this role or a higher one.

    A token needs a scope, too: `scope`, or else what `_SCOPES` says of method and role. Tokens cannot
    do what is `for_people`: make credentials, change them or end them, or one that leaks would never
    be lost. `before_password_change`: what somebody with a one-time password may do.
    """

    role: Role = Role.OPERATOR
    scope: Scope | None = None
    for_people: bool = False
    before_password_change: bool = False

    async def __call__(self, request: Request) -> Account:
        return (await self.admit(request)).account

    async def admit(self, request: Request) -> Caller:
        """The caller, who is looked up once for each request; every guard of a route has its own say.

        Raises:
            HTTPException: 401 without credentials that work, 403 where a token does not suffice.
            Forbidden: the account's role does not suffice.
            PasswordChangeNeeded: the password was given by somebody else.
        """
        caller: Caller | None = getattr(request.state, "caller", None)
        if caller is None:
            caller = await to_thread.run_sync(_authenticate, request)
            request.state.caller = caller
        self._check(request, caller)
        return caller

    def _check(self, request: Request, caller: Caller) -> None:
        if caller.token is not None:
            if self.for_people:
                raise HTTPException(403, "this needs a login: API tokens cannot do it")
            scope = self.scope or _SCOPES[request.method not in SAFE_METHODS, self.role]
            if not scope.is_within(caller.token.scopes):
                raise HTTPException(403, f"this needs an API token with the scope {scope.value}")
        elif caller.account.one_time_password and not self.before_password_change:
            raise PasswordChangeNeeded("choose a password of your own first: POST /api/me/password")
        require_role(caller.account, self.role)


class GuardedRoute(APIRoute):
    """Has the caller pass the route's guard before the body is read: strangers have nothing parsed."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        guard = next(_guards(self.dependant), None)
        if guard is None:
            return handle

        async def guarded(request: Request) -> Response:
            await guard.admit(request)
            return await handle(request)

        return guarded


def _guards(dependant: Dependant) -> Iterator[Guard]:
    if isinstance(dependant.call, Guard):
        yield dependant.call
    for dependency in dependant.dependencies:
        yield from _guards(dependency)


def caller_of(request: Request) -> Caller:
    """The caller that a guard has let in."""
    caller: Caller = request.state.caller
    return caller


CurrentAccount = Annotated[Account, Depends(Guard(before_password_change=True))]
Operator = Annotated[Account, Depends(Guard())]
Supervisor = Annotated[Account, Depends(Guard(role=Role.SUPERVISOR))]
Admin = Annotated[Account, Depends(Guard(role=Role.ADMIN))]

Person = Annotated[Account, Depends(Guard(for_people=True))]
NewPerson = Annotated[Account, Depends(Guard(for_people=True, before_password_change=True))]
AdminPerson = Annotated[Account, Depends(Guard(role=Role.ADMIN, for_people=True))]

# They post, and change nothing.
Asker = Annotated[Account, Depends(Guard(scope=Scope.READ))]
ExplanationAsker = Annotated[Account, Depends(Guard(role=Role.SUPERVISOR, scope=Scope.READ))]

Scraper = Annotated[Account, Depends(Guard(scope=Scope.METRICS))]
Rasa = Annotated[Account, Depends(Guard(scope=Scope.RASA))]
