"""The pages: where operators work, what supervisors look after, and how both log in."""

from fastapi import FastAPI
from nicegui import APIRouter

from prompter_api.desk.knowledge.article_page import add_article
from prompter_api.desk.knowledge.articles_page import add_kb
from prompter_api.desk.knowledge.playground_page import add_try
from prompter_api.desk.learning.conflicts_page import add_disagreements
from prompter_api.desk.learning.models_page import add_models
from prompter_api.desk.learning.proposals_page import add_inbox
from prompter_api.desk.login.account_page import router as account_router
from prompter_api.desk.login.page import router as login_router
from prompter_api.desk.operator.page import POLL_SECONDS, add_desk
from prompter_api.desk.operator.review_page import add_reviews
from prompter_api.desk.readiness.board_page import add_board
from prompter_api.desk.readiness.monitoring_page import add_watching
from prompter_api.desk.readiness.topic_page import add_topic
from prompter_api.desk.ui.forms import unavailable_page
from prompter_api.desk.ui.frame import PageGuard
from prompter_api.desk.ui.mounting import mount_nicegui
from prompter_api.desk.ui.session import Seats
from prompter_api.errors import answer_browsers
from prompter_api.parts import Services

__all__ = ["add_pages"]


def add_pages(app: FastAPI, parts: Services, *, poll_seconds: float = POLL_SECONDS) -> None:
    """Add the pages to an application.

    Open pages look for news every `poll_seconds`.
    """
    seats = Seats()
    door = PageGuard(parts, seats)
    router = APIRouter(include_in_schema=False)
    add_desk(router, door, poll_seconds=poll_seconds)
    add_reviews(router, door, poll_seconds=poll_seconds)
    add_board(router, door, poll_seconds=poll_seconds)
    add_topic(router, door, poll_seconds=poll_seconds)
    add_watching(router, door, poll_seconds=poll_seconds)
    add_kb(router, door)
    add_article(router, door)
    add_try(router, door)
    add_inbox(router, door, poll_seconds=poll_seconds)
    add_models(router, door, poll_seconds=poll_seconds)
    add_disagreements(router, door)
    app.include_router(login_router)
    app.include_router(account_router)
    app.include_router(router)
    mount_nicegui(app, parts)
    answer_browsers(app, lambda request, error: unavailable_page(request, parts, error))
