"""Decisions become drafts, on a desk with operators who answer."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from nlu.encoders.encoder import Kind, Vectors
from nlu.reader import TextReader
from prompter.desk.decision import Action
from prompter.domain.drafts import Draft, GivenAnswer, ProposalKind, SeenText
from prompter.domain.evidence import RejectReason
from prompter.knowledge.draft_generation import desk_turns, drafts_of_decisions
from prompter.storage import Store
from prompter.suggestions.query_embedder import QueryEmbedder
from tests.encoders import LetterEncoder
from tests.fakes import SHOP, article
from tests.shop import Shop


class WordsEncoder(LetterEncoder):
    """Counts words, so texts that share most of their words are near."""

    @property
    def dimensions(self) -> int:
        return 512

    def encode(self, texts: Sequence[str], *, kind: Kind) -> Vectors:  # noqa: ARG002
        import zlib

        import numpy as np

        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            for word in text.split():
                vectors[row, zlib.crc32(word.strip("?.,!").encode()) % self.dimensions] += 1
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)


class DecidedShop(Shop):
    """A shop with three operators who decide."""

    def answer(self, asked: str, action: Action, *, chat: str = "", name: str = "Ольга", **more: Any) -> int:
        """Ask as a customer and decide as an operator. Return the decision's id."""
        return self.decide(self.ask(asked, chat=chat, name=name), action, **more).decision_id

    def own(self, asked: str, text: str, **more: Any) -> int:
        return self.answer(asked, Action.WRITE_OWN, text=text, **more)

    def edit(self, asked: str, text: str, **more: Any) -> int:
        return self.answer(asked, Action.EDIT, rank=1, text=text, **more)

    def pick(self, asked: str, article_id: str, **more: Any) -> int:
        return self.answer(asked, Action.PICK_OTHER, article_id=article_id, **more)

    def drafts(self, kind: ProposalKind | None = None) -> list[Draft]:
        embedder = QueryEmbedder(TextReader(WordsEncoder()))
        found = drafts_of_decisions(
            desk_turns(self.store), self.knowledge.articles(), embedder, language="ru"
        )
        return [draft for draft in found if kind is None or draft.kind is kind]


@pytest.fixture
def shop(store: Store) -> DecidedShop:
    return DecidedShop(store, chat="")


# --- phrasings ----------------------------------------------------------------------------------


def test_confirmed_texts_that_the_article_does_not_know(shop: DecidedShop) -> None:
    shop.pick("передумал брать чайник", "order-cancel")
    shop.pick("Здравствуйте! Передумал брать чайник!", "order-cancel", by="boris")
    shop.pick("передумал брать красный чайник", "order-cancel")
    (draft,) = shop.drafts()
    assert (draft.kind, draft.article_id, draft.question) == (
        ProposalKind.PHRASING,
        "order-cancel",
        "Передумал брать чайник!",
    )
    assert (draft.topic, draft.language) == ("orders", "ru")
    proof = draft.proof
    assert (proof.n_turns, proof.n_conversations, proof.n_operators) == (3, 3, 2)
    assert proof.turns == (1, 2, 3)
    assert proof.texts == (
        SeenText(text="Передумал брать чайник!", times=2),
        SeenText(text="передумал брать красный чайник", times=1),
    )


def test_what_is_no_phrasing(shop: DecidedShop) -> None:
    shop.answer("где мой заказ", Action.ACCEPT, rank=1)  # the article knows it
    shop.answer("где мой заказ?", Action.ACCEPT, rank=1)
    for _ in range(3):
        shop.pick("чайник не нужен", "order-cancel", chat="one customer")  # and nobody else
    shop.pick("верните средства", "refund-when")  # contradicting verdicts
    shop.pick("верните средства", "returns-how")
    assert shop.drafts() == []


def test_a_rejection_speaks_against_what_was_confirmed(shop: DecidedShop) -> None:
    for number in range(4):
        shop.answer("заказ пора отменить", Action.ACCEPT, rank=1, name=f"N{number}")
    assert len(shop.drafts()) == 1
    for _ in range(3):
        shop.answer("заказ пора отменить", Action.REJECT, reason=RejectReason.WRONG_ARTICLE)
    assert shop.drafts(ProposalKind.PHRASING) == []


def test_turns_judged_by_lot_and_undone_decisions_propose_nothing(shop: DecidedShop, tmp_path: Path) -> None:
    by_lot = shop.pick("передумал брать чайник", "order-cancel")
    shop.pick("передумал брать чайник", "order-cancel")
    undone = shop.pick("передумал брать чайник", "order-cancel")
    assert shop.drafts()[0].proof.n_turns == 3
    shop.desk.undo(undone, shop.anna)
    assert shop.drafts()[0].proof.n_turns == 2
    with closing(sqlite3.connect(tmp_path / "test.db")) as database, database:
        database.execute("UPDATE evidence SET lot = 'blind' WHERE decision_id = ?", (by_lot,))
    assert shop.drafts() == []


# --- new articles -------------------------------------------------------------------------------


def test_questions_that_nobody_could_answer_become_an_article(shop: DecidedShop) -> None:
    answer = "Да, картой можно платить при получении."
    shop.own("можно оплатить картой", f"Здравствуйте, Ольга! {answer} Хорошего дня!")
    shop.own("можно оплатить картой?", f"Ольга, {answer[:1].lower()}{answer[1:]}", by="boris")
    shop.own("Добрый день, можно оплатить чайник картой", "Нет, нельзя совсем.", by="vera")
    shop.ask("а можно оплатить картой", chat="waits")  # nobody has answered yet
    (draft,) = shop.drafts()
    assert (draft.kind, draft.article_id, draft.question) == (
        ProposalKind.NEW_ARTICLE,
        None,
        "можно оплатить картой",
    )
    assert draft.answer == answer
    assert (draft.topic, draft.language) == ("general", "ru")
    assert (draft.proof.n_turns, draft.proof.n_conversations, draft.proof.n_operators) == (4, 4, 3)
    assert draft.proof.answers == (
        GivenAnswer(text=answer, times=2, operators=2),
        GivenAnswer(text="Нет, нельзя совсем.", times=1, operators=1),
    )


def test_what_belongs_to_a_customer_is_in_no_draft(shop: DecidedShop) -> None:
    shop.own("дайте чек на заказ 48213", "Чек по заказу №48213 отправили на olga@mail.ru.", name="Ольга")
    shop.own(
        "дайте чек на заказ 77551", "Отправили чек, Павел, звоните 8 916 123-45-67.", name="Павел", by="boris"
    )
    (draft,) = shop.drafts()
    assert draft.question == "дайте чек на заказ [number]"
    everything = repr(draft.answer) + "".join(answer.text for answer in draft.proof.answers)
    for secret in ("48213", "olga@mail.ru", "Павел", "916"):
        assert secret not in everything
    assert "[email]" in everything


def test_a_contact_that_many_were_sent_is_the_teams(shop: DecidedShop) -> None:
    for operator in shop.staff:
        shop.own("есть ли у вас магазин", "Позвоните 8 800 555-35-35, подскажем ближайший.", by=operator)
    assert shop.drafts()[0].answer == "Позвоните 8 800 555-35-35, подскажем ближайший."


@pytest.mark.parametrize("text", ["Спасибо большое!", "ок", "добрый вечер", "👍👍", "да", "12"])
def test_small_talk_becomes_no_article(shop: DecidedShop, text: str) -> None:
    for _ in range(3):
        shop.own(text, "Пожалуйста, обращайтесь всегда!")
    assert shop.drafts() == []


def test_questions_with_the_same_answer_are_one_article(shop: DecidedShop) -> None:
    answer = "Оплатить можно картой, переводом или наличными при получении."
    shop.own("какие способы оплаты у вас", answer)
    shop.own("какие карты у вас принимают", answer)
    shop.own("наличка сойдёт", answer)  # has nothing in common with them
    (draft,) = shop.drafts()
    assert [seen.text for seen in draft.proof.texts] == [
        "какие карты у вас принимают",
        "какие способы оплаты у вас",
    ]


def test_whoever_asks_back_has_not_answered(shop: DecidedShop) -> None:
    for _ in range(2):
        shop.own("сломался чайник", "Уточните, пожалуйста, номер заказа?")
    (draft,) = shop.drafts()
    assert (draft.answer, draft.proof.answers) == ("", ())


def test_a_promise_is_no_answer_and_what_stands_beside_it_is(shop: DecidedShop) -> None:
    for _ in range(2):
        shop.own("сломался чайник", "Секунду! Уточню у мастера и вернусь с ответом.")
        shop.own("сгорел утюг", "Минутку, проверю. Гарантия на утюги — два года.")
    drafts = {draft.question: draft for draft in shop.drafts()}
    assert (drafts["сломался чайник"].answer, drafts["сломался чайник"].proof.answers) == ("", ())
    assert drafts["сгорел утюг"].answer == "Гарантия на утюги — два года."


def test_an_own_answer_that_an_article_gives_confirms_that_article(shop: DecidedShop) -> None:
    for name in ("Ольга", "Иван"):
        shop.own("перечислят ли обратно", f"Здравствуйте! Деньги придут за 3 дня, {name}.", name=name)
    (draft,) = shop.drafts()
    assert (draft.kind, draft.article_id, draft.question) == (
        ProposalKind.PHRASING,
        "refund-when",
        "перечислят ли обратно",
    )


def test_what_an_article_answers_by_now_is_not_proposed_again(shop: DecidedShop) -> None:
    for _ in range(2):
        shop.own("можно оплатить картой", "Да, картой можно.")
    assert len(shop.drafts()) == 1
    made = article("pay", "Можно оплатить картой?", "Только наличными.", topic="payment")
    shop.knowledge.import_articles([made], changed_by="vera")
    assert shop.drafts() == []


def test_a_rejected_suggestion_without_a_text_asks_for_an_answer(shop: DecidedShop) -> None:
    for _ in range(2):
        shop.answer("заказ собака съела", Action.REJECT, reason=RejectReason.WRONG_ARTICLE)
        shop.answer("заказ кошка съела", Action.REJECT, reason=RejectReason.NOT_A_QUESTION)
    (draft,) = shop.drafts()
    assert (draft.question, draft.answer, draft.topic) == ("заказ собака съела", "", "general")


# --- changed answers ----------------------------------------------------------------------------


def test_seven_operators_added_the_same_sentence(shop: DecidedShop) -> None:
    added = "Деньги вернутся на карту за 3 дня."
    for operator in shop.staff:
        shop.edit("как отменить заказ", f"Здравствуйте, Ольга! Нажмите «Отменить». {added}", by=operator)
    shop.edit("как отменить заказ", "Нажмите «Отменить». Деньги вернутся на карту за 5 дней.")
    shop.edit(
        "как отменить заказ", "Нажмите «Отменить». Деньги вернутся к вам на карту за 3 дня!", by="boris"
    )
    (draft,) = shop.drafts()
    assert (draft.kind, draft.article_id) == (ProposalKind.CHANGED_ANSWER, "order-cancel")
    assert draft.answer == f"Нажмите «Отменить». {added}"
    assert draft.base_answer == "Нажмите «Отменить»."
    assert (draft.proof.added, draft.proof.removed) == ((added,), ())
    assert (draft.proof.n_turns, draft.proof.n_operators) == (4, 3)


def test_promises_change_no_answer(shop: DecidedShop) -> None:
    for operator in shop.staff:
        shop.edit("как отменить заказ", "Условия изменились, уточняю у коллег и вернусь.", by=operator)
        shop.edit("как вернуть товар", "Верните товар за 14 дней. Точный адрес узнаю и сообщу.", by=operator)
        shop.answer(
            "когда придут деньги",
            Action.REJECT,
            reason=RejectReason.OUTDATED,
            text="Передал вопрос коллегам, они скоро ответят.",
            by=operator,
        )
    assert shop.drafts() == []


def test_filled_fields_are_fields_again(shop: DecidedShop) -> None:
    for name in ("Ольга", "Иван", "Анна-Мария"):
        shop.edit(
            "когда вернут деньги", f"Деньги придут за 5 рабочих дней, {name}. Подождите, {name}.", name=name
        )
    drafts = shop.drafts()
    assert [(draft.proof.removed, draft.proof.added) for draft in drafts] == [
        (
            ("Деньги придут за 3 дня, {customer_name}.",),
            ("Деньги придут за 5 рабочих дней, {customer_name}.",),
        ),
        ((), ("Подождите, {customer_name}.",)),
    ]
    assert drafts[0].answer == "Деньги придут за 5 рабочих дней, {customer_name}."
    assert drafts[1].answer == "Деньги придут за 3 дня, {customer_name}. Подождите, {customer_name}."


def test_a_ticket_is_a_field_and_another_number_is_nobodys(shop: DecidedShop) -> None:
    for chat in range(2):
        view = shop.desk.conversation(shop.say("где мой заказ", chat=f"t{chat}"))
        ticket = f"№{view.customer.conversation_id}"
        shop.edit(
            "где мой заказ",
            f"Обращение {ticket}: проверьте раздел «Заказы». Трек-номер RR12345678{chat}RU скоро сменится.",
            chat=f"t{chat}",
        )
    (draft,) = shop.drafts()
    assert draft.answer == (
        "Обращение {ticket}: проверьте раздел «Заказы». Трек-номер [number] скоро сменится."
    )


def test_a_sentence_that_is_taken_out(shop: DecidedShop) -> None:
    long = article("order-cancel", "Как отменить заказ", "Нажмите «Отменить». Факс: есть.\nИли позвоните.")
    shop.knowledge.import_articles([long], changed_by="vera")
    shop.assistant.articles = [*SHOP[:3], long]
    for operator in ("anna", "boris"):
        shop.edit("как отменить заказ", "Нажмите «Отменить».\nИли позвоните.", by=operator)
    (draft,) = shop.drafts()
    assert draft.answer == "Нажмите «Отменить».\nИли позвоните."
    assert (draft.proof.removed, draft.proof.added) == (("Факс: есть.",), ())


def test_an_outdated_answer_is_replaced_by_what_operators_send(shop: DecidedShop) -> None:
    for operator in ("anna", "boris"):
        shop.answer(
            "как вернуть товар",
            Action.REJECT,
            reason=RejectReason.OUTDATED,
            text="Верните товар за 30 дней.",
            by=operator,
        )
    (draft,) = shop.drafts()
    assert (draft.article_id, draft.answer) == ("returns-how", "Верните товар за 30 дней.")


def test_of_several_changes_of_one_sentence_the_most_frequent_is_proposed(shop: DecidedShop) -> None:
    for days, n_operators in ((30, 3), (7, 2)):
        for operator in list(shop.staff)[:n_operators]:
            shop.edit("как вернуть товар", f"Верните товар за {days} дней.", by=operator)
    assert [draft.answer for draft in shop.drafts()] == ["Верните товар за 30 дней."]


def test_a_change_follows_the_answer_as_it_is_now(shop: DecidedShop) -> None:
    for operator in ("anna", "boris"):
        shop.edit("как отменить заказ", "Нажмите «Отменить». Это бесплатно.", by=operator)
    changed = article("order-cancel", "Как отменить заказ", "Нажмите «Отмена». Готово.")
    shop.knowledge.import_articles([changed], changed_by="vera")
    (draft,) = shop.drafts()
    assert (draft.base_answer, draft.answer) == (changed.answer, "Нажмите «Отмена». Готово. Это бесплатно.")
    there = article("order-cancel", "Как отменить заказ", "Нажмите «Отмена». Это бесплатно!")
    shop.knowledge.import_articles([there], changed_by="vera")
    assert shop.drafts() == []


def test_what_one_customer_was_told_changes_nothing(shop: DecidedShop) -> None:
    shop.edit("как отменить заказ", "Нажмите «Отменить». Вам привезут подарок.")
    assert shop.drafts() == []
