import csv
from pathlib import Path

import pytest

from evaluation import BadRows, Case, IntentRow, ScoredCase, read_cases, read_intents, write_failures


def write(folder: Path, text: str) -> Path:
    path = folder / "rows.csv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return path


def test_rows_are_read(tmp_path: Path) -> None:
    path = write(tmp_path, '\ufefftext,intent\n"a, ""b""\nc",x\n\nd,y\n')
    assert read_intents(path) == [IntentRow(text='a, "b"\nc', intent="x"), IntentRow(text="d", intent="y")]
    path = write(tmp_path, "kind,text,article_id\nfar,hm,\nnear,who,b|a|b\n")
    assert read_cases(path, known_ids={"a", "b"}) == [
        Case(text="hm", article_ids=()),
        Case(text="who", article_ids=("b", "a")),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "row 1, column text: is missing"),
        ("text,label\na,b\n", "row 1, column intent: is missing"),
        ("text,intent\n", "contains no rows"),
        ("text,intent\n\na,x\n ,x\n", "row 4, column text: is empty"),
        ("text,intent\na,\n", "row 2, column intent: is empty"),
        ("text,intent\na,b,c\n", "row 2: has 3 cells"),
        ('text,intent\n"a,b\n', "not valid CSV"),
        ("text,intent\n\udcff,b\n", "is not UTF-8"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(BadRows) as error:
        read_intents(write(tmp_path, text))
    assert problem in str(error.value)


def test_an_unknown_article_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "text,article_id\na,x|y\n")
    with pytest.raises(BadRows, match=r"row 2, column article_id: the base has no article 'y'"):
        read_cases(path, known_ids={"x"})
    with pytest.raises(BadRows, match="no such file"):
        read_cases(tmp_path / "nowhere.csv", known_ids=())


def test_failures_are_written_without_formulas_and_can_be_measured_again(tmp_path: Path) -> None:
    path = tmp_path / "failures.csv"
    texts = ["=HYPERLINK(1)", "+7 495", "'-5 %", "plain"]
    failed = [
        ScoredCase(
            text=text,
            right=("@a",),
            suggested=None,
            confidence=0.5,
            rank=None,
            is_right=False,
            in_scope=True,
        )
        for text in texts
    ]
    write_failures(failed, path)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == ["'=HYPERLINK(1)", "'+7 495", "''-5 %", "plain"]
    assert rows[0]["right"] == "'@a"
    path.write_text(path.read_text("utf-8").replace("right", "intent", 1), encoding="utf-8")
    assert read_intents(path) == [IntentRow(text=row["text"], intent="'@a") for row in rows]  # as it stands


@pytest.mark.slow
def test_too_many_rows_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "text,intent\n" + "a,b\n" * 300_001)
    with pytest.raises(BadRows, match="row 300002: over 300000 rows"):
        read_intents(path)
