"""Authentication and authorization: of people by session cookies, of programs by API tokens.

A session that was opened with a one-time password may only choose a password (`/api/me/…`) and log
out. A route names its guard, and `GuardedRoute` checks it before the body is read.
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
from prompter_api import cookies, idempotency
from prompter_api.errors import PasswordChangeNeeded
from prompter_api.schemas.common import SecretOutput
from prompter_api.services import Services, services_of
from web.origins import OTHER_SITE, SAFE_METHODS, is_same_origin

# The scope that a token needs, by whether the request changes something and by the route's role.
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
    """The account that sends a request, with its session or token."""

    account: Account
    session: Session | None = None
    token: ApiToken | None = None


def visit_of(connection: HTTPConnection, services: Services, *, is_active: bool = True) -> Visit | None:
    """Return the active session of the cookie with its account, or None."""
    secret = cookies.session_secret(connection, services)
    return services.sessions.find(secret, is_active=is_active) if secret else None


def _authenticate(request: Request) -> Caller:
    """Return the caller whom the credentials identify.

    A browser also sends its cookie with requests that other sites cause, so a request that changes
    something must come from our own pages.
    """
    services = services_of(request)
    if (secret := _bearer_token(request)) is not None:
        if (bearer := services.accounts.find_by_token(secret)) is not None:
            return Caller(account=bearer.account, token=bearer.token)
    elif (visit := visit_of(request, services)) is not None:
        if request.method not in SAFE_METHODS and is_same_origin(request) is not True:
            raise HTTPException(403, OTHER_SITE)
        return Caller(account=visit.account, session=visit.session)
    raise HTTPException(401, "log in first, or send an API token", {"WWW-Authenticate": "Bearer"})


def _bearer_token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    # Rasa's header: Rasa would not start if a header began with a variable that is not set.
    name, _, token = request.headers.get("x-sufler-token", "").partition("=")
    return token.strip() if name == "token" else None


@dataclass(frozen=True, kw_only=True)
class Guard:
    """A dependency that returns the account, which must have `role` or a higher role.

    A token also needs a scope: `scope`, or by default the scope of `_SCOPES` for method and role. Tokens
    cannot use routes that are `for_people`: they create, change and revoke credentials, so a leaked token
    could keep itself alive. `before_password_change` allows a route to people with a one-time password.
    """

    role: Role = Role.OPERATOR
    scope: Scope | None = None
    for_people: bool = False
    before_password_change: bool = False

    async def __call__(self, request: Request) -> Account:
        return (await self.admit(request)).account

    async def admit(self, request: Request) -> Caller:
        """Return the caller. It is looked up once per request, and every guard of a route checks it.

        Raises:
            HTTPException: when no valid credentials are sent (status 401), or a token does not suffice (403).
            Forbidden: when the account's role does not suffice.
            PasswordChangeNeeded: when the password was set by somebody else.
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
    """Checks the route's guard before the body is read, so that nothing from strangers is parsed.

    A POST that changes something is carried out once for each idempotency key. A person's choice of their
    own password or language has the same result however often it is sent.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self._is_repeatable:
            extra = self.openapi_extra or {}
            others = [known for known in extra.get("parameters", ()) if known != idempotency.PARAMETER]
            self.openapi_extra = extra | {"parameters": [*others, idempotency.PARAMETER]}

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        guard = self._guard
        if guard is None:
            return handle

        async def admit_and_handle(request: Request) -> Response:
            caller = await guard.admit(request)
            if self._is_repeatable and idempotency.HEADER in request.headers:
                return await idempotency.answer_once(
                    request, caller.account.id, handle, keeps_body=not self._answers_with_secret
                )
            return await handle(request)

        return admit_and_handle

    @property
    def _guard(self) -> Guard | None:
        return next(_guards(self.dependant), None)

    @property
    def _is_repeatable(self) -> bool:
        guard = self._guard
        changes = guard is not None and guard.scope is None and not guard.before_password_change
        return changes and "POST" in (self.methods or ())

    @property
    def _answers_with_secret(self) -> bool:
        return isinstance(self.response_model, type) and issubclass(self.response_model, SecretOutput)


def _guards(dependant: Dependant) -> Iterator[Guard]:
    if isinstance(dependant.call, Guard):
        yield dependant.call
    for dependency in dependant.dependencies:
        yield from _guards(dependency)


def caller_of(request: Request) -> Caller:
    """Return the caller that a guard has admitted."""
    caller: Caller = request.state.caller
    return caller


CurrentAccount = Annotated[Account, Depends(Guard(before_password_change=True))]
Operator = Annotated[Account, Depends(Guard())]
Supervisor = Annotated[Account, Depends(Guard(role=Role.SUPERVISOR))]
Admin = Annotated[Account, Depends(Guard(role=Role.ADMIN))]

Person = Annotated[Account, Depends(Guard(for_people=True))]
NewPerson = Annotated[Account, Depends(Guard(for_people=True, before_password_change=True))]
AdminPerson = Annotated[Account, Depends(Guard(role=Role.ADMIN, for_people=True))]

# These routes use POST but change nothing.
Asker = Annotated[Account, Depends(Guard(scope=Scope.READ))]
ExplanationAsker = Annotated[Account, Depends(Guard(role=Role.SUPERVISOR, scope=Scope.READ))]

Scraper = Annotated[Account, Depends(Guard(scope=Scope.METRICS))]
Rasa = Annotated[Account, Depends(Guard(scope=Scope.RASA))]
