"""A topic moves from evidence to autopilot and back, through the core on a real store."""

from dataclasses import replace

import pytest

from prompter.common.errors import NotFound
from prompter.desk.decision import Action
from prompter.domain.conversation import TurnState
from prompter.domain.evidence import RejectReason
from prompter.domain.readiness import Mode, ReadinessState
from prompter.domain.triage import HandoffReason, Route
from prompter.readiness.service import Readiness
from prompter.readiness.topic_readiness import NotReady
from prompter.storage import Store
from tests.fakes import SHOP, START
from tests.prompter.readiness.governed import ENOUGH, RULE, GovernedShop
from tests.shipped import DETECTOR
from tests.shop import SURE

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(store: Store) -> GovernedShop:
    return GovernedShop(store)


def test_every_topic_starts_to_collect(shop: GovernedShop) -> None:
    found = shop.readiness.topics()
    assert [topic.name for topic in found] == ["orders", "returns"]
    assert {topic.state for topic in found} == {ReadinessState.COLLECTING}
    assert [step.n_turns for step in found[0].steps] == [0]
    assert shop.update_readiness() is False  # nothing is new


def test_a_topic_is_ready_after_as_many_right_answers_as_the_rule_asks_for(shop: GovernedShop) -> None:
    shop.prove(ENOUGH - 1)
    assert shop.returns().state is ReadinessState.COLLECTING
    shop.prove(1)
    ready = shop.returns()
    assert ready.state is ReadinessState.READY
    assert (ready.passed, ready.steps[0].passed_after) == (0.6, ENOUGH)
    assert ready.events[0].reason == "proved"


def test_a_ready_topic_asks_a_supervisor_before_it_answers(shop: GovernedShop) -> None:
    shop.prove()
    assert shop.route(shop.ask()) == (Route.SUGGEST, HandoffReason.TOPIC_NOT_READY)
    shop.readiness.allow("returns", shop.vera)
    conversation = shop.ask()
    assert shop.route(conversation) == (Route.AUTOPILOT, None)
    assert shop.turn(conversation).state is TurnState.CLOSED
    (reply,) = shop.bot_replies(conversation)
    assert reply.text == "Верните товар за 14 дней.\n\nОтветил бот."
    assert reply.offers_operator
    event = shop.returns().events[0]
    assert (event.reason, event.account_id) == ("allowed", shop.vera.id)


def test_automatic_topics_go_live_by_themselves(store: Store) -> None:
    shop = GovernedShop(store, mode=Mode.AUTOMATIC)
    shop.prove()
    assert shop.returns().state is ReadinessState.AUTOPILOT
    assert shop.route(shop.ask())[0] is Route.AUTOPILOT


def test_shadow_topics_are_only_measured(store: Store) -> None:
    shop = GovernedShop(store, mode=Mode.SHADOW)
    shop.prove()
    assert shop.returns().state is ReadinessState.READY
    assert shop.route(shop.ask()) == (Route.SUGGEST, HandoffReason.TOPIC_NOT_READY)


def test_without_evidence_nobody_can_allow_it(shop: GovernedShop) -> None:
    with pytest.raises(NotReady, match="nothing has been judged yet"):
        shop.readiness.allow("returns", shop.vera)
    shop.prove(4)
    with pytest.raises(NotReady, match=r"about \d+ more judged questions"):
        shop.readiness.allow("returns", shop.vera)
    for _ in range(6):
        shop.blind(right=False)
    with pytest.raises(NotReady, match="not above the target"):
        shop.readiness.allow("returns", shop.vera)
    with pytest.raises(NotFound):
        shop.readiness.allow("nothing", shop.vera)


def test_shown_verdicts_alone_count_little(shop: GovernedShop) -> None:
    """A fifth of the accepted suggestions is judged again, and until then nothing is known."""
    for _ in range(ENOUGH):
        shop.accept(shop.ask())
    shop.update_readiness()
    assert shop.returns().state is ReadinessState.COLLECTING
    step = shop.returns().steps[0]
    assert (step.n_turns, step.n_sampled) == (ENOUGH, 0)


def test_what_nobody_has_decided_counts_as_wrong(shop: GovernedShop) -> None:
    shop.prove(ENOUGH - 1)
    waiting = shop.ask(sampled=True)
    shop.prove(1)
    assert shop.returns().state is ReadinessState.COLLECTING
    shop.decide(waiting, Action.PICK_OTHER, article_id="returns-how")
    shop.update_readiness()
    assert shop.returns().state is ReadinessState.READY


def test_a_hold_works_at_once_and_keeps_what_was_proved(shop: GovernedShop) -> None:
    shop.go_live()
    shop.readiness.hold("returns", shop.vera)
    assert shop.route(shop.ask()) == (Route.SUGGEST, HandoffReason.TOPIC_NOT_READY)
    assert shop.returns().state is ReadinessState.HELD
    shop.update_readiness()
    assert shop.returns().state is ReadinessState.HELD
    shop.readiness.allow("returns", shop.vera)
    assert shop.route(shop.ask())[0] is Route.AUTOPILOT


def test_switched_off_a_topic_is_only_measured_until_it_is_allowed_again(shop: GovernedShop) -> None:
    shop.go_live()
    shop.readiness.switch_off("returns", shop.vera)
    off = shop.returns()
    assert (off.state, off.mode) == (ReadinessState.READY, Mode.SHADOW)
    assert shop.route(shop.ask())[0] is Route.SUGGEST
    shop.readiness.allow("returns", shop.vera)
    assert shop.returns().mode is Mode.MANUAL
    assert shop.route(shop.ask())[0] is Route.AUTOPILOT


def test_another_model_is_tested_anew(shop: GovernedShop) -> None:
    shop.go_live()
    shop.model = "words-2"
    assert shop.update_readiness()
    anew = shop.returns()
    assert (anew.state, anew.test_number, anew.threshold) == (ReadinessState.COLLECTING, 2, None)
    assert [step.n_turns for step in anew.steps] == [0]
    assert shop.route(shop.ask())[0] is Route.SUGGEST
    shop.prove(ENOUGH)
    assert shop.returns().state is ReadinessState.COLLECTING  # the second test asks for more
    shop.prove(8)
    assert shop.returns().state is ReadinessState.READY


def test_a_model_that_nobody_has_judged_does_not_use_up_a_test(shop: GovernedShop) -> None:
    shop.model = "words-2"
    shop.update_readiness()
    assert shop.returns().test_number == 1


# --- afterwards -------------------------------------------------------------------------------


def test_a_topic_that_slips_is_demoted_and_says_why(shop: GovernedShop) -> None:
    shop.go_live()
    for _ in range(5):
        shop.audit(right=True)
    wrong = [shop.audit(right=False) for _ in range(8)]
    assert shop.update_readiness()
    demoted = shop.returns()
    assert (demoted.state, demoted.threshold, demoted.test_number) == (ReadinessState.DEMOTED, None, 2)
    event = demoted.events[0]
    assert event.reason == "slipped"
    assert (event.facts.audited, event.facts.audited_wrong) == (13, 8)
    assert event.facts.articles == ("returns-how",)
    assert list(event.facts.wrong_turns) == wrong
    assert shop.route(shop.ask())[0] is Route.SUGGEST


def test_right_audits_leave_it_alone(shop: GovernedShop) -> None:
    shop.go_live()
    for _ in range(12):
        shop.audit(right=True)
    assert shop.update_readiness() is False
    assert (shop.returns().audited, shop.returns().audited_right) == (12, 12)


def test_an_answer_that_is_not_drawn_is_not_audited(shop: GovernedShop) -> None:
    shop.go_live()
    shop.ask()
    assert shop.reviews.count_waiting(shop.boris) == 0


# --- what holds a ready topic back ------------------------------------------------------------


def test_while_an_operator_is_in_the_conversation_the_bot_is_silent(shop: GovernedShop) -> None:
    shop.go_live()
    shop.ask("погода", chat="ivan")
    second = shop.ask(chat="ivan")
    assert shop.route(second) == (Route.SUGGEST, HandoffReason.OPERATOR_ACTIVE)
    shop.decide(second, Action.WRITE_OWN, text="Смотрю.")
    shop.clock.forward(60)
    assert shop.route(shop.ask(chat="ivan")) == (Route.SUGGEST, HandoffReason.OPERATOR_ACTIVE)


def test_half_an_hour_after_an_operator_it_answers_again(shop: GovernedShop) -> None:
    shop.go_live()
    conversation = shop.ask("погода", chat="ivan")
    shop.decide(conversation, Action.WRITE_OWN, text="Солнечно.")
    shop.clock.forward(1801)
    assert shop.route(shop.ask(chat="ivan"))[0] is Route.AUTOPILOT


def test_after_three_answers_in_a_row_a_person_is_asked(shop: GovernedShop) -> None:
    shop.go_live()
    routes = [shop.route(shop.ask(chat="ivan")) for _ in range(4)]
    assert [route for route, _ in routes[:3]] == [Route.AUTOPILOT] * 3
    assert routes[3] == (Route.SUGGEST, HandoffReason.POLICY)


def test_a_changed_answer_is_shown_to_a_person_first(shop: GovernedShop) -> None:
    shop.go_live()
    changed = replace(SHOP[0], answer="Верните товар за 30 дней.")
    shop.clock.forward(10)
    shop.knowledge.import_articles([changed], changed_by="vera")
    conversation = shop.ask()
    assert shop.route(conversation) == (Route.SUGGEST, HandoffReason.ARTICLE_CHANGED)
    shop.accept(conversation)
    assert shop.route(shop.ask())[0] is Route.AUTOPILOT


def test_a_changed_answer_that_a_person_rejects_stays_back(shop: GovernedShop) -> None:
    shop.go_live()
    shop.clock.forward(10)
    shop.knowledge.import_articles([replace(SHOP[0], answer="Верните за 3 года.")], changed_by="vera")
    shop.decide(shop.ask(), Action.REJECT, reason=RejectReason.OUTDATED)
    assert shop.route(shop.ask()) == (Route.SUGGEST, HandoffReason.ARTICLE_CHANGED)


def test_new_phrasings_do_not_make_an_answer_new(shop: GovernedShop) -> None:
    shop.go_live()
    shop.clock.forward(10)
    shop.knowledge.import_articles([replace(SHOP[0], phrasings=("сдать покупку",))], changed_by="vera")
    assert shop.route(shop.ask())[0] is Route.AUTOPILOT


def test_turns_that_something_holds_back_are_no_evidence(shop: GovernedShop) -> None:
    shop.ask("погода", chat="ivan")
    conversation = shop.ask(SURE, chat="ivan", sampled=True)
    assert shop.route(conversation)[1] is HandoffReason.OPERATOR_ACTIVE
    assert shop.turn(conversation).draw is None
    assert shop.returns().steps[0].n_turns == 0


# --- groups -----------------------------------------------------------------------------------


def test_small_topics_go_live_as_the_group_that_was_named(store: Store) -> None:
    shop = GovernedShop(store, groups={"shop": ("orders", "returns")})
    assert [topic.name for topic in shop.readiness.topics()] == ["shop"]
    shop.prove()
    shop.readiness.allow("shop", shop.vera)
    assert shop.route(shop.ask())[0] is Route.AUTOPILOT
    assert shop.route(shop.ask("как отменить заказ"))[0] is Route.AUTOPILOT


def test_a_topic_that_is_below_the_bar_is_left_out_of_its_group(store: Store) -> None:
    shop = GovernedShop(store, groups={"shop": ("orders", "returns")})
    for _ in range(10):
        shop.blind(text="как отменить заказ", right=False)
    shop.prove(40)
    shop.readiness.allow("shop", shop.vera)
    assert shop.readiness.topic("shop").left_out == ("orders",)
    assert shop.route(shop.ask())[0] is Route.AUTOPILOT
    assert shop.route(shop.ask("как отменить заказ")) == (Route.SUGGEST, HandoffReason.TOPIC_NOT_READY)


# --- many topics ------------------------------------------------------------------------------


def test_topics_that_are_tested_together_need_more_alone_and_less_in_company(store: Store) -> None:
    shop = GovernedShop(store, tested_together=("orders", "returns"))
    shop.prove(ENOUGH)
    assert shop.returns().state is ReadinessState.COLLECTING  # alone among two: twice the capital
    shop.prove(2)
    assert shop.returns().state is ReadinessState.READY
    for _ in range(ENOUGH):
        shop.blind(text="где мой заказ", article_id="order-where")
    shop.update_readiness()
    assert shop.readiness.topic("orders").state is ReadinessState.READY
    assert shop.returns().state is ReadinessState.READY


def test_asking_without_a_customer_shows_who_would_answer(shop: GovernedShop) -> None:
    asked = shop.assistant.triage(SURE)
    assert shop.readiness.preview(asked).handoff_reason is HandoffReason.TOPIC_NOT_READY
    shop.go_live()
    assert shop.readiness.preview(asked).route is Route.AUTOPILOT
    shop.clock.forward(10)
    shop.knowledge.import_articles([replace(SHOP[0], answer="Иначе.")], changed_by="vera")
    assert shop.readiness.preview(asked).handoff_reason is HandoffReason.ARTICLE_CHANGED


def test_a_higher_bar_takes_the_permission_back_and_a_lower_one_needs_no_new_test(shop: GovernedShop) -> None:
    shop.go_live()
    for bar, state in ((0.9, ReadinessState.COLLECTING), (0.6, ReadinessState.READY)):
        stricter = Readiness(
            shop.store, rule=replace(RULE, bar=bar), detector=DETECTOR, mode=shop.mode, clock=shop.clock
        )
        assert stricter.run_once(shop.model)
        assert stricter.topic("returns").state is state


# --- another model, and what was judged before ------------------------------------------------


def test_another_model_is_judged_by_lots_that_it_has_not_learned_from(shop: GovernedShop) -> None:
    early = shop.clock()
    shop.clock.forward(60)
    shop.prove(20)
    shop.accept(shop.ask())  # seen: whoever decided knew the old model's suggestion
    shop.clock.forward(60)
    assert shop.readiness.run_once("words-2", training_cutoff=early, ask=shop.assistant.triage)
    again = shop.returns()
    assert (again.test_number, again.steps[0].n_turns, again.steps[0].estimate) == (2, 20, 1.0)
    assert again.state is ReadinessState.READY
    assert again.coverage is None  # of the traffic since
    assert len(shop.readiness.evidence("returns").pieces) == 20


def test_what_came_in_before_its_data_were_cut_is_not_replayed(shop: GovernedShop) -> None:
    shop.prove(20)
    shop.clock.forward(60)
    late = shop.clock()
    shop.clock.forward(60)
    assert shop.readiness.run_once("words-2", training_cutoff=late, ask=shop.assistant.triage)
    assert shop.returns().steps[0].n_turns == 0


def test_another_answer_is_right_only_if_the_operator_has_sent_it(shop: GovernedShop) -> None:
    shop.clock.forward(60)
    shop.blind(right=True)  # sent: returns-how
    shop.blind(right=False)  # sent: refund-when
    other = next(article for article in SHOP if article.id == "refund-when")
    shop.assistant.articles = [replace(other, question=SURE)]
    shop.readiness.run_once("words-2", training_cutoff=START, ask=shop.assistant.triage)
    assert [piece.right for piece in shop.readiness.evidence("returns").pieces] == [False, True]


def test_a_turn_that_the_new_model_would_leave_alone_is_no_evidence(shop: GovernedShop) -> None:
    shop.clock.forward(60)
    shop.prove(3)
    shop.assistant.articles = []
    shop.readiness.run_once("words-2", training_cutoff=START, ask=shop.assistant.triage)
    assert shop.returns().steps[0].n_turns == 0
