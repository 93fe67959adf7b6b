"""The gate has the last word on automatic answers. Without a gate, operators answer everything."""

from collections.abc import Callable
from dataclasses import dataclass

from prompter.domain.triage import HandoffReason, Route, Triage
from prompter.storage import Store
from tests.fakes import WordAssistant
from tests.prompter.readiness.governed import GovernedShop
from tests.shop import SURE, Shop


@dataclass
class InterruptedAssistant:
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
    interrupted = InterruptedAssistant(shop.assistant, lambda: shop.readiness.hold("returns", shop.vera))
    conversation = shop.say(SURE)
    shop.clock.forward(2)
    assert shop.worker(interrupted).run_once() == 1
    assert shop.route(conversation) == (Route.SUGGEST, HandoffReason.TOPIC_NOT_READY)
    assert shop.bot_replies(conversation) == []


def test_without_a_gate_operators_answer(store: Store) -> None:
    governed = GovernedShop(store)
    governed.go_live()
    shop = Shop(store, clock=governed.clock)
    conversation = shop.ask()
    assert governed.route(conversation) == (Route.SUGGEST, HandoffReason.TOPIC_NOT_READY)
    assert governed.bot_replies(conversation) == []
