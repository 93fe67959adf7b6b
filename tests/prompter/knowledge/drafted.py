"""Build drafts as decisions would produce them, to be proposed."""

from collections.abc import Sequence

import numpy as np

from nlu.encoders.encoder import Vectors
from prompter.domain.drafts import Draft, GivenAnswer, Proof, ProposalKind, SeenText, Source


def proof(*texts: str, turns: Sequence[int] = (), **more: object) -> Proof:
    """Return evidence for texts, each asked once in its own conversation unless `turns` are more."""
    number = max(len(turns), len(texts))
    fields: dict[str, object] = {
        "n_turns": number,
        "n_conversations": number,
        "n_operators": 1,
        "texts": tuple(SeenText(text=text, times=1) for text in texts),
        "turns": tuple(turns),
    }
    return Proof(**(fields | more))  # type: ignore[arg-type]


def new_article(
    *texts: str, turns: Sequence[int] = (), answer: str = "Да, при получении.", source: Source = Source.DESK
) -> Draft:
    """Draft an article from customers' `texts`, the first of which names it."""
    given = (GivenAnswer(text=answer, times=2, operators=1),) if answer else ()
    return Draft(
        kind=ProposalKind.NEW_ARTICLE,
        source=source,
        question=texts[0],
        answer=answer,
        topic="orders",
        language="ru",
        proof=proof(*texts, turns=turns, answers=given),
    )


def phrasing(article_id: str, *texts: str, turns: Sequence[int] = ()) -> Draft:
    return Draft(
        kind=ProposalKind.PHRASING,
        article_id=article_id,
        question=texts[0],
        topic="orders",
        language="ru",
        proof=proof(*texts, turns=turns),
    )


def changed_answer(
    article_id: str,
    before: str,
    *,
    added: Sequence[str] = (),
    removed: Sequence[str] = (),
    turns: Sequence[int] = (),
) -> Draft:
    """Draft a changed answer: operators have added sentences at the end and removed others."""
    after = before
    for sentence in removed:
        after = after.replace(sentence, "").strip()
    return Draft(
        kind=ProposalKind.CHANGED_ANSWER,
        article_id=article_id,
        question="Как отменить заказ",
        answer=" ".join((after, *added)),
        base_answer=before,
        topic="orders",
        language="ru",
        proof=proof(turns=turns, added=tuple(added), removed=tuple(removed)),
    )


def by_first_word(texts: Sequence[str]) -> Vectors:
    """Encode texts so that texts with the same first word are equal and others unrelated."""
    words = sorted({text.split()[0] for text in texts})
    return np.eye(len(words), dtype=np.float32)[[words.index(text.split()[0]) for text in texts]]
