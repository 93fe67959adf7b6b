"""A turn with a picture, a voice message or a file is an operator's."""

import pytest

from prompter.domain.conversation import MessageKind
from prompter.domain.triage import HandoffReason, Route
from prompter.storage import Store
from tests.fakes import OrderDialogue
from tests.prompter.readiness.governed import GovernedShop
from tests.shop import SURE


@pytest.fixture
def shop(store: Store) -> GovernedShop:
    shop = GovernedShop(store)
    shop.go_live()
    shop.chat = "olga"
    return shop


@pytest.mark.parametrize(
    "said",
    [
        [(MessageKind.PHOTO, SURE)],
        [(MessageKind.PHOTO, ""), (MessageKind.TEXT, SURE)],
        [(MessageKind.TEXT, SURE), (MessageKind.VOICE, "")],
        [(MessageKind.TEXT, SURE), (MessageKind.DOCUMENT, ""), (MessageKind.TEXT, "вот")],
        [(MessageKind.LOCATION, ""), (MessageKind.TEXT, SURE)],
    ],
)
def test_it_is_never_answered_alone(shop: GovernedShop, said: list[tuple[MessageKind, str]]) -> None:
    for kind, text in said:
        conversation = shop.say(text, kind=kind)
    shop.triage()
    assert shop.route(conversation)[1] is HandoffReason.MEDIA
    (item,) = shop.desk.queue()
    assert item.turn.draw is None
    assert [reply.text for reply in shop.bot_replies(conversation)] == [
        "Спасибо, получили. Я понимаю только текст, поэтому передал сообщение оператору."
    ]
    view = shop.desk.conversation(conversation)
    assert view.suggestions[0].article_id == "returns-how"


def test_a_sticker_beside_words_is_none(shop: GovernedShop) -> None:
    shop.say(SURE)
    conversation = shop.say("", kind=MessageKind.STICKER)
    shop.triage()
    assert shop.route(conversation) == (Route.AUTOPILOT, None)


def test_who_asks_for_a_person_with_a_picture_is_known_to_ask(shop: GovernedShop) -> None:
    conversation = shop.say("позовите человека", kind=MessageKind.PHOTO)
    shop.triage()
    assert shop.route(conversation)[1] in (HandoffReason.CUSTOMER_REQUEST, HandoffReason.MEDIA)


def test_a_dialogue_does_not_answer_it_either(shop: GovernedShop) -> None:
    shop.talk_through(OrderDialogue())
    conversation = shop.say("статус", kind=MessageKind.PHOTO)
    shop.triage()
    assert shop.route(conversation)[1] is HandoffReason.MEDIA
    assert len(shop.desk.queue()) == 1
