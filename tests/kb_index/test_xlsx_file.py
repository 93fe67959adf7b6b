"""Workbooks as people make them are read, and bad files are refused."""

import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from kb_index.article import Article, Status
from kb_index.errors import BadFile
from kb_index.formats import Format, count_hint, read_articles, write_articles

Value = str | float | datetime | date | None


def workbook(tmp_path: Path, *rows: list[Value]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            if value is not None:
                sheet.cell(row=number, column=column, value=value)
    book.create_sheet("notes")["A1"] = "not read"
    path = tmp_path / "kb.xlsx"
    book.save(path)
    return path


def test_what_excel_makes_of_values(tmp_path: Path) -> None:
    path = workbook(
        tmp_path,
        ["ID", " Вопрос ", "answer", "status", "valid_from", "valid_until", None],
        [],
        [12, "Сколько стоит?", 12.5, "Draft", datetime(2026, 1, 31), date(2026, 12, 31)],  # noqa: DTZ001
        [13.0, "Когда?", datetime(2026, 1, 31), None, "2026-01-31"],  # noqa: DTZ001
        [None, "   "],
        ["x_x005F_x0041_y_x0041_", "Да?", True],
    )
    assert list(read_articles(path)) == [
        Article(
            id="12",
            question="Сколько стоит?",
            answer="12.5",
            topic="general",
            language="ru",
            status=Status.DRAFT,
            valid_from=date(2026, 1, 31),
            valid_until=date(2026, 12, 31),
        ),
        Article(
            id="13",
            question="Когда?",
            answer="2026-01-31",
            topic="general",
            language="ru",
            valid_from=date(2026, 1, 31),
        ),
        Article(id="x_x0041_yA", question="Да?", answer="TRUE", topic="general", language="ru"),
    ]


def test_a_written_formula_is_text(tmp_path: Path) -> None:
    path = tmp_path / "kb.xlsx"
    article = Article(id="=1+1", question="=HYPERLINK(1)", answer="+7 495", topic="@t", language="en")
    write_articles([article], path, format=Format.XLSX)
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    assert {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row if cell.value} == {"s"}
    assert list(read_articles(path)) == [article]


def test_a_formula_is_read_as_the_value_saved_with_it(tmp_path: Path) -> None:
    path = workbook(tmp_path, ["question", "answer"], ["How much?", "=1+1"])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    assert b"<f>1+1</f><v" in sheet
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>").replace(
        b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert [article.answer for article in read_articles(path)] == ["2"]


@pytest.mark.parametrize(
    ("rows", "row", "column", "problem"),
    [
        ([], 1, None, "no row names columns for question and answer"),
        ([["question", "answer"]], None, None, "contains no articles"),
        ([["question", "anwser"], ["a", "b"]], 1, "anwser", "did you mean 'answer'?"),
        ([["question", "answer", "answer"], ["a", "b"]], 1, "answer", "comes twice"),
        ([["question", "answer"], [], [None, "b"]], 3, "question", "is empty"),
        ([["question", "answer"], ["a", "#REF!"]], 2, "answer", "holds the error #REF!"),
        ([["question", "answer", "valid_from"], ["a", "b", 45000]], 2, "valid_from", "'45000' is not a date"),
        ([["id", "question", "answer"], [1, "a", "b"], ["1", "c", "d"]], 3, "id", "already used in row 2"),
    ],
)
def test_a_bad_sheet_is_refused_with_its_place(
    tmp_path: Path, rows: list[list[Value]], row: int | None, column: str | None, problem: str
) -> None:
    with pytest.raises(BadFile) as caught:
        list(read_articles(workbook(tmp_path, *rows)))
    assert (caught.value.row, caught.value.column) == (row, column)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    "spoil", ["empty", "text", "old", "truncated", "no_sheets", "broken_sheet", "other_zip"]
)
def test_a_file_that_is_no_workbook_is_refused(tmp_path: Path, spoil: str) -> None:
    path = workbook(tmp_path, ["question", "answer"], ["a", "b"])
    content = path.read_bytes()
    if spoil == "empty":
        path.write_bytes(b"")
    elif spoil == "text":
        path.write_text("question,answer\na,b\n", encoding="utf-8")
    elif spoil == "old":
        path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600)
    elif spoil == "truncated":
        path.write_bytes(content[: len(content) // 2])
    else:
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        if spoil == "no_sheets":
            parts = {name: part for name, part in parts.items() if "worksheets" not in name}
        elif spoil == "broken_sheet":
            parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"][:-80]
        else:
            parts = {"hello.txt": b"hello"}
        with zipfile.ZipFile(path, "w") as archive:
            for name, part in parts.items():
                archive.writestr(name, part)
    with pytest.raises(BadFile, match=r"is not a readable XLSX workbook|save it as \.xlsx|has no sheet"):
        list(read_articles(path))


def test_a_zip_bomb_is_refused_before_it_unpacks(tmp_path: Path) -> None:
    path = workbook(tmp_path, ["question", "answer"], ["a", "b"])
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/media/zeros", "w") as entry,
    ):
        for _ in range(21):
            entry.write(bytes(1024 * 1024))
    with pytest.raises(BadFile, match=r"unpacks to \d+ times its size, 100 times are the limit"):
        list(read_articles(path))


def test_what_excel_cannot_hold_is_refused_not_cut(tmp_path: Path) -> None:
    long = Article(
        id="a", question="q", answer="a", topic="t", language="en", phrasings=("😀" * 9000, "😀" * 9000)
    )
    with pytest.raises(BadFile, match="phrasings of the article 'a' is too long for Excel"):
        write_articles([long], tmp_path / "kb.xlsx", format=Format.XLSX)
    assert list(tmp_path.iterdir()) == []


def test_count_hint_trusts_the_size_that_the_sheet_states(tmp_path: Path) -> None:
    assert count_hint(workbook(tmp_path, ["question", "answer"], ["a", "b"], ["c", "d"])) == 2
