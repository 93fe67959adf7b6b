"""Workbooks are read as their sheets look, and what cannot be read is told."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from kb_index.article import Article
from kb_index.formats import FileReport, ReadOptions, inspect_file, read_inspected
from kb_index.formats.number_formats import UnknownFormat, shown
from kb_index.marks import MarkKind


def sheet_of(book: openpyxl.Workbook) -> Worksheet:
    assert isinstance(book.active, Worksheet)
    return book.active


def inspect(
    tmp_path: Path, book: openpyxl.Workbook, *, include_hidden: bool = False
) -> tuple[FileReport, list[Article]]:
    path = tmp_path / "kb.xlsx"
    book.save(path)
    options = ReadOptions(include_hidden=include_hidden)
    report = inspect_file(path, options)
    return report, list(read_inspected(report, options))


def table(*rows: list[object]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    for row in rows:
        sheet_of(book).append(row)
    return book


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (0.15, "0%", "15%"),
        (0.155, "0.0 %", "15,5 %"),
        (1490.5, "#,##0.00", "1 490,50"),
        (1490, '#,##0" ₽"', "1 490 ₽"),
        (-1490, '_-* #,##0.00\\ "₽"_-;\\-* #,##0.00\\ "₽"_-;_-* "-"??\\ "₽"_-;_-@_-', "-1 490,00 ₽"),
        (42, "00000", "00042"),
        (79161234567, "+0 (000) 000-00-00", "+7 (916) 123-45-67"),
        (1_500_000, '#,##0.0,," млн"', "1,5 млн"),
        (12, "0.##", "12"),
        (datetime(2026, 3, 9), "DD.MM.YYYY", "09.03.2026"),  # noqa: DTZ001
        (datetime(2026, 3, 9, 9, 5), "d mmmm yyyy h:mm", "9 марта 2026 9:05"),  # noqa: DTZ001
        (date(2026, 3, 9), "dddd, d mmmm", "понедельник, 9 марта"),
        (time(9), "h:mm", "9:00"),
        (time(21, 5), "h:mm AM/PM", "9:05 PM"),
        (timedelta(hours=30), "[h]:mm", "30:00"),
    ],
)
def test_a_number_is_shown_in_its_format(
    value: float | datetime | time | timedelta, code: str, text: str
) -> None:
    assert shown(value, code, russian=True) == text


def test_english_workbooks_have_english_signs_and_fractions_are_not_guessed() -> None:
    assert shown(1490.5, '"$"#,##0.00', russian=False) == "$1,490.50"
    assert shown(date(2026, 3, 9), "mmmm d, yyyy", russian=False) == "March 9, 2026"
    with pytest.raises(UnknownFormat):
        shown(0.5, "# ?/?", russian=True)


def test_answers_read_as_the_sheet_shows_them(tmp_path: Path) -> None:
    book = table(
        ["Вопрос", "Ответ"], ["Скидка?", 0.07], ["С какого числа?", date(2026, 11, 2)], ["Доля?", 0.5]
    )
    sheet = sheet_of(book)
    sheet["B2"].number_format, sheet["B3"].number_format, sheet["B4"].number_format = (
        "0%",
        "mm-dd-yy",
        "# ?/?",
    )
    report, articles = inspect(tmp_path, book)
    assert [article.answer for article in articles] == ["7%", "02.11.2026", "0.5"]
    assert any("number format that is not known here, row 4" in warning for warning in report.warnings)


def test_merged_cells_belong_to_every_row(tmp_path: Path) -> None:
    book = table(
        ["Тема", "Вопрос", "Ответ"],
        ["Склад", "Где он?", "В Туле."],
        [None, "Он большой?", "Да."],
        ["Офис", "Когда открыт?", "С 9 до 18."],
        [None, "До скольки работает?", None],
        [None, "Что взять с собой?", "**Паспорт**."],
        [None, None, "И *маску*."],
    )
    for cells in ("A2:A3", "A4:A7", "C4:C5", "B6:B7"):
        sheet_of(book).merge_cells(cells)
    report, articles = inspect(tmp_path, book)
    assert [(article.topic, article.question, article.answer, article.phrasings) for article in articles] == [
        ("Склад", "Где он?", "В Туле.", ()),
        ("Склад", "Он большой?", "Да.", ()),
        ("Офис", "Когда открыт?", "С 9 до 18.", ("До скольки работает?",)),
        ("Офис", "Что взять с собой?", "Паспорт.\nИ маску.", ()),
    ]
    assert [(mark.kind, mark.text) for mark in articles[-1].marks] == [
        (MarkKind.BOLD, "Паспорт"),
        (MarkKind.ITALIC, "маску"),
    ]
    assert any("answer merged with the row above, row 5" in warning for warning in report.warnings)
    assert any("question merged with the row above, row 7" in warning for warning in report.warnings)


def test_a_cell_across_the_table_is_a_topic(tmp_path: Path) -> None:
    book = table(["Вопрос", "Ответ"], ["СКЛАД"], ["Где он?", "В Туле."], ["ОФИС"], ["А он?", "В Орле."])
    sheet_of(book).merge_cells("A2:B2")
    sheet_of(book).merge_cells("A4:B4")
    _, articles = inspect(tmp_path, book)
    assert [(article.topic, article.answer) for article in articles] == [
        ("СКЛАД", "В Туле."),
        ("ОФИС", "В Орле."),
    ]


def test_every_sheet_is_read_or_told(tmp_path: Path) -> None:
    book = table(["Правила ведения базы"], [], ["Вопрос", "Ответ"], ["Где склад?", "В Туле."])
    sheet_of(book).title = "Адреса"
    book.create_sheet("Цены").append(["Ответ", "Вопрос"])
    book["Цены"].append(["Сто.", "Почём?"])
    book.create_sheet("Заметки").append(["позвонить Оле"])
    book.create_sheet("Черновик").append(["Вопрос", "Ответ"])
    book["Черновик"].append(["Секрет?", "Тсс."])
    book["Черновик"].sheet_state = "hidden"
    book.create_sheet("Пусто")
    report, articles = inspect(tmp_path, book)
    assert [(article.topic, article.answer) for article in articles] == [
        ("Адреса", "В Туле."),
        ("Цены", "Сто."),
    ]
    assert {sheet.name: (sheet.n_records, bool(sheet.left_out)) for sheet in report.sheets} == {
        "Адреса": (1, False),
        "Цены": (1, False),
        "Заметки": (0, True),
        "Черновик": (0, True),
    }
    assert any("the sheet Черновик was not read: it is hidden" in warning for warning in report.warnings)
    assert len(inspect(tmp_path, book, include_hidden=True)[1]) == 3


def test_formulas_without_a_value_and_hidden_rows_are_told(tmp_path: Path) -> None:
    book = table(
        ["Вопрос", "Ответ", "Длина"],
        ["Почём?", "=100+99", "=LEN(B2)"],
        ["Где?", "Тут.", "=LEN(B3)"],
        ["Кто?", "Не говорить!"],
    )
    sheet_of(book).row_dimensions[4].hidden = True
    report, articles = inspect(tmp_path, book)
    assert [article.answer for article in articles] == ["Тут."]
    (problem,) = report.problems
    assert (problem.row, problem.column) == (2, "answer")
    assert "the formula in B2 has no stored value" in problem.problem
    assert any("hidden, row 4: left out" in warning for warning in report.warnings)
    assert [article.answer for article in inspect(tmp_path, book, include_hidden=True)[1]][
        -1
    ] == "Не говорить!"


def test_the_address_of_a_link_is_kept(tmp_path: Path) -> None:
    book = table(["Вопрос", "Ответ"], ["Где оплатить?", "На сайте"], ["Куда писать?", "help@shop.example"])
    sheet_of(book)["B2"].hyperlink = "https://shop.example/pay?a=1&b=2"
    sheet_of(book)["B3"].hyperlink = "mailto:help@shop.example"
    _, articles = inspect(tmp_path, book)
    assert [article.answer for article in articles] == [
        "На сайте (https://shop.example/pay?a=1&b=2)",
        "help@shop.example",
    ]
