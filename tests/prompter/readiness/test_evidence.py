"""The evidence of a topic is collected turn by turn."""

import numpy as np
import pytest

from prompter.common.errors import NotFound
from prompter.desk.decision import Action
from prompter.domain.evidence import RejectReason
from prompter.readiness.ledger import JudgementMode
from prompter.storage import Store
from tests.prompter.readiness.governed import ENOUGH, GovernedShop
from tests.shop import SURE, UNSURE

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(store: Store) -> GovernedShop:
    return GovernedShop(store)


def judgements(shop: GovernedShop) -> list[tuple[JudgementMode, bool | None]]:
    return [(piece.how, piece.right) for piece in shop.readiness.evidence("returns").pieces]


def test_how_each_turn_was_judged(shop: GovernedShop) -> None:
    shop.blind()
    shop.blind(right=False)
    shop.accept(shop.ask())
    shop.decide(shop.ask(), Action.REJECT, reason=RejectReason.OUTDATED)
    shop.ask(sampled=True)
    assert judgements(shop) == [
        (JudgementMode.BLIND, True),
        (JudgementMode.BLIND, False),
        (JudgementMode.SHOWN, True),
        (JudgementMode.SHOWN, False),
        (JudgementMode.BLIND, None),
    ]


def test_what_a_second_person_may_be_asked_is_not_shown_before(shop: GovernedShop) -> None:
    shop.accept(shop.ask(second=True))
    (waiting,) = shop.readiness.evidence("returns").pieces
    assert (waiting.how, waiting.right, waiting.question) == (JudgementMode.SECOND, None, None)
    assert waiting.counts_as == -4.0  # as long as the second person says nothing: 1 - 1/0.2
    shop.judge(right=True)
    (settled,) = shop.readiness.evidence("returns").pieces
    assert (settled.right, settled.question, settled.counts_as) == (True, SURE, 1.0)


def test_an_answer_in_the_operators_own_words_is_open(shop: GovernedShop) -> None:
    shop.decide(shop.ask(), Action.WRITE_OWN, text="Принесите его в магазин.")
    assert judgements(shop) == [(JudgementMode.SHOWN, None)]


def test_audits_are_evidence_even_where_they_do_not_test(shop: GovernedShop) -> None:
    shop.go_live()
    shop.audit(right=True)
    shop.ask()
    last = shop.readiness.evidence("returns").pieces[-1]
    assert (last.how, last.right) == (JudgementMode.AUDIT, True)
    assert len(judgements(shop)) == ENOUGH + 1  # the answer that was not drawn says nothing


def test_another_bar_is_answered_by_the_same_test(shop: GovernedShop) -> None:
    shop.prove()
    evidence = shop.readiness.evidence("returns")
    assert evidence.steps_at(0.6) == list(shop.returns().steps)
    lower, higher = evidence.steps_at(0.55)[0], evidence.steps_at(0.8)[0]
    assert (lower.passed_after, higher.passed_after) == (8, None)
    assert evidence.receipt_time(lower) == evidence.turns[7].received_at
    assert evidence.receipt_time(higher) is None
    ends = evidence.sequence(0.9)
    assert ends[-1].n_turns == ENOUGH
    assert 0.6 <= ends[-1].low < 0.65
    assert ends[-1] == shop.returns().interval


def test_curves_leave_out_what_nobody_has_judged(shop: GovernedShop) -> None:
    for _ in range(12):
        shop.blind()
        shop.blind(right=False, text=UNSURE)
    shop.ask(sampled=True)
    evidence = shop.readiness.evidence("returns")
    assert [(piece.confidence, piece.right, piece.n) for piece in evidence.reliability()] == [
        (0.5, 0.0, 12),
        (1.0, 1.0, 12),
    ]
    coverage, risk = evidence.risk_coverage()
    assert len(coverage) == 24
    assert np.allclose(risk[:12], 0.0)
    assert risk[-1] == pytest.approx(0.5)


def test_events_name_what_went_wrong(shop: GovernedShop) -> None:
    shop.go_live()
    for right in (True,) * 5 + (False,) * 8:
        shop.audit(right=right)
    shop.update_readiness()
    evidence = shop.readiness.evidence("returns")
    assert evidence.pieces == []  # it is tested anew
    assert evidence.questions == {"returns-how": "Как вернуть товар"}
    assert {question.question for question in evidence.asked.values()} == {SURE}
    slipped, allowed, proved = shop.returns().events
    assert allowed.account_name == "vera"
    assert proved.account_name is None
    assert (proved.facts.passed, allowed.facts.answers_from) == (0.6, 0.6)
    assert slipped.facts.answers_from is None


def test_the_laxest_step_that_has_passed_is_measured_too(shop: GovernedShop) -> None:
    shop.blind(right=False, text=UNSURE.replace("хочу ", ""))  # confidence 0.75
    shop.prove()
    returns = shop.returns()
    assert returns.proved is not None
    assert (returns.proved.step.threshold, returns.last.step.threshold) == (0.9, 0.6)
    assert returns.proved.coverage == pytest.approx(ENOUGH / (ENOUGH + 1))
    assert returns.proved.interval is not None
    assert returns.proved.interval.low >= 0.6
    assert returns.coverage == 1.0


def test_changes_are_noticed(shop: GovernedShop) -> None:
    before = shop.readiness.last_change()
    shop.ask()
    assert shop.readiness.last_change() == before
    shop.blind()
    judged_ = shop.readiness.last_change()
    assert judged_ != before
    shop.readiness.hold("returns", shop.vera)
    assert shop.readiness.last_change() != judged_


def test_there_is_no_evidence_of_what_there_is_not(shop: GovernedShop) -> None:
    with pytest.raises(NotFound):
        shop.readiness.evidence("weather")
