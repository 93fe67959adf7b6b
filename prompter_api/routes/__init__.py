"""Which requests does the JSON API answer?

Every route translates a request into one use case, and its result into a response.

    conversations, decisions, replies, reviews    what operators do
    knowledge, proposals, learning                articles, proposals, model versions
    readiness, monitoring                         topics that may be answered alone, and figures
    ask, rasa                                     what would be suggested; Rasa's requests
    session, me, users, operations                logging in, one's account, all accounts, running it
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

# They only tell the documentation how to log in; prompter_api.auth does the checking.
TOKEN = Security(HTTPBearer(auto_error=False, scheme_name="token", description="An API token"))


def api_router(*, secure_cookies: bool = False) -> APIRouter:
    """Every route under /api; the modules spell their paths out, so that metrics can name them."""
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
