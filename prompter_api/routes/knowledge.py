"""The articles: found by operators, tended by supervisors."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from prompter_api.auth import Operator, Supervisor
from prompter_api.parts import parts_of
from prompter_api.schemas.common import ArticleId, Done
from prompter_api.schemas.knowledge import ArticleHistoryOut, ArticleOut, ArticleVersionOut, NewPhrasing

router = APIRouter(prefix="/api", tags=["knowledge base"])


@router.get("/articles")
def find_articles(
    request: Request,
    _me: Operator,
    q: Annotated[str, Query(max_length=200, description="Part of an id, a question or an answer")],
    most: Annotated[int, Query(ge=1, le=50)] = 10,
) -> list[ArticleOut]:
    """Published articles that hold the text, in any case."""
    found = parts_of(request).desk.find_articles(q.replace("\x00", ""), most=most)
    return [ArticleOut.model_validate(article) for article in found]


@router.get("/kb/articles/{article_id}")
def get_article(request: Request, _me: Operator, article_id: ArticleId) -> ArticleHistoryOut:
    """An article in whatever status, and what it was before."""
    article, versions = parts_of(request).knowledge.article(article_id)
    return ArticleHistoryOut(
        article=ArticleOut.model_validate(article),
        versions=[ArticleVersionOut.model_validate(version) for version in versions],
    )


@router.post("/kb/articles/{article_id}/phrasings", status_code=201)
def add_phrasing(request: Request, _me: Supervisor, article_id: ArticleId, body: NewPhrasing) -> Done:
    """Add another way to put an article's question; imports never remove it."""
    parts_of(request).knowledge.add_phrasing(article_id, body.text)
    return Done()
