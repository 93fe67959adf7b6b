"""Small hostile files are refused. `scripts/check_file_bounds.py` measures them in full size."""

from collections.abc import Callable
from pathlib import Path

import pytest

from evaluation import BadRows
from files import BadFile, limits
from files.budget import Budget
from kb_index.formats import ReadOptions, inspect_file, read_articles
from nlu.errors import BadTrainingData
from prompter.dialogue.forms import LookupUnavailable
from prompter.knowledge.chat_history import read_history
from sufler.errors import BadConfig
from sufler.settings import load_settings
from tests.hostile_files import CASES, SHEET, STRINGS, again, reader_of, sheet, workbook

pytestmark = pytest.mark.slow  # together

REFUSALS = (BadFile, BadRows, BadTrainingData, BadConfig, LookupUnavailable)
SMALL = 1_500  # bytes


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_file_is_read_or_refused_in_words(name: str, tmp_path: Path) -> None:
    reader, file, write = CASES[name]
    path = tmp_path / file
    write(path, SMALL)
    read = reader_of(reader)
    try:
        read(path)
    except REFUSALS as refusal:
        assert file in str(refusal)  # noqa: PT017 - one that is read is as good


def refusal_of(path: Path) -> str:
    with pytest.raises(BadFile) as caught:
        list(read_articles(path, on_warning=lambda _: None, clock=lambda: 0.0))  # no limit but the one meant
    return str(caught.value).removeprefix(f"{path}")


XLSX_OPEN = sheet("").removesuffix("</sheetData></worksheet>")
ROW = '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>'


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ('<row r="999999999"><c><v>1</v></c></row>', ", row 999999999: the sheet 'a' has no such row"),
        ('<row r="2"><c r="XFE2"><v>1</v></c></row>', ", row 2: the sheet 'a' has a cell behind column XFD"),
        (
            '<row r="2"><c t="str"><v>' + "x" * 32_768 + "</v></c></row>",
            ", row 2: holds a cell of over 32767",
        ),
        ("<row>" + "<a>" * 100, ", row 2: is not a readable XLSX workbook"),
        ('<row a="' + "x" * 1_200_000 + '"/>', ", row 1: xl/worksheets/sheet1.xml holds a tag of over 1 MB"),
        ('<row><c t="n"><v>' + "9" * 5_000 + "</v></c></row>", ", row 2: is not a readable XLSX workbook"),
        ('<row><c t="s"><v>5</v></c></row>', ", row 2: is not a readable XLSX workbook"),
    ],
)
def test_a_sheet_that_no_excel_writes_is_refused_with_its_row(
    tmp_path: Path, rows: str, problem: str
) -> None:
    path = tmp_path / "a.xlsx"
    workbook(path, {SHEET: sheet(rows)})
    assert problem in refusal_of(path)


def test_cells_in_the_last_row_and_column_cost_no_more_than_others(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    workbook(path, {SHEET: sheet('<row r="1048576"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c></row>')})
    assert [(article.question, article.answer) for article in read_articles(path)] == [("1", "2")]


def test_a_workbook_declares_no_entities(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    rows = '<row><c t="str"><v>&a;</v></c></row>'
    workbook(path, {SHEET: '<!DOCTYPE x [<!ENTITY a "lol">]>' + sheet(rows)})
    assert "is not a readable XLSX workbook" in refusal_of(path)


def test_a_few_texts_do_not_fill_all_cells(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    strings = f"<sst><si><t>{'x' * 32_000}</t></si></sst>"
    cells = '<c r="A2" t="s"><v>0</v></c>' * 1_600  # 50 million characters of a file of 3 KB
    workbook(path, {STRINGS: strings, SHEET: sheet(f"<row>{cells}</row>")})
    assert path.stat().st_size < 5_000
    assert ", row 2: holds over 50000000 characters" in refusal_of(path)


@pytest.mark.full
def test_too_many_cells_are_refused_while_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    cell = '<c r="A2"><v>1</v></c>'
    n_bytes = (limits.MAX_SHEET_CELLS + 10_000) * len(cell)
    workbook(path, {SHEET: again(XLSX_OPEN + "<row>", cell, n_bytes, "never ends")}, level=1)
    assert ", row 2: the sheet 'a' has over 500000 cells" in refusal_of(path)


@pytest.mark.parametrize(
    ("file", "content", "problem"),
    [
        ("a.csv", "," * 1_001, "row 1: has 1002 cells: 1000 are the limit"),
        ("a.csv", "question,answer\n" + "\n" * 100_001, "row 100002: over 100000 empty lines"),
        ("a.json", "[" + "[]," * 1_000_001 + "[]]", "row 1: holds over 1000000 lists and objects"),
        ("a.jsonl", "[" * 1_000_001, "row 1: holds over 1000000 lists and objects"),
        ("a.yml", "a: &a [*a]\n", "row 1: the alias '*a' stands for what it is itself a part of"),
        (
            "a.yml",
            "a: &a '" + "x" * 100_000 + "'\nnlu: [" + "*a," * 101 + "]\n",
            "row 2: repeats too much by aliases",
        ),
        (
            "a.yml",
            "responses: {utter_faq/a: [{text: b}]}\nnlu:\n- intent: faq/a\n  examples: '- "
            + "[" * 20_001
            + "'",
            "row 3: the intent faq/a has an example of over 20000 characters",
        ),
        pytest.param(
            "a.html", "<!DOCTYPE a>" * 200_001, "holds over 200000 tags", marks=pytest.mark.full, id="remarks"
        ),
        ("a.md", "\n" * 500_001, "has over 500000 lines"),
        ("a.md", "a\n# " + "x" * 20_001, "row 2: is a heading of over 20000 characters"),
        ("a.html", "\n" + "<!--" * 8_193, "row 2: a tag or a comment starts here and never ends"),
        ("a.html", "<div>" * 451, "row 1: is nested too deeply"),
        (
            "a.html",
            "<script type='application/ld+json'>" + "[]," * 1_000_001 + "</script>",
            "row 1: holds JSON of over 1000000 lists and objects",
        ),
    ],
)
def test_a_text_that_holds_too_much_is_refused_with_its_row(
    tmp_path: Path, file: str, content: str, problem: str
) -> None:
    path = tmp_path / file
    path.write_text(content, encoding="utf-8")
    assert problem in refusal_of(path)


class Ticking:
    """A clock that advances by some seconds on each reading."""

    def __init__(self, seconds: float) -> None:
        self._now, self._seconds = 0.0, seconds

    def __call__(self) -> float:
        self._now += self._seconds
        return self._now


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("a.csv", "question,answer\n" + "".join(f"q{number},b\n" for number in range(50))),
        ("a.jsonl", "".join(f'{{"question":"q{number}","answer":"b"}}\n' for number in range(50))),
        ("a.md", "".join(f"# q{number}\n\nb\n\n" for number in range(50))),
        ("a.html", "".join(f"<details><summary>q{number}</summary>b</details>\n" for number in range(50))),
    ],
)
def test_what_takes_too_long_is_refused(tmp_path: Path, file: str, content: str) -> None:
    path = tmp_path / file
    path.write_text(content, encoding="utf-8")
    assert len(list(read_articles(path, clock=Ticking(0.001)))) == 50
    with pytest.raises(BadFile, match="takes longer than 7 seconds to read up to here: split the file"):
        list(read_articles(path, clock=Ticking(1)))


@pytest.mark.parametrize(
    "row", ["x,\n", ",x\n", "x,y,z\n"], ids=["repeated", "without a question", "too long"]
)
def test_rows_that_become_no_article_take_time_too(tmp_path: Path, row: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text("question,answer\n" + row * 50, encoding="utf-8")
    report = inspect_file(path, ReadOptions(), clock=Ticking(1))
    assert "takes longer than 7 seconds to read up to here" in report.problems[-1].problem


def test_the_parser_of_markdown_looks_at_the_time_in_the_middle_of_a_block(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("# q\n" + "a\n" * 20_000, encoding="utf-8")
    with pytest.raises(BadFile) as caught:
        list(read_articles(path, clock=Ticking(1)))
    assert caught.value.row is not None
    assert 1 < caught.value.row < 20_000


def test_time_that_the_user_of_a_file_takes_does_not_count(tmp_path: Path) -> None:
    now = [0.0]
    budget = Budget(tmp_path, clock=lambda: now[0])
    for _ in budget.watch(range(5)):
        now[0] += 100
    now[0] += limits.MAX_SECONDS + 1
    with pytest.raises(BadFile, match="takes longer than 7 seconds"):
        budget.check()


def test_a_larger_file_has_more_time(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.truncate(100 * limits.MB)
    now = [0.0]
    budget = Budget(path, clock=lambda: now[0])
    now[0] = 96
    budget.check()


@pytest.mark.parametrize(
    ("write", "problem"),
    [
        (lambda path: path.write_text("sufler: {}\n" + "#" * 300_000), "is larger than 256 KB"),
        (CASES["settings, yml: laughs"][2], "aliases"),
        (CASES["settings, yml: laughs by merging"][2], "aliases"),
        (lambda path: path.write_text("sufler: " + "[" * 100_000), "nested too deeply"),
        (lambda path: path.write_text("sufler: 2026-13-45\n"), "is not what it looks like"),
        (lambda path: path.write_text("sufler: " + "9" * 5_000), "is not what it looks like"),
    ],
)
def test_settings_that_are_a_bomb_are_refused(
    tmp_path: Path, write: Callable[..., object], problem: str
) -> None:
    path = tmp_path / "config.yml"
    if write.__code__.co_argcount == 1:
        write(path)
    else:
        write(path, SMALL)
    with pytest.raises(BadConfig, match=problem):
        load_settings(path)


def test_a_message_as_long_as_a_file_is_not_tried_again_with_every_piece(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"chat": "' + "x" * (limits.MAX_JSON_ITEM_CHARS + 200_000), encoding="utf-8")
    with pytest.raises(BadFile, match="row 1: is not valid JSON"):
        list(read_history(path))
