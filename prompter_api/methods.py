"""By which methods can an address be asked?"""

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def nothing_here(request: Request) -> None:
    """404, or 405 where another method would do; without it a mount at "/" would answer, with a page."""
    raise HTTPException(405 if allowed_methods(request) else 404)


def allowed_methods(request: Request) -> list[str]:
    """All methods of the address: several routes may share it, and the framework names those of one."""
    other_routes = [
        route
        for route in request.app.router.routes
        if not isinstance(route, Mount) and getattr(route, "endpoint", None) is not nothing_here
    ]
    return [
        method
        for method in METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in other_routes)
    ]
