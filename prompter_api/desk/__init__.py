"""The pages: where operators work, what supervisors look after, and how both log in."""

from fastapi import FastAPI
from nicegui import APIRouter

from prompter_api.desk.account_page import account_router
from prompter_api.desk.article_page import add_article
from prompter_api.desk.board_page import add_board
from prompter_api.desk.desk_page import POLL_SECONDS, add_desk
from prompter_api.desk.disagreements_page import add_disagreements
from prompter_api.desk.forms import unavailable_page
from prompter_api.desk.frame import Door
from prompter_api.desk.inbox_page import add_inbox
from prompter_api.desk.kb_page import add_kb
from prompter_api.desk.login_page import login_router
from prompter_api.desk.models_page import add_models
from prompter_api.desk.mounting import mount_nicegui
from prompter_api.desk.review_page import add_reviews
from prompter_api.desk.seats import Seats
from prompter_api.desk.topic_page import add_topic
from prompter_api.desk.try_page import add_try
from prompter_api.desk.watching_page import add_watching
from prompter_api.errors import answer_browsers
from prompter_api.parts import Parts

__all__ = ["add_pages"]


def add_pages(app: FastAPI, parts: Parts, *, poll_seconds: float = POLL_SECONDS) -> None:
    """Add the pages to an application.

    Open pages look for news every `poll_seconds`.
    """
    seats = Seats()
    door = Door(parts, seats)
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
    app.include_router(login_router(parts))
    app.include_router(account_router(parts))
    app.include_router(router)
    mount_nicegui(app, parts)
    answer_browsers(app, lambda request, error: unavailable_page(request, parts, error))
