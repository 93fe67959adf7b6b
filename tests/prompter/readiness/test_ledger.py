"""The ledger stays complete when clocks jump, topics are renamed or models return."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from evaluation.betting import RIGHT, WRONG
from prompter.common.errors import AlreadyDecided
from prompter.desk.decision import Action
from prompter.domain.evidence import Choice
from prompter.domain.readiness import ReadinessState
from prompter.domain.triage import HandoffReason, Route
from prompter.readiness.ledger import judged_turns
from prompter.storage import Store
from prompter.storage.tables import messages, turns
from tests.fakes import SHOP
from tests.prompter.readiness.governed import ENOUGH, GovernedShop


@pytest.fixture
def shop(store: Store) -> GovernedShop:
    return GovernedShop(store)


def test_evidence_is_ordered_by_receipt_not_by_verdict(shop: GovernedShop) -> None:
    early = shop.ask(sampled=True)
    shop.blind(right=False)
    shop.decide(early, Action.PICK_OTHER, article_id="returns-how")
    judged = judged_turns(shop.turns("returns"))
    assert [turn.judgement for turn in judged] == [RIGHT, WRONG]


def test_a_clock_that_jumps_back_costs_evidence_and_adds_none(shop: GovernedShop) -> None:
    shop.prove(4)
    shop.clock.forward(-3600)
    shop.prove(4)  # received "before" the test began: not counted
    assert shop.returns().steps[0].n_turns == 4
    shop.clock.forward(7200)
    shop.prove(ENOUGH - 4)
    assert shop.returns().state is ReadinessState.READY


def test_a_second_verdict_on_a_turn_is_refused_and_leaves_no_trace(shop: GovernedShop) -> None:
    conversation = shop.ask(sampled=True)
    second = shop.decision(conversation, Action.PICK_OTHER, article_id="order-where")
    shop.decide(conversation, Action.PICK_OTHER, article_id="returns-how")
    with pytest.raises(AlreadyDecided):
        shop.desk.decide(second)
    (turn,) = shop.turns("returns")
    assert len(turn.rows) == 1


def test_a_verdict_on_an_erased_message_counts_all_the_same(shop: GovernedShop) -> None:
    conversation = shop.ask(second=True)
    shop.accept(conversation)
    with shop.store.write() as tx:
        connection = tx.conversations._connection
        connection.execute(update(messages).values(text=""))
        connection.execute(update(turns).values(utterance=None))
    question = shop.reviews.find_next(shop.boris)
    assert question is not None
    shop.reviews.judge(question.review_id, Choice.NEITHER, shop.boris)
    (turn,) = shop.turns("returns")
    assert turn.rows[-1].right is False


def test_a_renamed_topic_begins_anew_and_the_old_evidence_stays_with_the_old_name(shop: GovernedShop) -> None:
    shop.go_live()
    renamed = [replace(article, topic="refunds") for article in SHOP if article.topic == "returns"]
    shop.clock.forward(10)
    shop.knowledge.import_articles(renamed, changed_by="vera")
    shop.update_readiness()
    assert [topic.name for topic in shop.readiness.topics()] == ["orders", "refunds"]
    assert shop.readiness.topic("refunds").state is ReadinessState.COLLECTING
    assert len(shop.turns("returns")) == ENOUGH


def test_an_article_that_moves_into_a_live_topic_is_looked_at_by_a_person_first(shop: GovernedShop) -> None:
    shop.go_live()
    shop.clock.forward(10)
    moved = next(article for article in SHOP if article.id == "order-cancel")
    shop.move(moved, "returns")
    conversation = shop.ask("как отменить заказ")
    assert shop.route(conversation) == (Route.SUGGEST, HandoffReason.ARTICLE_CHANGED)
    shop.accept(conversation)
    assert shop.route(shop.ask("как отменить заказ"))[0] is Route.AUTOPILOT


def test_a_model_that_comes_back_is_a_new_one(shop: GovernedShop) -> None:
    shop.go_live()
    for model in ("words-2", "words-1"):
        shop.model = model
        shop.update_readiness()
    again = shop.returns()
    assert (again.state, again.test_number) == (ReadinessState.COLLECTING, 2)
    assert again.steps[0].n_turns == 0  # what was shown of it before counts no more


def test_an_undone_decision_is_no_verdict(shop: GovernedShop) -> None:
    conversation = shop.ask(sampled=True)
    decided = shop.decide(conversation, Action.PICK_OTHER, article_id="returns-how")
    shop.desk.undo(decided.decision_id, shop.anna)
    (turn,) = shop.turns("returns")
    assert [row.right for row in turn.rows] == [True, False]
    (judged,) = judged_turns([turn])
    assert judged.judgement == WRONG
