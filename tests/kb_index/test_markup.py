"""Markup of answers becomes text that reads well, and nothing of its source is left."""

import pytest

from kb_index.answer_format import AnswerFormat, detect, leftovers
from kb_index.marks import Mark, MarkKind
from kb_index.markup import convert


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>Напишите <b>нам</b>.</p><p>Мы ждём&nbsp;вас.</p>", "Напишите нам.\n\nМы ждём вас."),
        ("<ul><li>утром<ul><li>в 9</li></ul></li><li>днём</li></ul>", "- утром\n  - в 9\n- днём"),
        ("<ol start=3><li><p>раз</p></li><li><p>два</p></li></ol>", "3. раз\n4. два"),
        ("<a href='https://shop.test/x'>условия</a>, да", "условия (https://shop.test/x), да"),
        ("<a href='mailto:a@b.test'>почта</a>", "почта (a@b.test)"),
        ("<a href='https://b.test'>https://b.test</a>", "https://b.test"),
        ("<table><tr><th>Город<th>Срок<tr><td><p>Тверь</p><td>2 дня</table>", "Город — Срок\nТверь — 2 дня"),
        ("Раз<br>два<br><br>три <!-- тайна -->", "Раз\nдва\n\nтри"),
        ("строка\nещё <i>одна</i>", "строка\nещё одна"),
        ("скидка &laquo;5&raquo; &amp; бонус", "скидка «5» & бонус"),
        ("Код: <номер> и <b>имя</b>", "Код: <номер> и имя"),
        ("до<script>alert(1)</script><style>b</style> после", "до после"),
        ("цена <b>5</b> < 7", "цена 5 < 7"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<img src='https://x.test/a.png' alt='Схема'>", "Схема (https://x.test/a.png)"),
    ],
)
def test_html_reads_as_text(source: str, text: str) -> None:
    assert detect(source) is AnswerFormat.HTML
    assert convert(source, AnswerFormat.HTML).text == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Нажмите **Далее** и _ждите_.", "Нажмите Далее и ждите."),
        (
            "[правила](/rules) и [ещё][r]\n\n[r]: https://a.test/r",
            "правила (/rules) и ещё (https://a.test/r)",
        ),
        ("## Сроки\nдва дня\n\n* раз\n* два", "Сроки\n\nдва дня\n\n- раз\n- два"),
        ("```\nls **\n```", "ls **"),
        ("Есть.\n\n[//]: # (спросить юриста)\n", "Есть."),
        ("|Город|Срок|\n|-|-|\n|Тверь|**2**|", "Город — Срок\nТверь — 2"),
        ("** Важно:** звоните", "Важно: звоните"),
        ("строка 1\nстрока **2** &nbsp;", "строка 1\nстрока 2"),
        ("`a_b` и {customer_name}", "a_b и {customer_name}"),
        ("да <!-- нет --> **да**", "да да"),
        ("[меню](https://a.test){:target='_blank'}", "меню (https://a.test)"),
    ],
)
def test_markdown_reads_as_text(source: str, text: str) -> None:
    assert detect(source) is AnswerFormat.MARKDOWN
    assert convert(source, AnswerFormat.MARKDOWN).text == text


@pytest.mark.parametrize(
    "text",
    [
        "5 * 3 * 2 = 30",
        "a < b и b > c",
        "Напишите <ваше имя>",
        "C#, F#, #1",
        "snake_case_name и __init__",
        "AT&T; R&D",
        "[скоро] (смотрите ниже)",
        "- пункт\n- пункт",
        "2 ** 8",
    ],
)
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert detect(text) is AnswerFormat.PLAIN
    assert list(leftovers(text)) == []


def test_marks_name_the_words_they_are_about() -> None:
    found = convert("**Жмите** [сюда](https://a.test) и `ждите`", AnswerFormat.MARKDOWN)
    assert found.marks == (
        Mark(kind=MarkKind.BOLD, text="Жмите"),
        Mark(kind=MarkKind.LINK, text="сюда", address="https://a.test"),
        Mark(kind=MarkKind.CODE, text="ждите"),
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Жмите <b>тут</b>", "<b>"),
        ("пять&nbsp;штук", "&nbsp;"),
        ("**жирно**", "**жирно**"),
        ("[сюда][x]", "[сюда][x]"),
        ("[сюда](https://a.test)", "[сюда](https://a.test"),
        ("ответ <!-- тайна", "<!--"),
        ("[b]жирно[/b]", "[b]"),
        ("{% include a %}", "{%"),
    ],
)
def test_leftovers_are_named(text: str, found: str) -> None:
    assert found in list(leftovers(text))
