"""The site that a request comes from. A browser sends our cookies with requests that other sites cause."""

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request

OTHER_SITE = "this request comes from another site"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_same_origin(connection: HTTPConnection) -> bool | None:
    """Tell whether our own page made the request. Return None if no header says so."""
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = connection.headers.get("origin")
    return None if origin is None else origin.partition("://")[2] == connection.headers.get("host")


async def refuse_other_sites(request: Request) -> None:
    """Refuse requests that another site makes a browser send. Links to our pages are allowed.

    A program that names no origin passes: it holds no cookie that another site could use.

    Raises:
        HTTPException: when another site caused the request (status 403).
    """
    if request.method not in SAFE_METHODS and is_same_origin(request) is False:
        raise HTTPException(403, OTHER_SITE)
