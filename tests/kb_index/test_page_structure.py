"""Questions are found in whichever structure a page gives them, and what is left out is told."""

from pathlib import Path

import pytest

from kb_index.article import Article, Status
from kb_index.errors import BadFile
from kb_index.formats import read_articles

Found = list[tuple[str, str, str]]  # topic, question, answer


def read(tmp_path: Path, name: str, content: str) -> tuple[list[Article], list[str]]:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    warnings: list[str] = []
    return list(read_articles(path, on_warning=warnings.append)), warnings


def found_in(tmp_path: Path, name: str, content: str) -> Found:
    return [(article.topic, article.question, article.answer) for article in read(tmp_path, name, content)[0]]


CHAIR, TABLE = ("Мебель", "Стул крепкий?", "Да."), ("Мебель", "Стол большой?", "Нет.")


@pytest.mark.parametrize(
    "body",
    [
        "**Стул крепкий?**\n\nДа.\n\n**Стол большой?**\n\nНет.",
        "**Стул крепкий?** Да.\n\n**Стол большой?** Нет.",
        "- **Стул крепкий?**\n  Да.\n- **Стол большой?**\n  Нет.",
        "1. Стул крепкий?\n\n   Да.\n\n2. Стол большой?\n\n   Нет.",
        "Стул крепкий?\n\nДа.\n\nСтол большой?\n\nНет.",
        "Q: Стул крепкий?\nA: Да.\n\nQ: Стол большой?\nA: Нет.",
        "**Вопрос:** Стул крепкий?\n\n**Ответ:** Да.\n\n**Вопрос:** Стол большой?\n\n**Ответ:** Нет.",
        "В: Стул крепкий?\nО: Да.\nВ: Стол большой?\nО: Нет.",
        "| Вопрос | Ответ |\n|---|---|\n| Стул крепкий? | Да. |\n| Стол большой? | Нет. |",
        (
            "<details><summary>Стул крепкий?</summary>\n\nДа.\n</details>\n"
            "<details>\n<summary><b>Стол большой?</b></summary>\nНет.\n</details>"
        ),
        (
            "<details>\n  <summary>**Стул крепкий?**</summary>\n  <br>\n  **Да.**\n</details>\n\n"
            "### Стол большой?\n\nНет.\n\n### А шкаф?\n\nТоже."
        ),
    ],
)
def test_questions_below_a_heading_that_is_none(tmp_path: Path, body: str) -> None:
    found = found_in(tmp_path, "faq.md", f"# Справка\n\n## Мебель\n\n{body}\n")
    assert found[:2] == [CHAIR, TABLE]


def test_markup_is_no_part_of_a_heading(tmp_path: Path) -> None:
    articles, _ = read(
        tmp_path,
        "faq.md",
        "## Что с <img src='https://cdn.test/long-address-of-a-picture.png'> [заказом](x)?\n\nВот.\n",
    )
    assert [(article.question, article.language) for article in articles] == [("Что с заказом?", "ru")]


def test_comments_reach_nobody_and_are_told(tmp_path: Path) -> None:
    articles, warnings = read(
        tmp_path,
        "faq.md",
        "# Что?\n\nВот. <!-- не показывать\n\nникому --> И ещё.\n\n[//]: # (тайна)\n\n`<!-- код -->`\n"
        "<!--\n# Старый вопрос?\nСтарый ответ.\n-->\n",
    )
    assert [article.answer for article in articles] == ["Вот.\n\nИ ещё.\n\n<!-- код -->"]
    assert warnings[0].endswith("row 3: 2 comments for editors left out")


def test_a_comment_without_an_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"row 3: a comment starts here and never ends"):
        read(tmp_path, "faq.md", "# Что?\n\n<!-- тайна\n")


def test_one_question_under_two_topics_is_two_articles(tmp_path: Path) -> None:
    text = (
        "# Помощь\n## Мыло\n### Сколько стоит?\nРубль.\n## Соль\n### Сколько стоит?\nДва.\n### Где?\nТут.\n"
    )
    articles, _ = read(tmp_path, "faq.md", text)
    assert [(article.topic, article.answer) for article in articles] == [
        ("Мыло", "Рубль."),
        ("Соль", "Два."),
        ("Соль", "Тут."),
    ]
    swapped = text.replace("## Мыло", "## X").replace("## Соль", "## Мыло").replace("## X", "## Соль")
    ids = {article.topic: article.id for article in articles[:2]}
    assert {article.topic: article.id for article in read(tmp_path, "faq.md", swapped)[0][:2]} == ids
    assert articles[2].id == read(tmp_path, "faq.md", "# Где?\nТут.\n")[0][0].id  # of the question alone


def test_a_page_that_answers_a_question_twice_under_one_topic_needs_a_person(tmp_path: Path) -> None:
    text = "## Мыло\n### Почём?\nРубль.\n## Соль\n### Почём?\nДва.\n### Почём?\nТри.\n"
    articles, warnings = read(tmp_path, "faq.md", text)
    assert [(article.topic, article.answer, article.status) for article in articles] == [
        ("Мыло", "Рубль.", Status.PUBLISHED),
        ("Соль", "Два.", Status.PUBLISHED),
        ("Соль", "Три.", Status.DRAFT),
    ]
    assert "answered otherwise, row 7: imported as a draft" in warnings[0]


def test_a_heading_that_swallows_questions_is_told(tmp_path: Path) -> None:
    text = "# Как у нас?\n\nВсё есть.\n\n" + "".join(f"- А номер {number}?\n" for number in range(5))
    articles, warnings = read(tmp_path, "faq.md", text)
    assert len(articles) == 1
    assert "row 1: 1 article with 5 questions inside?" in warnings[0]


def test_a_table_of_contents_is_no_article(tmp_path: Path) -> None:
    text = "# Список\n\n- [Раз?](#a)\n- [Два?](#b)\n\n# Раз?\nОдин.\n\n# Два?\nПара.\n"
    articles, warnings = read(tmp_path, "faq.md", text)
    assert [article.question for article in articles] == ["Раз?", "Два?"]
    assert "row 1: 'Список' is a table of contents, left out" in warnings[0]


def test_headings_below_questions_are_part_of_answers(tmp_path: Path) -> None:
    text = "# FAQ\n## How do I start?\nSo.\n### Windows\nClick.\n### Linux\nType.\n## Is it free?\nYes.\n"
    assert found_in(tmp_path, "faq.md", text) == [
        ("general", "How do I start?", "So.\n\nWindows\n\nClick.\n\nLinux\n\nType."),
        ("general", "Is it free?", "Yes."),
    ]


def test_numbers_and_letters_before_a_question_are_no_part_of_it(tmp_path: Path) -> None:
    found = found_in(tmp_path, "faq.md", "## Q: Where is it?\nHere.\n## 2. Когда?\nСейчас.\n")
    assert [question for _, question, _ in found] == ["Where is it?", "Когда?"]


def test_a_fold_keeps_its_text_and_folds_inside(tmp_path: Path) -> None:
    page = (
        "<h2>Мебель</h2><details><summary>Стул крепкий?</summary><p>Да.</p>"
        "<details><summary>Подробнее</summary><p>Дуб.</p></details>"
        "<details><summary>А если сломать?</summary><p>Починим.</p></details></details>"
    )
    assert found_in(tmp_path, "faq.html", page) == [
        ("Мебель", "Стул крепкий?", "Да.\n\nПодробнее\n\nДуб."),
        ("Мебель", "А если сломать?", "Починим."),
    ]


ITEMS = [("Стул крепкий?", "Да."), ("Стол большой?", "Нет.")]


@pytest.mark.parametrize(
    "item",
    [
        "<button class='faq-question'>{0}</button><div class='faq-answer'><p>{1}</p></div>",
        "<button class=accordion>+ {0}</button> <div class=panel><p>{1}</p></div>",
        "<h3><button data-bs-target='#p{2}'>{0}</button></h3><div id=p{2}><div>{1}</div></div>",
        "<div role=button aria-controls=p{2}>{0}</div><p>и</p><section id=p{2}>{1}</section>",
        "<div class=faq-item><p class=faq-item__title>{0}<i>+</i></p><p class=faq-item__body>{1}</p></div>",
        "<li><p class=question>{0}</p><p class=answer>{1}</p></li>",
        "<div class='faqQuestion'>{0}</div><div>{1}</div>",
        "<div><div><button>{0}</button></div><div>{1}</div></div>",
    ],
)
def test_accordions(tmp_path: Path, item: str) -> None:
    items = "".join(item.format(*texts, number) for number, texts in enumerate(ITEMS))
    page = f"<h1>FAQ</h1><a data-target='#nav'>Меню</a><div id=nav>Главная</div><h2>Мебель</h2>{items}"
    assert found_in(tmp_path, "faq.html", page) == [CHAIR, TABLE]


def test_questions_and_answers_in_two_lists(tmp_path: Path) -> None:
    heads = "".join(f"<button class=faq-btn>{question}</button>" for question, _ in ITEMS)
    bodies = "".join(f"<div class=faq-content>{answer}</div>" for _, answer in ITEMS)
    page = f"<h2>Мебель</h2><div>{heads}</div><div>{bodies}</div>"
    assert found_in(tmp_path, "faq.html", page) == [CHAIR, TABLE]


def test_what_is_stated_for_search_engines_too_is_one_article(tmp_path: Path) -> None:
    stated = ",".join(
        f'{{"@type":"Question","name":"{question}","acceptedAnswer":{{"text":"<p>{answer}</p>"}}}}'
        for question, answer in ITEMS
    )
    script = f'<script type=\'application/ld+json\'>{{"@type":"FAQPage","mainEntity":[{stated}]}}</script>'
    shown = "".join(f"<details><summary>{q}</summary>{a}</details>" for q, a in [*ITEMS, ("Шкаф?", "Есть.")])
    articles, warnings = read(tmp_path, "faq.html", f"{script}{script}<h2>Мебель</h2>{shown}")
    assert [(article.topic, article.question, article.answer) for article in articles] == [
        CHAIR,
        TABLE,
        ("Мебель", "Шкаф?", "Есть."),
    ]
    assert warnings == []
    other = script.replace("Да.", "Возможно.")
    articles, warnings = read(tmp_path, "faq.html", f"{script}\n{other}")
    assert [article.answer for article in articles] == ["Да.", "Нет."]
    assert (
        "row 2: 'Стул крепкий?' is answered in row 1 in other words: this answer is left out" in warnings[0]
    )


def test_questions_that_were_not_taken_are_told(tmp_path: Path) -> None:
    folds = "".join(f"<details><summary>Номер {number}?</summary>Да</details>" for number in range(3))
    articles, warnings = read(tmp_path, "faq.html", f"{folds}\n<h2>Кто вы?</h2>Мы.")
    assert len(articles) == 3
    assert "row 2: 1 further headings that read as questions were not taken: 'Кто вы?' (row 2)" in warnings[0]


def test_bold_questions_of_a_page_without_headings(tmp_path: Path) -> None:
    page = "<p><b>Стул крепкий?</b></p><p>Да.</p><p><strong>Стол большой?</strong><br>Нет.</p>"
    assert [entry[1:] for entry in found_in(tmp_path, "faq.html", page)] == ITEMS


@pytest.mark.parametrize("name", ["faq.csv", "faq.jsonl"])
def test_the_format_of_answers_is_found_and_told(tmp_path: Path, name: str) -> None:
    answers = ["<p>Жмите <a href='https://a.test'>тут</a></p>", "**Нет**", "5 < 7", "<b>", "<b>"]
    formats = ["", "", "", "plain", "html"]
    if name == "faq.csv":
        rows = [f'Вопрос {number},"{answers[number]}",{formats[number]}' for number in range(5)]
        content = "question,answer,format\n" + "\n".join(rows)
    else:
        content = "\n".join(
            f'{{"question": "Вопрос {number}", "answer": "{answers[number]}", "format": "{formats[number]}"}}'
            for number in range(5)
        )
    articles, warnings = read(tmp_path, name, content)
    assert [article.answer for article in articles] == [
        "Жмите тут (https://a.test)",
        "Нет",
        "5 < 7",
        "<b>",
        "",
    ]
    first = 2 if name == "faq.csv" else 1
    assert [warning.partition(": ")[2].partition(":")[0] for warning in warnings] == [
        f"answers in HTML, rows {first}, {first + 4}",
        f"answers in Markdown, row {first + 1}",
        f"without an answer, row {first + 4}",
    ]
    assert articles[-1].status is Status.DRAFT


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"row 2.*format: 'docx' is no format of answers: use one of plain"):
        read(tmp_path, "faq.csv", "question,answer,format\na,b,docx\n")
