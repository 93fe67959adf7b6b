"""Find disagreements: between people about a question, and between people and an article's answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from prompter.domain.evidence import Verdict
from prompter.labels.from_verdicts import aggregate_labels, labeled_questions
from prompter.storage import Store

_MIN_USES = 5  # of an article, before its edits are reported
_OFTEN = 0.3  # share of its uses


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """A person's verdict on a question: the right article, or None if none of those offered was right."""

    operator: str
    decided_at: datetime
    conversation_id: int
    right: str | None
    wrong: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DividedQuestion:
    """A question that was judged differently. Opinions are ordered most recent first."""

    text: str = field(repr=False)
    opinions: tuple[Opinion, ...]


@dataclass(frozen=True, kw_only=True)
class EditedArticle:
    """An article whose answer operators often change in substance, or reject as outdated or incomplete."""

    article_id: str
    question: str
    n_used: int
    n_changed: int


@dataclass(frozen=True, kw_only=True)
class Disagreements:
    """All conflicts that a supervisor should settle. `names` are the named articles' questions, by id."""

    questions: Sequence[DividedQuestion]
    articles: Sequence[EditedArticle]
    names: dict[str, str]


def disagreements(store: Store, *, limit: int = 50) -> Disagreements:
    """Find the conflicts. Randomly sampled turns are left out, as they are when models learn."""
    divided = aggregate_labels(labeled_questions(store)).contradictions
    latest = sorted(divided, key=lambda conflict: conflict.labeled[-1].decided_at, reverse=True)[:limit]
    with store.read() as tx:
        operators = {account.id: account.name for account in tx.accounts.all()}
        turns = tx.conversations.turns({label.turn_id for conflict in latest for label in conflict.labeled})
        uses = tx.decisions.verdicts_by_article()
        questions = [
            DividedQuestion(
                text=conflict.text,
                opinions=tuple(
                    Opinion(
                        operator=operators.get(label.operator_id, "?"),
                        decided_at=label.decided_at,
                        conversation_id=turns[label.turn_id].conversation_id,
                        right=label.right,
                        wrong=label.wrong,
                    )
                    for label in reversed(conflict.labeled)
                ),
            )
            for conflict in latest
        ]
        named = {
            article
            for question in questions
            for opinion in question.opinions
            for article in (*opinion.wrong, *([opinion.right] if opinion.right else []))
        }
        articles = tx.articles.get_many(named | uses.keys())
    edited = [
        EditedArticle(
            article_id=article_id,
            question=articles[article_id].question,
            n_used=sum(counts.values()),
            n_changed=_count_changes(counts),
        )
        for article_id, counts in uses.items()
        if article_id in articles
    ]
    often = [
        article
        for article in edited
        if article.n_used >= _MIN_USES and article.n_changed >= max(2, _OFTEN * article.n_used)
    ]
    return Disagreements(
        questions=questions,
        articles=sorted(often, key=lambda conflict: (-conflict.n_changed, conflict.article_id))[:limit],
        names={
            article_id: article.question for article_id, article in articles.items() if article_id in named
        },
    )


def _count_changes(counts: dict[Verdict, int]) -> int:
    return counts.get(Verdict.EDITED_SUBSTANTIVE, 0) + counts.get(Verdict.REJECTED, 0)
