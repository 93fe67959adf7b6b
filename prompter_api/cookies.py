"""The cookies of the pages: session, device, language."""

from starlette.requests import HTTPConnection
from starlette.responses import Response

from prompter_api.services import Services
from web.cookies import exact_cookie

SESSION = "sufler_session"
_DEVICE = "sufler_device"
_LANGUAGE = "sufler_language"
_DEVICE_SECONDS = 180 * 86400
_LANGUAGE_SECONDS = 365 * 86400


def session_secret(connection: HTTPConnection, services: Services) -> str | None:
    return exact_cookie(connection, _name(SESSION, services))


def set_session(response: Response, services: Services, secret: str) -> None:
    _set(response, services, SESSION, secret, seconds=int(services.session_hours * 3600))


def forget_session(response: Response, services: Services) -> None:
    response.delete_cookie(
        _name(SESSION, services), secure=services.secure_cookies, httponly=True, samesite="lax"
    )


def device(connection: HTTPConnection, services: Services) -> str | None:
    """Return the cookie by which a browser proves an earlier login, or None."""
    return exact_cookie(connection, _name(_DEVICE, services))


def set_device(response: Response, services: Services, cookie: str) -> None:
    _set(response, services, _DEVICE, cookie, seconds=_DEVICE_SECONDS)


def language(connection: HTTPConnection, services: Services) -> str | None:
    """Return the language that was chosen before logging in, or None."""
    return exact_cookie(connection, _name(_LANGUAGE, services))


def set_language(response: Response, services: Services, chosen: str) -> None:
    _set(response, services, _LANGUAGE, chosen, seconds=_LANGUAGE_SECONDS)


def _set(response: Response, services: Services, name: str, value: str, *, seconds: int) -> None:
    # Lax, not strict, so that a link to a conversation in a chat or an e-mail opens logged in. The extra
    # protection of strict comes from prompter_api.auth: no GET changes anything, and every other request
    # must come from our own pages.
    response.set_cookie(
        _name(name, services),
        value,
        max_age=seconds,
        secure=services.secure_cookies,
        httponly=True,
        samesite="lax",
    )


def _name(name: str, services: Services) -> str:
    return name_of(name, secure=services.secure_cookies)


def name_of(name: str, *, secure: bool) -> str:
    """Return the cookie's full name. With the prefix, browsers accept it only from this host over HTTPS."""
    return f"__Host-{name}" if secure else name
