"""The gate's rules hold, each on rows few enough to count by hand."""

from collections.abc import Sequence

import pytest

from evaluation.gate import GatedTopic, GateReport, Refusal, Row, Source, judge
from evaluation.outcomes import ScoredCase
from evaluation.rows import Case

TOPIC_OF = {"a": "orders", "b": "orders", "c": "returns"}


def outcome(suggested: str | None, right: str, confidence: float = 0.95) -> ScoredCase:
    return ScoredCase(
        text="?",
        right=(right,),
        suggested=suggested,
        confidence=confidence,
        rank=1 if suggested == right else None,
        is_right=suggested == right,
        in_scope=True,
    )


def row(source: Source = Source.VERDICT, key: int | None = None, right: str = "a") -> Row:
    return Row(case=Case(text="?", article_ids=(right,)), source=source, key=key)


def compare(
    pairs: Sequence[tuple[str | None, str | None]],
    *,
    source: Source = Source.VERDICT,
    live: Sequence[GatedTopic] = (),
    noninferiority_margin: float = 0.01,
) -> GateReport:
    """Judge rows whose right answer is "a" by the suggestions of the champion and the candidate."""
    return judge(
        [row(source, key) for key in range(len(pairs))],
        [outcome(old, "a") for old, _ in pairs],
        [outcome(new, "a") for _, new in pairs],
        topic_of=TOPIC_OF,
        tested=live,
        noninferiority_margin=noninferiority_margin,
    )


def test_the_same_answers_pass() -> None:
    report = compare([("a", "a")] * 9 + [("b", "b")])
    assert report.refusal is None
    assert report.champion is not None
    assert report.candidate is not None
    assert report.difference is not None
    assert (report.champion.value, report.candidate.value, report.difference.value) == (0.9, 0.9, 0.0)
    assert (report.won, report.lost, report.changes) == (0, 0, ())


def test_better_passes_and_what_changed_is_listed() -> None:
    report = compare([("b", "a")] * 8 + [("a", "a")] * 40)
    assert report.refusal is None
    assert (report.won, report.lost) == (8, 0)
    assert [(change.row.key, change.before, change.after, change.is_right) for change in report.changes] == [
        (key, "b", "a", True) for key in range(8)
    ]


def test_perhaps_worse_is_refused() -> None:
    assert compare([("a", "b")] * 3 + [("a", "a")] * 97).refusal is Refusal.WORSE
    # as many won as lost, but of so few rows that it may well be worse
    unclear = [("a", "b")] * 3 + [("b", "a")] * 3 + [("a", "a")] * 44
    assert compare(unclear).refusal is Refusal.WORSE
    assert compare(unclear, noninferiority_margin=0.2).refusal is None
    # the same changes on many more rows are no danger
    assert compare(unclear + [("a", "a")] * 2000).refusal is None


def test_a_pinned_case_that_breaks_is_refused_however_good_the_rest() -> None:
    rows = [row(Source.PINNED, 7), row(Source.PINNED, 8), *(row() for _ in range(50))]
    report = judge(
        rows,
        [outcome("a", "a"), outcome("b", "a"), *(outcome("b", "a") for _ in range(50))],
        [outcome("b", "a"), outcome("b", "a"), *(outcome("a", "a") for _ in range(50))],
        topic_of=TOPIC_OF,
        noninferiority_margin=0.01,
    )
    assert report.refusal is Refusal.PINNED
    assert [item.key for item in report.broken] == [7]  # 8 was wrong before
    assert (report.won, report.lost) == (50, 0)
    assert report.n_rows == {Source.HELD_OUT: 0, Source.VERDICT: 50, Source.PINNED: 2}


@pytest.mark.parametrize(
    ("margin", "refusal"),
    [(0.0, Refusal.TOPIC), (0.0099, Refusal.TOPIC), (0.01, None), (-1.0, Refusal.TOPIC)],
)
def test_a_live_topic_may_lose_what_its_evidence_leaves_room_for(
    margin: float, refusal: Refusal | None
) -> None:
    live = GatedTopic(name="orders", topics=frozenset({"orders"}), threshold=0.9, margin=margin)
    pairs = [("a", "b")] * 3 + [("b", "a")] * 2 + [("a", "a")] * 95
    report = compare(pairs, live=[live], noninferiority_margin=1.0)
    (change,) = report.topics
    assert (change.n_answered, change.turned_wrong, change.turned_right) == (100, 3, 2)
    assert report.refusal is refusal
    assert {edit.topic for edit in report.changes} == {"orders"}


def test_a_topic_that_does_not_answer_yet_refuses_nothing_but_is_told_of() -> None:
    tested = GatedTopic(name="orders", topics=frozenset({"orders"}), threshold=0.9, margin=0.0, is_live=False)
    report = compare([("a", "b")] * 3 + [("a", "a")] * 9, live=[tested], noninferiority_margin=1.0)
    (change,) = report.topics
    assert (report.refusal, change.is_worse, change.is_too_much) == (None, True, False)
    assert {edit.topic for edit in report.changes} == {None}


def test_only_answers_given_alone_count_for_a_topic() -> None:
    live = GatedTopic(name="orders", topics=frozenset({"orders"}), threshold=0.9, margin=0.0)
    report = judge(
        [row(), row(), row(), row()],
        [outcome("a", "a"), outcome("a", "a"), outcome("b", "a", 0.5), outcome("b", "a")],
        # not sure any more; another topic; sure and wrong now; no answer any more
        [outcome("b", "a", 0.5), outcome("c", "a"), outcome("b", "a", 0.95), outcome(None, "a")],
        topic_of=TOPIC_OF,
        tested=[live],
        noninferiority_margin=1.0,
    )
    (change,) = report.topics
    assert (change.n_answered, change.turned_wrong, change.turned_right) == (4, 1, 1)
    assert report.refusal is None


def test_articles_with_the_same_answer_are_no_change() -> None:
    report = judge(
        [row()],
        [outcome("a", "a")],
        [outcome("b", "b")],
        topic_of=TOPIC_OF,
        noninferiority_margin=0.01,
        same_answer={"a": "a", "b": "a"},
    )
    assert report.changes == ()


def test_without_rows_nothing_speaks_against_it() -> None:
    report = judge([], [], [], topic_of={}, noninferiority_margin=0.01)
    assert (report.refusal, report.difference, report.champion) == (None, None, None)
