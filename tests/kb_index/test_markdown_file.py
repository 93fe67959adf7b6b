"""Markdown files as people write them are read."""

import random
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from files import Budget
from kb_index.article import Article
from kb_index.errors import BadFile
from kb_index.formats import Format, markdown_file, read_articles, write_articles
from kb_index.marks import Mark, MarkKind


def read(tmp_path: Path, content: str) -> tuple[list[Article], list[str]]:
    path = tmp_path / "faq.md"
    path.write_text(content, encoding="utf-8")
    warnings: list[str] = []
    return list(read_articles(path, on_warning=warnings.append)), warnings


def test_one_level_of_headings_is_questions(tmp_path: Path) -> None:
    articles, warnings = read(
        tmp_path,
        "Preface is nobody's answer.\n\n## How do I *return* `it`? {#returns-1}\n\nWrite **us**.\n\n"
        "```sh\n# no heading\n```\n\n> # nor this\n\nСрок\n-----\n14 дней\n",
    )
    assert articles == [
        Article(
            id="returns-1",
            question="How do I return it?",
            answer="Write us.\n\n# no heading\n\nnor this",
            topic="general",
            language="en",
            marks=(
                Mark(kind=MarkKind.BOLD, text="us"),
                Mark(kind=MarkKind.CODE, text="# no heading"),
                Mark(kind=MarkKind.BOLD, text="nor this"),
            ),
        ),
        Article(id=articles[1].id, question="Срок", answer="14 дней", topic="general", language="ru"),
    ]
    (warning,) = warnings
    assert "answers in Markdown, row 3: read as text" in warning


def test_two_levels_are_topics_and_questions(tmp_path: Path) -> None:
    articles, warnings = read(
        tmp_path,
        "# Доставка\nО доставке.\n## Сколько ждать?\nДва дня.\n### Подробнее\nили три\n## Куда?\nВезде.\n"
        "# Возврат\n## Как?\nПросто.\n# Оплата\nКартой.\n# Пусто\n",
    )
    assert [(article.topic, article.question, article.answer) for article in articles] == [
        ("Доставка", "Сколько ждать?", "Два дня.\n\nПодробнее\n\nили три"),
        ("Доставка", "Куда?", "Везде."),
        ("Возврат", "Как?", "Просто."),
        ("general", "Оплата", "Картой."),
    ]
    warning, _ = warnings
    assert "faq.md, row 1: the text under 'Доставка' answers no question" in warning


def test_a_title_above_two_levels_is_no_topic(tmp_path: Path) -> None:
    articles, _ = read(
        tmp_path, "---\ntitle: x\n---\n# FAQ\n## Topic\n### One?\na\n### Two?\nb\n#### more\nc\n"
    )
    assert [(article.topic, article.question, article.answer) for article in articles] == [
        ("Topic", "One?", "a"),
        ("Topic", "Two?", "b\n\nmore\n\nc"),
    ]


@pytest.mark.parametrize("line", ["Также спрашивают:", "Also asked", "**Also asked:**", "*Also asked*:"])
def test_phrasings_are_a_list_with_an_introduction(tmp_path: Path, line: str) -> None:
    articles, _ = read(tmp_path, f"# Where?\nHere.\n\n{line}\n\n- which place\n* where to\n\nAnd there.\n")
    assert articles[0].phrasings == ("which place", "where to")
    assert articles[0].answer == "Here.\n\nAnd there."


def test_a_fenced_introduction_is_part_of_the_answer(tmp_path: Path) -> None:
    articles, _ = read(tmp_path, "# Where?\n```\nAlso asked:\n- x\n```\n")
    assert articles[0].phrasings == ()
    assert "- x" in articles[0].answer


def test_a_question_without_an_answer_is_left_to_the_check(tmp_path: Path) -> None:
    assert read(tmp_path, "# Why?\n")[0][0].answer == ""


@pytest.mark.parametrize(
    ("content", "row", "problem"),
    [
        ("", None, "contains no articles"),
        ("just text\n", None, "contains no articles"),
        ("# A {#x}\na\n# B {#x}\nb\n", 3, "'x' is already used in row 1"),
        ("# A\n\n#\nb\n", 3, "is empty"),
        ("# A\n" + "b" * 20_001, 1, "longer than"),
        ("# A\n\x00\n", 2, "NUL byte"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(
    tmp_path: Path, content: str, row: int | None, problem: str
) -> None:
    with pytest.raises(BadFile, match=problem) as caught:
        read(tmp_path, content)
    assert caught.value.row == row


def test_headings_are_those_that_the_parser_finds_in_any_mixture_of_blocks(tmp_path: Path) -> None:
    lines = [
        *["", "", "text", "text", "- item", "- item", "* other", "+ third", "1. one", "2) two", "14 days"],
        *[
            "## heading",
            "## heading",
            "  ## heading",
            "---",
            "===",
            "-",
            "  more",
            "    code",
            "\ttab",
            "> q",
        ],
        *["- ## in a list", "-  item", "- 1. item", "- - item", "- [a]: b", "```", "~~~", "<div>", "</div>"],
        *[
            "<b>",
            "[a]: b",
            "'title'",
            "_text_",
            "- ---",
            "- ```",
            "***",
            "\u00a0text",
            "-\ttab",
            "   ",
            "#no",
        ],
        *["<!-- a", "b -->", "- <div>", "-", "- * item"],
    ]
    draw = random.Random(16)
    path = tmp_path / "faq.md"
    for _ in range(300):
        text = "".join(f"{draw.choice(lines)}\n" for _ in range(draw.randrange(1, 16)))
        path.write_text(text, encoding="utf-8")
        tokens = MarkdownIt("commonmark").parse(text)
        headings = [token for token in tokens if token.type == "heading_open" and token.level == 0]
        expected = [(token.map[0] + 1, int(token.tag[1:])) for token in headings if token.map]
        sections = markdown_file.sections(path, text, Budget(path))
        assert [(section.row, section.level) for section in sections] == expected, text


def test_a_base_of_many_phrasings_is_read(tmp_path: Path) -> None:
    phrasings = "".join(f"- спрошу ещё и так, {number}\n" for number in range(20))
    path = tmp_path / "faq.md"
    path.write_text(
        "".join(
            f"## Вопрос {number}?\n\nДва дня.\n\nТакже спрашивают:\n\n{phrasings}\n"
            for number in range(5_000)
        ),
        encoding="utf-8",
    )
    sections = markdown_file.sections(path, path.read_text(encoding="utf-8"), Budget(path))
    assert len(sections) == 5_000  # of 130,000 lines


def test_each_quote_within_a_quote_is_a_look_at_the_time(tmp_path: Path) -> None:
    """All lines are read once more for each nested quote."""
    looks = []
    path = tmp_path / "faq.md"
    path.write_text(">" * 18 + "a\n" * 3, encoding="utf-8")
    budget = Budget(path, clock=lambda: looks.append(1) or 0.0)  # type: ignore[func-returns-value]
    markdown_file.sections(path, path.read_text(encoding="utf-8"), budget)
    assert len(looks) > 18


@pytest.mark.parametrize("format_", [Format.MARKDOWN, Format.HTML])
def test_writing_is_refused(tmp_path: Path, format_: Format) -> None:
    with pytest.raises(BadFile, match="can be read but not written: use one of csv, xlsx, json, jsonl, rasa"):
        write_articles([], tmp_path / "faq.md", format=format_)
    assert list(tmp_path.iterdir()) == []
