"""Commands are answered, keep where a customer came from, and make no work."""

from dataclasses import replace

import pytest

from prompter.conversations.commands import CommandReplies
from prompter.conversations.intake import Reception
from prompter.domain.conversation import Command, IncomingMessage
from prompter.storage import Store
from tests.shop import SURE, Shop

START = IncomingMessage(
    channel="telegram",
    chat_id="7",
    external_id="c1",
    text="/start promo_42",
    customer_name="Ольга",
    customer_language="ru",
    command=Command.START,
    payload="promo_42",
)


@pytest.fixture
def shop(store: Store) -> Shop:
    return Shop(store)


@pytest.mark.parametrize(
    ("command", "language", "reply"),
    [
        (Command.START, "ru", "Здравствуйте! Напишите ваш вопрос, и мы ответим здесь."),
        (Command.START, "en-GB", "Hello! Write your question, and we will answer here."),
        (Command.HELP, "ru", "Напишите вопрос своими словами. Если нужен человек, так и скажите."),
        (Command.STOP, "ru", "Хорошо. Когда появится вопрос, напишите сюда."),
    ],
)
def test_a_command_is_answered_and_makes_no_work(
    shop: Shop, command: Command, language: str, reply: str
) -> None:
    shop.reception.receive(replace(START, command=command, customer_language=language))
    assert [message.text for message in shop.deliver()] == [reply]
    assert shop.triage() == 0
    assert shop.desk.queue() == []
    assert shop.assistant.seen == []


def test_the_first_source_is_kept(shop: Shop) -> None:
    received = shop.reception.receive(replace(START, payload=None))
    shop.reception.receive(replace(START, external_id="c2"))
    shop.reception.receive(replace(START, external_id="c3", payload="later"))
    assert shop.desk.conversation(received.conversation_id).customer.source == "promo_42"


def test_a_command_that_comes_twice_is_answered_once(shop: Shop) -> None:
    assert shop.reception.receive(START).is_new
    assert not shop.reception.receive(START).is_new
    shop.reception.receive(replace(START, external_id="c2"))  # pressed again before the answer left
    assert len(shop.deliver()) == 1


def test_a_command_neither_interrupts_a_question_nor_makes_a_stranger_known(shop: Shop) -> None:
    shop.say(SURE)
    shop.reception.receive(START)
    conversation = shop.say("и когда деньги")
    shop.triage()
    (item,) = shop.desk.queue()
    assert item.turn.question == f"{SURE}\nи когда деньги"
    other = shop.reception.receive(replace(START, chat_id="8")).conversation_id
    with shop.store.read() as tx:
        assert tx.conversations.last_turns(other, limit=9) == []
        assert len(tx.conversations.last_turns(conversation, limit=9)) == 1


def test_the_greeting_is_the_teams_own(shop: Shop) -> None:
    replies = CommandReplies(
        language="ru",
        greetings={"ru": "Это {shop_name}, {customer_name}.", "en": ""},
        template_values={"shop_name": "Северок"},
    )
    shop.reception = Reception(
        shop.store,
        debounce=shop.reception._debounce,
        max_wait=shop.reception._max_wait,
        command_replies=replies,
        clock=shop.clock,
    )
    shop.reception.receive(replace(START, customer_language=None))
    shop.reception.receive(replace(START, chat_id="8", customer_language="en"))
    assert [message.text for message in shop.deliver()] == ["Это Северок, Ольга."]
