"""Edits are classified as cosmetic or substantive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompter.domain.evidence import Verdict
from prompter.text.edits import classify_edit

ANSWER = "Вернуть товар можно за 14 дней. Напишите на help@severok.example или зайдите в «Мои заказы»."


@pytest.mark.parametrize(
    "sent",
    [
        "Вернуть товар можно за 14 дней! Напишите на help@severok.example или зайдите в «Мои заказы».",
        "Вернуть этот товар можно за 14 дней. Напишите на help@severok.example, или зайдите в «Мои заказы».",
        "вернуть товар можно за 14 дней. Пишите на help@severok.example или зайдите в «Мои заказы»",
        "Вернуть товар Вы можете за 14 дней. Напишите на help@severok.example или зайдите в «Мои заказы».",
    ],
)
def test_wording_is_cosmetic(sent: str) -> None:
    assert classify_edit(ANSWER, sent) is Verdict.EDITED_COSMETIC


@pytest.mark.parametrize(
    ("suggested", "sent"),
    [
        ("Вернём за 14 дней.", "Вернём за 30 дней."),
        ("Вернём за 14 дней.", "Вернём за четырнадцать дней."),
        ("Доставка стоит 349 ₽.", "Доставка стоит 349,50 ₽."),
        ("Вернём за 5 дней.", "Вернём за 5 недель."),
        ("Скидка 500 рублей.", "Скидка 500 евро."),
        ("Скидка 5 %.", "Скидка 5 ₽."),
        ("Доставка 300 ₽, возврат 500 ₽.", "Доставка 500 ₽, возврат 300 ₽."),
        ("Вернуть можно, обменять нельзя.", "Вернуть нельзя, обменять можно."),
        ("Ждите двенадцать дней.", "Ждите пятнадцать дней."),
        ("Wait for twelve days.", "Wait for fifteen days."),
        ("Примерка доступна.", "Примерка недоступна."),
        ("Доставим в понедельник.", "Доставим во вторник."),
        ("Акция до 5 марта.", "Акция до 5 апреля."),
        ("Доставка платная.", "Доставка бесплатная."),
        ("Этот товар можно вернуть.", "Этот товар нельзя вернуть."),
        ("Мы вернём деньги.", "Мы не вернём деньги."),
        ("You can return it.", "You can't return it."),
        ("Пишите на help@severok.example.", "Пишите на sale@severok.example."),
        ("См. https://severok.example/a", "См. https://severok.example/b"),
        ("Откройте «Мои заказы».", "Откройте «Профиль»."),
        ("Посылка придёт в Казань.", "Посылка придёт в Пермь."),
        ("Поставьте приложение из App Store.", "Поставьте приложение из RuStore."),
        ("Верните товар.", "Верните товар. Чек сохраните."),
        ("Верните товар. Чек сохраните.", "Верните товар."),
        ("Принесите товар в пункт выдачи.", "Позвоните нашему менеджеру сегодня."),
    ],
)
def test_a_change_of_fact_is_substantive(suggested: str, sent: str) -> None:
    assert classify_edit(suggested, sent) is Verdict.EDITED_SUBSTANTIVE


def test_filling_in_a_field_is_no_edit() -> None:
    suggested = "Заказ {order_number} собран, курьер приедет {date}."
    assert classify_edit(suggested, "Заказ 12-345 собран, курьер приедет 5 марта.") is Verdict.ACCEPTED
    sent = "Заказ 12-345 ещё не собран, курьер приедет 5 марта."
    assert classify_edit(suggested, sent) is Verdict.EDITED_SUBSTANTIVE


def test_white_space_is_no_edit() -> None:
    assert classify_edit("Верните  товар.\n", "Верните товар.") is Verdict.ACCEPTED


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_two_texts_get_a_verdict(suggested: str, sent: str) -> None:
    assert classify_edit(suggested, sent) in (
        Verdict.ACCEPTED,
        Verdict.EDITED_COSMETIC,
        Verdict.EDITED_SUBSTANTIVE,
    )
    assert classify_edit(suggested, suggested) is Verdict.ACCEPTED
