"""Monitoring shows how far the figures can be trusted: attention checks, hasty operators, drift."""

from datetime import timedelta

import pytest

from prompter.desk.decision import Action
from prompter.domain.evidence import Choice, RejectReason, ReviewKind, Signal
from prompter.readiness.attention_checks import AttentionCheckScheduler
from prompter.readiness.monitoring import QualityMonitor, gap
from prompter.storage import Store
from tests.prompter.readiness.governed import GovernedShop
from tests.shop import SURE


@pytest.fixture
def shop(store: Store) -> GovernedShop:
    return GovernedShop(store)


def second_looks(shop: GovernedShop, *, right: int, wrong: int) -> None:
    """Accept as Anna, then confirm some and refute others as Boris."""
    for number in range(right + wrong):
        shop.accept(shop.ask(second=True))
        question = shop.reviews.find_next(shop.boris)
        assert question is not None
        shop.reviews.judge(question.review_id, Choice.BOTH if number < right else Choice.NEITHER, shop.boris)


# --- operators --------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_operator_sees_the_own_figure_from_fifty_judged_turns_on(shop: GovernedShop) -> None:
    monitoring = QualityMonitor(shop.store, clock=shop.clock)
    second_looks(shop, right=48, wrong=1)
    assert monitoring.own_figure(shop.anna).refuted is None
    second_looks(shop, right=0, wrong=1)
    figure = monitoring.own_figure(shop.anna)
    assert figure.judged == 50
    assert figure.refuted is not None
    assert figure.refuted.value == pytest.approx(0.04)
    assert figure.refuted.low < 0.04 < figure.refuted.high < 0.15


@pytest.mark.slow
def test_supervisors_see_it_after_the_operator_has_and_in_order_of_name(shop: GovernedShop) -> None:
    monitoring = QualityMonitor(shop.store, clock=shop.clock)
    second_looks(shop, right=50, wrong=0)
    assert [person.refuted for person in monitoring.people()] == [None, None, None]
    monitoring.own_figure(shop.anna)
    anna, boris, vera = monitoring.people()
    assert [anna.name, boris.name, vera.name] == ["anna", "boris", "vera"]
    assert anna.refuted is not None
    assert anna.refuted.value == 0.0


def test_a_topic_looks_better_where_operators_wave_through(shop: GovernedShop) -> None:
    for _ in range(4):
        shop.accept(shop.ask())
        shop.blind(right=False)
    found = gap(shop.turns("returns"))
    assert found.shown is not None
    assert found.sampled is not None
    assert (found.shown.value, found.sampled.value) == (1.0, 0.0)


# --- judges -----------------------------------------------------------------------------------


def test_one_review_in_twenty_is_planted_and_measures_the_judge(shop: GovernedShop) -> None:
    scheduler = AttentionCheckScheduler(shop.store, random=lambda: 0.0, clock=shop.clock)
    second_looks(shop, right=19, wrong=0)
    assert scheduler.run_once() is False
    second_looks(shop, right=1, wrong=0)
    assert scheduler.run_once() is True
    assert scheduler.run_once() is False
    question = shop.reviews.find_next(shop.boris)
    assert question is not None
    assert question.question == SURE
    assert "Верните товар за 14 дней." not in question.answers  # of another topic, both of them
    with shop.store.read() as tx:
        review = tx.reviews.get(question.review_id)
        assert review is not None
        assert review.kind is ReviewKind.GOLD
        before = len(tx.decisions.evidence(review.turn_id))
    shop.reviews.judge(question.review_id, Choice.FIRST, shop.boris)
    boris = QualityMonitor(shop.store, clock=shop.clock).people()[1]
    assert boris.planted == 1
    assert boris.missed is not None
    assert boris.missed.value == 1.0
    with shop.store.read() as tx:
        assert len(tx.decisions.evidence(review.turn_id)) == before  # no evidence about the topic


# --- drift ------------------------------------------------------------------------------------


def test_this_week_beside_the_last_one(shop: GovernedShop) -> None:
    shop.accept(shop.ask())
    shop.clock.forward(timedelta(days=8).total_seconds())
    shop.ask("погода")
    shop.decide(shop.ask(), Action.REJECT, reason=RejectReason.OUTDATED)
    drift = QualityMonitor(shop.store, clock=shop.clock).drift()
    assert (drift.this_week.turns, drift.week_before.turns) == (2, 1)
    assert drift.this_week.unseen is not None
    assert drift.this_week.unseen.value == 0.5
    assert drift.this_week.changed is not None
    assert drift.week_before.changed is not None
    assert (drift.this_week.changed.value, drift.week_before.changed.value) == (1.0, 0.0)
    assert drift.this_week.confidences[9] == 1
    assert drift.median_age_days == pytest.approx(8, abs=0.1)


def test_what_customers_say_of_the_bot_is_counted(shop: GovernedShop) -> None:
    shop.go_live()
    feedback = shop.feedback
    for chat, helpful in (("a", True), ("b", False)):
        reply = shop.bot_replies(shop.ask(chat=chat))[-1]
        feedback.rate("telegram", chat, reply.id, helpful=helpful)
    week = QualityMonitor(shop.store, clock=shop.clock).drift().this_week
    assert week.answered_alone == 2
    assert (week.signals[Signal.THUMB_UP], week.signals[Signal.THUMB_DOWN]) == (1, 1)
