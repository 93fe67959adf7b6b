"""Build the web application."""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from prompter_api import docs
from prompter_api.errors import UnexpectedErrors, add_error_handlers
from prompter_api.methods import METHODS, nothing_here
from prompter_api.metrics import Metrics, RequestMetrics
from prompter_api.routes import api_router, operations
from prompter_api.services import Services
from web.body_limit import BodyLimit
from web.header_limit import HeaderLimit
from web.headers import SecurityHeaders
from web.hosts import AllowedHosts, RelativeRedirects

_LOGIN_BODY = 20_000  # bytes; anybody may send a request
_RASA_BODY = 5_000_000  # Rasa sends its whole conversation and its domain
_DESCRIPTION = """\
What the operators' desk can do: the queue, conversations, decisions, the knowledge base, accounts.

Send an API token (`Authorization: Bearer …`), or log in and keep the cookie. A request that changes something
by cookie needs the `Origin` header that browsers send. Every error reads `{"error": …, "message": …}`.
"""


def create_app(services: Services, *, routers: Sequence[APIRouter] = ()) -> FastAPI:
    """Build the application with the JSON API, its documentation and `routers`. Pages are mounted later.

    A mount at "/" has to come after this, as routes are matched in order.
    """
    app = FastAPI(
        title="Sufler",
        version=_version(),
        summary="A prompter for support teams",
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # prompter_api.docs serves the description
        generate_unique_id_function=_operation_id,
    )
    serve_with(app, services)
    add_error_handlers(app)
    app.include_router(api_router(secure_cookies=services.secure_cookies))
    app.include_router(operations.router)
    for router in routers:
        app.include_router(router)
    app.add_api_route("/api/{path:path}", nothing_here, methods=list(METHODS), include_in_schema=False)

    docs.add_description(app)

    # The middleware added last is the outermost.
    limits = {
        "/api/login": _LOGIN_BODY,
        "/login": _LOGIN_BODY,
        "/api/rasa/actions": max(_RASA_BODY, services.max_body_bytes),
    }
    app.add_middleware(BodyLimit, max_bytes=services.max_body_bytes, limits=limits)
    app.add_middleware(HeaderLimit, max_bytes=services.max_header_bytes)
    app.add_middleware(AllowedHosts, names=services.hosts)
    app.add_middleware(RelativeRedirects)
    app.add_middleware(UnexpectedErrors)
    app.add_middleware(SecurityHeaders, https=services.secure_cookies)
    app.add_middleware(RequestMetrics)
    return app


def serve_with(app: FastAPI, services: Services) -> None:
    """Make an application use these use cases, with its metrics reset to zero.

    The settings of the face itself stay as given to `create_app`: hosts, limits, kinds of cookies.
    """
    app.state.services = services
    app.state.metrics = Metrics(services.desk)


def _operation_id(route: APIRoute) -> str:
    return route.name


def _version() -> str:
    try:
        return version("sufler-bot")
    except PackageNotFoundError:  # a checkout that was not installed
        return "0"
