"""Apply an approved proposal to the knowledge base, in the caller's transaction."""

from dataclasses import replace
from datetime import datetime

from kb_index import Article, Status
from kb_index.text import normalize
from prompter.common.errors import (
    ArticleChanged,
    ArticleGone,
    Unanswered,
)
from prompter.domain.account import Account
from prompter.domain.drafts import ProposalKind
from prompter.domain.proposal import Proposal
from prompter.storage import Transaction
from prompter.text.slugs import slug


def _article_of(tx: Transaction, article_id: str) -> Article:
    article = tx.articles.lock(article_id)
    if article is None:
        raise ArticleGone(f"the article {article_id} no longer exists")
    if article.status is Status.ARCHIVED:
        raise ArticleGone(f"the article {article_id} has been archived")
    return article


def change_answer(tx: Transaction, proposal: Proposal, account: Account, now: datetime) -> str:
    article = _article_of(tx, proposal.article_id or "")
    if article.answer != proposal.base_answer:
        raise ArticleChanged(f"the answer of {article.id} has changed since this was proposed: look again")
    changed = replace(article, answer=_with_an_answer(proposal))
    tx.articles.upsert([changed], changed_by=account.name, now=now)
    return article.id


def add_phrasings(tx: Transaction, proposal: Proposal, article_id: str) -> str:
    article = _article_of(tx, article_id)
    texts = (
        [proposal.question]
        if proposal.kind is ProposalKind.PHRASING
        else [proposal.question, *proposal.phrasings]
    )
    known = {normalize(text) for text in (article.question, *article.phrasings)}
    new = [text for text in texts if normalize(text) not in known]
    replace(article, phrasings=(*article.phrasings, *new))  # the article checks itself
    for text in new:
        tx.articles.add_phrasing(article.id, text)
    return article.id


def make_article(
    tx: Transaction, proposal: Proposal, topic: str | None, account: Account, now: datetime
) -> str:
    _with_an_answer(proposal)
    chosen = replace(proposal, topic=topic.strip() if topic else proposal.topic)
    article = as_article(chosen, _free_id(tx, proposal.question))
    tx.articles.upsert([article], changed_by=account.name, now=now)
    return article.id


def _with_an_answer(proposal: Proposal) -> str:
    if not proposal.answer.strip():
        raise Unanswered("there is no answer yet: write one first")
    return proposal.answer


def as_article(proposal: Proposal, article_id: str) -> Article:
    """Return the article that the proposal would create, validated."""
    return Article(
        id=article_id,
        question=proposal.question,
        answer=proposal.answer,
        topic=proposal.topic,
        language=proposal.language,
        phrasings=proposal.phrasings,
    )


def _free_id(tx: Transaction, question: str) -> str:
    base = slug(question)
    number = 1
    while True:
        candidate = base if number == 1 else f"{base}-{number}"
        if not tx.articles.get_many([candidate]):
            return candidate
        number += 1
