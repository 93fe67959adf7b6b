"""An edit after the answer gets no second answer, and an operator sees it if it matters."""

import pytest

from prompter.desk.decision import Action
from prompter.domain.conversation import IncomingMessage, MessageKind
from prompter.domain.triage import HandoffReason, Route
from prompter.storage import Store
from tests.prompter.readiness.governed import GovernedShop
from tests.shop import SURE, Shop


@pytest.fixture
def governed(store: Store) -> GovernedShop:
    """A shop whose bot answers questions about returns alone."""
    shop = GovernedShop(store)
    shop.go_live()
    return shop


def answered(shop: GovernedShop, text: str = SURE) -> tuple[int, str]:
    """Let the bot answer. Return the conversation and the message's external id."""
    shop.chat = "olga"
    conversation = shop.ask(text)
    assert shop.route(conversation) == (Route.AUTOPILOT, None)
    return conversation, str(shop.messages)


def edit(shop: Shop, external_id: str, text: str, *, kind: MessageKind = MessageKind.TEXT) -> None:
    shop.say(text, replaces=external_id, kind=kind)
    shop.triage()


@pytest.mark.parametrize("text", [SURE, f" {SURE}\n", f"{SURE}?", SURE.upper(), f"{SURE}, ээ"])
def test_an_answered_question_gets_no_second_answer(governed: GovernedShop, text: str) -> None:
    conversation, message = answered(governed)
    edit(governed, message, text)
    assert len(governed.bot_replies(conversation)) == 1
    assert governed.desk.queue() == []
    assert {message.turn_id for message in governed.desk.conversation(conversation).messages} == {
        governed.turn(conversation).id
    }


def test_an_edit_without_a_change_is_not_stored(governed: GovernedShop) -> None:
    conversation, message = answered(governed)
    edit(governed, message, SURE)
    assert len(governed.desk.conversation(conversation).messages) == 1
    edit(governed, message, f"{SURE}?")
    edit(governed, message, f"{SURE}?")
    assert [stored.text for stored in governed.desk.conversation(conversation).messages] == [SURE, f"{SURE}?"]


@pytest.mark.parametrize("text", ["где мой заказ", "хочу живого оператора", "xyz"])
def test_an_operator_sees_what_would_get_another_answer(governed: GovernedShop, text: str) -> None:
    conversation, message = answered(governed)
    edit(governed, message, text)
    assert len(governed.bot_replies(conversation)) == 1
    (item,) = governed.desk.queue()
    assert (item.turn.question, item.turn.handoff_reason) == (text, HandoffReason.EDITED)
    assert governed.evidence(conversation) == []
    edit(governed, message, f"{text} и ещё кое-что")  # joins what waits
    (item,) = governed.desk.queue()
    assert item.turn.question == f"{text} и ещё кое-что"


def test_the_bot_never_answers_twice_even_if_it_could(governed: GovernedShop) -> None:
    conversation = governed.ask("где мой заказ", chat="olga")
    governed.chat = "olga"
    message = str(governed.messages)
    governed.decide(conversation, Action.PICK_OTHER, article_id="order-where")
    governed.clock.forward(3600)
    edit(governed, message, SURE)
    assert governed.bot_replies(conversation) == []
    assert [item.turn.handoff_reason for item in governed.desk.queue()] == [HandoffReason.EDITED]


def test_what_is_written_beside_an_edit_is_triaged_by_itself(governed: GovernedShop) -> None:
    conversation, message = answered(governed)
    governed.say(f"{SURE}?", replaces=message)
    governed.say("где мой заказ")
    governed.triage()
    assert [item.turn.question for item in governed.desk.queue()] == ["где мой заказ"]
    assert len(governed.desk.conversation(conversation).messages) == 3


@pytest.mark.parametrize(
    ("text", "waits"),
    [
        ("Заказ 4001 не пришёл вовремя!", False),
        ("заказ 4001 не пришол вовремя", False),
        ("заказ 4002 не пришёл вовремя", True),
        ("заказ 4001 пришёл вовремя", True),
    ],
)
def test_after_an_answer_in_an_operators_words_only_a_typo_is_passed_over(
    store: Store, text: str, waits: bool
) -> None:
    shop = Shop(store)
    conversation = shop.ask("заказ 4001 не пришёл вовремя")
    shop.decide(conversation, Action.WRITE_OWN, text="Уже везут.")
    edit(shop, "1", text)
    assert bool(shop.desk.queue()) is waits


def test_another_picture_is_for_an_operator(store: Store) -> None:
    shop = Shop(store)
    conversation = shop.say("мой чек", kind=MessageKind.PHOTO)
    shop.triage()
    shop.decide(conversation, Action.WRITE_OWN, text="Вижу.")
    edit(shop, "1", "мой чек", kind=MessageKind.PHOTO)  # the link's preview, or the formatting
    assert shop.desk.queue() == []
    other = IncomingMessage(
        channel="telegram", chat_id="7", external_id="9", kind=MessageKind.PHOTO, text="мой чек",
        replaces="1", file_size=900,
    )  # fmt: skip
    shop.reception.receive(other)
    shop.triage()
    assert [item.turn.handoff_reason for item in shop.desk.queue()] == [HandoffReason.MEDIA]


def test_an_edit_beside_another_waiting_question_disturbs_neither(governed: GovernedShop) -> None:
    conversation, message = answered(governed)
    governed.ask("где мой заказ")
    edit(governed, message, f"{SURE}?")
    assert [turn.question for turn in governed.desk.conversation(conversation).questions] == ["где мой заказ"]
