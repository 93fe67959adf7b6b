"""Which site a request comes from: a browser sends our cookies whoever made it ask."""

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request

OTHER_SITE = "this request comes from another site"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_same_origin(connection: HTTPConnection) -> bool | None:
    """Whether our own page made the request; None where no browser says anything."""
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = connection.headers.get("origin")
    return None if origin is None else origin.partition("://")[2] == connection.headers.get("host")


async def refuse_other_sites(request: Request) -> None:
    """Refuse what another site makes a browser send; links that lead to our pages are welcome.

    A program that names no origin passes: it holds no cookie that somebody else could use.

    Raises:
        HTTPException: 403.
    """
    if request.method not in SAFE_METHODS and is_same_origin(request) is False:
        raise HTTPException(403, OTHER_SITE)
