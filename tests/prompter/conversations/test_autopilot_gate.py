"""The gate has the last word on automatic answers. Without a gate, operators answer everything."""

from collections.abc import Callable
from dataclasses import dataclass

from prompter.conversations.triage_worker import Triager
from prompter.domain.triage import HandoffReason, Route, Triage
from prompter.storage import Store
from tests.fakes import SHOP, WordAssistant
from tests.prompter.readiness.governed import GovernedShop
from tests.shop import SURE


@dataclass
class Interrupted:
    """An assistant during whose work something else happens."""

    assistant: WordAssistant
    meanwhile: Callable[[], object]

    def triage(self, text: str) -> Triage:
        triage = self.assistant.triage(text)
        self.meanwhile()
        return triage


def test_a_topic_that_is_stopped_while_the_assistant_thinks_does_not_answer(store: Store) -> None:
    shop = GovernedShop(store)
    shop.go_live()
    assert shop.route(shop.ask())[0] is Route.AUTOPILOT
    interrupted = Interrupted(shop.assistant, lambda: shop.readiness.hold("returns", shop.vera))
    conversation = shop.say(SURE)
    shop.clock.forward(2)
    assert shop.worker(interrupted).run_once() == 1
    assert shop.route(conversation) == (Route.SUGGEST, HandoffReason.TOPIC_NOT_READY)
    assert shop.said_by_bot(conversation) == []


def test_with_nobody_to_ask_operators_answer_and_nothing_is_drawn(store: Store) -> None:
    shop = GovernedShop(store)
    shop.go_live()
    conversation = shop.say(SURE)
    shop.clock.forward(2)
    assert Triager(store, WordAssistant(SHOP), clock=shop.clock).run_once() == 1
    assert shop.route(conversation) == (Route.SUGGEST, HandoffReason.TOPIC_NOT_READY)
    turn = shop.turn(conversation)
    assert (turn.draw, turn.blind) == (None, False)
    assert shop.said_by_bot(conversation) == []
