"""A snapshot of the desk comes from one read transaction, so its parts belong together."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from prompter.common.clock import utc_now
from prompter.domain.triage import HandoffReason, Route, Triage
from prompter.knowledge.topics import Topics
from prompter.storage import Store
from prompter_api.desk.ui.session import PageSessions
from tests.fakes import WordAssistant
from tests.prompter.readiness.governed import GovernedShop
from tests.shop import Shop
from tests.web_shop import DeskShop, WebShop


@pytest.fixture
def shop(store: Store) -> WebShop:
    return WebShop(store)


class StatementCounter:
    """Counts the statements sent to a store's database from now on."""

    def __init__(self, store: Store) -> None:
        self.transactions = 0
        self.statements: list[str] = []
        event.listen(store._engine, "begin", self._begin)
        event.listen(store._engine, "before_cursor_execute", self._execute)

    def _begin(self, *_: Any) -> None:
        self.transactions += 1

    def _execute(self, *arguments: Any) -> None:
        self.statements.append(arguments[2])


@pytest.mark.parametrize("name", ["anna", "vera"])
def test_a_look_is_one_transaction_that_writes_nothing(shop: WebShop, name: str) -> None:
    first, second = shop.ask("как вернуть товар", chat="1"), shop.ask("где мой заказ", chat="2")
    account = shop.accounts.require_by_name(name)
    counted = StatementCounter(shop.store)
    snapshot = shop.desk.snapshot(account, second)
    assert counted.transactions == 1
    assert {statement.split()[0] for statement in counted.statements} - {"BEGIN"} == {"SELECT"}
    assert len(counted.statements) <= 20
    assert [item.customer.conversation_id for item in snapshot.queue] == [first, second]
    assert snapshot.turn == snapshot.queue[1].turn


def test_the_parts_are_those_that_are_asked_for_one_by_one(shop: WebShop) -> None:
    conversation = shop.ask("как вернуть товар")
    desk = shop.desk
    snapshot = desk.snapshot(shop.accounts.require_by_name("vera"), conversation)
    view = desk.conversation(conversation)
    assert (snapshot.queue, snapshot.view, snapshot.suggestions) == (desk.queue(), view, view.suggestions)
    assert (snapshot.undelivered, snapshot.workload) == (desk.undelivered_replies(), desk.workload())
    assert snapshot.workload is not None
    assert snapshot.workload.waiting == len(snapshot.queue) == 1


def test_only_supervisors_see_workload_and_topics_that_slipped(store: Store) -> None:
    shop = GovernedShop(store)
    shop.go_live()
    for _ in range(13):
        shop.audit(right=False)
        if shop.update_readiness():
            break
    snapshot = shop.desk.snapshot(shop.vera)
    assert snapshot.demoted == ["returns"]
    assert snapshot.workload is not None
    seen = shop.desk.snapshot(shop.anna)
    assert (seen.demoted, seen.workload) == ([], None)
    assert replace(snapshot, demoted=[], workload=None) == seen


def test_a_page_adds_its_session_and_whose_screens_it_knows(store: Store) -> None:
    shop, sessions, start = DeskShop(store), PageSessions(), utc_now()
    services = replace(shop.services(), topics=Topics(store, clock=lambda: start))
    conversation = shop.ask("как вернуть товар")
    vera, boris = (sessions.take(services, shop.visit(name)) for name in ("vera", "boris"))
    boris.open_conversation = conversation
    vera.check()  # this reads the titles of topics, too, which then are kept for two seconds
    counted = StatementCounter(store)
    snapshot = vera.snapshot(conversation)
    assert counted.transactions == 2  # the session, and the look
    assert snapshot == replace(
        shop.desk.snapshot(vera.account, conversation), opened_by={conversation: ["boris"]}
    )


def test_who_asks_for_a_person_goes_ahead_of_those_who_have_waited_a_little_longer(store: Store) -> None:
    shop = Shop(store, chat="")
    shop.ask("как вернуть товар")
    shop.clock.forward(660)
    shop.ask("где мой заказ")
    for reason in (HandoffReason.CUSTOMER_REQUEST, HandoffReason.COMPLAINT):

        class HandingOver(WordAssistant):
            def triage(self, text: str, reason: HandoffReason = reason) -> Triage:
                return replace(super().triage(text), route=Route.HANDOFF, handoff_reason=reason)

        shop.say("верните деньги")
        shop.clock.forward(2)
        shop.worker(HandingOver(shop.articles)).run_once()
    order = [item.turn.handoff_reason for item in shop.desk.queue()]
    assert order == [
        HandoffReason.TOPIC_NOT_READY,  # eleven minutes are more than the ten by which others go ahead
        HandoffReason.CUSTOMER_REQUEST,
        HandoffReason.COMPLAINT,
        HandoffReason.TOPIC_NOT_READY,
    ]
