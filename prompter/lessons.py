"""What does a verdict say about which articles are right for a text, and which are wrong?"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from prompter.storage import Store
from prompter.values import RejectReason, Verdict


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What a customer wrote, the article that answered it, and articles that did not.

    The customer's words stay out of the repr.
    """

    text: str = field(repr=False)
    right: str | None
    wrong: tuple[str, ...] = ()


def lesson(
    text: str,
    verdict: Verdict,
    *,
    reason: RejectReason | None,
    article_id: str | None,
    offered: Sequence[str],
) -> Lesson | None:
    """What models may learn from a decision; None: nothing.

    `article_id` is of what the operator used, `offered` the articles suggested, best first. What stood
    above an accepted suggestion was passed over; so was all that was offered when the operator picked
    another article. A rejected suggestion is the wrong article only if the operator said so: an outdated
    answer may still be the right one's. A text edited in substance or written anew names no right article.
    """
    if not text.strip():
        return None
    if verdict in (Verdict.ACCEPTED, Verdict.EDITED_COSMETIC, Verdict.PICKED_OTHER) and article_id:
        place = offered.index(article_id) if article_id in offered else len(offered)
        return Lesson(text=text, right=article_id, wrong=tuple(offered[:place]))
    if verdict is Verdict.REJECTED and reason is RejectReason.WRONG_ARTICLE and offered:
        return Lesson(text=text, right=None, wrong=(offered[0],))
    return None


def lessons(store: Store) -> list[Lesson]:
    """The lessons of all decisions that stand, oldest first; turns drawn by lot judge, and teach nothing."""
    with store.read() as tx:
        turns = tx.decisions.teaching_turns()
    found = (
        lesson(
            turn.utterance,
            turn.verdict,
            reason=turn.reason,
            article_id=turn.article_id,
            offered=turn.offered,
        )
        for turn in turns
    )
    return [one for one in found if one is not None]
