import itertools
from dataclasses import replace

import pytest

from evaluation.betting import RIGHT, WRONG, double_review_judgement
from evaluation.readiness import JudgedTurn, Rule, assess, confidence_sequence, kl_bound, passed_threshold

RULE = Rule(bar=0.9, alpha=0.05, thresholds=(0.95, 0.8, 0.6))


def turns(*runs: tuple[float, bool, int]) -> list[JudgedTurn]:
    """Build turns from runs of (confidence, right, count)."""
    return [
        JudgedTurn(confidence=confidence, judgement=RIGHT if right else WRONG, is_sampled=True)
        for confidence, right, count in runs
        for _ in range(count)
    ]


def test_a_topic_without_evidence_has_everything_before_it() -> None:
    (step,) = assess([], RULE)
    assert (step.threshold, step.n_turns, step.estimate, step.passed_after) == (0.95, 0, None, None)
    assert step.more_labels is None
    assert confidence_sequence([], alpha=0.05) == []


def test_right_answers_only_let_a_topic_pass_after_as_many_as_the_closed_form_says() -> None:
    # capital after n right ones: (1 - 0.9^(n+1)) / ((n+1) 0.1 0.9^n) >= 1 / (0.8 * 0.05) first at n = 46
    steps = assess(turns((0.99, True, 60)), RULE)
    n = steps[0].passed_after
    assert n is not None
    reached = [(1 - 0.9 ** (k + 1)) / ((k + 1) * 0.1 * 0.9**k) >= 25 for k in (n - 1, n)]
    assert reached == [False, True]


def test_thresholds_are_tested_one_after_the_other() -> None:
    sure = assess(turns((0.97, True, 80), (0.7, True, 200)), RULE)
    assert [step.passed_after is not None for step in sure] == [True, True, True]
    assert passed_threshold(sure) == 0.6
    held_up = assess(turns((0.97, False, 30), (0.7, True, 500)), RULE)
    assert [step.threshold for step in held_up] == [0.95]  # the laxer ones are not even looked at
    assert passed_threshold(held_up) is None


def test_a_test_that_has_passed_stays_passed_whatever_follows() -> None:
    steps = assess(turns((0.97, True, 80), (0.97, False, 40)), RULE)
    assert steps[0].passed_after is not None
    assert steps[0].log_capital < steps[0].needed


def test_below_the_bar_a_topic_is_not_on_course() -> None:
    (step,) = assess(turns((0.97, False, 20), (0.97, True, 80)), RULE)
    assert step.estimate == pytest.approx(0.8)
    assert step.more_labels is None


def test_above_the_bar_it_is_said_how_many_more_are_needed() -> None:
    (step,) = assess(turns((0.97, False, 2), (0.97, True, 38)), RULE)  # .95 of 40
    assert step.more_labels is not None
    assert 100 < step.more_labels < 250


def test_all_tests_of_a_topic_together_spend_alpha() -> None:
    assert sum(RULE.spends(k) for k in range(1, 100_000)) == pytest.approx(RULE.alpha, rel=1e-4)
    assert RULE.passing_capital(1) < RULE.passing_capital(2) < RULE.passing_capital(30)


def test_a_later_version_needs_more() -> None:
    evidence = turns((0.97, True, 50))
    assert assess(evidence, RULE)[0].passed_after is not None
    assert assess(evidence, RULE, test_number=2)[0].passed_after is None


def test_a_refuted_second_judgement_weighs_as_much_as_the_undrawn_ones_it_stands_for() -> None:
    good = JudgedTurn(
        confidence=1,
        judgement=double_review_judgement(accepted=True, refuted=False, probability=0.2),
        is_sampled=False,
    )
    refuted = JudgedTurn(
        confidence=1,
        judgement=double_review_judgement(accepted=True, refuted=True, probability=0.2),
        is_sampled=True,
    )
    (step,) = assess([good] * 49 + [refuted], RULE)
    assert step.estimate == pytest.approx((49 - 4) / 50)
    assert (step.n_turns, step.n_sampled) == (50, 1)


def test_a_confidence_sequence_never_widens_and_holds_the_estimate() -> None:
    sequence = confidence_sequence(turns((1, True, 90), (1, False, 5), (1, True, 90)), alpha=0.05)
    assert [step.n_turns for step in sequence][-1] == 185
    assert all(a.low <= b.low and a.high >= b.high for a, b in itertools.pairwise(sequence))
    assert sequence[-1].low < 180 / 185 < sequence[-1].high


def test_what_nobody_has_decided_is_wrong_below_and_right_above() -> None:
    decided = turns((1, True, 50), (1, False, 20))
    still_open = [replace(turn, is_open=turn.judgement == WRONG) for turn in decided]
    closed, open_ = (confidence_sequence(turns, alpha=0.05)[-1] for turns in (decided, still_open))
    assert closed.low == open_.low
    assert closed.high < 0.9
    assert open_.high > 0.99


@pytest.mark.parametrize(("accuracy", "labels"), [(0.95, 179), (0.97, 82), (0.99, 42)])
def test_no_test_can_need_fewer_on_the_average(accuracy: float, labels: int) -> None:
    assert round(kl_bound(accuracy, RULE)) == labels


def test_at_the_bar_no_number_of_labels_is_enough() -> None:
    assert kl_bound(0.9, RULE) == float("inf")
