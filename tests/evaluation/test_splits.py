from collections import Counter

import pytest

from evaluation import Case, IntentRow, TooFewRows
from evaluation.splits import draw_confirmed, few_shots, folds_of, stratified_folds, with_noise

ROWS = [
    IntentRow(text=f"{intent}{n}", intent=intent) for intent, size in {"a": 6, "b": 9, "c": 1}.items()
    for n in range(size)
]  # fmt: skip
CASES = [Case(text=f"{n}", article_ids=(f"a{n % 4}",)) for n in range(40)]


def test_every_row_is_measured_once_and_never_learned_there() -> None:
    splits = stratified_folds(ROWS, 3, seed=1)
    assert sorted(row.text for split in splits for row in split.test) == sorted(row.text for row in ROWS)
    for split in splits:
        assert not {row.text for row in split.test} & {row.text for row in split.train}
        assert len(split.test) + len(split.train) == len(ROWS)
        sizes = Counter(row.intent for row in split.test)
        assert (sizes["a"], sizes["b"]) == (2, 3)
    assert stratified_folds(ROWS, 3, seed=1) == splits
    assert stratified_folds(ROWS, 3, seed=2) != splits
    with pytest.raises(TooFewRows, match="10 folds need an intent with at least 10 examples"):
        stratified_folds(ROWS, 10, seed=1)


def test_shots_are_drawn_per_intent_and_larger_draws_hold_the_smaller() -> None:
    few, more = few_shots(ROWS, 2, seed=0), few_shots(ROWS, 5, seed=0)
    assert Counter(row.intent for row in few) == {"a": 2, "b": 2, "c": 1}
    assert Counter(row.intent for row in more) == {"a": 5, "b": 5, "c": 1}
    assert {row.text for row in few} < {row.text for row in more}
    assert few_shots(ROWS, 2, seed=3) != few


def test_confirmed_cases_are_drawn_per_first_article() -> None:
    cases = [*CASES, Case(text="far", article_ids=()), Case(text="both", article_ids=("z", "a0"))]
    drawn = draw_confirmed(cases, 2, seed=0)
    assert Counter(case.article_ids[0] for case in drawn) == {"a0": 2, "a1": 2, "a2": 2, "a3": 2, "z": 1}
    assert {case.text for case in drawn} < {case.text for case in draw_confirmed(cases, 4, seed=0)}
    assert draw_confirmed(cases, 0, seed=0) == []


def test_noise_gives_exactly_that_share_a_wrong_article() -> None:
    ids = {"a0", "a1", "a2", "a3"}
    noisy = with_noise(CASES, 0.25, article_ids=ids, seed=0)
    assert [case.text for case in noisy] == [case.text for case in CASES]
    changed = [(a, b) for a, b in zip(CASES, noisy, strict=True) if a != b]
    assert len(changed) == 10
    assert all(set(b.article_ids) <= ids - set(a.article_ids) for a, b in changed)
    assert with_noise(CASES, 0.0, article_ids=ids, seed=0) == CASES
    with pytest.raises(TooFewRows):
        with_noise([Case(text="x", article_ids=("a",))], 1.0, article_ids={"a"}, seed=0)


def test_cases_are_held_out_once() -> None:
    folds = folds_of(CASES, 5, seed=0)
    assert sorted(case.text for _, held in folds for case in held) == sorted(case.text for case in CASES)
    assert all(not {c.text for c in learn} & {c.text for c in held} for learn, held in folds)
    assert folds_of(CASES[:1], 5, seed=0) == []
