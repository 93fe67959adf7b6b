"""Cookies by their exact names.

Starlette strips from a name every character that Unicode counts as white space. A browser lets a sibling
subdomain set a cookie named `\\xa0__Host-…`, because to the browser that name is not protected. So cookies
are read strictly here.
"""

from starlette.requests import HTTPConnection

_SPACE = " \t"


def exact_cookie(connection: HTTPConnection, name: str) -> str | None:
    """Return the value of the cookie, or None if it is missing or sent twice, as one may not be ours."""
    pairs = (
        pair.partition("=") for header in connection.headers.getlist("cookie") for pair in header.split(";")
    )
    values = [value.strip(_SPACE) for key, equals, value in pairs if equals and key.strip(_SPACE) == name]
    return values[0] if len(values) == 1 else None
