"""Texts are cleaned before they are kept."""

import pytest

from prompter.text.cleaning import answer_text, asks_back, is_small_talk, question_text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Здравствуйте, Ольга! Вернём за 3 дня.", "Вернём за 3 дня."),
        ("Добрый день, Иван Петрович. Вернём за 3 дня.", "Вернём за 3 дня."),
        ("Ольга, добрый день!\nвернём за 3 дня.", "Вернём за 3 дня."),
        ("Здравствуйте. Ольга, вернём за 3 дня, обещаем.", "Вернём за 3 дня, обещаем."),
        ("Вернём за 3 дня.\n\nС уважением,\nАнна, поддержка", "Вернём за 3 дня."),
        ("Вернём за 3 дня. Хорошего дня! Обращайтесь)", "Вернём за 3 дня."),
        ("Вернём за 3 дня. Если останутся вопросы, пишите!", "Вернём за 3 дня."),
        ("Hello John, we refund within 3 days. Have a nice day!", "We refund within 3 days."),
        ("Hi! We refund within 3 days.\nBest regards, Ann", "We refund within 3 days."),
        ("Dear customer, we refund within 3 days.", "We refund within 3 days."),
        ("Ваш заказ №48213 едет.", "Ваш заказ №[number] едет."),
        ("Здравствуйте!", ""),
        ("Доставка стоит 300 ₽.\nСамовывоз бесплатный.", "Доставка стоит 300 ₽.\nСамовывоз бесплатный."),
    ],
)
def test_an_answer_is_for_everybody(text: str, kept: str) -> None:
    assert answer_text(text, customer_name="Ольга") == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Здравствуйте! Где мой Заказ 48213?", "Где мой Заказ [number]?"),
        ("привет\nхочу вернуть\nтовар", "хочу вернуть товар"),
        ("Hi there, how do I pay?", "how do I pay?"),
        ("Добрый день!", "Добрый день!"),
    ],
)
def test_a_question_begins_where_something_is_asked(text: str, kept: str) -> None:
    assert question_text(text) == kept


@pytest.mark.parametrize(
    "text",
    ["ок", "Спасибо большое!!!", "Добрый день", "да", "ага, понял, спасибо", "👍", "Thanks a lot!", "1", ""],
)
def test_small_talk(text: str) -> None:
    assert is_small_talk(text)


@pytest.mark.parametrize("text", ["доставка?", "спасибо, а когда вернут деньги", "ok where is my order"])
def test_no_small_talk(text: str) -> None:
    assert not is_small_talk(text)


def test_whoever_asks_back_has_not_answered() -> None:
    assert asks_back("Подскажите номер заказа?")
    assert asks_back("Could you send your order number")
    assert not asks_back("Оформите возврат в приложении.")
