import pytest

from prompter.accounts.service import Accounts
from prompter.common.errors import NotFound
from prompter.domain.account import Role
from prompter.knowledge.knowledge_base import KnowledgeBase
from prompter.labels.regression_cases import InvalidPin, Pins
from prompter.storage import Store
from tests.fakes import FAST_HASHER, SHOP


def test_a_case_is_pinned_once_without_personal_data_and_let_go(store: Store) -> None:
    KnowledgeBase(store).import_articles(SHOP, changed_by="test")
    vera = Accounts(store, hasher=FAST_HASHER).add("vera", Role.SUPERVISOR, "correct horse")
    pins = Pins(store)
    for _ in range(2):
        pins.pin(" где заказ  №123456,  +7 916 123-45-67", "order-where", vera)
    (pinned,) = pins.all()
    assert (pinned.text, pinned.article_id, pinned.pinned_by) == (
        "где заказ №[number], [phone]",
        "order-where",
        "vera",
    )
    pins.unpin(pinned.id)
    assert pins.all() == []
    with pytest.raises(NotFound, match="no such pinned case"):
        pins.unpin(pinned.id)


def test_what_cannot_be_pinned(store: Store) -> None:
    with pytest.raises(NotFound, match="no article nothing"):
        Pins(store).pin("где", "nothing", None)
    for text in (" ", "а" * 1001):
        with pytest.raises(InvalidPin, match="1 to 1000"):
            Pins(store).pin(text, "order-where", None)
