"""Dialogues of an engine run in a shop that keeps the desk, the readiness and the last word."""

import pytest

from prompter.desk.decision import Action
from prompter.desk.views import ConversationView
from prompter.dialogue.session import forget_outage
from prompter.domain.dialogue import MessageCursor
from prompter.domain.evidence import Choice, RejectReason, Verdict
from prompter.domain.readiness import Mode, ReadinessState
from prompter.domain.triage import HandoffReason, Route
from prompter.labels.from_verdicts import labeled_questions
from prompter.readiness.offline_replay import replay
from prompter.storage import Store
from tests.fakes import NUMBER, OrderDialogue
from tests.prompter.readiness.governed import ENOUGH, GovernedShop
from tests.shop import SURE

pytestmark = pytest.mark.slow

STATUS, ORDER = "статус", "40018237"
ARRIVES = "Заказ 40018237 едет."
TOPIC = "dialogue/order_form"
READY = (Route.SUGGEST, HandoffReason.TOPIC_NOT_READY)


@pytest.fixture
def engine() -> OrderDialogue:
    return OrderDialogue()


@pytest.fixture
def shop(store: Store, engine: OrderDialogue) -> GovernedShop:
    shop = GovernedShop(store)
    shop.talk_through(engine)
    return shop


def view(shop: GovernedShop, conversation_id: int) -> ConversationView:
    return shop.desk.conversation(conversation_id)


def first(shop: GovernedShop, conversation_id: int) -> str:
    """Return the first suggestion for the customer's last question."""
    newest = view(shop, conversation_id).questions[-1]
    return shop.desk.conversation(conversation_id, turn_id=newest.id).suggestions[0].text


def at_number(shop: GovernedShop, chat: str = "olga") -> int:
    """Start a conversation in which the customer has been asked for the order number."""
    conversation = shop.ask(STATUS, chat=chat)
    shop.accept(conversation)
    return conversation


def prove_dialogue(shop: GovernedShop) -> None:
    """Confirm the form's question often enough for the dialogue to answer alone."""
    for number in range(ENOUGH):
        conversation = shop.ask(STATUS, chat=f"proof {shop.messages} {number}", sampled=True)
        shop.decide(conversation, Action.WRITE_OWN, text="Какой номер заказа?")
        question = shop.reviews.find_next(shop.boris)
        assert question is not None
        assert set(question.answers) == {NUMBER, "Какой номер заказа?"}
        shop.reviews.judge(question.review_id, Choice.BOTH, shop.boris)
    shop.look_at_dialogues()
    shop.update_readiness()


# --- what is said ------------------------------------------------------------------------------


def test_what_the_engine_says_is_the_first_suggestion_and_articles_follow(shop: GovernedShop) -> None:
    conversation = shop.ask("статус где мой заказ")
    assert shop.route(conversation) == READY
    said, article = view(shop, conversation).suggestions[:2]
    assert (said.text, said.topic, said.question, said.confidence) == (NUMBER, TOPIC, "order_form", 1.0)
    assert article.article_id == "order-where"


def test_a_form_goes_on_from_turn_to_turn(shop: GovernedShop) -> None:
    conversation = at_number(shop)
    assert shop.ask(ORDER, chat="olga") == conversation
    assert first(shop, conversation) == ARRIVES


def test_a_question_in_the_middle_of_a_form_is_answered_and_the_form_asks_again(shop: GovernedShop) -> None:
    conversation = at_number(shop)
    shop.ask(SURE, chat="olga")
    assert first(shop, conversation) == f"Верните товар за 14 дней.\n\n{NUMBER}"
    shop.accept(conversation)
    shop.ask("абракадабра", chat="olga")  # nothing to say to it
    assert first(shop, conversation) == NUMBER
    assert shop.route(conversation) == READY


def test_what_is_no_dialogue_is_triaged_as_ever(shop: GovernedShop, engine: OrderDialogue) -> None:
    conversation = shop.ask(SURE)
    assert view(shop, conversation).suggestions[0].article_id == "returns-how"
    ((question, _),) = engine.told["sufler-1-1"]
    assert question.cursor == MessageCursor(turn_id=1, message_id=1)
    assert question.seal == "sealed 1"
    assert question.triage.suggestions[0].article_id == "returns-how"
    assert shop.assistant.seen == [SURE]  # once


def test_the_engine_may_call_an_operator(shop: GovernedShop) -> None:
    conversation = shop.ask("оператор, как вернуть товар")
    assert shop.route(conversation) == (Route.HANDOFF, HandoffReason.CUSTOMER_REQUEST)
    assert shop.bot_replies(conversation)[0].text.startswith("Передал ваш вопрос оператору")


# --- readiness ---------------------------------------------------------------------------------


def test_a_dialogue_is_a_topic_that_answers_alone_once_it_has_been_right_often_enough(
    shop: GovernedShop,
) -> None:
    prove_dialogue(shop)
    assert shop.readiness.topic(TOPIC).state is ReadinessState.READY
    assert shop.readiness.evidence(TOPIC).questions == {"dialogue|order_form": "order_form"}
    shop.readiness.allow(TOPIC, shop.vera)
    conversation = shop.ask(STATUS, chat="olga")
    assert shop.route(conversation) == (Route.AUTOPILOT, None)
    shop.ask(ORDER, chat="olga")
    assert [reply.text for reply in shop.bot_replies(conversation)] == [
        f"{NUMBER}\n\nОтветил бот.",
        f"{ARRIVES}\n\nОтветил бот.",
    ]
    shop.ask(SURE, chat="olga")  # no dialogue, and returns are not ready
    assert shop.route(conversation) == READY


def test_an_answer_in_the_middle_of_a_form_is_an_operators_to_send(shop: GovernedShop) -> None:
    prove_dialogue(shop)
    shop.go_live()
    shop.readiness.allow(TOPIC, shop.vera)
    conversation = shop.ask(STATUS, chat="olga")
    shop.ask(SURE, chat="olga")  # it speaks for two topics
    assert shop.route(conversation) == (Route.SUGGEST, HandoffReason.POLICY)
    assert shop.turn(conversation).draw is None  # and is evidence of neither
    shop.accept(conversation)
    shop.ask(ORDER, chat="olga")
    assert shop.route(conversation) == (Route.AUTOPILOT, None)


def test_what_is_said_after_an_articles_answer_stays_the_articles(
    shop: GovernedShop, engine: OrderDialogue
) -> None:
    engine.adds = "Это помогло?"
    conversation = shop.ask(SURE)
    said = view(shop, conversation).suggestions[0]
    assert (said.article_id, said.topic) == ("returns-how", "returns")
    assert said.text == "Верните товар за 14 дней.\n\nЭто помогло?"
    nothing = shop.ask("абракадабра")
    assert view(shop, nothing).suggestions == []


def test_another_model_of_the_engine_has_to_show_it_anew(shop: GovernedShop, engine: OrderDialogue) -> None:
    prove_dialogue(shop)
    shop.go_live()
    shop.readiness.allow(TOPIC, shop.vera)
    engine.name = "orders-2"
    assert shop.route(shop.ask(STATUS)) == READY  # before anybody has looked
    shop.update_readiness()
    assert shop.readiness.topic(TOPIC).state is ReadinessState.COLLECTING
    assert shop.readiness.topic(TOPIC).test_number == 2
    assert shop.returns().state is ReadinessState.AUTOPILOT  # articles have a model of their own


def test_a_start_without_the_engine_leaves_dialogues_as_they_are(store: Store, shop: GovernedShop) -> None:
    prove_dialogue(shop)
    shop.readiness.allow(TOPIC, shop.vera)
    forget_outage(store)
    shop.update_readiness()
    assert shop.readiness.topic(TOPIC).state is ReadinessState.AUTOPILOT


def test_another_model_of_ours_leaves_dialogues_as_they_are(shop: GovernedShop) -> None:
    prove_dialogue(shop)
    shop.readiness.allow(TOPIC, shop.vera)
    shop.model = "words-2"
    shop.update_readiness()
    assert shop.readiness.topic(TOPIC).state is ReadinessState.AUTOPILOT


def test_a_dialogue_that_goes_round_in_circles_ends_at_an_operators(shop: GovernedShop) -> None:
    prove_dialogue(shop)
    shop.readiness.allow(TOPIC, shop.vera)
    conversation = shop.ask(STATUS, chat="olga")
    for _ in range(4):
        shop.ask("абракадабра", chat="olga")
        assert shop.route(conversation) == (Route.AUTOPILOT, None)
    shop.ask("абракадабра", chat="olga")
    assert shop.route(conversation) == (Route.SUGGEST, HandoffReason.POLICY)


def test_nothing_is_learned_from_dialogues(store: Store, shop: GovernedShop) -> None:
    at_number(shop)
    conversation = shop.ask("статус как вернуть товар", chat="ivan")
    shop.accept(conversation, rank=2)
    wrong = shop.ask(STATUS, chat="pavel")
    shop.decide(wrong, Action.REJECT, reason=RejectReason.WRONG_ARTICLE)
    (labeled_question,) = labeled_questions(store)
    assert (labeled_question.right, labeled_question.wrong) == ("returns-how", ())


def test_dialogues_are_not_asked_of_another_model(shop: GovernedShop) -> None:
    prove_dialogue(shop)
    assert len(shop.turns(TOPIC)) == ENOUGH
    assert replay(shop.turns(TOPIC), {}, shop.assistant.triage) == []


# --- operators ---------------------------------------------------------------------------------


def test_an_accepted_suggestion_leaves_the_dialogue_alone(shop: GovernedShop, engine: OrderDialogue) -> None:
    conversation = at_number(shop)
    shop.look_at_dialogues()
    assert engine.paused == {}
    assert not view(shop, conversation).held


@pytest.mark.parametrize("by", ["own", "other", "rejected", "message"])
def test_an_operator_who_says_something_else_leads_until_they_give_it_back(
    shop: GovernedShop, engine: OrderDialogue, by: str
) -> None:
    conversation = at_number(shop)
    shop.ask(SURE, chat="olga")
    match by:
        case "own":
            shop.decide(conversation, Action.WRITE_OWN, text="Минуту.")
        case "other":
            shop.accept(conversation, rank=2)
        case "rejected":
            shop.decide(conversation, Action.REJECT, reason=RejectReason.OTHER)
        case _:
            shop.accept(conversation)
            shop.desk.write(conversation, "Минуту.", shop.anna)
    assert view(shop, conversation).held
    shop.look_at_dialogues()
    assert engine.paused == {"sufler-1-1": True}
    shop.ask(ORDER, chat="olga")
    assert view(shop, conversation).suggestions == []  # it was not asked
    shop.decide(conversation, Action.WRITE_OWN, text="Смотрю.")
    shop.clock.forward(10)
    shop.desk.return_to_bot(conversation)
    assert not view(shop, conversation).held
    shop.look_at_dialogues()
    assert engine.paused == {"sufler-1-1": False}
    shop.ask(ORDER, chat="olga")
    assert first(shop, conversation) == ARRIVES


def test_a_dialogue_goes_on_some_time_after_the_operator_fell_silent(
    shop: GovernedShop, engine: OrderDialogue
) -> None:
    conversation = at_number(shop)
    shop.desk.write(conversation, "Минуту.", shop.anna)
    shop.look_at_dialogues()
    shop.clock.forward(31 * 60)
    shop.ask(ORDER, chat="olga")  # before anybody has looked
    assert first(shop, conversation) == ARRIVES
    assert engine.paused == {"sufler-1-1": False}


def test_an_undone_decision_was_no_take_over(shop: GovernedShop, engine: OrderDialogue) -> None:
    conversation = shop.ask(STATUS)
    decided = shop.decide(conversation, Action.WRITE_OWN, text="Минуту.")
    shop.look_at_dialogues(after=0)
    assert engine.paused == {"sufler-1-1": True}
    shop.desk.undo(decided.decision_id, shop.anna)
    shop.look_at_dialogues()
    assert engine.paused == {"sufler-1-1": False}


def test_an_answer_given_blind_is_no_take_over(shop: GovernedShop, engine: OrderDialogue) -> None:
    conversation = shop.ask(STATUS, chat="olga", sampled=True)
    shop.decide(conversation, Action.WRITE_OWN, text="Какой номер?")
    shop.look_at_dialogues()
    assert engine.paused == {}
    shop.ask(ORDER, chat="olga")
    assert first(shop, conversation) == ARRIVES


def test_nobody_answers_alone_right_after_an_operators_own_words(shop: GovernedShop) -> None:
    prove_dialogue(shop)
    shop.readiness.allow(TOPIC, shop.vera)
    blind = shop.ask(SURE, chat="olga", sampled=True)
    shop.decide(blind, Action.WRITE_OWN, text="Ваш заказ потерян.")
    shop.ask(STATUS, chat="olga")
    assert shop.route(blind) == (Route.SUGGEST, HandoffReason.OPERATOR_ACTIVE)
    accepted = shop.ask(SURE, chat="ivan")
    shop.accept(accepted)
    shop.ask(STATUS, chat="ivan")
    assert shop.route(accepted) == (Route.SUGGEST, HandoffReason.OPERATOR_ACTIVE)


def test_a_conversation_that_was_given_back_is_answered_alone_again(shop: GovernedShop) -> None:
    shop.go_live()
    conversation = shop.ask(SURE, chat="olga")
    shop.desk.write(conversation, "Ещё вопросы?", shop.anna)
    shop.ask(SURE, chat="olga")
    assert shop.route(conversation) == (Route.SUGGEST, HandoffReason.OPERATOR_ACTIVE)
    shop.accept(conversation)
    assert view(shop, conversation).held
    shop.clock.forward(10)
    shop.desk.return_to_bot(conversation)
    shop.ask(SURE, chat="olga")
    assert shop.route(conversation) == (Route.AUTOPILOT, None)


# --- trouble -----------------------------------------------------------------------------------


def test_without_the_engine_there_are_articles_and_operators_know(
    shop: GovernedShop, engine: OrderDialogue
) -> None:
    conversation = at_number(shop)
    engine.broken = True
    shop.ask(ORDER, chat="olga")
    assert shop.route(conversation) == (Route.HANDOFF, HandoffReason.ENGINE_DOWN)
    outage = shop.desk.workload().outage
    assert outage is not None
    assert (outage.since, outage.why) == (shop.clock.now, "it is not there")
    assert shop.desk.workload().outage == outage
    assert shop.route(shop.ask(SURE)) == READY  # articles go on
    assert shop.route(shop.ask("абракадабра")) == (Route.HANDOFF, HandoffReason.ENGINE_DOWN)
    engine.broken = False
    assert shop.look_at_dialogues()
    assert shop.desk.workload().outage is None
    shop.ask(ORDER, chat="olga")
    assert first(shop, conversation) == ARRIVES


def test_in_the_middle_of_a_form_no_article_answers_alone_while_the_engine_is_away(
    shop: GovernedShop, engine: OrderDialogue
) -> None:
    shop.go_live()
    conversation = at_number(shop)
    shop.clock.forward(31 * 60)  # the operator who has accepted is gone
    engine.broken = True
    assert shop.route(shop.ask(SURE)) == (Route.AUTOPILOT, None)
    shop.ask(SURE, chat="olga")
    assert shop.route(conversation) == (Route.SUGGEST, HandoffReason.ENGINE_DOWN)


def test_silence_is_noticed_though_nobody_writes(shop: GovernedShop, engine: OrderDialogue) -> None:
    engine.broken = True
    assert shop.look_at_dialogues()
    assert shop.desk.workload().outage is not None


def test_one_reply_that_fails_is_no_silence_and_is_taken_back(
    shop: GovernedShop, engine: OrderDialogue
) -> None:
    engine.says_nothing = True
    conversation = shop.ask(STATUS, chat="olga")
    assert shop.route(conversation) == (Route.HANDOFF, HandoffReason.ENGINE_DOWN)
    assert shop.desk.workload().outage is None
    engine.says_nothing = False
    shop.ask(SURE, chat="olga")
    assert first(shop, conversation) == "Верните товар за 14 дней."  # no form waits
    assert [cursor.turn_id for cursor in engine.taken_back] == [1]


def test_a_customer_who_writes_on_while_the_engine_thinks_is_asked_about_once(
    shop: GovernedShop, engine: OrderDialogue
) -> None:
    wrote = iter([ORDER])
    engine.before_reply = lambda: [shop.say(text, chat="olga") for text in wrote]
    conversation = shop.ask(STATUS, chat="olga")
    assert view(shop, conversation).suggestions == []
    shop.clock.forward(2)
    shop.triager.run_once()
    (told,) = engine.told["sufler-1-1"]
    assert told[0].triage.utterance == f"{STATUS}\n{ORDER}"
    assert [cursor.message_id for cursor in engine.taken_back] == [1]
    assert first(shop, conversation) == NUMBER


def test_after_a_crash_the_same_turn_gets_the_same_reply(shop: GovernedShop, engine: OrderDialogue) -> None:
    conversation = at_number(shop)

    def crash() -> None:
        raise KeyboardInterrupt

    engine.before_reply = crash
    with pytest.raises(KeyboardInterrupt):
        shop.ask(ORDER, chat="olga")
    engine.before_reply = lambda: None
    assert shop.triager.run_once() == 0  # for all that anybody knows, the other worker is still asking
    shop.clock.forward(61)
    assert shop.triager.run_once() == 1
    assert first(shop, conversation) == ARRIVES
    assert len(engine.told["sufler-1-1"]) == 2


def test_two_workers_ask_once(shop: GovernedShop, engine: OrderDialogue) -> None:
    other = shop.worker(shop.assistant)
    engine.before_reply = lambda: other.run_once()
    conversation = shop.ask(STATUS)
    assert len(engine.told["sufler-1-1"]) == 1
    assert first(shop, conversation) == NUMBER


def test_a_form_that_was_left_in_the_middle_is_forgotten_after_an_hour(
    shop: GovernedShop, engine: OrderDialogue
) -> None:
    conversation = at_number(shop)
    shop.clock.forward(61 * 60)
    shop.ask(ORDER, chat="olga")
    assert view(shop, conversation).suggestions == []
    assert list(engine.told) == ["sufler-1-1", "sufler-1-2"]


def test_long_conversations_begin_anew_in_the_engine_but_not_in_the_middle_of_a_form(
    shop: GovernedShop, engine: OrderDialogue
) -> None:
    for _ in range(49):
        shop.accept(shop.ask(SURE, chat="olga"))
    conversation = at_number(shop)
    shop.ask(ORDER, chat="olga")
    assert first(shop, conversation) == ARRIVES
    shop.ask(SURE, chat="olga")
    assert [len(told) for told in engine.told.values()] == [51, 1]


def test_an_engine_that_is_gone_for_good_is_not_missed(
    store: Store, shop: GovernedShop, engine: OrderDialogue
) -> None:
    engine.broken = True
    shop.look_at_dialogues()
    forget_outage(store)
    assert shop.desk.workload().outage is None


def test_verdicts_on_dialogues_count_as_any(shop: GovernedShop) -> None:
    conversation = at_number(shop)
    shop.ask(ORDER, chat="olga")
    shop.decide(conversation, Action.EDIT, rank=1, text="Ваш заказ потерян, вернём деньги.")
    shop.update_readiness()
    verdicts = [turn.rows[-1].verdict for turn in shop.turns(TOPIC)]
    assert verdicts == [Verdict.ACCEPTED, Verdict.EDITED_SUBSTANTIVE]


def test_automatic_dialogues_go_live_by_themselves(store: Store, engine: OrderDialogue) -> None:
    shop = GovernedShop(store, mode=Mode.AUTOMATIC)
    shop.talk_through(engine)
    prove_dialogue(shop)
    assert shop.readiness.topic(TOPIC).state is ReadinessState.AUTOPILOT
