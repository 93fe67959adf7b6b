"""Articles and topics: operators search them, supervisors maintain them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from kb_index import Status
from prompter_api.auth import GuardedRoute, Operator, Supervisor
from prompter_api.schemas.common import ArticleId, Done, Id, Problem
from prompter_api.schemas.knowledge import (
    ArticleHistoryOut,
    ArticleIn,
    ArticleOut,
    ArticleVersionOut,
    NewArticle,
    NewPhrasing,
    SavedOut,
    TitlesIn,
    TopicOut,
)
from prompter_api.services import services_of

router = APIRouter(prefix="/api", tags=["knowledge base"], route_class=GuardedRoute)

_CHANGED = {"model": Problem, "description": "article_changed: somebody else was faster"}


@router.get("/articles")
def find_articles(
    request: Request,
    _me: Operator,
    q: Annotated[str, Query(max_length=200, description="A question, or part of an id, question or answer")],
    limit: Annotated[int, Query(alias="most", ge=1, le=50)] = 10,
) -> list[ArticleOut]:
    """Search the published articles for a question or a part of one.

    Typing errors, the wrong keyboard layout and other words for the same do no harm.
    """
    found = services_of(request).find_articles(q.replace("\x00", ""), limit=limit)
    return [ArticleOut.model_validate(article) for article in found]


@router.get("/kb/articles")
def list_articles(
    request: Request,
    _me: Supervisor,
    q: Annotated[str, Query(max_length=200, description="Part of an id, a question or an answer")] = "",
    topic: Annotated[str | None, Query(max_length=1000)] = None,
    status: Status | None = None,
    after: Annotated[str, Query(max_length=200, description="Only ids behind this one")] = "",
    limit: Annotated[int, Query(alias="most", ge=1, le=200)] = 50,
) -> list[ArticleOut]:
    """List articles of any status, in order of id."""
    found = services_of(request).knowledge.page(
        text=q.replace("\x00", ""),
        topic=topic and topic.replace("\x00", ""),
        status=status,
        after=after.replace("\x00", ""),
        limit=limit,
    )
    return [ArticleOut.model_validate(article) for article in found]


@router.post("/kb/articles", status_code=201, responses={409: _CHANGED})
def add_article(request: Request, me: Supervisor, body: NewArticle) -> SavedOut:
    """Add an article. Running processes answer with it within seconds."""
    return SavedOut(version=services_of(request).knowledge.put(body.article(body.id), me, version=0))


@router.put("/kb/articles/{article_id:path}", responses={409: _CHANGED})
def put_article(request: Request, me: Supervisor, article_id: ArticleId, body: ArticleIn) -> SavedOut:
    """Change or add an article. Running processes answer with it within seconds."""
    version = services_of(request).knowledge.put(body.article(article_id), me, version=body.version)
    return SavedOut(version=version)


@router.post("/kb/articles/{article_id:path}/versions/{version}/restore", responses={409: _CHANGED})
def restore_article(request: Request, me: Supervisor, article_id: ArticleId, version: Id) -> SavedOut:
    """Restore an earlier version of an article. This also makes a new version."""
    return SavedOut(version=services_of(request).knowledge.restore(article_id, version, me))


@router.get("/kb/articles/{article_id:path}")
def get_article(request: Request, _me: Operator, article_id: ArticleId) -> ArticleHistoryOut:
    """Get an article of any status, with its earlier versions."""
    article, versions = services_of(request).knowledge.article(article_id)
    return ArticleHistoryOut(
        article=ArticleOut.model_validate(article),
        versions=[ArticleVersionOut.model_validate(version) for version in versions],
    )


@router.post("/kb/articles/{article_id:path}/phrasings", status_code=201)
def add_phrasing(request: Request, _me: Supervisor, article_id: ArticleId, body: NewPhrasing) -> Done:
    """Add an alternative phrasing of an article's question. Imports never remove it."""
    services_of(request).knowledge.add_phrasing(article_id, body.text)
    return Done()


@router.get("/kb/topics")
def list_topics(
    request: Request,
    me: Operator,
    language: Annotated[
        str | None, Query(max_length=35, description="Of `title`; without it, the account's")
    ] = None,
) -> list[TopicOut]:
    """List every topic, group of topics and dialogue with its titles."""
    services = services_of(request)
    titles = services.topics.titles()
    chosen = language or me.language or services.language
    return [TopicOut.of(topic, titles, chosen) for topic in services.topics.all()]


@router.put("/kb/topics/titles")
def put_titles(
    request: Request,
    _me: Supervisor,
    topic: Annotated[str, Query(min_length=1, max_length=500, examples=["order_status"])],
    body: TitlesIn,
) -> Done:
    """Set a topic's titles in every language. Titles that are left out are removed."""
    services_of(request).topics.set_titles(topic, body.titles)
    return Done()
