"""Random sampling and second reviews: the sample, each person's view, and the ledger."""

import pytest

from prompter.common.errors import AlreadyDecided, Forbidden, InvalidDecision, NotFound
from prompter.desk.decision import Action
from prompter.domain.evidence import Choice, RejectReason, SampleKind, Verdict
from prompter.storage import Store
from tests.shop import SURE, Shop


@pytest.fixture
def shop(store: Store) -> Shop:
    return Shop(store)


# --- blind turns ------------------------------------------------------------------------------


def test_a_blind_turn_shows_no_suggestion_and_no_confidence(shop: Shop) -> None:
    conversation = shop.ask(sampled=True)
    view = shop.desk.conversation(conversation)
    assert view.turn is not None
    assert view.turn.blind
    assert view.suggestions == []
    assert shop.desk.turn(view.turn.id)[1] == []
    assert [item.confidence for item in shop.desk.queue()] == [None]
    with pytest.raises(NotFound, match="no suggestion number 1"):
        shop.accept(conversation)


def test_a_blind_turn_is_judged_by_the_article_that_the_operator_finds(shop: Shop) -> None:
    conversation = shop.ask(sampled=True)
    shop.decide(conversation, Action.PICK_OTHER, article_id="returns-how")
    (evidence,) = shop.evidence(conversation)
    assert evidence.right is True
    assert evidence.suggestion_visible is False
    assert (evidence.lot, evidence.lot_probability) == (SampleKind.BLIND, 0.1)
    assert shop.reviews.find_next(shop.boris) is None


def test_what_is_hidden_cannot_be_rejected(shop: Shop) -> None:
    conversation = shop.ask(sampled=True)
    with pytest.raises(InvalidDecision, match="answered without suggestions"):
        shop.decide(conversation, Action.REJECT, reason=RejectReason.WRONG_ARTICLE)
    assert shop.evidence(conversation) == []


def test_another_article_than_the_hidden_one_counts_as_wrong(shop: Shop) -> None:
    conversation = shop.ask(sampled=True)
    shop.decide(conversation, Action.PICK_OTHER, article_id="order-where")
    assert [piece.right for piece in shop.evidence(conversation)] == [False]


def test_a_turn_that_the_bot_would_not_answer_is_never_drawn(shop: Shop) -> None:
    conversation = shop.ask("погода", sampled=True, second=True)
    view = shop.desk.conversation(conversation)
    assert view.turn is not None
    assert (view.turn.blind, view.turn.draw) == (False, None)
    shop.decide(conversation, Action.WRITE_OWN, text="Солнечно.")
    (evidence,) = shop.evidence(conversation)
    assert (evidence.lot, evidence.lot_probability) == (None, None)
    assert shop.reviews.find_next(shop.boris) is None


# --- second judgements ------------------------------------------------------------------------


def test_a_drawn_acceptance_is_judged_by_somebody_else_who_is_not_told_of_it(shop: Shop) -> None:
    conversation = shop.ask(second=True)
    shop.accept(conversation)
    assert shop.reviews.find_next(shop.anna) is None
    question = shop.reviews.find_next(shop.boris)
    assert question is not None
    assert question.question == SURE
    # the bot's answer, put second by the draw of .99, beside its next best
    assert question.answers == ("Нажмите «Отменить».", "Верните товар за 14 дней.")
    shop.reviews.judge(question.review_id, Choice.SECOND, shop.boris)
    first, second = shop.evidence(conversation)
    assert (first.verdict, first.right) == (Verdict.ACCEPTED, True)
    assert (second.verdict, second.right, second.operator_id) == (Verdict.CONFIRMED, True, shop.boris.id)
    assert {(one.lot, one.lot_probability) for one in (first, second)} == {(SampleKind.SECOND, 0.2)}
    assert shop.reviews.count_waiting(shop.boris) == 0


@pytest.mark.parametrize(
    ("choice", "right"),
    [(Choice.FIRST, False), (Choice.SECOND, True), (Choice.BOTH, True), (Choice.NEITHER, False)],
)
def test_the_bot_is_right_if_its_answer_is_chosen(shop: Shop, choice: Choice, right: bool) -> None:
    conversation = shop.ask(second=True)
    shop.accept(conversation)
    question = shop.reviews.find_next(shop.boris)
    assert question is not None
    shop.reviews.judge(question.review_id, choice, shop.boris)
    assert shop.evidence(conversation)[-1].right is right


def test_an_acceptance_that_was_not_drawn_keeps_the_probability_with_which_it_might_have_been(
    shop: Shop,
) -> None:
    conversation = shop.ask()
    shop.accept(conversation)
    (evidence,) = shop.evidence(conversation)
    assert (evidence.lot, evidence.lot_probability) == (None, 0.2)
    assert shop.reviews.count_waiting(shop.boris) == 0


def test_what_was_refused_is_not_judged_again(shop: Shop) -> None:
    conversation = shop.ask(second=True)
    shop.decide(conversation, Action.REJECT, reason=RejectReason.WRONG_ARTICLE)
    assert [(piece.right, piece.lot) for piece in shop.evidence(conversation)] == [(False, None)]
    assert shop.reviews.count_waiting(shop.boris) == 0


def test_undoing_and_accepting_again_draws_no_second_time(shop: Shop) -> None:
    conversation = shop.ask(second=True)
    decided = shop.accept(conversation)
    shop.desk.undo(decided.decision_id, shop.anna)
    assert shop.reviews.count_waiting(shop.boris) == 0
    shop.accept(conversation)
    assert shop.reviews.count_waiting(shop.boris) == 1
    accepted, undone, again = shop.evidence(conversation)
    assert (accepted.lot, undone.lot, again.lot) == (SampleKind.SECOND, None, SampleKind.SECOND)
    assert undone.right is False


def test_an_own_answer_is_settled_by_a_second_person_who_sees_both(shop: Shop) -> None:
    conversation = shop.ask()
    shop.decide(conversation, Action.WRITE_OWN, text="Принесите его в магазин.")
    assert shop.evidence(conversation)[-1].right is None
    question = shop.reviews.find_next(shop.boris)
    assert question is not None
    assert set(question.answers) == {"Верните товар за 14 дней.", "Принесите его в магазин."}
    shop.reviews.judge(question.review_id, Choice.BOTH, shop.boris)
    settled = shop.evidence(conversation)[-1]
    assert (settled.verdict, settled.right, settled.lot) == (Verdict.CONFIRMED, True, None)


def test_the_first_operator_cannot_judge_their_own(shop: Shop) -> None:
    conversation = shop.ask(second=True)
    shop.accept(conversation)
    question = shop.reviews.find_next(shop.boris)
    assert question is not None
    with pytest.raises(Forbidden, match="second person"):
        shop.reviews.judge(question.review_id, Choice.FIRST, shop.anna)


def test_a_review_is_judged_once(shop: Shop) -> None:
    conversation = shop.ask(second=True)
    shop.accept(conversation)
    question = shop.reviews.find_next(shop.boris)
    assert question is not None
    shop.reviews.judge(question.review_id, Choice.NEITHER, shop.boris)
    with pytest.raises(AlreadyDecided):
        shop.reviews.judge(question.review_id, Choice.BOTH, shop.boris)
    assert len(shop.evidence(conversation)) == 2


def test_of_a_single_answer_no_second_one_can_be_chosen(shop: Shop) -> None:
    conversation = shop.ask("когда вернут деньги", second=True)
    shop.accept(conversation)
    question = shop.reviews.find_next(shop.boris)
    assert question is not None
    assert len(question.answers) == 1
    for choice in (Choice.SECOND, Choice.BOTH):
        with pytest.raises(InvalidDecision, match="only one answer"):
            shop.reviews.judge(question.review_id, choice, shop.boris)
    with pytest.raises(NotFound):
        shop.reviews.judge(question.review_id + 1, Choice.FIRST, shop.boris)


def test_turns_drawn_by_lot_never_train(shop: Shop) -> None:
    shop.accept(shop.ask(chat="1", second=True))
    shop.decide(shop.ask(chat="2", sampled=True), Action.PICK_OTHER, article_id="returns-how")
    shop.accept(shop.ask(chat="3"))
    with shop.store.read() as tx:
        assert len(tx.decisions.teaching_turns()) == 1
