"""What do verdicts say about which articles are right for a text, and which are wrong?"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kb_index import LabeledText
from kb_index.text import normal
from prompter.domain.dialogue import is_dialogue
from prompter.domain.evidence import RejectReason, TeachingTurn, Verdict
from prompter.storage import Store
from prompter.text.pii import mask

_USED = (Verdict.ACCEPTED, Verdict.EDITED_COSMETIC, Verdict.PICKED_OTHER)


@dataclass(frozen=True, kw_only=True)
class LabeledQuestion:
    """What a customer wrote, the article that answered it, and articles that did not; says who decided, when.

    The customer's words stay out of the repr; personal data in them are masked.
    """

    turn_id: int
    operator_id: int
    decided_at: datetime
    text: str = field(repr=False)
    right: str | None
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Contradiction:
    """The same question, judged differently."""

    text: str = field(repr=False)
    labeled: tuple[LabeledQuestion, ...]  # oldest first


@dataclass(frozen=True, kw_only=True)
class LabelSet:
    """Texts to learn from, each once, and what people do not agree about."""

    texts: tuple[LabeledText, ...]
    contradictions: tuple[Contradiction, ...]


def labeled_question(turn: TeachingTurn) -> LabeledQuestion | None:
    """What models may learn from a decision; None: nothing."""
    if not turn.utterance.strip():
        return None
    right, wrong = labels_from_verdict(
        turn.verdict, reason=turn.reason, article_id=turn.article_id, offered=turn.offered
    )
    if right is None and not wrong:
        return None
    return LabeledQuestion(
        turn_id=turn.turn_id,
        operator_id=turn.operator_id,
        decided_at=turn.decided_at,
        text=mask(turn.utterance),
        right=right,
        wrong=wrong,
    )


def labels_from_verdict(
    verdict: Verdict,
    *,
    reason: RejectReason | None,
    article_id: str | None,
    offered: Sequence[str],
) -> tuple[str | None, tuple[str, ...]]:
    """Which article a decision calls right, None: none, and which ones wrong.

    `article_id` is of what the operator used, `offered` the articles suggested, best first. What stood
    above an accepted suggestion was passed over; so was all that was offered when the operator picked
    another article. A rejected suggestion is the wrong article only if the operator said so: an outdated
    answer may still be the right one's. A text edited in substance or written anew names no right article.
    Of what a dialogue has said nothing is learned.
    """
    offered = [suggestion for suggestion in offered if not is_dialogue(suggestion)]
    if article_id is not None and is_dialogue(article_id):
        return None, ()
    if verdict in _USED and article_id:
        place = offered.index(article_id) if article_id in offered else len(offered)
        return article_id, tuple(offered[:place])
    if verdict is Verdict.REJECTED and reason is RejectReason.WRONG_ARTICLE:
        return None, tuple(offered[:1])
    return None, ()


def labeled_questions(store: Store) -> list[LabeledQuestion]:
    """The lessons of all decisions that stand, oldest first; turns drawn by lot judge, and teach nothing."""
    with store.read() as tx:
        turns = tx.decisions.teaching_turns()
    return [found for turn in turns if (found := labeled_question(turn)) is not None]


def aggregate_labels(
    learned: Iterable[LabeledQuestion], same_answer: Mapping[str, str] | None = None
) -> LabelSet:
    """Put together what is said of the same question.

    An article is right if more of the verdicts that name a right one name it, or one with the same answer,
    than all others together; it is wrong if it was called so more often than right. Where people are divided
    nothing is right, and the contradiction is told. `same_answer` maps an article to the one that stands for
    all with the same answer.
    """
    same = same_answer or {}
    groups: dict[str, list[LabeledQuestion]] = defaultdict(list)
    for query in learned:
        if key := normal(query.text):
            groups[key].append(query)
    texts, contradictions = [], []
    for group in groups.values():
        judged, divided = _together(group, same)
        if judged.right or judged.wrong:
            texts.append(judged)
        if divided:
            contradictions.append(Contradiction(text=group[-1].text, labeled=tuple(group)))
    return LabelSet(texts=tuple(texts), contradictions=tuple(contradictions))


def _together(group: Sequence[LabeledQuestion], same: Mapping[str, str]) -> tuple[LabeledText, bool]:
    """What the verdicts on one question say together, and whether they differ."""
    right = Counter(same.get(label.right, label.right) for label in group if label.right is not None)
    wrong = Counter(same.get(article, article) for label in group for article in label.wrong)
    named = {same.get(label.right, label.right): label.right for label in group if label.right is not None}
    best = [
        article for article, count in right.items() if 2 * count > right.total() and count > wrong[article]
    ]
    text = LabeledText(
        text=group[-1].text,
        right=tuple(named[article] for article in best),
        wrong=tuple(sorted(article for article, count in wrong.items() if count > right[article])),
    )
    return text, len(right) > 1 or bool(right.keys() & wrong.keys())
