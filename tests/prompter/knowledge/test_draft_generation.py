"""Decisions become drafts, on a desk with operators who answer."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from nlu.encoders.encoder import Kind, Vectors
from nlu.reader import TextReader
from prompter.desk.decision import Action, Decision
from prompter.domain.drafts import Draft, GivenAnswer, ProposalKind, SeenText
from prompter.domain.evidence import RejectReason
from prompter.knowledge.draft_generation import desk_turns, drafts_of_decisions
from prompter.storage import Store
from prompter.suggestions.query_embedder import QueryEmbedder
from tests.encoders import LetterEncoder
from tests.fakes import SHOP, article
from tests.support_desk import DeskShop


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


class Desk:
    """Customers with a conversation each, and three operators."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.shop = DeskShop(store)
        self.chats = 0

    def turn(
        self,
        asked: str,
        action: Action,
        *,
        by: int = 1,
        chat: str | None = None,
        name: str = "Ольга",
        **more: object,
    ) -> int:
        """Ask as a customer and decide as an operator. Return the decision's id."""
        self.chats += 1
        view = self.shop.desk.conversation(self.shop.ask(asked, chat=chat or f"c{self.chats}", name=name))
        assert view.turn is not None, asked
        decision = Decision(
            turn_id=view.turn.id,
            operator_id=by,
            action=action,
            seen_message_id=view.last_message_id,
            **more,  # type: ignore[arg-type]
        )
        return self.shop.desk.decide(decision).decision_id

    def own(self, asked: str, answer: str, **more: object) -> int:
        return self.turn(asked, Action.WRITE_OWN, text=answer, **more)  # type: ignore[arg-type]

    def edit(self, asked: str, sent: str, **more: object) -> int:
        return self.turn(asked, Action.EDIT, rank=1, text=sent, **more)  # type: ignore[arg-type]

    def pick(self, asked: str, article_id: str, **more: object) -> int:
        return self.turn(asked, Action.PICK_OTHER, article_id=article_id, **more)  # type: ignore[arg-type]

    def drafts(self, kind: ProposalKind | None = None) -> list[Draft]:
        embedder = QueryEmbedder(TextReader(WordsEncoder()))
        found = drafts_of_decisions(desk_turns(self.store), self.shop.knowledge.articles(), embedder)
        return [draft for draft in found if kind is None or draft.kind is kind]


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


# --- phrasings ----------------------------------------------------------------------------------


def test_confirmed_texts_that_the_article_does_not_know(desk: Desk) -> None:
    desk.pick("передумал брать чайник", "order-cancel")
    desk.pick("Здравствуйте! Передумал брать чайник!", "order-cancel", by=2)
    desk.pick("передумал брать красный чайник", "order-cancel")
    (draft,) = desk.drafts()
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


def test_what_is_no_phrasing(desk: Desk) -> None:
    desk.turn("где мой заказ", Action.ACCEPT, rank=1)  # the article knows it
    desk.turn("где мой заказ?", Action.ACCEPT, rank=1)
    for _ in range(3):
        desk.pick("чайник не нужен", "order-cancel", chat="one customer")  # and nobody else
    desk.pick("верните средства", "refund-when")  # contradicting verdicts
    desk.pick("верните средства", "returns-how")
    assert desk.drafts() == []


def test_a_rejection_speaks_against_what_was_confirmed(desk: Desk) -> None:
    for number in range(4):
        desk.turn("заказ пора отменить", Action.ACCEPT, rank=1, name=f"N{number}")
    assert len(desk.drafts()) == 1
    for _ in range(3):
        desk.turn("заказ пора отменить", Action.REJECT, reason=RejectReason.WRONG_ARTICLE)
    assert desk.drafts(ProposalKind.PHRASING) == []


def test_turns_judged_by_lot_and_undone_decisions_propose_nothing(desk: Desk, tmp_path: Path) -> None:
    by_lot = desk.pick("передумал брать чайник", "order-cancel")
    desk.pick("передумал брать чайник", "order-cancel")
    undone = desk.pick("передумал брать чайник", "order-cancel")
    (anna,) = (account for account in desk.shop.accounts.all() if account.name == "anna")
    assert desk.drafts()[0].proof.n_turns == 3
    desk.shop.desk.undo(undone, anna)
    assert desk.drafts()[0].proof.n_turns == 2
    with closing(sqlite3.connect(tmp_path / "test.db")) as database, database:
        database.execute("UPDATE evidence SET lot = 'blind' WHERE decision_id = ?", (by_lot,))
    assert desk.drafts() == []


# --- new articles -------------------------------------------------------------------------------


def test_questions_that_nobody_could_answer_become_an_article(desk: Desk) -> None:
    answer = "Да, картой можно платить при получении."
    desk.own("можно оплатить картой", f"Здравствуйте, Ольга! {answer} Хорошего дня!")
    desk.own("можно оплатить картой?", f"Ольга, {answer[:1].lower()}{answer[1:]}", by=2)
    desk.own("Добрый день, можно оплатить чайник картой", "Нет, нельзя совсем.", by=3)
    desk.shop.ask("а можно оплатить картой", chat="waits")  # nobody has answered yet
    (draft,) = desk.drafts()
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


def test_what_belongs_to_a_customer_is_in_no_draft(desk: Desk) -> None:
    desk.own("дайте чек на заказ 48213", "Чек по заказу №48213 отправили на olga@mail.ru.", name="Ольга")
    desk.own("дайте чек на заказ 77551", "Отправили чек, Павел, звоните 8 916 123-45-67.", name="Павел", by=2)
    (draft,) = desk.drafts()
    assert draft.question == "дайте чек на заказ [number]"
    everything = repr(draft.answer) + "".join(answer.text for answer in draft.proof.answers)
    for secret in ("48213", "olga@mail.ru", "Павел", "916"):
        assert secret not in everything
    assert "[email]" in everything


def test_a_contact_that_many_were_sent_is_the_teams(desk: Desk) -> None:
    for number in range(3):
        desk.own(
            "есть ли у вас магазин", "Позвоните 8 800 555-35-35, подскажем ближайший.", by=1 + number % 3
        )
    assert desk.drafts()[0].answer == "Позвоните 8 800 555-35-35, подскажем ближайший."


@pytest.mark.parametrize("text", ["Спасибо большое!", "ок", "добрый вечер", "👍👍", "да", "12"])
def test_small_talk_becomes_no_article(desk: Desk, text: str) -> None:
    for _ in range(3):
        desk.own(text, "Пожалуйста, обращайтесь всегда!")
    assert desk.drafts() == []


def test_questions_with_the_same_answer_are_one_article(desk: Desk) -> None:
    answer = "Оплатить можно картой, переводом или наличными при получении."
    desk.own("какие способы оплаты у вас", answer)
    desk.own("какие карты у вас принимают", answer)
    desk.own("наличка сойдёт", answer)  # has nothing in common with them
    (draft,) = desk.drafts()
    assert [seen.text for seen in draft.proof.texts] == [
        "какие карты у вас принимают",
        "какие способы оплаты у вас",
    ]


def test_whoever_asks_back_has_not_answered(desk: Desk) -> None:
    for _ in range(2):
        desk.own("сломался чайник", "Уточните, пожалуйста, номер заказа?")
    (draft,) = desk.drafts()
    assert (draft.answer, draft.proof.answers) == ("", ())


def test_an_own_answer_that_an_article_gives_confirms_that_article(desk: Desk) -> None:
    for name in ("Ольга", "Иван"):
        desk.own("перечислят ли обратно", f"Здравствуйте! Деньги придут за 3 дня, {name}.", name=name)
    (draft,) = desk.drafts()
    assert (draft.kind, draft.article_id, draft.question) == (
        ProposalKind.PHRASING,
        "refund-when",
        "перечислят ли обратно",
    )


def test_what_an_article_answers_by_now_is_not_proposed_again(desk: Desk) -> None:
    for _ in range(2):
        desk.own("можно оплатить картой", "Да, картой можно.")
    assert len(desk.drafts()) == 1
    made = article("pay", "Можно оплатить картой?", "Только наличными.", topic="payment")
    desk.shop.knowledge.import_articles([made], changed_by="vera")
    assert desk.drafts() == []


def test_a_rejected_suggestion_without_a_text_asks_for_an_answer(desk: Desk) -> None:
    for _ in range(2):
        desk.turn("заказ собака съела", Action.REJECT, reason=RejectReason.WRONG_ARTICLE)
        desk.turn("заказ кошка съела", Action.REJECT, reason=RejectReason.NOT_A_QUESTION)
    (draft,) = desk.drafts()
    assert (draft.question, draft.answer, draft.topic) == ("заказ собака съела", "", "general")


# --- changed answers ----------------------------------------------------------------------------


def test_seven_operators_added_the_same_sentence(desk: Desk) -> None:
    added = "Деньги вернутся на карту за 3 дня."
    for operator in range(3):
        desk.edit("как отменить заказ", f"Здравствуйте, Ольга! Нажмите «Отменить». {added}", by=operator + 1)
    desk.edit("как отменить заказ", "Нажмите «Отменить». Деньги вернутся на карту за 5 дней.")
    desk.edit("как отменить заказ", "Нажмите «Отменить». Деньги вернутся к вам на карту за 3 дня!", by=2)
    (draft,) = desk.drafts()
    assert (draft.kind, draft.article_id) == (ProposalKind.CHANGED_ANSWER, "order-cancel")
    assert draft.answer == f"Нажмите «Отменить». {added}"
    assert draft.base_answer == "Нажмите «Отменить»."
    assert (draft.proof.added, draft.proof.removed) == ((added,), ())
    assert (draft.proof.n_turns, draft.proof.n_operators) == (4, 3)


def test_filled_fields_are_fields_again(desk: Desk) -> None:
    for name in ("Ольга", "Иван", "Анна-Мария"):
        desk.edit(
            "когда вернут деньги", f"Деньги придут за 5 рабочих дней, {name}. Подождите, {name}.", name=name
        )
    drafts = desk.drafts()
    assert [(draft.proof.removed, draft.proof.added) for draft in drafts] == [
        (
            ("Деньги придут за 3 дня, {customer_name}.",),
            ("Деньги придут за 5 рабочих дней, {customer_name}.",),
        ),
        ((), ("Подождите, {customer_name}.",)),
    ]
    assert drafts[0].answer == "Деньги придут за 5 рабочих дней, {customer_name}."
    assert drafts[1].answer == "Деньги придут за 3 дня, {customer_name}. Подождите, {customer_name}."


def test_a_ticket_is_a_field_and_another_number_is_nobodys(desk: Desk) -> None:
    for chat in range(2):
        view = desk.shop.desk.conversation(desk.shop.say("где мой заказ", chat=f"t{chat}"))
        ticket = f"№{view.customer.conversation_id}"
        desk.edit(
            "где мой заказ",
            f"Обращение {ticket}: проверьте раздел «Заказы». Трек-номер RR12345678{chat}RU скоро сменится.",
            chat=f"t{chat}",
        )
    (draft,) = desk.drafts()
    assert draft.answer == (
        "Обращение {ticket}: проверьте раздел «Заказы». Трек-номер [number] скоро сменится."
    )


def test_a_sentence_that_is_taken_out(desk: Desk) -> None:
    long = article("order-cancel", "Как отменить заказ", "Нажмите «Отменить». Факс: есть.\nИли позвоните.")
    desk.shop.knowledge.import_articles([long], changed_by="vera")
    desk.shop.assistant.articles = [*SHOP[:3], long]
    for operator in (1, 2):
        desk.edit("как отменить заказ", "Нажмите «Отменить».\nИли позвоните.", by=operator)
    (draft,) = desk.drafts()
    assert draft.answer == "Нажмите «Отменить».\nИли позвоните."
    assert (draft.proof.removed, draft.proof.added) == (("Факс: есть.",), ())


def test_an_outdated_answer_is_replaced_by_what_operators_send(desk: Desk) -> None:
    for operator in (1, 2):
        desk.turn(
            "как вернуть товар",
            Action.REJECT,
            reason=RejectReason.OUTDATED,
            text="Верните товар за 30 дней.",
            by=operator,
        )
    (draft,) = desk.drafts()
    assert (draft.article_id, draft.answer) == ("returns-how", "Верните товар за 30 дней.")


def test_of_several_changes_of_one_sentence_the_most_frequent_is_proposed(desk: Desk) -> None:
    for days, operators in ((30, (1, 2, 3)), (7, (1, 2))):
        for operator in operators:
            desk.edit("как вернуть товар", f"Верните товар за {days} дней.", by=operator)
    assert [draft.answer for draft in desk.drafts()] == ["Верните товар за 30 дней."]


def test_a_change_follows_the_answer_as_it_is_now(desk: Desk) -> None:
    for operator in (1, 2):
        desk.edit("как отменить заказ", "Нажмите «Отменить». Это бесплатно.", by=operator)
    changed = article("order-cancel", "Как отменить заказ", "Нажмите «Отмена». Готово.")
    desk.shop.knowledge.import_articles([changed], changed_by="vera")
    (draft,) = desk.drafts()
    assert (draft.base_answer, draft.answer) == (changed.answer, "Нажмите «Отмена». Готово. Это бесплатно.")
    there = article("order-cancel", "Как отменить заказ", "Нажмите «Отмена». Это бесплатно!")
    desk.shop.knowledge.import_articles([there], changed_by="vera")
    assert desk.drafts() == []


def test_what_one_customer_was_told_changes_nothing(desk: Desk) -> None:
    desk.edit("как отменить заказ", "Нажмите «Отменить». Вам привезут подарок.")
    assert desk.drafts() == []
