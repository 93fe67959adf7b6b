"""Which requests does the JSON API answer?

Every route translates a request into one use case, and its result into a response.

    conversations, decisions, replies, reviews    what operators do
    knowledge, proposals, learning                articles, proposals, model versions
    readiness, monitoring                         readiness of topics, and figures
    ask, rasa                                     suggestions for a text; Rasa's requests
    session, me, users, operations                login, the user's own account, all accounts, operations
"""

from fastapi import APIRouter, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from prompter_api import cookies
from prompter_api.routes import (
    ask,
    conversations,
    decisions,
    knowledge,
    learning,
    me,
    monitoring,
    proposals,
    rasa,
    readiness,
    replies,
    reviews,
    session,
    users,
)
from web.problems import problems

# They only document how to log in. prompter_api.auth does the checks.
TOKEN = Security(HTTPBearer(auto_error=False, scheme_name="token", description="An API token"))


def api_router(*, secure_cookies: bool = False) -> APIRouter:
    """Collect every route under /api. The modules spell out their paths, so that metrics can name them."""
    cookie = cookies.name_of(cookies.SESSION, secure=secure_cookies)
    credentials = [TOKEN, Security(APIKeyCookie(name=cookie, auto_error=False, scheme_name="session"))]
    router = APIRouter(responses=problems(422))
    router.include_router(session.router)
    for module in (
        ask,
        conversations,
        decisions,
        replies,
        reviews,
        readiness,
        monitoring,
        knowledge,
        learning,
        proposals,
        rasa,
        me,
        users,
    ):
        router.include_router(module.router, dependencies=credentials)
    return router
