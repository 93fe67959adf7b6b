"""Promises to answer later are told from answers."""

from pathlib import Path

import pytest

from kb_index.formats import read_articles
from prompter.text.stopgaps import is_stopgap, without_stopgaps

STOPGAPS = """
Уточню и вернусь
Уточню у коллег и вернусь к вам с ответом.
Условия поменялись, уточняю у склада и отпишусь.
Сейчас проверю
Проверяю, одну минуту
Секунду, посмотрю в системе
Минутку, пожалуйста
Одну минуту
Подождите, пожалуйста, минуту
Ожидайте, пожалуйста
Мы уточним у поставщика и сообщим вам
Выясняем у логистов
Передам ваш вопрос специалисту
Передаю вас старшему оператору
Ваш вопрос передан в отдел качества
Передали информацию менеджеру
Я узнаю и дам знать
Разберёмся и вернёмся к вам
Вернусь с ответом чуть позже
Перевожу на оператора
Уточню і повернуся з відповіддю
Зараз перевірю
Хвилинку, будь ласка
Зачекайте хвилинку
Дізнаюся у колег
З'ясую та передзвоню
Передам ваше питання фахівцю
Ми уточнимо у колег і повідомимо
I'll check and get back to you
Let me check that for you
One moment, please
Just a second
Please hold on
I will ask my colleagues
We will get back to you shortly
I'm looking into it
We're checking this right now
I have forwarded your question to our team
We'll check with the warehouse and update you
A colleague will get back to you
Передал вашу заявку в отдел доставки, с вами свяжутся
Уточняем информацию, пожалуйста, ожидайте
Дайте мне пару минут
С вами скоро свяжется специалист
Сейчас гляну, позже отвечу
Мне нужно уточнить это на складе
Потрібно уточнити, зачекайте будь ласка
I need to check this with the team
Our specialist will contact you soon
""".strip().splitlines()

ANSWERS = """
Уточните номер заказа в личном кабинете, раздел «Заказы».
Чтобы вернуть товар, уточните адрес ближайшего пункта и приложите чек.
Проверьте папку «Спам»: письмо приходит в течение часа.
Мы проверяем каждую посылку перед отправкой.
Уточняем адрес у курьера за час до доставки по телефону, указанному в заказе.
Посылка передана в службу доставки, трек-номер придёт в СМС.
Сообщим по СМС, когда заказ приедет в пункт выдачи.
Деньги вернутся на карту за 3 дня.
Вернём деньги за 14 дней.
Заявку рассматриваем два рабочих дня.
Подождите 5 минут и перезагрузите роутер.
Минуты сверх пакета стоят 2 рубля.
Как узнаю о доставке: придёт сообщение в мессенджер.
Доставка занимает одну неделю.
Ждите курьера с 10 до 18.
Передайте показания до 25 числа.
Менеджер перезвонит в рабочее время, если оставить номер в форме «Обратный звонок».
Спросите у продавца гарантийный талон.
Переведите деньги по номеру карты.
Уточніть номер замовлення в кабінеті.
Перевірте пошту: лист надходить за годину.
Гроші повернуться на картку за 3 дні.
Please check your spam folder.
We check every parcel before shipping.
You will get your money back within three days.
Let us know your new address at least a day before delivery.
We will let you know by SMS when the parcel arrives.
Ask the courier for a receipt.
Hold the power button for ten seconds.
One moment of inattention voids no warranty.
You can check the balance in the app.
Wait a minute and restart the router.
Сообщу номер горячей линии: 8 800 000-00-00.
Специалист перезвонит вам в течение рабочего дня после оформления заявки.
С вами свяжутся после оплаты, чтобы назначить время.
Мы вернёмся к обычному графику 9 января.
Передаём посылку в пункт выдачи в течение двух дней.
Узнаем размер по таблице: обхват груди 96 см.
Нужно проверить трубу перед установкой.
Если деньги не пришли, напишите номер заказа: передадим в бухгалтерию и ответим за день.
If the code does not arrive, I will check it by hand within an hour.
If the parcel is late, we will refund the delivery fee.
""".strip().splitlines()


@pytest.mark.parametrize("text", STOPGAPS)
def test_a_promise_is_no_answer(text: str) -> None:
    assert is_stopgap(text)
    assert without_stopgaps(text) == ""


@pytest.mark.parametrize("text", ANSWERS)
def test_an_answer_stays(text: str) -> None:
    assert not is_stopgap(text)
    assert without_stopgaps(text) == text


def test_of_a_longer_text_the_answer_stays() -> None:
    assert (
        without_stopgaps(
            "Минутку, уточню.\nВозврат — 14 дней. Чек не нужен.\nI'll check the rest and get back."
        )
        == "Возврат — 14 дней. Чек не нужен."
    )


def test_no_answer_of_the_shipped_base_is_a_promise() -> None:
    shipped = read_articles(Path(__file__).parents[3] / "training_data" / "kb.csv")
    assert [article.answer for article in shipped if without_stopgaps(article.answer) != article.answer] == []
