"""Turn verdicts into labels: the articles that are right or wrong for a text."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kb_index import LabeledText
from kb_index.text import normalize
from prompter.domain.dialogue import is_dialogue
from prompter.domain.evidence import RejectReason, TeachingTurn, Verdict
from prompter.storage import Store
from prompter.text.pii import mask

_USED = (Verdict.ACCEPTED, Verdict.EDITED_COSMETIC, Verdict.PICKED_OTHER)


@dataclass(frozen=True, kw_only=True)
class LabeledQuestion:
    """A customer's text with the article that answered it and articles that did not, its judge and time.

    The text stays out of the repr, and personal data in it are masked.
    """

    turn_id: int
    operator_id: int
    decided_at: datetime
    text: str = field(repr=False)
    right: str | None
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Contradiction:
    """A question that was judged differently."""

    text: str = field(repr=False)
    labeled: tuple[LabeledQuestion, ...]  # oldest first


@dataclass(frozen=True, kw_only=True)
class LabelSet:
    """Distinct texts to learn from, and contradictions between people."""

    texts: tuple[LabeledText, ...]
    contradictions: tuple[Contradiction, ...]


def labeled_question(turn: TeachingTurn) -> LabeledQuestion | None:
    """Return the label that models may learn from a decision, or None if there is none."""
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
    """Return the article that a decision calls right, or None, and the wrong articles.

    `article_id` is the article that the operator used, and `offered` are the suggested articles, best
    first. Suggestions above an accepted one count as wrong, and so do all suggestions if the operator
    picked another article. A rejected suggestion is the wrong article only if the operator said so: an
    outdated answer may still belong to the right article. A text edited in substance or newly written
    names no right article. Replies of dialogues give no labels.
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
    """Return the labels of all decisions in force, oldest first.

    Randomly sampled turns are left out: they measure the models, so they do not teach them.
    """
    with store.read() as tx:
        turns = tx.decisions.teaching_turns()
    return [found for turn in turns if (found := labeled_question(turn)) is not None]


def aggregate_labels(
    learned: Iterable[LabeledQuestion], same_answer: Mapping[str, str] | None = None
) -> LabelSet:
    """Combine the labels of each question.

    An article is right if most verdicts that name a right article name it or one with the same answer.
    It is wrong if it was called wrong more often than right. If people are divided, no article is right
    and the contradiction is reported. `same_answer` maps an article to the representative of all
    articles with the same answer.
    """
    same = same_answer or {}
    groups: dict[str, list[LabeledQuestion]] = defaultdict(list)
    for query in learned:
        if key := normalize(query.text):
            groups[key].append(query)
    texts, contradictions = [], []
    for group in groups.values():
        judged, divided = _combine(group, same)
        if judged.right or judged.wrong:
            texts.append(judged)
        if divided:
            contradictions.append(Contradiction(text=group[-1].text, labeled=tuple(group)))
    return LabelSet(texts=tuple(texts), contradictions=tuple(contradictions))


def _combine(group: Sequence[LabeledQuestion], same: Mapping[str, str]) -> tuple[LabeledText, bool]:
    """Return the combined label of one question, and whether its verdicts differ."""
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
