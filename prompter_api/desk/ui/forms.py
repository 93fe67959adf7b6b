"""Pages that are plain forms, rendered on the server without a socket, for password managers."""

from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from prompter.accounts.passwords import MIN_PASSWORD_LENGTH, WeakPassword
from prompter.accounts.service import WrongPassword
from prompter.common.errors import DatabaseUnavailable
from prompter.domain.account import Account
from prompter.text.translations import LANGUAGES, language_names, translator
from prompter_api import cookies
from prompter_api.desk.ui.mounting import asset
from prompter_api.errors import LoginRefused, TooManyAtOnce, TooManyTries
from prompter_api.login import Entry, change_password
from prompter_api.services import Services

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
)
_NO_STORE = {"Cache-Control": "no-store"}

Field = Annotated[str, Form(max_length=1000)]
Words = Callable[[str], str]


def page_language(request: Request, services: Services, account_language: str | None = None) -> str:
    """Return the account's language, the one chosen before login, or the default, in this order."""
    for language in (account_language, cookies.language(request, services)):
        if language in LANGUAGES:
            return str(language)
    return services.language


def form_page(
    request: Request,
    template: str,
    *,
    language: str,
    status: int = 200,
    path: str | None = None,
    **values: object,
) -> HTMLResponse:
    """Render a template in a language. `path` is the page for other languages, by default this one."""
    html = _TEMPLATES.get_template(template).render(
        _=translator(language).gettext,
        ngettext=translator(language).ngettext,
        language=language,
        languages=language_names(),
        path=path or request.url.path,
        theme=asset("theme.css"),
        **values,
    )
    return HTMLResponse(html, status, _NO_STORE)


def refused_page(request: Request, language: str) -> HTMLResponse:
    """Return the page which says that a page is for supervisors only."""
    return form_page(request, "refused.html", status=403, language=language)


def unavailable_page(request: Request, services: Services, error: DatabaseUnavailable) -> HTMLResponse:
    """Return the page which says that the database is unavailable."""
    page = form_page(request, "unavailable.html", status=503, language=page_language(request, services))
    page.headers["Retry-After"] = str(error.retry_after)
    return page


async def submit_password(
    request: Request, services: Services, account: Account, old: str, new: str, again: str, _: Words
) -> Entry | str:
    """Change the password. If that fails, return the message that says why."""
    if new != again:
        return _("The new passwords do not match.")
    try:
        return await change_password(request, services, account, old, new)
    except WrongPassword:
        return _("The current password is wrong.")
    except WeakPassword:
        return _(
            "Choose another password: at least {count} characters, different from your username and "
            "your current password, and hard to guess."
        ).format(count=MIN_PASSWORD_LENGTH)
    except (LoginRefused, TooManyTries, TooManyAtOnce) as error:
        return login_problem(error, _)


def login_problem(error: LoginRefused | TooManyTries | TooManyAtOnce, _: Words) -> str:
    """Return the message that says why a login was refused."""
    if isinstance(error, TooManyTries):
        return _("Too many failed logins. Try again in {minutes} min.").format(
            minutes=ceil(error.retry_after / 60)
        )
    if isinstance(error, TooManyAtOnce):
        return _("Too many people are logging in right now. Try again in a few seconds.")
    return _("Wrong username or password, or the account is locked.")
