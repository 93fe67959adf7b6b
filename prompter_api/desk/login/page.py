"""Login, logout and choice of a password and a language, as plain forms for password managers."""

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from prompter.accounts.passwords import MIN_PASSWORD_LENGTH
from prompter.accounts.sessions import Visit
from prompter.text.translations import LANGUAGES, translator
from prompter_api import cookies
from prompter_api.auth import visit_of
from prompter_api.desk.ui.forms import Field, form_page, login_problem, page_language, submit_password
from prompter_api.errors import LoginRefused, TooManyAtOnce, TooManyTries
from prompter_api.login import log_in
from prompter_api.services import services_of
from web.origins import refuse_other_sites

router = APIRouter(include_in_schema=False, dependencies=[Depends(refuse_other_sites)])


@router.get("/login")
def login_form(request: Request, after: str = "/desk") -> Response:
    services = services_of(request)
    if _visit(request) is not None:
        return RedirectResponse(_local_path(after), 303)
    language = page_language(request, services)
    return form_page(
        request, "login.html", language=language, after=_local_path(after), name="", problem=None
    )


@router.post("/login")
async def submit_login(
    request: Request, name: Field = "", password: Field = "", after: Field = "/desk"
) -> Response:
    services = services_of(request)
    try:
        entry = await log_in(request, services, name, password)
    except (LoginRefused, TooManyTries, TooManyAtOnce) as error:
        language = page_language(request, services)
        page = form_page(
            request,
            "login.html",
            status=403 if isinstance(error, LoginRefused) else 429,
            language=language,
            after=_local_path(after),
            name=name,
            problem=login_problem(error, translator(language).gettext),
        )
        if not isinstance(error, LoginRefused):
            page.headers["Retry-After"] = str(error.retry_after)
        return page
    account, chosen = entry.account, cookies.language(request, services)
    if chosen in LANGUAGES and account.language != chosen:
        await run_in_threadpool(services.accounts.set_language, account.id, str(chosen))
    answer = RedirectResponse("/password" if account.one_time_password else _local_path(after), 303)
    entry.keep(answer, services)
    return answer


@router.get("/password")
def password_form(request: Request) -> Response:
    found = _visit(request)
    return RedirectResponse("/login", 303) if found is None else _password_page(request, found, None)


@router.post("/password")
async def choose_password(request: Request, old: Field = "", new: Field = "", again: Field = "") -> Response:
    services = services_of(request)
    found = await run_in_threadpool(_visit, request)
    if found is None:
        return RedirectResponse("/login", 303)
    _ = translator(page_language(request, services, found.account.language)).gettext
    done = await submit_password(request, services, found.account, old, new, again, _)
    if isinstance(done, str):
        return _password_page(request, found, done)
    answer = RedirectResponse("/desk", 303)
    done.keep(answer, services)
    return answer


def _password_page(request: Request, found: Visit, problem: str | None) -> Response:
    services = services_of(request)
    return form_page(
        request,
        "password.html",
        status=422 if problem else 200,
        language=page_language(request, services, found.account.language),
        name=found.account.name,
        one_time=found.account.one_time_password,
        min_length=MIN_PASSWORD_LENGTH,
        problem=problem,
    )


@router.post("/logout")
def submit_logout(request: Request) -> Response:
    services = services_of(request)
    if (secret := cookies.session_secret(request, services)) is not None:
        services.sessions.end(secret)
    answer = RedirectResponse("/login", 303)
    cookies.forget_session(answer, services)
    return answer


@router.post("/language")
def submit_language(request: Request, language: Field = "", after: Field = "/desk") -> Response:
    services = services_of(request)
    answer, found = RedirectResponse(_local_path(after), 303), _visit(request)
    if language in LANGUAGES:
        if found is None:
            cookies.set_language(answer, services, language)
        else:
            services.accounts.set_language(found.account.id, language)
    return answer


@router.get("/desk/session")
def session_state(request: Request) -> Response:
    """Tell open pages whether their browser is still logged in. This does not count as activity."""
    services = services_of(request)
    found = visit_of(request, services, is_active=False)
    return Response(status_code=401 if found is None else 204)


def _visit(request: Request) -> Visit | None:
    return visit_of(request, services_of(request))


def _local_path(target: str) -> str:
    """Return `target` if it is a path on this server, and the desk's path otherwise."""
    is_local = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if is_local else "/desk"
