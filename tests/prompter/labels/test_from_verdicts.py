"""Decisions become labels, shown as a table and through the desk."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from kb_index import LabeledText
from prompter.desk.decision import Action
from prompter.domain.evidence import RejectReason, TeachingTurn, Verdict
from prompter.labels.from_verdicts import (
    LabeledQuestion,
    aggregate_labels,
    labeled_question,
    labeled_questions,
)
from prompter.storage import Store
from tests.fakes import START
from tests.shop import Shop


def teaching_turn(
    verdict: Verdict,
    article_id: str | None,
    *,
    reason: RejectReason | None = None,
    utterance: str = "where?",
    offered: tuple[str, ...] = ("a", "b", "c"),
) -> TeachingTurn:
    return TeachingTurn(
        turn_id=1,
        operator_id=2,
        decided_at=START,
        utterance=utterance,
        verdict=verdict,
        reason=reason,
        article_id=article_id,
        offered=offered,
    )


@pytest.mark.parametrize(
    ("verdict", "reason", "article_id", "right", "wrong"),
    [
        (Verdict.ACCEPTED, None, "a", "a", ()),
        (Verdict.ACCEPTED, None, "c", "c", ("a", "b")),
        (Verdict.EDITED_COSMETIC, None, "b", "b", ("a",)),
        (Verdict.PICKED_OTHER, None, "x", "x", ("a", "b", "c")),
        (Verdict.PICKED_OTHER, None, "b", "b", ("a",)),
        (Verdict.REJECTED, RejectReason.WRONG_ARTICLE, None, None, ("a",)),
    ],
)
def test_what_a_verdict_teaches(
    verdict: Verdict,
    reason: RejectReason | None,
    article_id: str | None,
    right: str | None,
    wrong: tuple[str, ...],
) -> None:
    found = labeled_question(teaching_turn(verdict, article_id, reason=reason))
    assert found == LabeledQuestion(
        turn_id=1, operator_id=2, decided_at=START, text="where?", right=right, wrong=wrong
    )
    assert "where" not in repr(found)


@pytest.mark.parametrize(
    ("verdict", "reason", "article_id"),
    [
        (Verdict.EDITED_SUBSTANTIVE, None, "a"),
        (Verdict.REJECTED, RejectReason.OUTDATED, None),
        (Verdict.WROTE_OWN, None, None),
    ],
)
def test_what_teaches_nothing(verdict: Verdict, reason: RejectReason | None, article_id: str | None) -> None:
    assert labeled_question(teaching_turn(verdict, article_id, reason=reason)) is None


def test_nothing_can_be_learned_without_a_text_or_a_suggestion() -> None:
    assert labeled_question(teaching_turn(Verdict.ACCEPTED, "a", utterance=" ")) is None
    rejected = teaching_turn(Verdict.REJECTED, None, reason=RejectReason.WRONG_ARTICLE, offered=())
    assert labeled_question(rejected) is None


def test_personal_data_are_not_learned() -> None:
    found = labeled_question(teaching_turn(Verdict.ACCEPTED, "a", utterance="перезвоните +7 916 123-45-67"))
    assert found is not None
    assert found.text == "перезвоните [phone]"


def label(number: int, text: str, right: str | None, *wrong: str) -> LabeledQuestion:
    return LabeledQuestion(
        turn_id=number,
        operator_id=number,
        decided_at=START + timedelta(minutes=number),
        text=text,
        right=right,
        wrong=wrong,
    )


def test_the_same_question_is_learned_once() -> None:
    found = aggregate_labels([label(1, "Где заказ?", "order"), label(2, "где заказ", "order", "refund")])
    assert found.texts == (LabeledText(text="где заказ", right=("order",), wrong=("refund",)),)
    assert found.contradictions == ()


def test_most_verdicts_win_and_a_tie_teaches_nothing_but_is_told() -> None:
    two_to_one = [label(1, "где", "order"), label(2, "где", "refund"), label(3, "где", "order")]
    found = aggregate_labels(two_to_one)
    assert found.texts == (LabeledText(text="где", right=("order",)),)
    (told,) = found.contradictions
    assert [label.turn_id for label in told.labeled] == [1, 2, 3]
    tie = aggregate_labels(two_to_one[:2])
    assert tie.texts == ()
    assert len(tie.contradictions) == 1


def test_articles_with_the_same_answer_do_not_contradict_each_other() -> None:
    same = {"order-2": "order", "order": "order"}
    found = aggregate_labels([label(1, "где", "order"), label(2, "где", "order-2")], same)
    assert [text.right for text in found.texts] == [("order-2",)]
    assert found.contradictions == ()


def test_called_right_and_wrong_as_often_says_nothing() -> None:
    found = aggregate_labels([label(1, "где", "order"), label(2, "где", None, "order")])
    assert found.texts == ()
    assert len(found.contradictions) == 1
    rejected = aggregate_labels([label(1, "где", None, "order"), label(2, "где", None, "order")])
    assert rejected.texts == (LabeledText(text="где", wrong=("order",)),)


def test_lessons_are_of_decisions_that_stand_and_not_of_those_drawn_by_lot(
    store: Store, tmp_path: Path
) -> None:
    shop = Shop(store, chat="")
    shop.accept(shop.ask("где мой заказ"))
    shop.decide(shop.ask("отменить заказ как"), Action.REJECT, reason=RejectReason.WRONG_ARTICLE)
    shop.decide(shop.ask("где мой товар"), Action.PICK_OTHER, article_id="order-cancel")
    undone = shop.accept(shop.ask("как вернуть товар"))
    shop.desk.undo(undone.decision_id, shop.anna)
    by_lot = shop.accept(shop.ask("когда вернут деньги"))
    with closing(sqlite3.connect(tmp_path / "test.db")) as database, database:
        database.execute("UPDATE evidence SET lot = 'second' WHERE decision_id = ?", (by_lot.decision_id,))
    offered = [suggestion.article_id for suggestion in shop.assistant.suggest("где мой товар")]
    assert [(label.text, label.right, label.wrong) for label in labeled_questions(store)] == [
        ("где мой заказ", "order-where", ()),
        ("отменить заказ как", None, ("order-cancel",)),
        ("где мой товар", "order-cancel", tuple(offered)),
    ]
