"""The page of the user's own account: sessions, password and API tokens."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from prompter.accounts.passwords import MIN_PASSWORD_LENGTH
from prompter.accounts.service import (
    MAX_TOKEN_DAYS,
    MAX_TOKENS,
    TOKEN_DAYS,
    TokenMade,
    TooManyTokens,
    scopes_of,
)
from prompter.accounts.sessions import Visit
from prompter.common.errors import NotFound
from prompter.domain.account import Role, Scope
from prompter.text.translations import N_, translator
from prompter_api import cookies
from prompter_api.auth import visit_of
from prompter_api.desk.ui.forms import Field, form_page, page_language, submit_password
from prompter_api.schemas.common import MAX_ID
from prompter_api.services import services_of
from web.origins import refuse_other_sites

Number = Annotated[int, Path(ge=1, le=MAX_ID)]

_SCOPES = {
    Scope.READ: N_("read everything your role can see"),
    Scope.OPERATE: N_("work as an operator"),
    Scope.SUPERVISE: N_("manage the knowledge base, learning and readiness"),
    Scope.ADMIN: N_("list and lock accounts"),
    Scope.METRICS: N_("read /metrics"),
    Scope.RASA: N_("answer requests from Rasa"),
}
# The first match counts, as most browsers also name other browsers.
_BROWSERS = (
    ("Edg", "Edge"),
    ("YaBrowser", "Yandex"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """Return the browser and its system, or a program's own name, or "" if it gives none.

    >>> browser_name("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    'Firefox, Linux'
    >>> browser_name("python-httpx/0.28.1")
    'python-httpx/0.28.1'
    """
    names = [
        next((name for mark, name in table if mark in user_agent), None) for table in (_BROWSERS, _SYSTEMS)
    ]
    return ", ".join(filter(None, names)) or re.split(r"[\s;]", user_agent, maxsplit=1)[0][:60]


@dataclass(frozen=True, kw_only=True)
class TokenForm:
    """The form for a new token, as it was sent."""

    name: str = ""
    scopes: frozenset[str] = frozenset({Scope.READ.value})
    days: str = str(TOKEN_DAYS)


_EMPTY_FORM = TokenForm()


router = APIRouter(include_in_schema=False, dependencies=[Depends(refuse_other_sites)])


def _page(
    request: Request,
    visit: Visit,
    *,
    status: int = 200,
    problem: str | None = None,
    password_problem: str | None = None,
    new_token: str | None = None,
    form: TokenForm = _EMPTY_FORM,
) -> Response:
    services, account = services_of(request), visit.account
    language = page_language(request, services, account.language)
    _ = translator(language).gettext
    return form_page(
        request,
        "account.html",
        path="/account",
        status=status,
        language=language,
        account=account,
        sessions=[
            (session, browser_name(session.user_agent), session.id == visit.session.id)
            for session in services.sessions.all(account.id)
        ],
        tokens=services.accounts.tokens(account.id),
        scopes=[
            (scope.value, _(words)) for scope, words in _SCOPES.items() if scope in scopes_of(account.role)
        ],
        may_last_for_ever=account.role is Role.ADMIN,
        days=TOKEN_DAYS,
        max_days=MAX_TOKEN_DAYS,
        min_length=MIN_PASSWORD_LENGTH,
        moment=_moment,
        problem=problem,
        password_problem=password_problem,
        new_token=new_token,
        form=form,
        newest_token=services.accounts.newest_token(account.id),
    )


def _visit(request: Request) -> Visit:
    """Return the visit.

    Raises:
        HTTPException: a redirect for those who may not see the page.
    """
    visit = visit_of(request, services_of(request))
    if visit is None:
        raise HTTPException(303, headers={"Location": "/login?after=/account"})
    if visit.account.one_time_password:
        raise HTTPException(303, headers={"Location": "/password"})
    return visit


CurrentVisit = Annotated[Visit, Depends(_visit)]


@router.get("/account")
def show_account(request: Request, visit: CurrentVisit) -> Response:
    return _page(request, visit)


@router.post("/account/password")
async def change_password(
    request: Request, visit: CurrentVisit, old: Field = "", new: Field = "", again: Field = ""
) -> Response:
    services = services_of(request)
    _ = translator(page_language(request, services, visit.account.language)).gettext
    done = await submit_password(request, services, visit.account, old, new, again, _)
    if isinstance(done, str):
        return await run_in_threadpool(_page, request, visit, status=422, password_problem=done)
    answer = RedirectResponse("/account", 303)
    done.keep(answer, services)
    return answer


@router.post("/account/sessions/{session_id}/end")
def end_session(request: Request, visit: CurrentVisit, session_id: Number) -> Response:
    services = services_of(request)
    with suppress(NotFound):  # the session has ended meanwhile
        services.sessions.revoke(session_id, of=visit.account.id)
    return RedirectResponse("/account", 303)


@router.post("/account/sessions/end-all")
def end_sessions(request: Request, visit: CurrentVisit) -> Response:
    services = services_of(request)
    services.sessions.revoke_all(visit.account.id)
    answer = RedirectResponse("/login", 303)
    cookies.forget_session(answer, services)
    return answer


@router.post("/account/tokens")
def make_token(
    request: Request,
    visit: CurrentVisit,
    name: Field = "",
    scope: Annotated[list[str], Form(max_length=len(Scope))] = [],  # noqa: B006 - FastAPI copies it
    days: Field = "",
    after: Field = "",
) -> Response:
    services = services_of(request)
    account, name = visit.account, name.strip()
    form = TokenForm(name=name, scopes=frozenset(scope), days=days)

    def refuse(problem: str, status: int = 422) -> Response:
        return _page(request, visit, status=status, problem=problem, form=form)

    _ = translator(page_language(request, services, account.language)).gettext
    scopes = {allowed_scope for allowed_scope in scopes_of(account.role) if allowed_scope.value in scope}
    for_ever = days == "never" and account.role is Role.ADMIN
    lasts = int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0
    if not name.isprintable() or not 1 <= len(name) <= 100:
        return refuse(_("Give the token a name of up to 100 characters."))
    if not scopes:
        return refuse(_("Select at least one permission."))
    if not for_ever and not 1 <= lasts <= MAX_TOKEN_DAYS:
        return refuse(_("A token can be valid for 1 to {count} days.").format(count=MAX_TOKEN_DAYS))
    # On a reload the browser sends the form again, with the id of the token that was newest the first time.
    newest = int(after) if after.isascii() and after.isdigit() and len(after) < 10 else -1
    try:
        _token, secret = services.accounts.issue_token(
            account.id, name, scopes=scopes, days=None if for_ever else lasts, after=newest
        )
    except TokenMade:
        again = _(
            "A token has already been created with this form; its secret is not shown again. "
            "Submit the form once more to create another one."
        )
        return refuse(again, 409)
    except TooManyTokens:
        words = _("You have reached the limit of active tokens: {count}. Revoke one first.")
        return refuse(words.format(count=MAX_TOKENS), 409)
    return _page(request, visit, new_token=secret)


@router.post("/account/tokens/{token_id}/revoke")
def revoke_token(request: Request, visit: CurrentVisit, token_id: Number) -> Response:
    services = services_of(request)
    with suppress(NotFound):  # the token is already gone
        services.accounts.revoke_token(token_id, of=visit.account.id)
    return RedirectResponse("/account", 303)


@router.post("/account/tokens/revoke-all")
def revoke_tokens(request: Request, visit: CurrentVisit) -> Response:
    services = services_of(request)
    services.accounts.revoke_tokens(visit.account.id)
    return RedirectResponse("/account", 303)


def _moment(moment: datetime) -> str:
    """Draw a moment in machine-readable form. The page shows it in the browser's time zone."""
    return moment.isoformat(timespec="minutes")
