"""A conversation passes through the core: message in, triage, decision, reply out."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from prompter.common.errors import (
    AlreadyDecided,
    CustomerWroteAgain,
    Forbidden,
    InvalidDecision,
    NotFound,
    TooLateToUndo,
)
from prompter.desk.decision import Action
from prompter.domain.account import Role
from prompter.domain.conversation import IncomingMessage, MessageKind, OutboxState
from prompter.domain.evidence import RejectReason, Verdict
from prompter.domain.triage import Route
from prompter.storage import Store
from tests.fakes import SHOP, BrokenAssistant, WordAssistant
from tests.shop import Shop


@pytest.fixture
def shop(store: Store) -> Shop:
    return Shop(store, max_attempts=3)


# --- turns ------------------------------------------------------------------------------------


def test_a_burst_of_messages_is_one_turn(shop: Shop) -> None:
    shop.say("здравствуйте")
    shop.clock.forward(1)
    shop.say("как вернуть товар")
    shop.clock.forward(1)
    assert shop.triager.run_once() == 0  # only a second of silence
    shop.clock.forward(1)
    assert shop.triager.run_once() == 1
    assert shop.assistant.seen == ["здравствуйте\nкак вернуть товар"]


def test_a_known_customer_waits_for_a_few_turns_of_a_flood_only(shop: Shop) -> None:
    shop.ask("как вернуть товар")
    for number in range(40):
        shop.say(f"чужой {number}", chat=f"stranger-{number}")
    shop.clock.forward(2)

    class Watched(WordAssistant):
        def triage(self, text):  # type: ignore[no-untyped-def]
            if len(self.seen) == 4:  # while the worker is in the midst of it
                shop.say("где мой заказ")
                shop.clock.forward(2)
            return super().triage(text)

    assistant = Watched(SHOP)
    assert shop.worker(assistant).run_once() == 41
    assert assistant.seen.index("где мой заказ") == 8  # after the turns that had been taken by then
    assert [text for text in assistant.seen if "чужой" in text] == [f"чужой {number}" for number in range(40)]


def test_turns_that_cannot_be_stored_do_not_hold_up_the_others(shop: Shop) -> None:
    class Poisoned(WordAssistant):
        def triage(self, text):  # type: ignore[no-untyped-def]
            triage = super().triage(text)
            return replace(triage, route=cast("Route", None)) if "яд" in text else triage

    for number in range(20):
        shop.say("яд", chat=f"poisoned-{number}")
    shop.say("как вернуть товар")
    shop.clock.forward(2)
    poisoned = Poisoned(SHOP)
    triager = shop.worker(poisoned)
    assert [triager.run_once() for _ in range(3)] == [1, 0, 0]
    assert poisoned.seen == ["яд"] * 20 + ["как вернуть товар"]
    for seconds, n_done in ((1, 0), (2, 0), (4, 20), (60, 0)):
        shop.clock.forward(seconds)
        assert [triager.run_once() for _ in range(2)] == [n_done, 0]
    assert poisoned.seen.count("яд") == 80
    handed_over = [entry.turn for entry in shop.desk.queue() if entry.turn.utterance == "яд"]
    assert len(handed_over) == 20
    assert {turn.handoff_reason for turn in handed_over} == {"engine_down"}


def test_a_turn_whose_failure_cannot_be_stored_either_is_told_of_and_tried_again(
    shop: Shop, store: Store
) -> None:
    class Full:
        """A disk that can only be read."""

        read = staticmethod(store.read)

        def write(self) -> object:
            raise OSError("disk is full")

    for chat in ("7", "8"):
        shop.say("как вернуть товар", chat=chat)
    shop.clock.forward(2)
    shop.store = Full()  # type: ignore[assignment]
    with pytest.raises(OSError, match="full"):
        shop.worker(shop.assistant).run_once()
    assert len(shop.assistant.seen) == 2
    shop.store = store
    assert shop.triager.run_once() == 2


def test_a_customer_who_never_pauses_is_answered_all_the_same(shop: Shop) -> None:
    for _ in range(11):
        shop.say("ещё")
        shop.clock.forward(1)
    assert shop.triager.run_once() == 1


def test_a_message_that_comes_twice_is_stored_once(shop: Shop) -> None:
    message = IncomingMessage(channel="telegram", chat_id="7", external_id="5", text="где мой заказ")
    assert shop.reception.receive(message).is_new
    again = shop.reception.receive(message)
    assert not again.is_new
    assert len(shop.desk.conversation(again.conversation_id).messages) == 1


def test_a_message_during_triage_starts_the_turn_anew(shop: Shop) -> None:
    class SlowAssistant(WordAssistant):
        def triage(self, text):  # type: ignore[no-untyped-def]
            if not self.seen:
                shop.say("и когда вернут деньги")
            return super().triage(text)

    assistant = SlowAssistant(SHOP)
    triager = shop.worker(assistant)
    shop.say("как вернуть товар")
    shop.clock.forward(2)
    assert triager.run_once() == 0
    assert shop.desk.queue() == []
    shop.clock.forward(2)
    assert triager.run_once() == 1
    assert assistant.seen[-1] == "как вернуть товар\nи когда вернут деньги"


def test_a_message_after_triage_is_a_new_turn(shop: Shop) -> None:
    shop.ask("как вернуть товар")
    shop.ask("когда вернут деньги")
    assert [item.turn.utterance for item in shop.desk.queue()] == ["как вернуть товар", "когда вернут деньги"]


def test_an_edited_message_takes_the_place_of_the_first_wording(shop: Shop) -> None:
    first = IncomingMessage(channel="telegram", chat_id="7", external_id="5", text="где мой закас")
    shop.reception.receive(first)
    shop.reception.receive(replace(first, external_id="5:edit:1", replaces="5", text="где мой заказ"))
    shop.triage()
    assert shop.assistant.seen == ["где мой заказ"]


def test_a_sticker_is_stored_answered_politely_and_handed_to_an_operator(shop: Shop) -> None:
    conversation_id = shop.say("", kind=MessageKind.STICKER)
    shop.triage()
    view = shop.desk.conversation(conversation_id)
    assert view.turn is not None
    assert (view.turn.route, view.turn.handoff_reason) == ("handoff", "media")
    assert [message.text for message in shop.deliver()] == [
        "Спасибо, получили. Я понимаю только текст, поэтому передал сообщение оператору."
    ]


def test_a_broken_model_hands_the_turn_to_an_operator(shop: Shop) -> None:
    conversation_id = shop.say("как вернуть товар")
    shop.clock.forward(2)
    assert shop.worker(BrokenAssistant()).run_once() == 1
    view = shop.desk.conversation(conversation_id)
    assert view.turn is not None
    assert view.turn.handoff_reason == "engine_down"


@pytest.mark.parametrize(
    "text", ["", "\x00\x01", "🙂" * 50, "\u200b\u200d", "שלום עולם", "\ud800", "x" * 1_000_000]
)
def test_odd_messages_are_stored_and_reach_the_desk(shop: Shop, text: str) -> None:
    conversation_id = shop.ask(text)
    view = shop.desk.conversation(conversation_id)
    assert len(view.messages) == 1
    assert view.turn is not None


# --- decisions --------------------------------------------------------------------------------


def test_an_accepted_suggestion_leaves_after_the_undo_time(shop: Shop) -> None:
    conversation_id = shop.ask("как вернуть товар")
    decided = shop.accept(conversation_id)
    assert decided.verdict is Verdict.ACCEPTED
    assert shop.deliver() == []
    shop.clock.forward(5)
    assert [(message.chat_id, message.text) for message in shop.deliver()] == [
        ("7", "Верните товар за 14 дней.")
    ]
    assert shop.deliver() == []
    assert shop.desk.queue() == []


def test_template_fields_are_filled_for_the_customer(shop: Shop) -> None:
    conversation_id = shop.ask("когда вернут деньги")
    assert shop.desk.conversation(conversation_id).suggestions[0].text == "Деньги придут за 3 дня, Ольга."


@pytest.mark.parametrize(
    ("fields", "verdict", "right"),
    [
        ({"action": Action.ACCEPT, "rank": 1}, Verdict.ACCEPTED, True),
        ({"action": Action.ACCEPT, "rank": 2}, Verdict.ACCEPTED, False),
        (
            {"action": Action.EDIT, "rank": 1, "text": "Верните товар за 14 дней, пожалуйста."},
            Verdict.EDITED_COSMETIC,
            True,
        ),
        (
            {"action": Action.EDIT, "rank": 1, "text": "Верните товар за 30 дней."},
            Verdict.EDITED_SUBSTANTIVE,
            False,
        ),
        ({"action": Action.PICK_OTHER, "article_id": "order-cancel"}, Verdict.PICKED_OTHER, False),
        ({"action": Action.PICK_OTHER, "article_id": "returns-how"}, Verdict.PICKED_OTHER, True),
        (
            {"action": Action.PICK_OTHER, "article_id": "returns-how", "text": "Вернуть нельзя, 999 рублей."},
            Verdict.PICKED_OTHER,
            False,
        ),
        ({"action": Action.WRITE_OWN, "text": "Сейчас посмотрю."}, Verdict.WROTE_OWN, None),
        ({"action": Action.REJECT, "reason": RejectReason.OUTDATED}, Verdict.REJECTED, False),
    ],
)
def test_verdicts_and_what_they_count_as(
    shop: Shop, fields: dict[str, object], verdict: Verdict, right: bool | None
) -> None:
    conversation_id = shop.ask("как вернуть товар")
    decision = shop.decision(conversation_id, **fields)  # type: ignore[arg-type]
    assert shop.desk.decide(decision).verdict is verdict
    with shop.store.read() as tx:
        (evidence,) = tx.decisions.evidence(decision.turn_id)
        stored = tx.decisions.find_live(decision.turn_id)
    assert (evidence.verdict, evidence.right) == (verdict, right)
    assert (evidence.topic, evidence.article_id, evidence.model_version) == (
        "returns",
        "returns-how",
        "words-1",
    )
    assert stored is not None
    assert stored.verdict is verdict


def test_suggested_and_sent_text_are_both_kept(shop: Shop) -> None:
    conversation_id = shop.ask("как вернуть товар")
    decision = shop.decision(conversation_id, Action.EDIT, rank=1, text="Верните товар за 14 дней!")
    shop.desk.decide(decision)
    with shop.store.read() as tx:
        stored = tx.decisions.find_live(decision.turn_id)
    assert stored is not None
    assert (stored.suggested_text, stored.sent_text) == (
        "Верните товар за 14 дней.",
        "Верните товар за 14 дней!",
    )


def test_a_rejection_without_text_sends_nothing(shop: Shop) -> None:
    conversation_id = shop.ask("как вернуть товар")
    shop.decide(conversation_id, Action.REJECT, reason=RejectReason.NOT_A_QUESTION)
    shop.clock.forward(10)
    assert shop.deliver() == []
    assert shop.desk.queue() == []


def test_the_second_of_two_operators_is_told(shop: Shop) -> None:
    conversation_id = shop.ask("как вернуть товар")
    decision = shop.decision(conversation_id, Action.ACCEPT, rank=1)
    shop.desk.decide(decision)
    with pytest.raises(AlreadyDecided, match="anna has already answered"):
        shop.desk.decide(replace(decision, operator_id=shop.boris.id))


def test_of_many_operators_at_once_one_wins(shop: Shop) -> None:
    conversation_id = shop.ask("как вернуть товар")
    decision = shop.decision(conversation_id, Action.ACCEPT, rank=1)
    outcomes: list[str] = []
    barrier = threading.Barrier(6)

    def decide() -> None:
        barrier.wait()
        try:
            shop.desk.decide(decision)
        except AlreadyDecided:
            outcomes.append("lost")
        else:
            outcomes.append("won")

    threads = [threading.Thread(target=decide) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["lost"] * 5 + ["won"]
    shop.clock.forward(10)
    assert len(shop.deliver()) == 1


def test_the_stale_guard_holds_a_reply_back_until_the_operator_insists(shop: Shop) -> None:
    conversation_id = shop.ask("как вернуть товар")
    decision = shop.decision(conversation_id, Action.ACCEPT, rank=1)
    shop.say("уже не надо, спасибо")
    with pytest.raises(CustomerWroteAgain):
        shop.desk.decide(decision)
    assert len(shop.desk.queue()) == 1
    shop.desk.decide(replace(decision, send_anyway=True))


def test_a_message_that_the_operator_has_not_seen_keeps_waiting(shop: Shop) -> None:
    conversation_id = shop.ask("как вернуть товар")
    question = shop.decision(conversation_id, Action.ACCEPT, rank=1)
    shop.ask("и где мой заказ")
    shop.desk.decide(replace(question, send_anyway=True))
    assert [item.turn.utterance for item in shop.desk.queue()] == ["и где мой заказ"]


def test_a_reply_with_an_unfilled_field_is_held_back(shop: Shop) -> None:
    conversation_id = shop.ask("как вернуть товар")
    with pytest.raises(InvalidDecision, match=r"\{order_number\}"):
        shop.decide(conversation_id, Action.WRITE_OWN, text="Заказ {order_number} едет.")
    assert len(shop.desk.queue()) == 1


def test_a_text_of_nul_characters_is_nothing_to_send(shop: Shop) -> None:
    conversation_id = shop.ask("как вернуть товар")
    with pytest.raises(InvalidDecision):
        shop.write(conversation_id, "\x00\x00")


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        (Action.ACCEPT, {}),
        (Action.EDIT, {"rank": 1, "text": "  "}),
        (Action.WRITE_OWN, {}),
        (Action.REJECT, {}),
        (Action.PICK_OTHER, {}),
    ],
)
def test_a_decision_without_what_it_needs_is_refused(
    shop: Shop, action: Action, fields: dict[str, Any]
) -> None:
    conversation_id = shop.ask("как вернуть товар")
    with pytest.raises(InvalidDecision):
        shop.decision(conversation_id, action, **fields)


def test_things_that_are_not_there_are_named(shop: Shop) -> None:
    conversation_id = shop.ask("как вернуть товар")
    with pytest.raises(NotFound, match="suggestion number 9"):
        shop.accept(conversation_id, rank=9)
    with pytest.raises(NotFound, match="article"):
        shop.decide(conversation_id, Action.PICK_OTHER, article_id="nope")
    with pytest.raises(NotFound, match="turn"):
        shop.accept(conversation_id, turn_id=999)
    with pytest.raises(NotFound, match="conversation"):
        shop.desk.conversation(999)


# --- undo -------------------------------------------------------------------------------------


def test_undo_takes_the_reply_back_and_the_turn_waits_again(shop: Shop) -> None:
    conversation_id = shop.ask("как вернуть товар")
    decision = shop.decision(conversation_id, Action.ACCEPT, rank=1)
    decided = shop.desk.decide(decision)
    shop.clock.forward(4.9)
    shop.desk.undo(decided.decision_id, shop.anna)
    shop.clock.forward(60)
    assert shop.deliver() == []
    assert [item.turn.id for item in shop.desk.queue()] == [decision.turn_id]
    again = shop.desk.decide(replace(decision, action=Action.WRITE_OWN, text="Минуту."))
    assert again.decision_id != decided.decision_id
    with shop.store.read() as tx:
        assert [row.verdict for row in tx.decisions.evidence(decision.turn_id)] == [
            Verdict.ACCEPTED,
            Verdict.UNDECIDED,
            Verdict.WROTE_OWN,
        ]
        assert len(tx.decisions.history(decision.turn_id)) == 2


def test_undo_comes_too_late(shop: Shop) -> None:
    conversation_id = shop.ask("как вернуть товар")
    decided = shop.accept(conversation_id)
    shop.clock.forward(5)
    with pytest.raises(TooLateToUndo):
        shop.desk.undo(decided.decision_id, shop.anna)
    assert len(shop.deliver()) == 1


def test_undo_twice_is_refused(shop: Shop) -> None:
    conversation_id = shop.ask("как вернуть товар")
    decided = shop.accept(conversation_id)
    shop.desk.undo(decided.decision_id, shop.anna)
    with pytest.raises(TooLateToUndo):
        shop.desk.undo(decided.decision_id, shop.anna)


def test_a_colleagues_decision_is_undone_by_supervisors_only(shop: Shop) -> None:
    conversation_id = shop.ask("как вернуть товар")
    decided = shop.accept(conversation_id)
    with pytest.raises(Forbidden):
        shop.desk.undo(decided.decision_id, shop.boris)
    shop.desk.undo(decided.decision_id, replace(shop.boris, role=Role.SUPERVISOR))


# --- delivery ---------------------------------------------------------------------------------


def test_a_reply_is_handed_to_one_delivery_only(shop: Shop) -> None:
    conversation_id = shop.ask("как вернуть товар")
    shop.write(conversation_id, "Смотрю.")
    assert len(shop.deliveries.claim(["telegram"])) == 1
    assert shop.deliveries.claim(["telegram"]) == []


def test_parts_leave_in_order_one_after_the_other(shop: Shop) -> None:
    conversation_id = shop.ask("как вернуть товар")
    shop.write(conversation_id, "слово " * 1200)
    (first,) = shop.deliveries.claim(["telegram"])
    assert shop.deliveries.claim(["telegram"]) == []
    shop.deliveries.mark_sent(first, "1")
    (second,) = shop.deliveries.claim(["telegram"])
    assert len(first.text) <= 4096
    assert f"{first.text} {second.text}".split() == ["слово"] * 1200


def test_a_reply_that_was_not_taken_is_tried_again_and_given_up_in_the_end(shop: Shop) -> None:
    conversation_id = shop.ask("как вернуть товар")
    shop.write(conversation_id, "Смотрю.")
    for attempt in (1, 2, 3):
        (message,) = shop.deliveries.claim(["telegram"])
        assert message.attempt == attempt
        shop.deliveries.mark_not_accepted(message, "429", retry_after=timedelta(seconds=30))
        assert shop.deliveries.claim(["telegram"]) == []
        shop.clock.forward(30)
    assert shop.deliveries.claim(["telegram"]) == []
    assert [reply.state for reply in shop.desk.undelivered_replies()] == [OutboxState.FAILED]


def test_what_another_process_has_tried_meanwhile_counts(shop: Shop) -> None:
    shop.write(shop.ask("как вернуть товар"), "Смотрю.")
    (found,) = shop.deliveries.list_waiting(["telegram"])
    other = Shop(shop.store, clock=shop.clock).deliveries
    (message,) = other.claim(["telegram"])
    other.mark_not_accepted(message, "429", retry_after=timedelta(0))
    claimed = shop.deliveries.claim_one(found)
    assert (found.attempt, claimed and claimed.attempt) == (1, 2)
    assert other.claim_one(message) is None


@pytest.mark.parametrize(
    ("idempotent", "state"), [([], OutboxState.UNKNOWN), (["telegram"], OutboxState.PENDING)]
)
def test_a_delivery_that_died_leaves_an_unknown_fate(
    shop: Shop, idempotent: list[str], state: OutboxState
) -> None:
    conversation_id = shop.ask("как вернуть товар")
    shop.write(conversation_id, "Смотрю.")
    shop.deliveries.claim(["telegram"])
    shop.clock.forward(59)
    assert shop.deliveries.expire_claims(idempotent) == 0
    shop.clock.forward(2)
    assert shop.deliveries.expire_claims(idempotent) == 1
    assert [reply.state for reply in shop.desk.conversation(conversation_id).replies] == [state]


@pytest.mark.parametrize(("send_again", "state"), [(True, OutboxState.PENDING), (False, OutboxState.SENT)])
def test_a_person_settles_an_unknown_fate(shop: Shop, send_again: bool, state: OutboxState) -> None:
    conversation_id = shop.ask("как вернуть товар")
    shop.write(conversation_id, "Смотрю.")
    (message,) = shop.deliveries.claim(["telegram"])
    shop.deliveries.mark_unknown(message, "timed out")
    (reply,) = shop.desk.undelivered_replies()
    assert (reply.settled_by, reply.settled_at) == (None, None)
    shop.clock.forward(60)
    shop.desk.resolve_delivery(reply.id, shop.boris, send_again=send_again)
    (settled,) = shop.desk.conversation(conversation_id).replies
    assert (settled.state, settled.operator_name, settled.settled_by) == (state, "anna", "boris")
    assert settled.settled_at == shop.clock.now
    with pytest.raises(NotFound):
        shop.desk.resolve_delivery(reply.id, shop.anna, send_again=send_again)
