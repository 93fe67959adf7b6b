"""What a decision teaches, as a table and through the desk."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from prompter.decisions import Action, Decision
from prompter.lessons import Lesson, lesson, lessons
from prompter.storage import Store
from prompter.values import RejectReason, Verdict
from tests.support_desk import PASSWORD, DeskShop


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
    found = lesson("where?", verdict, reason=reason, article_id=article_id, offered=("a", "b", "c"))
    assert found == Lesson(text="where?", right=right, wrong=wrong)
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
    assert lesson("where?", verdict, reason=reason, article_id=article_id, offered=("a",)) is None


def test_nothing_can_be_learned_without_a_text_or_a_suggestion() -> None:
    assert lesson(" ", Verdict.ACCEPTED, reason=None, article_id="a", offered=("a",)) is None
    wrong = RejectReason.WRONG_ARTICLE
    assert lesson("where?", Verdict.REJECTED, reason=wrong, article_id=None, offered=()) is None


def decide(shop: DeskShop, text: str, action: Action, *, chat: str, **fields: object) -> int:
    view = shop.desk.conversation(shop.ask(text, chat=chat))
    assert view.turn is not None
    decision = Decision(
        turn_id=view.turn.id,
        operator_id=1,
        action=action,
        seen_message_id=view.last_message_id,
        **fields,  # type: ignore[arg-type]
    )
    return shop.desk.decide(decision).decision_id


def test_lessons_are_of_decisions_that_stand_and_not_of_those_drawn_by_lot(
    store: Store, tmp_path: Path
) -> None:
    shop = DeskShop(store)
    decide(shop, "где мой заказ", Action.ACCEPT, chat="1", rank=1)
    decide(shop, "отменить заказ как", Action.REJECT, chat="2", reason=RejectReason.WRONG_ARTICLE)
    decide(shop, "где мой товар", Action.PICK_OTHER, chat="3", article_id="order-cancel")
    undone = decide(shop, "как вернуть товар", Action.ACCEPT, chat="4", rank=1)
    anna = shop.accounts.log_in("anna", PASSWORD)
    assert anna is not None
    shop.desk.undo(undone, anna)
    by_lot = decide(shop, "когда вернут деньги", Action.ACCEPT, chat="5", rank=1)
    with closing(sqlite3.connect(tmp_path / "test.db")) as database, database:
        database.execute("UPDATE evidence SET lot = 'second' WHERE decision_id = ?", (by_lot,))
    offered = [one.article_id for one in shop.assistant.suggest("где мой товар")]
    assert lessons(store) == [
        Lesson(text="где мой заказ", right="order-where"),
        Lesson(text="отменить заказ как", right=None, wrong=("order-cancel",)),
        Lesson(text="где мой товар", right="order-cancel", wrong=tuple(offered)),
    ]
