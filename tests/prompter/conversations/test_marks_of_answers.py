"""Bold and links of an answer reach the channel with it, whoever sends it, and never as source."""

from dataclasses import replace

from kb_index.marks import Mark, MarkKind, spans
from prompter.domain.conversation import OutboxState
from prompter.storage import Store
from tests.fakes import SHOP
from tests.shop import SURE, Shop

BOLD = Mark(kind=MarkKind.BOLD, text="14 дней")
LINK = Mark(kind=MarkKind.LINK, text="условия", address="https://shop.test/{ticket}")
ANSWER = "Вернуть можно за 14 дней, см. условия (https://shop.test/{ticket})."
MARKED = [
    replace(article, answer=ANSWER, marks=(BOLD, LINK)) if article.id == "returns-how" else article
    for article in SHOP
]


def test_marks_go_with_the_answer_that_an_operator_sends(store: Store) -> None:
    shop = Shop(store, articles=MARKED)
    conversation_id = shop.ask(SURE)
    shop.accept(conversation_id)
    with store.read() as tx:
        (reply,) = tx.outbox.list_by_state(OutboxState.PENDING)
    assert reply.text == f"Вернуть можно за 14 дней, см. условия (https://shop.test/№{conversation_id})."
    assert reply.marks == (BOLD, replace(LINK, address=f"https://shop.test/№{conversation_id}"))
    assert [span.text for span in spans(reply.text, reply.marks)] == [
        "Вернуть можно за ",
        "14 дней",
        ", см. ",
        "условия",
        ".",
    ]


def test_an_edit_keeps_the_marks_of_words_that_stay(store: Store) -> None:
    shop = Shop(store, articles=MARKED)
    article, _ = shop.knowledge.article("returns-how")
    assert article.marks == (BOLD, LINK)
    edited = replace(article, answer="Вернуть можно за 14 дней.", marks=())
    shop.knowledge.put(edited, shop.people["vera"], version=1)
    assert shop.knowledge.article("returns-how")[0].marks == (BOLD,)
