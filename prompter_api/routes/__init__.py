"""The JSON API: every route translates a request into one use case and its outcome back."""

from fastapi import APIRouter, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from prompter_api.routes import (
    ask,
    conversations,
    decisions,
    knowledge,
    learning,
    me,
    proposals,
    rasa,
    readiness,
    replies,
    reviews,
    session,
    users,
    watching,
)
from web.problems import problems

SESSION_COOKIE = "sufler_session"

# They only tell the documentation how to log in; prompter_api.auth does the checking.
CREDENTIALS = [
    Security(HTTPBearer(auto_error=False, scheme_name="token", description="An API token")),
    Security(APIKeyCookie(name=SESSION_COOKIE, auto_error=False, scheme_name="session")),
]


def api_router() -> APIRouter:
    """Every route under /api; the modules spell their paths out, so that metrics can name them."""
    router = APIRouter(responses=problems(422))
    router.include_router(session.router)
    for module in (
        ask,
        conversations,
        decisions,
        replies,
        reviews,
        readiness,
        watching,
        knowledge,
        learning,
        proposals,
        rasa,
        me,
        users,
    ):
        router.include_router(module.router, dependencies=CREDENTIALS)
    return router
