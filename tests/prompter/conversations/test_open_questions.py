"""A question stays open until it is answered, whatever its customer adds."""

from dataclasses import replace

import pytest

from prompter.common.errors import AlreadyDecided, CustomerWroteAgain, InvalidDecision
from prompter.conversations.additions import Addition, addition_of
from prompter.desk.decision import Action
from prompter.domain.conversation import Message, MessageKind, Turn
from prompter.domain.evidence import Verdict
from prompter.storage import Store
from tests.fakes import START
from tests.shop import SURE, Shop


@pytest.fixture
def shop(store: Store) -> Shop:
    return Shop(store)


def questions(shop: Shop, conversation_id: int) -> list[str | None]:
    return [turn.question for turn in shop.desk.conversation(conversation_id).questions]


def shown(shop: Shop, conversation_id: int, turn: Turn | None = None) -> list[str]:
    view = shop.desk.conversation(conversation_id, turn_id=turn.id if turn else None)
    return [suggestion.article_id for suggestion in view.suggestions]


@pytest.mark.parametrize(
    "nudge",
    ["алло", "?", "вы тут?", "спасибо", "Ау!!", "hello?", "anyone there", "жду", "🙂", "ви тут?", SURE],
)
def test_a_nudge_changes_nothing(shop: Shop, nudge: str) -> None:
    conversation = shop.ask(SURE)
    before = shop.desk.conversation(conversation)
    n_seen = len(shop.assistant.seen)
    shop.ask(nudge)
    after = shop.desk.conversation(conversation)
    assert len(shop.desk.queue()) == 1
    assert after.suggestions == before.suggestions
    assert [message.turn_id for message in after.messages] == [before.questions[0].id] * 2
    assert len(shop.assistant.seen) == n_seen
    shop.accept(conversation)
    (judged,) = shop.evidence(conversation)
    assert (judged.article_id, judged.verdict, judged.right) == ("returns-how", Verdict.ACCEPTED, True)
    assert shop.desk.queue() == []


def test_a_nudge_has_to_be_seen_like_every_message(shop: Shop) -> None:
    conversation = shop.ask(SURE)
    decision = shop.decision(conversation, Action.ACCEPT, rank=1)
    shop.ask("алло")
    with pytest.raises(CustomerWroteAgain):
        shop.desk.decide(decision)


def test_a_second_question_waits_until_it_is_answered_itself(shop: Shop) -> None:
    conversation = shop.ask(SURE)
    shop.ask("и где мой заказ")
    assert questions(shop, conversation) == [SURE, "и где мой заказ"]
    assert shown(shop, conversation)[0] == "returns-how"  # the oldest first
    shop.accept(conversation)
    assert questions(shop, conversation) == ["и где мой заказ"]
    assert shown(shop, conversation)[0] == "order-where"
    shop.decide(conversation, Action.WRITE_OWN, text="В пути.")
    assert shop.desk.queue() == []


def test_any_question_can_be_chosen(shop: Shop) -> None:
    conversation = shop.ask(SURE)
    shop.ask("где мой заказ")
    second = shop.desk.conversation(conversation).questions[1]
    assert shown(shop, conversation, second)[0] == "order-where"
    shop.decide(conversation, Action.WRITE_OWN, text="В пути.", turn_id=second.id)
    assert questions(shop, conversation) == [SURE]


def test_one_reply_can_answer_two_questions(shop: Shop) -> None:
    conversation = shop.ask(SURE)
    shop.ask("и когда вернут деньги")
    first, second = shop.desk.conversation(conversation).questions
    with pytest.raises(InvalidDecision, match="nothing has been answered"):
        shop.desk.mark_answered(second.id, shop.anna)
    decided = shop.decide(conversation, Action.WRITE_OWN, text="За 14 дней, деньги за три.")
    shop.desk.mark_answered(second.id, shop.anna)
    assert shop.desk.queue() == []
    with pytest.raises(AlreadyDecided):
        shop.desk.mark_answered(second.id, shop.anna)
    with shop.store.read() as tx:
        assert [row.verdict for row in tx.decisions.evidence(second.id)] == [Verdict.UNDECIDED]
    shop.desk.undo(decided.decision_id, shop.anna)
    assert [turn.id for turn in shop.desk.conversation(conversation).questions] == [first.id, second.id]


def test_a_detail_joins_and_brings_suggestions_for_all_of_it(shop: Shop) -> None:
    conversation = shop.ask("про деньги")
    assert shown(shop, conversation) == ["refund-when"]
    first = shop.desk.conversation(conversation).questions[0]
    shop.ask("мой заказ отменить")
    assert questions(shop, conversation) == ["про деньги\nмой заказ отменить"]
    assert shown(shop, conversation)[0] == "order-cancel"
    (turn,) = shop.desk.conversation(conversation).questions
    assert (turn.id, turn.utterance) == (first.id, "про деньги")
    with shop.store.read() as tx:  # what would have been sent when the customer had first fallen silent
        assert [row.article_id for row in tx.conversations.suggestions(turn.id)] == ["refund-when"]


@pytest.mark.parametrize(
    ("rank", "right"),
    [(1, False), (3, True)],  # the article of a later triage; the first triage's own, now in third place
)
def test_evidence_is_about_the_first_triage(shop: Shop, rank: int, right: bool) -> None:
    conversation = shop.ask("про деньги", second=True)
    shop.ask("мой заказ отменить")
    assert shown(shop, conversation) == ["order-cancel", "order-where", "refund-when"]
    shop.accept(conversation, rank=rank)
    (judged,) = shop.evidence(conversation)
    assert (judged.article_id, judged.right) == ("refund-when", right)


def test_a_blind_question_stays_blind_and_one_that_was_shown_never_becomes_blind(shop: Shop) -> None:
    blind = shop.ask(SURE, chat="1", sampled=True)
    shop.say("заказ 40018237", chat="1")
    shop.triage()
    assert shop.desk.conversation(blind).suggestions == []
    open_ = shop.ask(SURE, chat="2")
    shop.ask("заказ 40018237", chat="2", sampled=True)
    (turn,) = shop.desk.conversation(open_).questions
    assert not turn.blind
    assert shop.desk.conversation(open_).suggestions


def test_a_question_after_a_greeting_takes_its_place(shop: Shop) -> None:
    conversation = shop.ask("здравствуйте")
    shop.ask("товар вернуть")
    assert questions(shop, conversation) == ["товар вернуть"]
    shop.accept(conversation)
    assert shop.desk.queue() == []
    with shop.store.read() as tx:
        greeting = shop.desk.conversation(conversation).messages[0].turn_id
        assert tx.decisions.evidence(greeting) == []


def test_a_follow_up_is_read_with_the_question_before_it(shop: Shop) -> None:
    conversation = shop.ask("мой заказ")
    shop.ask("как отменить теперь этот вот ваш?")
    second = shop.desk.conversation(conversation).questions[1]
    alone = shop.assistant.suggest("как отменить теперь этот вот ваш?")[0]
    assert alone.confidence < 0.5
    assert shown(shop, conversation, second)[0] == "order-cancel"


def test_a_new_wording_belongs_to_its_message(shop: Shop) -> None:
    conversation = shop.ask("как вернуть деньги")
    shop.ask("где мой заказ")
    shop.say("как вернуть товар", replaces="1")
    shop.triage()
    assert questions(shop, conversation) == ["как вернуть товар", "где мой заказ"]
    assert shown(shop, conversation)[0] == "returns-how"


def test_a_picture_joins_the_question(shop: Shop) -> None:
    conversation = shop.ask(SURE)
    shop.say("", kind=MessageKind.PHOTO)
    shop.triage()
    view = shop.desk.conversation(conversation)
    assert len(view.questions) == 1
    assert view.messages[-1].turn_id == view.questions[0].id
    assert view.suggestions[0].article_id == "returns-how"


def test_a_question_answered_during_triage_leaves_the_addition_waiting(shop: Shop) -> None:
    conversation = shop.ask(SURE)
    shop.say("заказ 40018237")

    class Answered(type(shop.assistant)):  # type: ignore[misc]
        def triage(self, text):  # type: ignore[no-untyped-def]
            if len(self.seen) == 0:
                self.seen.append(text)
                decision = shop.decision(conversation, Action.ACCEPT, rank=1)
                shop.desk.decide(replace(decision, send_anyway=True))
            return super().triage(text)

    shop.clock.forward(2)
    worker = shop.worker(Answered(shop.articles))
    assert worker.run_once() == 0
    assert worker.run_once() == 1
    assert questions(shop, conversation) == ["заказ 40018237"]


@pytest.mark.parametrize(
    ("text", "addition"),
    [
        ("а если в субботу?", Addition.QUESTION),
        ("и ещё можно ли продлить", Addition.QUESTION),
        ("how much is it", Addition.QUESTION),
        ("чи можна повернути", Addition.QUESTION),
        ("заказ 40018237", Addition.DETAIL),
        ("купил вчера, коробку вскрыл", Addition.DETAIL),
        ("ну вы где там вообще", Addition.QUESTION),  # better one question too many than one lost
        ("спасибо, жду", Addition.NUDGE),
        ("???", Addition.NUDGE),
        ("ok thanks", Addition.NUDGE),
    ],
)
def test_kinds_of_additions(text: str, addition: Addition) -> None:
    message = Message(
        id=2,
        turn_id=2,
        external_id="2",
        kind=MessageKind.TEXT,
        text=text,
        forwarded=False,
        replaces=None,
        received_at=START,
    )
    earlier = replace(message, id=1, turn_id=1, external_id="1", text=SURE)
    assert addition_of([message], earlier=[earlier]) is addition
