"""Logging in and out, choosing a password and a language: plain forms, for password managers."""

from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from prompter.accounts import SHORTEST_PASSWORD, WeakPassword, WrongPassword
from prompter.errors import DatabaseUnavailable
from prompter_api.auth import end_session, session_account
from prompter_api.desk.mounting import asset
from prompter_api.desk.seats import Seats
from prompter_api.errors import LoginRefused, TooManyTries
from prompter_api.locale import LANGUAGES, translator
from prompter_api.login import change_password, log_in
from prompter_api.parts import Parts
from web.origins import refuse_other_sites

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)
_NO_STORE = {"Cache-Control": "no-store"}

Field = Annotated[str, Form(max_length=1000)]


def page_language(request: Request, parts: Parts, account_language: str | None = None) -> str:
    """The account's language, else the one chosen before logging in, else that of the settings."""
    for language in (account_language, request.session.get("language")):
        if language in LANGUAGES:
            return str(language)
    return parts.language


def login_router(parts: Parts, seats: Seats) -> APIRouter:
    """The forms; `seats` loses those of a session that logs out."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(refuse_other_sites)])

    @router.get("/login")
    def login_form(request: Request, after: str = "/desk") -> Response:
        if session_account(request, parts.accounts) is not None:
            return RedirectResponse(_own_path(after), 303)
        return _page(request, parts, "login.html", after=_own_path(after), name="", problem=None)

    @router.post("/login")
    def submit_login(
        request: Request, name: Field = "", password: Field = "", after: Field = "/desk"
    ) -> Response:
        language = request.session.get("language")
        try:
            account = log_in(request, parts, name, password)
        except (LoginRefused, TooManyTries) as error:
            return _page(
                request,
                parts,
                "login.html",
                status=429 if isinstance(error, TooManyTries) else 403,
                after=_own_path(after),
                name=name,
                problem=_login_problem(error, translator(page_language(request, parts)).gettext),
            )
        if language in LANGUAGES and account.language != language:
            parts.accounts.set_language(account.id, str(language))
        return RedirectResponse("/password" if account.one_time_password else _own_path(after), 303)

    @router.get("/password")
    def password_form(request: Request) -> Response:
        account = session_account(request, parts.accounts)
        if account is None:
            return RedirectResponse("/login", 303)
        return _password_page(request, parts, account.name, account.one_time_password, account.language)

    @router.post("/password")
    def submit_password(request: Request, old: Field = "", new: Field = "", again: Field = "") -> Response:
        account = session_account(request, parts.accounts)
        if account is None:
            return RedirectResponse("/login", 303)
        _ = translator(page_language(request, parts, account.language)).gettext
        problem = None
        try:
            if new != again:
                problem = _("The two new passwords differ.")
            else:
                change_password(request, parts, account, old, new)
        except WrongPassword:
            problem = _("The current password is wrong.")
        except WeakPassword:
            problem = _(
                "Choose another password: at least {count} characters, not your name, not the current one."
            ).format(count=SHORTEST_PASSWORD)
        except TooManyTries as error:
            problem = _login_problem(error, _)
        if problem is None:
            return RedirectResponse("/desk", 303)
        return _password_page(
            request, parts, account.name, account.one_time_password, account.language, problem=problem
        )

    @router.post("/logout")
    def submit_logout(request: Request) -> Response:
        seats.close(dict(request.session))
        end_session(request)
        return RedirectResponse("/login", 303)

    @router.post("/language")
    def submit_language(request: Request, language: Field = "", after: Field = "/desk") -> Response:
        account = session_account(request, parts.accounts)
        if language in LANGUAGES:
            if account is None:
                request.session["language"] = language
            else:
                parts.accounts.set_language(account.id, language)
        return RedirectResponse(_own_path(after), 303)

    @router.get("/desk/session")
    def session_state(request: Request) -> Response:
        """Open pages ask now and then whether their browser is still logged in."""
        return Response(status_code=401 if session_account(request, parts.accounts) is None else 204)

    return router


def refused_page(request: Request, parts: Parts, language: str) -> Response:
    """What somebody reads who has opened a page of supervisors."""
    return _page(request, parts, "refused.html", status=403, language=language)


def unavailable_page(request: Request, parts: Parts, error: DatabaseUnavailable) -> Response:
    """What somebody reads who has opened a page while the database cannot be used."""
    page = _page(request, parts, "unavailable.html", status=503)
    page.headers["Retry-After"] = str(error.retry_after)
    return page


def _page(
    request: Request,
    parts: Parts,
    template: str,
    *,
    status: int = 200,
    language: str | None = None,
    **values: object,
) -> HTMLResponse:
    language = language or page_language(request, parts)
    html = _TEMPLATES.get_template(template).render(
        _=translator(language).gettext,
        language=language,
        languages=LANGUAGES,
        path=request.url.path,
        theme=asset("theme.css"),
        **values,
    )
    return HTMLResponse(html, status, _NO_STORE)


def _password_page(
    request: Request,
    parts: Parts,
    name: str,
    one_time: bool,
    language: str | None,
    *,
    problem: str | None = None,
) -> HTMLResponse:
    return _page(
        request,
        parts,
        "password.html",
        status=422 if problem else 200,
        language=page_language(request, parts, language),
        name=name,
        one_time=one_time,
        shortest=SHORTEST_PASSWORD,
        problem=problem,
    )


def _login_problem(error: LoginRefused | TooManyTries, _: Callable[[str], str]) -> str:
    if isinstance(error, TooManyTries):
        return _("Too many failed logins. Try again in {minutes} min.").format(
            minutes=ceil(error.retry_after / 60)
        )
    return _("Name or password is wrong, or the account is locked.")


def _own_path(target: str) -> str:
    """A path on this server; anything else leads to the desk."""
    parts = urlsplit(target)
    own = target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.netloc
    return target if own and target.isprintable() else "/desk"
