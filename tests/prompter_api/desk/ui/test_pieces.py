"""The parts of the desk that need no browser."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from prompter.accounts.sessions import Sessions
from prompter.common.errors import InvalidDecision
from prompter.desk.decision import Action
from prompter.desk.views import QueueItem
from prompter.domain.account import Role
from prompter.domain.conversation import Customer, Message, MessageKind, OutboxState, Turn, TurnState
from prompter.domain.evidence import RejectReason
from prompter.domain.triage import HandoffReason, Route
from prompter.storage import Store
from prompter.text.translations import translator
from prompter_api.desk.login.page import _local_path
from prompter_api.desk.operator.conversation_panel import last_wordings
from prompter_api.desk.operator.drafts import Draft, Drafts, Purpose
from prompter_api.desk.operator.input_event import InputEvent
from prompter_api.desk.operator.keyboard import Mode, action_of
from prompter_api.desk.operator.queue_panel import Waiting, group_by_customer, neighbour, next_turn
from prompter_api.desk.operator.undo import UndoableReply, UndoHistory
from prompter_api.desk.ui import labels as words
from prompter_api.desk.ui.session import PageSessions, SignedOut
from tests.fakes import FakeClock
from tests.shipped import SESSIONS
from tests.shop import PASSWORD
from tests.web_shop import DeskShop

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RU = translator("ru")


def item(turn_id: int, conversation_id: int | None = None) -> QueueItem:
    turn = Turn(
        id=turn_id,
        conversation_id=conversation_id or turn_id,
        state=TurnState.WAITING,
        received_at=NOW,
        closes_at=NOW,
        last_message_id=turn_id,
        triaged_at=NOW,
        utterance="?",
        full_text=None,
        intent=None,
        route=Route.SUGGEST,
        handoff_reason=None,
        model_version="1",
        blind=False,
        draw=None,
    )
    customer = Customer(
        id=1, conversation_id=turn.conversation_id, channel="web", chat_id="1", name="", language=None
    )
    return QueueItem(turn=turn, customer=customer, confidence=None)


def message(number: int, text: str, *, replaces: str | None = None) -> Message:
    return Message(
        id=number,
        turn_id=1,
        external_id=f"m{number}",
        kind=MessageKind.TEXT,
        text=text,
        forwarded=False,
        replaces=replaces,
        received_at=NOW,
    )


# --- whom to answer next ----------------------------------------------------------------------


def test_the_longest_wait_comes_next_unless_a_colleague_has_it() -> None:
    queue = [item(1), item(2), item(3)]
    assert next_turn(queue, {}) == queue[0]
    assert next_turn(queue, {1: ["boris"]}) == queue[1]
    assert next_turn(queue, {1: ["boris"], 2: ["boris"], 3: ["vera"]}) == queue[0]
    assert next_turn([], {}) is None


def test_stepping_through_the_queue_stops_at_its_ends() -> None:
    queue = [item(1), item(2, 7), item(3, 7), item(4)]
    assert neighbour(queue, 1, 1) == queue[1]
    assert neighbour(queue, 7, 1) == queue[3]  # a customer counts once
    assert neighbour(queue, 7, -1) == queue[0]
    assert neighbour(queue, 4, 1) is None
    assert neighbour(queue, 99, 1) == queue[0]
    assert neighbour([], 1, 1) is None


def test_a_customer_waits_since_the_first_turn_and_has_the_last_words() -> None:
    first, other, last = item(1, 7), replace(item(2), confidence=0.5), item(3, 7)
    assert group_by_customer([replace(first, confidence=0.9), other, last]) == [
        Waiting(first=replace(first, confidence=0.9), last=last),
        Waiting(first=other, last=other),
    ]
    assert [entry.confidence for entry in group_by_customer([replace(first, confidence=0.9), last])] == [0.9]


# --- what was said ----------------------------------------------------------------------------


def test_an_edit_of_an_edit_takes_the_first_ones_place() -> None:
    said = last_wordings(
        [
            message(1, "где мой закас"),
            message(2, "и вот ещё"),
            message(3, "где мой заказ", replaces="m1"),
            message(4, "где мой заказ?", replaces="m3"),
            message(5, "правка неизвестного", replaces="m99"),
        ]
    )
    assert [(line.message.id, line.last.text, line.before) for line in said] == [
        (1, "где мой заказ?", "где мой заказ"),
        (2, "и вот ещё", None),
        (5, "правка неизвестного", None),
    ]


# --- keys -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "key", "do"),
    [
        (Mode.CARDS, "2", "accept"),
        (Mode.CARDS, "enter", "accept"),
        (Mode.CARDS, "shift+2", "edit"),
        (Mode.REASONS, "2", "reason"),
        (Mode.REJECTING, "field-enter", "send"),
        (Mode.SEARCH, "enter", "choose"),
        (Mode.SEARCH, "1", None),
        (Mode.DIALOG, "1", None),
        (Mode.DIALOG, "enter", None),
        (Mode.HELP, "1", None),
        (Mode.CARDS, "field-enter", None),
    ],
)
def test_what_a_key_does_depends_on_the_situation(mode: Mode, key: str, do: str | None) -> None:
    press = action_of(mode, key)
    assert (press["do"] if press else None) == do


def test_a_press_survives_whatever_a_browser_sends() -> None:
    press = InputEvent.read(
        {"do": "open", "turn": "7", "seen": "x", "conversation": "9" * 30, "more": [1]}, Mode.CARDS
    )
    assert press is not None
    assert (press.turn_id, press.seen_message_id, press.number("conversation")) == (7, None, None)
    assert InputEvent.read({"do": "key", "key": "y"}, Mode.CARDS) is None
    assert InputEvent.read(None, Mode.CARDS) is None


# --- drafts -----------------------------------------------------------------------------------


def test_what_a_draft_becomes() -> None:
    reply = Draft(text="Смотрю.").decision(turn_id=1, operator_id=2, seen_message_id=3)
    assert (reply.action, reply.turn_id, reply.text) == (Action.WRITE_OWN, 1, "Смотрю.")
    edit = Draft(purpose=Purpose.EDIT, text="b", offered="a", rank=2, turn_id=9)
    decision = edit.decision(turn_id=1, operator_id=2, seen_message_id=3)
    assert (decision.action, decision.turn_id, decision.rank) == (Action.EDIT, 9, 2)
    pick = Draft(purpose=Purpose.PICK, text="a", offered="a", article_id="x", turn_id=9)
    assert pick.decision(turn_id=1, operator_id=2, seen_message_id=3).text is None
    assert replace(pick, text="b").decision(turn_id=1, operator_id=2, seen_message_id=3).text == "b"
    reject = Draft(purpose=Purpose.REJECT, text=" ", reason=RejectReason.TONE)
    assert reject.decision(turn_id=1, operator_id=2, seen_message_id=3).text is None
    with pytest.raises(InvalidDecision):
        Draft().decision(turn_id=1, operator_id=2, seen_message_id=3)


def test_dropping_an_edit_brings_ones_own_text_back() -> None:
    edit = Draft(purpose=Purpose.EDIT, text="a", offered="a", rank=1, aside="мой текст")
    assert edit.without_source() == Draft(text="мой текст")
    assert edit.without_turn() == Draft(text="мой текст")
    assert replace(edit, text="changed").without_turn() == Draft(text="changed")


def test_drafts_are_kept_by_account_and_conversation_and_not_without_end() -> None:
    drafts = Drafts(limit=2)
    for conversation in (1, 2, 3):
        drafts.keep(1, conversation, Draft(text=str(conversation)))
    assert [drafts.of(1, conversation).text for conversation in (1, 2, 3)] == ["", "2", "3"]
    assert drafts.of(2, 3) == Draft()
    drafts.keep(1, 3, Draft(text="  "))
    assert drafts.of(1, 3) == Draft()


def test_the_last_decision_is_undone_first_and_only_in_time() -> None:
    clock = FakeClock(NOW)
    undoable = UndoHistory(clock)
    first, second = (
        UndoableReply(
            decision_id=number,
            turn_id=number,
            conversation_id=number,
            draft=Draft(),
            silent=False,
            until=NOW + timedelta(seconds=seconds),
        )
        for number, seconds in ((1, 5), (2, 7))
    )
    undoable.add(first)
    undoable.add(second)
    assert undoable.take() == second
    assert undoable.find_last() == first
    clock.forward(5)
    assert undoable.take() is None


# --- words ------------------------------------------------------------------------------------


def test_there_is_a_word_for_everything() -> None:
    assert words.REASONS.keys() == set(HandoffReason)
    assert words.REJECT_REASONS.keys() == set(RejectReason)
    assert words.KINDS.keys() == set(MessageKind)
    assert words.STATES.keys() == set(OutboxState)
    assert words.ROLES.keys() == set(Role)


def test_a_reason_of_a_later_version_is_shown_as_it_is() -> None:
    assert words.handoff("quarantine", RU) == "quarantine"
    assert words.handoff(None, RU) is None


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (999, "999 Б"),
        (1_500, "1,5 КБ"),
        (81_920, "82 КБ"),
        (1_000_000, "1 МБ"),
        (4_200_000_000, "4,2 ГБ"),
        (None, None),
    ],
)
def test_the_size_of_a_file(size: int | None, text: str | None) -> None:
    sent = Message(
        id=1, turn_id=1, external_id="1", kind=MessageKind.DOCUMENT, text="", forwarded=False, replaces=None,
        received_at=NOW, file_name="чек.pdf", file_size=size,
    )  # fmt: skip
    assert words.attachment(sent, RU, "ru") == " · ".join(filter(None, ["документ", "чек.pdf", text]))


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0 с"), (59.9, "59 с"), (60, "1 мин"), (7200, "2 ч"), (200_000, "2 д")]
)
def test_durations(seconds: float, text: str) -> None:
    assert words.duration(seconds, RU) == text


def test_a_time_has_its_date_when_it_is_of_another_day() -> None:
    assert words.moment(NOW, NOW, UTC, "ru") == "09:00"
    assert words.moment(NOW - timedelta(days=1), NOW, UTC, "ru") == "1 мар., 09:00"
    assert words.moment(NOW - timedelta(days=400), NOW, UTC, "en") == "26 Jan 2025, 09:00"


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/desk?conversation=7", "/desk?conversation=7"),
        ("//evil.example", "/desk"),
        ("/\\evil.example", "/desk"),
        ("https://evil.example/desk", "/desk"),
        ("desk", "/desk"),
        ("/de\nsk", "/desk"),
    ],
)
def test_after_the_login_one_stays_on_this_server(target: str, path: str) -> None:
    assert _local_path(target) == path


# --- sessions ------------------------------------------------------------------------------------


def test_a_seat_is_lost_with_the_session_the_password_or_the_account(store: Store) -> None:
    shop, page_sessions = DeskShop(store), PageSessions()
    shop.accounts.add("root", Role.ADMIN, PASSWORD)
    visit = shop.visit("anna")
    left, right = (
        page_sessions.take(shop.services(), visit),
        page_sessions.take(shop.services(), shop.visit("anna")),
    )
    other = page_sessions.take(shop.services(), shop.visit("boris"))
    # In another process: nothing is shared with this one but the database.
    Sessions(Store(store._engine), **SESSIONS).revoke(visit.session.id, of=visit.account.id)
    with pytest.raises(SignedOut):
        left.snapshot(None)
    right.snapshot(None)
    shop.accounts.set_password("anna", "another long password")
    with pytest.raises(SignedOut):
        right.snapshot(None)
    shop.accounts.disable("boris")
    with pytest.raises(SignedOut):
        other.snapshot(None)


@pytest.mark.slow
def test_a_page_that_looks_for_news_does_not_keep_a_session_alive(store: Store) -> None:
    shop, clock = DeskShop(store), FakeClock()
    sessions = Sessions(store, max_age=SESSIONS["max_age"], max_idle=timedelta(minutes=120), clock=clock)
    visit = sessions.find(sessions.start(shop.accounts.require_by_name("anna")) or "")
    assert visit is not None
    session = PageSessions().take(replace(shop.services(), sessions=sessions), visit)
    for _ in range(119):
        clock.forward(60)
        session.snapshot(None)
    session.note_action()
    session.snapshot(None)
    for _ in range(119):
        clock.forward(60)
        session.snapshot(None)
    clock.forward(60)
    with pytest.raises(SignedOut):
        session.snapshot(None)


def test_seats_tell_what_others_have_on_the_screen(store: Store) -> None:
    shop, page_sessions = DeskShop(store), PageSessions()
    anna, boris = (
        page_sessions.take(shop.services(), shop.visit("anna")),
        page_sessions.take(shop.services(), shop.visit("boris")),
    )
    boris.open_conversation = 5
    assert anna.snapshot(None).opened_by == {5: ["boris"]}
    boris.note_connection(False)
    assert anna.snapshot(None).opened_by == {}
    boris.note_connection(True)
    assert anna.snapshot(None).opened_by == {5: ["boris"]}
    assert boris.snapshot(None).opened_by == {}
    page_sessions.leave(boris)
    assert anna.snapshot(None).opened_by == {}


def test_a_conversation_that_is_gone_is_no_error(store: Store) -> None:
    shop, page_sessions = DeskShop(store), PageSessions()
    assert page_sessions.take(shop.services(), shop.visit("anna")).snapshot(99).view is None
