"""Random sampling and second reviews: the sample, each person's view, and the ledger."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from prompter.accounts.service import Accounts
from prompter.common.errors import AlreadyDecided, Forbidden, InvalidDecision, NotFound
from prompter.conversations.intake import Reception
from prompter.conversations.triage_worker import Triager
from prompter.desk.decision import Action, Decision
from prompter.desk.service import Desk
from prompter.domain.account import Account, Role
from prompter.domain.conversation import IncomingMessage
from prompter.domain.evidence import Choice, Evidence, RejectReason, SampleKind, Verdict
from prompter.knowledge.knowledge_base import KnowledgeBase
from prompter.readiness.sampling import SamplingPolicy
from prompter.readiness.second_reviews import Reviews
from prompter.storage import Store
from tests.fakes import FAST_HASHER, SHOP, FakeClock, Numbers, WordAssistant

HOW = "как вернуть товар"


@dataclass
class Office:
    """Two operators, and random sampling that the test controls."""

    store: Store
    clock: FakeClock
    numbers: Numbers
    reception: Reception
    triager: Triager
    desk: Desk
    reviews: Reviews
    anna: Account
    boris: Account
    _messages: Iterator[int] = field(default_factory=lambda: iter(range(1, 1000)))

    def ask(self, text: str = HOW, *, blind: bool = False, second: bool = False, chat: str = "7") -> int:
        """Ask as a customer, and return the conversation's id."""
        self.numbers.prepared = [0.0 if blind else 0.99, 0.0 if second else 0.99]  # then whose place
        message = IncomingMessage(
            channel="telegram", chat_id=chat, external_id=str(next(self._messages)), text=text
        )
        conversation_id = self.reception.receive(message).conversation_id
        self.clock.forward(2)
        self.triager.run_once()
        return conversation_id

    def decide(self, conversation_id: int, action: Action, **fields: object) -> int:
        """Decide as Anna, and return the decision's id."""
        view = self.desk.conversation(conversation_id)
        assert view.turn is not None
        decision = Decision(
            turn_id=view.turn.id,
            operator_id=self.anna.id,
            action=action,
            seen_message_id=view.last_message_id,
            **fields,  # type: ignore[arg-type]
        )
        return self.desk.decide(decision).decision_id

    def evidence(self, conversation_id: int) -> list[Evidence]:
        with self.store.read() as tx:
            (message, *_) = tx.conversations.messages(conversation_id)
            return tx.decisions.evidence(message.turn_id)


@pytest.fixture
def office(store: Store) -> Office:
    clock, numbers = FakeClock(), Numbers()
    accounts = Accounts(store, hasher=FAST_HASHER, clock=clock)
    KnowledgeBase(store, clock=clock).import_articles(SHOP, changed_by="test")
    sampling = SamplingPolicy(random=numbers)
    return Office(
        store=store,
        clock=clock,
        numbers=numbers,
        reception=Reception(store, debounce=timedelta(seconds=1), clock=clock),
        triager=Triager(store, WordAssistant(SHOP), sampling=sampling, clock=clock),
        desk=Desk(store, sampling=sampling, clock=clock),
        reviews=Reviews(store, clock=clock),
        anna=accounts.add("anna", Role.OPERATOR, "correct horse battery"),
        boris=accounts.add("boris", Role.OPERATOR, "battery horse correct"),
    )


# --- blind turns ------------------------------------------------------------------------------


def test_a_blind_turn_shows_no_suggestion_and_no_confidence(office: Office) -> None:
    conversation = office.ask(blind=True)
    view = office.desk.conversation(conversation)
    assert view.turn is not None
    assert view.turn.blind
    assert view.suggestions == []
    assert office.desk.turn(view.turn.id)[1] == []
    assert [item.confidence for item in office.desk.queue()] == [None]
    with pytest.raises(NotFound, match="no suggestion number 1"):
        office.decide(conversation, Action.ACCEPT, rank=1)


def test_a_blind_turn_is_judged_by_the_article_that_the_operator_finds(office: Office) -> None:
    conversation = office.ask(blind=True)
    office.decide(conversation, Action.PICK_OTHER, article_id="returns-how")
    (evidence,) = office.evidence(conversation)
    assert evidence.right is True
    assert evidence.suggestion_visible is False
    assert (evidence.lot, evidence.lot_probability) == (SampleKind.BLIND, 0.1)
    assert office.reviews.next(office.boris) is None


def test_what_is_hidden_cannot_be_rejected(office: Office) -> None:
    conversation = office.ask(blind=True)
    with pytest.raises(InvalidDecision, match="answered without suggestions"):
        office.decide(conversation, Action.REJECT, reason=RejectReason.WRONG_ARTICLE)
    assert office.evidence(conversation) == []


def test_another_article_than_the_hidden_one_counts_as_wrong(office: Office) -> None:
    conversation = office.ask(blind=True)
    office.decide(conversation, Action.PICK_OTHER, article_id="order-where")
    assert [piece.right for piece in office.evidence(conversation)] == [False]


def test_a_turn_that_the_bot_would_not_answer_is_never_drawn(office: Office) -> None:
    conversation = office.ask("погода", blind=True, second=True)
    view = office.desk.conversation(conversation)
    assert view.turn is not None
    assert (view.turn.blind, view.turn.draw) == (False, None)
    office.decide(conversation, Action.WRITE_OWN, text="Солнечно.")
    (evidence,) = office.evidence(conversation)
    assert (evidence.lot, evidence.lot_probability) == (None, None)
    assert office.reviews.next(office.boris) is None


# --- second judgements ------------------------------------------------------------------------


def test_a_drawn_acceptance_is_judged_by_somebody_else_who_is_not_told_of_it(office: Office) -> None:
    conversation = office.ask(second=True)
    office.decide(conversation, Action.ACCEPT, rank=1)
    assert office.reviews.next(office.anna) is None
    question = office.reviews.next(office.boris)
    assert question is not None
    assert question.question == HOW
    # the bot's answer, put second by the draw of .99, beside its next best
    assert question.answers == ("Нажмите «Отменить».", "Верните товар за 14 дней.")
    office.reviews.judge(question.review_id, Choice.SECOND, office.boris)
    first, second = office.evidence(conversation)
    assert (first.verdict, first.right) == (Verdict.ACCEPTED, True)
    assert (second.verdict, second.right, second.operator_id) == (Verdict.CONFIRMED, True, office.boris.id)
    assert {(one.lot, one.lot_probability) for one in (first, second)} == {(SampleKind.SECOND, 0.2)}
    assert office.reviews.waiting(office.boris) == 0


@pytest.mark.parametrize(
    ("choice", "right"),
    [(Choice.FIRST, False), (Choice.SECOND, True), (Choice.BOTH, True), (Choice.NEITHER, False)],
)
def test_the_bot_is_right_if_its_answer_is_chosen(office: Office, choice: Choice, right: bool) -> None:
    conversation = office.ask(second=True)
    office.decide(conversation, Action.ACCEPT, rank=1)
    question = office.reviews.next(office.boris)
    assert question is not None
    office.reviews.judge(question.review_id, choice, office.boris)
    assert office.evidence(conversation)[-1].right is right


def test_an_acceptance_that_was_not_drawn_keeps_the_probability_with_which_it_might_have_been(
    office: Office,
) -> None:
    conversation = office.ask()
    office.decide(conversation, Action.ACCEPT, rank=1)
    (evidence,) = office.evidence(conversation)
    assert (evidence.lot, evidence.lot_probability) == (None, 0.2)
    assert office.reviews.waiting(office.boris) == 0


def test_what_was_refused_is_not_judged_again(office: Office) -> None:
    conversation = office.ask(second=True)
    office.decide(conversation, Action.REJECT, reason=RejectReason.WRONG_ARTICLE)
    assert [(piece.right, piece.lot) for piece in office.evidence(conversation)] == [(False, None)]
    assert office.reviews.waiting(office.boris) == 0


def test_undoing_and_accepting_again_draws_no_second_time(office: Office) -> None:
    conversation = office.ask(second=True)
    decision = office.decide(conversation, Action.ACCEPT, rank=1)
    office.desk.undo(decision, office.anna)
    assert office.reviews.waiting(office.boris) == 0
    office.decide(conversation, Action.ACCEPT, rank=1)
    assert office.reviews.waiting(office.boris) == 1
    accepted, undone, again = office.evidence(conversation)
    assert (accepted.lot, undone.lot, again.lot) == (SampleKind.SECOND, None, SampleKind.SECOND)
    assert undone.right is False


def test_an_own_answer_is_settled_by_a_second_person_who_sees_both(office: Office) -> None:
    conversation = office.ask()
    office.decide(conversation, Action.WRITE_OWN, text="Принесите его в магазин.")
    assert office.evidence(conversation)[-1].right is None
    question = office.reviews.next(office.boris)
    assert question is not None
    assert set(question.answers) == {"Верните товар за 14 дней.", "Принесите его в магазин."}
    office.reviews.judge(question.review_id, Choice.BOTH, office.boris)
    settled = office.evidence(conversation)[-1]
    assert (settled.verdict, settled.right, settled.lot) == (Verdict.CONFIRMED, True, None)


def test_the_first_operator_cannot_judge_their_own(office: Office) -> None:
    conversation = office.ask(second=True)
    office.decide(conversation, Action.ACCEPT, rank=1)
    question = office.reviews.next(office.boris)
    assert question is not None
    with pytest.raises(Forbidden, match="second person"):
        office.reviews.judge(question.review_id, Choice.FIRST, office.anna)


def test_a_review_is_judged_once(office: Office) -> None:
    conversation = office.ask(second=True)
    office.decide(conversation, Action.ACCEPT, rank=1)
    question = office.reviews.next(office.boris)
    assert question is not None
    office.reviews.judge(question.review_id, Choice.NEITHER, office.boris)
    with pytest.raises(AlreadyDecided):
        office.reviews.judge(question.review_id, Choice.BOTH, office.boris)
    assert len(office.evidence(conversation)) == 2


def test_of_a_single_answer_no_second_one_can_be_chosen(office: Office) -> None:
    conversation = office.ask("когда вернут деньги", second=True)
    office.decide(conversation, Action.ACCEPT, rank=1)
    question = office.reviews.next(office.boris)
    assert question is not None
    assert len(question.answers) == 1
    for choice in (Choice.SECOND, Choice.BOTH):
        with pytest.raises(InvalidDecision, match="only one answer"):
            office.reviews.judge(question.review_id, choice, office.boris)
    with pytest.raises(NotFound):
        office.reviews.judge(question.review_id + 1, Choice.FIRST, office.boris)


def test_turns_drawn_by_lot_never_train(office: Office) -> None:
    for text, chat, drawn in ((HOW, "1", {"second": True}), (HOW, "2", {"blind": True}), (HOW, "3", {})):
        conversation = office.ask(text, chat=chat, **drawn)
        if drawn == {"blind": True}:
            office.decide(conversation, Action.PICK_OTHER, article_id="returns-how")
        else:
            office.decide(conversation, Action.ACCEPT, rank=1)
    with office.store.read() as tx:
        assert len(tx.decisions.teaching_turns()) == 1
