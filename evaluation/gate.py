"""Decide whether a candidate model may replace the champion, by comparing both on the same rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from evaluation.estimates import Estimate, share
from evaluation.outcomes import ScoredCase
from evaluation.paired import compare, retrieval_statistics
from evaluation.rows import Case

_OVERALL = "p_at_1"


class Source(StrEnum):
    """The source of a row."""

    HELD_OUT = "held_out"  # a file that is never learned from
    VERDICT = "verdict"  # operators' decisions made after the training data of both models
    PINNED = "pinned"  # a supervisor has fixed its answer permanently


class Refusal(StrEnum):
    """A reason for refusing a candidate."""

    PINNED = "pinned"  # a pinned case would change from right to wrong
    WORSE = "worse"  # overall it may be worse by more than is allowed
    TOPIC = (
        "topic"  # a topic that answers alone would give more wrong answers than its evidence leaves room for
    )


@dataclass(frozen=True, kw_only=True)
class Row:
    """A question to both models. `key` names its verdict or pinned case. The repr hides customers' words."""

    case: Case = field(repr=False)
    source: Source
    key: int | None = None


@dataclass(frozen=True, kw_only=True)
class GatedTopic:
    """A topic, or group, that answers alone from `threshold` on, or is being tested for that.

    `margin` is the distance from the bar to the lower end of its share of right answers.
    """

    name: str
    topics: frozenset[str]
    threshold: float
    margin: float
    is_live: bool = True


@dataclass(frozen=True, kw_only=True)
class TopicChange:
    """The changes in a topic, among the `n_answered` rows that either model would answer alone."""

    name: str
    is_live: bool
    n_answered: int
    turned_right: int  # wrong answers that would no longer be given
    turned_wrong: int  # wrong answers that would newly be given
    allowed: float  # maximum excess of answers that turn wrong over those that turn right

    @property
    def is_too_much(self) -> bool:
        """Return True if more answers turn wrong than the evidence permits."""
        return self.is_live and self.turned_wrong - self.turned_right > self.allowed

    @property
    def is_worse(self) -> bool:
        """Return True if more answers turn wrong than right: old evidence says little of the new model."""
        return self.turned_wrong > self.turned_right


@dataclass(frozen=True, kw_only=True)
class Change:
    """A row for which the models' first suggestions differ. None: no suggestion."""

    row: Row
    before: str | None
    after: str | None
    was_right: bool
    is_right: bool
    topic: str | None  # the topic that answered it alone, or would; None: no topic


@dataclass(frozen=True, kw_only=True)
class GateReport:
    """The measurement and its verdict. `difference` is the candidate's share minus the champion's."""

    refusal: Refusal | None
    n_rows: Mapping[Source, int]
    champion: Estimate | None  # share of rows whose first suggestion is right
    candidate: Estimate | None
    difference: Estimate | None
    won: int
    lost: int
    broken: tuple[Row, ...]  # pinned cases that the candidate breaks
    topics: tuple[TopicChange, ...]
    changes: tuple[Change, ...]


def judge(
    rows: Sequence[Row],
    champion: Sequence[ScoredCase],
    candidate: Sequence[ScoredCase],
    *,
    topic_of: Mapping[str, str],
    noninferiority_margin: float,
    tested: Sequence[GatedTopic] = (),
    same_answer: Mapping[str, str] | None = None,
    seed: int = 0,
) -> GateReport:
    """Compare two models by their outcomes on the same rows in the same order.

    A candidate is refused if it breaks a pinned case, if the lower end of the paired difference over all
    other rows is below minus `noninferiority_margin`, or if it turns more answers of a live topic wrong than
    right, by more than the topic's margin. `topic_of` and `same_answer` take article ids.
    """
    same = same_answer or {}
    pairs = list(zip(rows, champion, candidate, strict=True))
    broken = tuple(
        row for row, old, new in pairs if row.source is Source.PINNED and old.is_right and not new.is_right
    )
    judged = [(old, new) for row, old, new in pairs if row.source is not Source.PINNED and old.in_scope]
    old_outcomes, new_outcomes = [old for old, _ in judged], [new for _, new in judged]
    difference, won, lost = None, 0, 0
    if judged:
        statistics = {_OVERALL: retrieval_statistics()[_OVERALL]}
        compared = compare(new_outcomes, old_outcomes, statistics, seed=seed)
        difference, won, lost = compared.differences[_OVERALL].estimate, compared.won, compared.lost
    changed = tuple(_topic_change(topic, pairs, topic_of) for topic in tested)
    return GateReport(
        refusal=_refusal(broken, difference, changed, noninferiority_margin),
        n_rows={source: sum(row.source is source for row in rows) for source in Source},
        champion=share(sum(outcome.is_right for outcome in old_outcomes), len(judged)),
        candidate=share(sum(outcome.is_right for outcome in new_outcomes), len(judged)),
        difference=difference,
        won=won,
        lost=lost,
        broken=broken,
        topics=changed,
        changes=tuple(
            Change(
                row=row,
                before=old.suggested,
                after=new.suggested,
                was_right=old.is_right,
                is_right=new.is_right,
                topic=_answering_topic(new, tested, topic_of) or _answering_topic(old, tested, topic_of),
            )
            for row, old, new in pairs
            if _stands_for(old.suggested, same) != _stands_for(new.suggested, same)
        ),
    )


def _refusal(
    broken: Sequence[Row],
    difference: Estimate | None,
    changed: Sequence[TopicChange],
    noninferiority_margin: float,
) -> Refusal | None:
    if broken:
        return Refusal.PINNED
    if difference is not None and difference.low < -noninferiority_margin:
        return Refusal.WORSE
    if any(topic.is_too_much for topic in changed):
        return Refusal.TOPIC
    return None


def _topic_change(
    topic: GatedTopic, pairs: Sequence[tuple[Row, ScoredCase, ScoredCase]], topic_of: Mapping[str, str]
) -> TopicChange:
    n_answered = turned_right = turned_wrong = 0
    for _, old, new in pairs:
        answered, answers = (_is_answered(outcome, topic, topic_of) for outcome in (old, new))
        n_answered += answered or answers
        was_wrong, is_wrong = answered and not old.is_right, answers and not new.is_right
        turned_right += was_wrong and not is_wrong
        turned_wrong += is_wrong and not was_wrong
    return TopicChange(
        name=topic.name,
        is_live=topic.is_live,
        n_answered=n_answered,
        turned_right=turned_right,
        turned_wrong=turned_wrong,
        allowed=max(0.0, topic.margin) * n_answered,
    )


def _is_answered(outcome: ScoredCase, topic: GatedTopic, topic_of: Mapping[str, str]) -> bool:
    """Return True if the topic would answer the outcome's row alone."""
    suggested = outcome.suggested
    return (
        suggested is not None
        and topic_of.get(suggested) in topic.topics
        and outcome.confidence >= topic.threshold
    )


def _answering_topic(
    outcome: ScoredCase, tested: Sequence[GatedTopic], topic_of: Mapping[str, str]
) -> str | None:
    return next(
        (topic.name for topic in tested if topic.is_live and _is_answered(outcome, topic, topic_of)), None
    )


def _stands_for(article: str | None, same: Mapping[str, str]) -> str | None:
    return None if article is None else same.get(article, article)
