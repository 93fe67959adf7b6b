"""Cookies by their exact names.

Starlette strips from a name whatever Unicode takes for white space. A browser lets a neighbour subdomain
set a cookie named `\\xa0__Host-…`, as that is no protected name for it, so the strict reading is done here.
"""

from starlette.requests import HTTPConnection

_SPACE = " \t"


def exact_cookie(connection: HTTPConnection, name: str) -> str | None:
    """The value of the cookie; None where there is none, or where two have the name and one is not ours."""
    pairs = (
        pair.partition("=") for header in connection.headers.getlist("cookie") for pair in header.split(";")
    )
    values = [value.strip(_SPACE) for key, equals, value in pairs if equals and key.strip(_SPACE) == name]
    return values[0] if len(values) == 1 else None
