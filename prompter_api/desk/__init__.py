"""Which pages do operators and supervisors work with?

operator     the desk itself, and the review of answers
readiness    which topics may be answered alone, and monitoring
learning     proposals, model versions, conflicts
knowledge    articles, and the test of the bot
login        the login, and the user's own account
ui           the parts that all pages share
"""

from fastapi import FastAPI
from nicegui import APIRouter

from prompter_api.desk.knowledge.article_page import add_article
from prompter_api.desk.knowledge.articles_page import add_kb
from prompter_api.desk.knowledge.playground_page import add_try
from prompter_api.desk.knowledge.topics_page import add_topics
from prompter_api.desk.learning.conflicts_page import add_disagreements
from prompter_api.desk.learning.models_page import add_models
from prompter_api.desk.learning.proposals_page import add_inbox
from prompter_api.desk.login.account_page import router as account_router
from prompter_api.desk.login.page import router as login_router
from prompter_api.desk.operator.page import POLL_SECONDS, add_desk
from prompter_api.desk.operator.review_page import add_reviews
from prompter_api.desk.readiness.board_page import add_board
from prompter_api.desk.readiness.monitoring_page import add_monitoring
from prompter_api.desk.readiness.topic_page import add_topic
from prompter_api.desk.ui.forms import unavailable_page
from prompter_api.desk.ui.frame import PageGuard
from prompter_api.desk.ui.mounting import mount_nicegui
from prompter_api.desk.ui.session import PageSessions
from prompter_api.errors import answer_browsers
from prompter_api.services import Services

__all__ = ["add_pages"]


def add_pages(app: FastAPI, services: Services, *, poll_seconds: float = POLL_SECONDS) -> None:
    """Add the pages to an application.

    Open pages check for news every `poll_seconds` seconds.
    """
    page_sessions = PageSessions()
    guard = PageGuard(services, page_sessions)
    router = APIRouter(include_in_schema=False)
    add_desk(router, guard, poll_seconds=poll_seconds)
    add_reviews(router, guard, poll_seconds=poll_seconds)
    add_board(router, guard, poll_seconds=poll_seconds)
    add_topic(router, guard, poll_seconds=poll_seconds)
    add_monitoring(router, guard, poll_seconds=poll_seconds)
    add_kb(router, guard)
    add_article(router, guard)
    add_topics(router, guard)
    add_try(router, guard)
    add_inbox(router, guard, poll_seconds=poll_seconds)
    add_models(router, guard, poll_seconds=poll_seconds)
    add_disagreements(router, guard)
    app.include_router(login_router)
    app.include_router(account_router)
    app.include_router(router)
    mount_nicegui(app, services)
    answer_browsers(app, lambda request, error: unavailable_page(request, services, error))
