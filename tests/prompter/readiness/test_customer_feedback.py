"""Customers use the buttons under an answer of the bot."""

import pytest

from prompter.common.errors import NotFound
from prompter.desk.decision import Action
from prompter.domain.conversation import TurnState
from prompter.domain.evidence import Choice, ReviewKind, Signal
from prompter.domain.triage import HandoffReason, Route
from prompter.readiness.customer_feedback import Feedback
from prompter.storage import Store
from tests.prompter.readiness.governed import GovernedShop

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(store: Store) -> GovernedShop:
    shop = GovernedShop(store)
    shop.go_live()
    return shop


@pytest.fixture
def feedback(shop: GovernedShop) -> Feedback:
    return shop.feedback


def answer_alone(shop: GovernedShop, chat: str = "ivan") -> tuple[int, int]:
    """Let the bot answer alone, and return the conversation and the reply."""
    conversation = shop.ask(chat=chat)
    return conversation, shop.bot_replies(conversation)[-1].id


def test_calling_an_operator_puts_the_turn_on_the_desk(shop: GovernedShop, feedback: Feedback) -> None:
    conversation, reply = answer_alone(shop)
    assert feedback.call_operator("telegram", "ivan", reply)
    view = shop.desk.conversation(conversation)
    assert view.turn is not None
    assert view.turn.handoff_reason == HandoffReason.CUSTOMER_REQUEST.value
    assert view.suggestions  # the operator sees what the bot has said, and what else there is
    assert "оператор" in shop.bot_replies(conversation)[-1].text
    shop.decide(conversation, Action.WRITE_OWN, text="Помогу.")
    assert shop.turn(conversation).state is TurnState.CLOSED


def test_pressing_twice_calls_once(shop: GovernedShop, feedback: Feedback) -> None:
    conversation, reply = answer_alone(shop)
    assert [feedback.call_operator("telegram", "ivan", reply) for _ in range(2)] == [True, False]
    assert len(shop.bot_replies(conversation)) == 2


def test_what_an_operator_decides_then_is_no_audit(shop: GovernedShop, feedback: Feedback) -> None:
    conversation, reply = answer_alone(shop)
    feedback.call_operator("telegram", "ivan", reply)
    shop.decide(conversation, Action.WRITE_OWN, text="Помогу.")
    shop.update_readiness()
    assert shop.returns().audited == 0


def test_a_thumb_down_has_the_answer_checked_but_is_no_evidence(
    shop: GovernedShop, feedback: Feedback
) -> None:
    conversation, reply = answer_alone(shop)
    assert feedback.rate("telegram", "ivan", reply, helpful=False)
    assert not feedback.rate("telegram", "ivan", reply, helpful=False)
    with shop.store.read() as tx:
        (review,) = tx.reviews.of_turn(shop.turn(conversation).id)
    assert review.kind is ReviewKind.CHECK
    question = shop.reviews.find_next(shop.boris)
    assert question is not None
    shop.reviews.judge(question.review_id, Choice.NEITHER, shop.boris)
    assert shop.returns().audited == 0


def test_a_thumb_up_is_kept_and_checks_nothing(shop: GovernedShop, feedback: Feedback) -> None:
    conversation, reply = answer_alone(shop)
    assert feedback.rate("telegram", "ivan", reply, helpful=True)
    assert shop.reviews.count_waiting(shop.boris) == 0
    with shop.store.read() as tx:
        assert tx.signals.of_turn(shop.turn(conversation).id) == {Signal.THUMB_UP}


def test_nobody_rates_what_others_were_told(shop: GovernedShop, feedback: Feedback) -> None:
    _, reply = answer_alone(shop)
    answer_alone(shop, chat="olga")
    for call in (feedback.call_operator, lambda *where: feedback.rate(*where, helpful=False)):
        with pytest.raises(NotFound):
            call("telegram", "olga", reply)
        with pytest.raises(NotFound):
            call("telegram", "nobody", reply)
        with pytest.raises(NotFound):
            call("telegram", "ivan", reply + 1000)


def test_asking_the_same_again_is_a_signal(shop: GovernedShop) -> None:
    conversation, _ = answer_alone(shop)
    first = shop.turn(conversation).id
    shop.ask(chat="ivan")
    with shop.store.read() as tx:
        assert tx.signals.of_turn(first) == {Signal.ASKED_AGAIN}
    assert shop.reviews.count_waiting(shop.boris) == 1


def test_unhappy_customers_have_more_answers_audited(shop: GovernedShop, feedback: Feedback) -> None:
    for _ in range(12):
        shop.audit(right=True)
    calm = shop.ask()
    for chat in ("a", "b", "c"):
        _, reply = answer_alone(shop, chat)
        feedback.rate("telegram", chat, reply, helpful=False)
    alarmed = shop.ask()
    assert (shop.route(calm)[0], shop.route(alarmed)[0]) == (Route.AUTOPILOT, Route.AUTOPILOT)
    shares = []
    for conversation in (calm, alarmed):
        draw = shop.turn(conversation).draw
        assert draw is not None
        shares.append(draw.probability)
    assert shares[0] < shares[1] == 0.2
