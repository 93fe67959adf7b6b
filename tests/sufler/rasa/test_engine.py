"""Rasa works as the dialogue engine over HTTP, against an emulator of its server."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from prompter.conversations.autopilot_gate import ReadinessGate
from prompter.desk.views import ConversationView
from prompter.dialogue.actions import seal
from prompter.dialogue.engine import DialogueUnavailable, Question
from prompter.dialogue.session import DialogueSessions
from prompter.domain.account import Scope
from prompter.domain.dialogue import MessageCursor
from prompter.domain.triage import HandoffReason, Route, Triage
from prompter.storage import Store, connect, migrate
from sufler.rasa.engine import RasaEngine
from tests.browser import serve
from tests.e2e.product import wait_for
from tests.emulators.rasa import MODEL, RasaEmulator
from tests.shipped import AUTOPILOT, DIALOGUES
from tests.web_shop import SECRET, DeskShop

SURE = "как вернуть товар"
FIRST = MessageCursor(turn_id=1, message_id=1)


@pytest.fixture
def rasa() -> Iterator[RasaEmulator]:
    with RasaEmulator() as emulator:
        yield emulator


def engine_of(rasa: RasaEmulator, *, token: str | None = None, timeout: float = 10) -> RasaEngine:
    return RasaEngine(rasa.url, token=token, timeout=timeout)


@pytest.fixture
def engine(rasa: RasaEmulator) -> RasaEngine:
    return engine_of(rasa)


def question(text: str, cursor: MessageCursor = FIRST) -> Question:
    triage = Triage(
        utterance=text,
        intent=None,
        intent_confidence=0.0,
        suggestions=(),
        route=Route.HANDOFF,
        handoff_reason=HandoffReason.NO_ARTICLE,
        model_version="m",
    )
    return Question(sender="sufler-1-1", cursor=cursor, seal="s", triage=triage)


# --- what Rasa says ----------------------------------------------------------------------------


def test_a_form_is_named_and_waits_until_it_has_its_answer(rasa: RasaEmulator, engine: RasaEngine) -> None:
    asked = engine.ask(question("статус"))
    assert (asked.name, asked.texts, asked.form) == ("order_form", ("Какой номер?",), "order_form")
    assert (asked.confidence, asked.model, asked.uses_triage, asked.handoff) == (0.9, MODEL, False, None)
    answered = engine.ask(question("40018237", MessageCursor(turn_id=2, message_id=2)))
    assert (answered.name, answered.texts, answered.form) == ("order_form", ("Заказ 40018237 едет.",), None)
    assert rasa.messages[0] == {
        "sender": "sufler-1-1",
        "message": "статус",
        "metadata": {
            "sufler": {
                "turn": 1,
                "message": 1,
                "seal": "s",
                "triage": {"route": "handoff", "handoff_reason": "no_article", "suggestions": []},
            }
        },
    }


def test_our_own_actions_say_what_to_do_with_the_triage(rasa: RasaEmulator, engine: RasaEngine) -> None:
    asked = engine.ask(question("как вернуть товар"))
    assert (asked.name, asked.texts, asked.uses_triage) == ("faq", (), True)
    rasa.says["люди"] = [{"custom": {"sufler": {"uses_triage": False, "handoff": "complaint"}}}]
    handed = engine.ask(question("люди", MessageCursor(turn_id=2, message_id=2)))
    assert (handed.uses_triage, handed.handoff) == (False, HandoffReason.COMPLAINT)


def test_buttons_and_pictures_become_text(rasa: RasaEmulator, engine: RasaEngine) -> None:
    buttons = [{"title": "Да", "payload": "/affirm"}, {"title": "Нет", "payload": "/deny"}]
    rasa.says["меню"] = [
        {"text": "Помогло?", "buttons": buttons},
        {"image": "https://shop.example/map.png"},
        {"custom": {"theirs": 1}},
    ]
    assert engine.ask(question("меню")).texts == ("Помогло?\n• Да\n• Нет", "https://shop.example/map.png")


def test_customers_name_no_intents(rasa: RasaEmulator, engine: RasaEngine) -> None:
    engine.ask(question("/restart"))
    engine.ask(question(' / /order_status{"order_number": "1"}', MessageCursor(turn_id=2, message_id=2)))
    engine.ask(question("/", MessageCursor(turn_id=3, message_id=3)))
    engine.ask(question("/\n\t\u00a0/order_status", MessageCursor(turn_id=4, message_id=4)))
    said = [message["message"] for message in rasa.messages]
    assert said == ["restart", 'order_status{"order_number": "1"}', "-", "order_status"]


def test_the_same_question_again_is_not_told_again(rasa: RasaEmulator, engine: RasaEngine) -> None:
    first = engine.ask(question("статус"))
    assert engine.ask(question("статус"), after=0) == first
    assert len(rasa.messages) == 1


def test_what_nobody_got_is_taken_back(rasa: RasaEmulator, engine: RasaEngine) -> None:
    engine.ask(question("статус"))
    more = MessageCursor(turn_id=1, message_id=2)
    reply = engine.ask(question("как вернуть товар", more), after=0)
    assert (reply.name, reply.form) == ("faq", None)  # no form waits
    engine.ask(question("статус", MessageCursor(turn_id=2, message_id=3)))
    engine.ask(question("40018237", MessageCursor(turn_id=4, message_id=5)), after=3)  # of 4 it never heard
    kinds = [event["event"] for event in rasa.events["sufler-1-1"]]
    assert kinds.count("rewind") == 1


def test_all_that_nobody_got_is_taken_back(rasa: RasaEmulator, engine: RasaEngine) -> None:
    engine.ask(question("как вернуть товар"))
    engine.ask(question("статус", MessageCursor(turn_id=2, message_id=2)))
    engine.ask(question("привет", MessageCursor(turn_id=3, message_id=3)))
    reply = engine.ask(question("спасибо", MessageCursor(turn_id=4, message_id=4)), after=1)
    assert (reply.name, reply.form) == ("faq", None)
    kinds = [event["event"] for event in rasa.events["sufler-1-1"]]
    assert kinds.count("rewind") == 2


def test_a_dialogue_may_restart_itself(rasa: RasaEmulator, engine: RasaEngine) -> None:
    rasa.says["заново"] = [{"text": "Начнём сначала."}]
    rasa.restarts = "заново"
    engine.ask(question("статус"))
    reply = engine.ask(question("заново", MessageCursor(turn_id=2, message_id=2)))
    assert (reply.texts, reply.form) == (("Начнём сначала.",), None)


@pytest.mark.parametrize("event", [None, "x", {"event": "user", "metadata": [1]}])
def test_a_tracker_that_cannot_be_read_fails_alone(
    rasa: RasaEmulator, engine: RasaEngine, event: object
) -> None:
    engine.ask(question("статус"))
    rasa.events["sufler-1-1"].append(event)  # type: ignore[arg-type]
    with pytest.raises(DialogueUnavailable, match="Rasa's tracker cannot be read") as raised:
        engine.ask(question("статус", MessageCursor(turn_id=2, message_id=2)), after=0)
    assert not raised.value.is_down


def test_a_conversation_stands_still_and_goes_on(rasa: RasaEmulator, engine: RasaEngine) -> None:
    engine.ask(question("статус"))
    engine.pause("sufler-1-1", paused=True)
    assert rasa.is_paused("sufler-1-1")
    engine.pause("sufler-1-1", paused=False)
    assert not rasa.is_paused("sufler-1-1")
    assert engine.model() == MODEL


# --- trouble -----------------------------------------------------------------------------------


def refusal(engine: RasaEngine) -> DialogueUnavailable:
    with pytest.raises(DialogueUnavailable) as raised:
        engine.ask(question("статус"))
    return raised.value


def test_rasa_that_is_slow_is_not_waited_for(rasa: RasaEmulator) -> None:
    rasa.delay = 5
    error = refusal(engine_of(rasa, timeout=0.2))
    assert (str(error), error.is_down) == ("Rasa does not answer in time", True)


@pytest.mark.parametrize(
    ("garbage", "words"),
    [
        (b"<html>", "Rasa answers something else, with status 200"),
        (b"{}", "what answers is not Rasa"),
        (b'"\xff"', "Rasa answers something else, with status 200"),
        (b"[[1]]", "what answers is not Rasa"),  # then the tracker
        (b"null", "what answers is not Rasa"),
    ],
)
def test_garbage_is_no_answer(rasa: RasaEmulator, engine: RasaEngine, garbage: bytes, words: str) -> None:
    rasa.garbage = garbage
    assert str(refusal(engine)) == words
    with pytest.raises(DialogueUnavailable):
        engine.model()


def test_nothing_said_is_a_failure_of_this_one(rasa: RasaEmulator, engine: RasaEngine) -> None:
    rasa.is_mute = True
    error = refusal(engine)
    assert (str(error), error.is_down) == (
        "Rasa says nothing: one of its actions or components fails",
        False,
    )


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ([{"custom": {"theirs": 1}}], "Rasa's answer has no text"),
        ([{"custom": {"sufler": {"handoff": "nonsense", "uses_triage": False}}}], "cannot be read"),
        ([{"custom": {"sufler": 5}}], "cannot be read"),
        ([{"text": "x" * 20_001}], "cannot be read"),
    ],
)
def test_an_answer_that_cannot_be_used_fails_alone(
    rasa: RasaEmulator, engine: RasaEngine, said: list[dict[str, object]], words: str
) -> None:
    rasa.says["статус"] = said
    error = refusal(engine)
    assert words in str(error)
    assert not error.is_down


def test_a_wrong_token_is_told_without_the_token(rasa: RasaEmulator) -> None:
    rasa.token = "the right one"
    with pytest.raises(DialogueUnavailable, match=r"Rasa refuses the token: set dialogue\.token"):
        engine_of(rasa, token="a wrong one").model()
    assert engine_of(rasa, token="the right one").model() == MODEL


def test_a_missing_model_is_told(rasa: RasaEmulator, engine: RasaEngine) -> None:
    rasa.model = None
    with pytest.raises(DialogueUnavailable, match="Rasa has no model that it can use: train one"):
        engine.model()


def test_nobody_there_is_told() -> None:
    engine = RasaEngine("http://127.0.0.1:9", token=None, timeout=1)
    with pytest.raises(DialogueUnavailable, match="Rasa cannot be reached: ConnectError"):
        engine.pause("sufler-1-1", paused=True)


# --- Rasa as the parser ------------------------------------------------------------------------


def test_rasa_says_which_intent(rasa: RasaEmulator, engine: RasaEngine) -> None:
    assert engine.parse("позовите оператора") == {"handoff_request": 0.9, "greeting": pytest.approx(0.1)}
    rasa.says["nlu_fallback"] = []
    assert engine.parse("nlu_fallback") == {}  # Rasa does not know: we say it


def test_a_parser_that_is_away_is_asked_again_after_a_while(rasa: RasaEmulator) -> None:
    now = [100.0]
    engine = RasaEngine(rasa.url, token=None, timeout=10, seconds=lambda: now[0])
    rasa.garbage = b"<html>"
    assert engine.parse("позовите оператора") == {}
    rasa.garbage = None
    assert engine.parse("позовите оператора") == {}
    now[0] += 6
    assert engine.parse("позовите оператора")["handoff_request"] == 0.9


# --- all together ------------------------------------------------------------------------------


@pytest.mark.slow
def test_eight_customers_and_two_connections_wait_for_nobody(tmp_path: Path, rasa: RasaEmulator) -> None:
    """Sufler asks Rasa, whose action asks Sufler. Holding a connection meanwhile would be a deadlock."""
    database = connect(f"sqlite:///{tmp_path / 'shop.db'}", max_connections=2)
    migrate(database)
    shop = DeskShop(Store(database))
    rasa.actions_token = shop.accounts.create_token(shop.anna.id, "Rasa", scopes={Scope.RASA})
    shop.gate = ReadinessGate(shop.readiness, AUTOPILOT)
    shop.dialogue_sessions = DialogueSessions(
        shop.store, engine_of(rasa), seal=lambda turn_id: seal(SECRET, turn_id), **DIALOGUES
    )
    texts = ["статус", SURE, "40018237", SURE]
    said: dict[str, list[str]] = {}

    def customer(chat: str) -> None:
        for text in texts:
            conversation = shop.say(text, chat=chat)
            view = wait_for(partial(wait_for_operator, shop, conversation))
            assert view is not None
            said.setdefault(chat, []).append(view.suggestions[0].text)
            shop.accept(conversation)

    done = threading.Event()
    worker = threading.Thread(target=lambda: [shop.triager.run_once() for _ in iter(done.is_set, True)])
    with serve(shop.build()) as url, ThreadPoolExecutor(8) as customers:
        rasa.actions = f"{url}/api/rasa/actions"
        worker.start()
        try:
            list(customers.map(customer, [f"customer {number}" for number in range(8)]))
        finally:
            done.set()
            worker.join()
    assert shop.desk.workload().outage is None
    answer = "Верните товар за 14 дней."
    expected = ["Какой номер?", f"{answer}\n\nКакой номер?", "Заказ 40018237 едет.", answer]
    assert said == dict.fromkeys(said, expected)
    assert len(said) == 8
    assert len(rasa.messages) == 32  # each told once
    database.dispose()


def wait_for_operator(shop: DeskShop, conversation_id: int) -> ConversationView | None:
    """Wait until the conversation needs an operator, and return it."""
    view = shop.desk.conversation(conversation_id)
    return view if view.turn is not None else None
