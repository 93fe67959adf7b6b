"""The HTTP methods that an address allows."""

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def nothing_here(request: Request) -> None:
    """Answer 404, or 405 if another method is allowed. Without it a mount at "/" would answer with a page."""
    raise HTTPException(405 if allowed_methods(request) else 404)


def allowed_methods(request: Request) -> list[str]:
    """Return all methods of the address. Several routes may share it, but the framework names only one's."""
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
