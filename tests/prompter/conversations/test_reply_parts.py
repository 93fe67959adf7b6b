"""A reply of several parts is one unit: what waits for a person holds its own rest, and nothing else."""

from collections.abc import Callable

import pytest

from prompter.conversations.delivery import OutgoingMessage
from prompter.desk.decision import Action
from prompter.domain.conversation import OutboxState
from prompter.storage import Store
from tests.shop import Shop

LONG = "\n\n".join(f"{number}. " + "слово " * 500 for number in range(1, 5))  # four parts
Trouble = Callable[[Shop, OutgoingMessage], None]


def lose(shop: Shop, message: OutgoingMessage) -> None:
    shop.deliveries.mark_unknown(message, "no answer")


def refuse(shop: Shop, message: OutgoingMessage) -> None:
    shop.deliveries.mark_refused(message, "refused")


def as_free_message(shop: Shop, conversation: int) -> None:
    shop.write(conversation, LONG)


def as_decision(shop: Shop, conversation: int) -> None:
    shop.decide(conversation, Action.WRITE_OWN, text=LONG)
    shop.clock.forward(6)


def deliver_all(shop: Shop) -> list[str]:
    """Deliver until nothing may leave. Return the first words."""
    sent: list[str] = []
    while messages := shop.deliver():
        sent += [message.text[:2] for message in messages]
    return sent


def states(shop: Shop, conversation: int) -> list[str]:
    return [reply.state.value for reply in shop.desk.conversation(conversation).replies]


@pytest.fixture
def shop(store: Store) -> Shop:
    return Shop(store)


@pytest.mark.parametrize("send", [as_free_message, as_decision])
@pytest.mark.parametrize("trouble", [lose, refuse])
@pytest.mark.parametrize("n_sent", [0, 1])
def test_a_part_in_doubt_holds_the_rest_of_its_reply_only(
    shop: Shop, send: Callable[[Shop, int], None], trouble: Trouble, n_sent: int
) -> None:
    conversation = shop.ask("как вернуть товар")
    send(shop, conversation)
    assert [message.text[:2] for _ in range(n_sent) for message in shop.deliver()] == ["1."][:n_sent]
    (message,) = shop.deliveries.claim(["telegram"])
    trouble(shop, message)
    assert deliver_all(shop) == []
    shop.write(conversation, "Ещё вопросы?", "Ответьте.")
    assert deliver_all(shop) == ["Ещ", "От"]
    assert states(shop, conversation).count("pending") == 3 - n_sent


@pytest.mark.parametrize("trouble", [lose, refuse])
def test_send_again_sends_the_part_and_then_the_rest(shop: Shop, trouble: Trouble) -> None:
    conversation = shop.ask("как вернуть товар")
    shop.write(conversation, LONG)
    (message,) = shop.deliveries.claim(["telegram"])
    trouble(shop, message)
    shop.write(conversation, "Позже.")
    shop.desk.resolve_delivery(message.id, shop.boris, send_again=True)
    assert deliver_all(shop) == ["1.", "2.", "3.", "4.", "По"]


def test_a_part_that_counts_as_delivered_is_followed_by_the_rest(shop: Shop) -> None:
    conversation = shop.ask("как вернуть товар")
    shop.write(conversation, LONG)
    (message,) = shop.deliveries.claim(["telegram"])
    lose(shop, message)
    shop.desk.resolve_delivery(message.id, shop.boris, send_again=False)
    assert deliver_all(shop) == ["2.", "3.", "4."]


def test_a_part_that_is_given_up_takes_the_rest_with_it(shop: Shop) -> None:
    conversation = shop.ask("как вернуть товар")
    shop.write(conversation, LONG, "Ещё вопросы?")
    (first,) = shop.deliver()
    (second,) = shop.deliveries.claim(["telegram"])
    refuse(shop, second)
    shop.desk.resolve_delivery(second.id, shop.boris, send_again=False)
    assert deliver_all(shop) == ["Ещ"]
    assert states(shop, conversation) == ["sent", "cancelled", "cancelled", "cancelled", "sent"]
    replies = shop.desk.conversation(conversation).replies
    assert [reply.settled_by for reply in replies] == [None, "boris", "boris", "boris", None]
    assert {reply.first_part_id for reply in replies[1:4]} == {first.id}


def test_two_replies_in_doubt_are_settled_each_by_itself(shop: Shop) -> None:
    conversation = shop.ask("как вернуть товар")
    shop.write(conversation, LONG, LONG.replace("1.", "5.").replace("2.", "6."))
    (first,) = shop.deliveries.claim(["telegram"])
    lose(shop, first)
    (other,) = shop.deliveries.claim(["telegram"])
    assert other.text[:2] == "5."
    refuse(shop, other)
    shop.desk.resolve_delivery(other.id, shop.anna, send_again=False)
    assert deliver_all(shop) == []
    shop.desk.resolve_delivery(first.id, shop.anna, send_again=False)
    assert deliver_all(shop) == ["2.", "3.", "4."]
    assert [reply.state for reply in shop.desk.undelivered_replies()] == []
    assert shop.desk.conversation(conversation).replies[4].state is OutboxState.CANCELLED
