"""CSV files as people write them are read, and bad files are refused."""

import csv
from datetime import date
from pathlib import Path

import pytest

from kb_index.article import Article, Status
from kb_index.errors import BadFile
from kb_index.formats import Format, count_hint, read_articles, write_articles

HEADER = "id,question,answer,topic,phrasings,language,status,valid_from,valid_until\n"


def read(tmp_path: Path, content: str | bytes) -> list[Article]:
    path = tmp_path / "kb.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_articles(path))


def test_every_field_is_read(tmp_path: Path) -> None:
    row = (
        'returns-1,Как вернуть товар?,"Напишите нам,\nмы поможем",returns,'
        '"хочу вернуть\nвозврат",ru,draft,2026-01-31,31.12.2026'
    )
    assert read(tmp_path, HEADER + row) == [
        Article(
            id="returns-1",
            question="Как вернуть товар?",
            answer="Напишите нам,\nмы поможем",
            topic="returns",
            phrasings=("хочу вернуть", "возврат"),
            language="ru",
            status=Status.DRAFT,
            valid_from=date(2026, 1, 31),
            valid_until=date(2026, 12, 31),
        )
    ]


def test_question_and_answer_are_enough(tmp_path: Path) -> None:
    russian, english = read(tmp_path, "question,answer\nГде мой заказ?,В пути\nWhere is it?,On its way\n")
    assert (russian.topic, russian.language, russian.status) == ("general", "ru", Status.PUBLISHED)
    assert english.language == "en"
    assert russian.id != english.id
    assert read(tmp_path, "answer,question\nУже скоро,где мой заказ\n")[0].id == russian.id


def test_the_default_language_wins_over_the_guess_but_not_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "kb.csv"
    path.write_text("question,answer,language\nOK?,a,\nFine?,b,DE\n", encoding="utf-8")
    assert [article.language for article in read_articles(path, default_language="fr")] == ["fr", "de"]


@pytest.mark.parametrize(
    "content",
    [
        "id;question;answer\na;b, c;d\n",
        "\ufeffid;question;answer\r\na;b, c;d\r\n",
        "id\tquestion\tanswer\na\tb, c\td\n",
        'id,question,answer\na,"b, c",d',
        '"ID ",Вопрос,ОТВЕТ\n\na,"b, c",d\n,,\n\n',
        "id;question;answer\ra;b, c;d\r",
    ],
)
def test_what_spreadsheets_make_of_csv(tmp_path: Path, content: str) -> None:
    (article,) = read(tmp_path, content)
    assert (article.id, article.question, article.answer) == ("a", "b, c", "d")


@pytest.mark.parametrize(
    ("content", "row", "column", "problem"),
    [
        ("", 1, None, "contains no articles"),
        ("\n\n", 1, None, "contains no articles"),
        (HEADER, None, None, "contains no articles"),
        ("id,answer\n1,2\n", 1, None, "the column question is missing"),
        ("id,question,anwser\n1,2,3\n", 1, "anwser", "did you mean 'answer'?"),
        ("как вернуть,за 14 дней\nкарты,любые\n", 1, None, "--columns 1=question,2=answer"),
        ("name,price\ncup,5\n", 1, None, "no row names columns for question and answer"),
        ("id,question,question,answer\n1,2,3,4\n", 1, "question", "comes twice"),
        ("id,question,answer\n1,2,3\n4,5\n", 3, None, "has 2 cells where the header names 3"),
        ("id,question,answer\n1,2,3,4\n", 2, None, "has 4 cells where the header names 3"),
        ('id,question,answer\n1,"2\n2",3\n4,,6\n', 4, "question", "is empty"),
        ("id,question,answer\na b,2,3\n", 2, "id", "without spaces"),
        ("id,question,answer\n1,2,3\n5,2,3\n1,4,5\n", 4, "id", "'1' is already used in row 2"),
        ("question,answer,status\na,b,publishd\n", 2, "status", "use one of draft, published, archived"),
        ("question,answer,valid_from\na,b,2026-02-31\n", 2, "valid_from", "write it like 2026-12-31"),
        ("question,answer,valid_from\na,b,soon\n", 2, "valid_from", "'soon' is not a date"),
        (
            "question,answer,valid_from,valid_until\na,b,2026-02-03,2026-02-01\n",
            2,
            "valid_until",
            "is before",
        ),
        ("question,answer,language\na,b,Russian!\n", 2, "language", "is not a language tag"),
        ('question,answer\na,b\nc,"d\n\n', 3, None, "is a quote not closed"),
        ('question,answer\na,"b"c\n', 2, None, "is a quote not closed or not doubled?"),
        ("question,answer\na," + "b" * 20_001, 2, "answer", "longer than 20000 characters"),
        ("question,answer\na," + "b" * 2_100_000, 2, None, "field larger than field limit"),
        (b"question,answer\na,b\x00c\n", 2, None, "NUL byte"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", 1, None, "is not UTF-8 text"),
    ],
)
def test_a_bad_file_is_refused_with_its_place(
    tmp_path: Path, content: str | bytes, row: int | None, column: str | None, problem: str
) -> None:
    with pytest.raises(BadFile) as caught:
        read(tmp_path, content)
    assert (caught.value.row, caught.value.column) == (row, column)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["missing.csv", "kb.docx", "kb"])
def test_a_missing_or_unknown_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadFile, match=name):
        list(read_articles(tmp_path / name))


def test_rows_are_read_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "kb.csv"
    path.write_text("question,answer\nfirst,a\n,broken\n", encoding="utf-8")
    assert next(read_articles(path)).question == "first"


def test_count_hint_counts_articles_not_lines(tmp_path: Path) -> None:
    path = tmp_path / "kb.csv"
    path.write_text('question,answer\nfirst,"a\nb"\n\nsecond,c\n', encoding="utf-8")
    assert count_hint(path) == 2


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("-5 %", "'-5 %"),
        ("+7 495 123-45-67", "'+7 495 123-45-67"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1+1", "'＝1+1"),
        ("'=1", "''=1"),
        ("'quoted'", "'quoted'"),
        ("5 - 3 = 2", "5 - 3 = 2"),
        ("- cards\n- cash", "'- cards\n- cash"),  # only the first could begin a cell
        ("pay\n=1+1;=1\t@x", "pay\n'=1+1;'=1\t'@x"),
        ('a;"=1+1', "a;\"'=1+1"),
    ],
)
def test_no_cell_is_a_formula_and_every_text_comes_back(tmp_path: Path, text: str, cell: str) -> None:
    path = tmp_path / "kb.csv"
    article = Article(id="+1", question=text, answer=text, topic="t", language="en")
    write_articles([article], path, format=Format.CSV)
    with path.open(encoding="utf-8", newline="") as file:
        (written,) = csv.DictReader(file)
    assert (written["id"], written["question"], written["answer"]) == ("'+1", cell, cell)
    assert list(read_articles(path)) == [article]


@pytest.mark.parametrize(
    "text", ["Options:\n'-v' prints", "'+7 999' is the number", "''=1", "pay;'-5 %' now", "'-'"]
)
def test_apostrophes_in_a_file_of_other_columns_are_the_users_own(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kb.csv"
    for header in (["question", "answer"], ["id", "question", "answer", "topic"]):
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, ["a" if name == "id" else text for name in header]])
        assert [(article.question, article.answer) for article in read_articles(path)] == [(text, text)]
    article = Article(id="a", question=text, answer=text, topic="t", language="en")
    write_articles([article], path, format=Format.CSV)
    assert list(read_articles(path)) == [article]


def test_what_spreadsheets_make_of_csv_with_other_delimiters_is_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "kb.csv"
    attack = '=cmd|A1;=cmd|A1;"=cmd|A1\t+1\n@x\n=1'
    article = Article(
        id="a", question=attack, answer=attack, topic="t", language="en", phrasings=("=1", "@2")
    )
    write_articles([article], path, format=Format.CSV)
    for delimiter in ",;\t":
        with path.open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file, delimiter=delimiter) for cell in row]
        assert [cell for cell in cells if cell.strip('" ')[:1] in set("=+-@")] == []


def test_a_failed_export_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "kb.csv"
    path.write_text("old", encoding="utf-8")
    good = Article(id="a", question="q", answer="a", topic="t", language="en")
    unwritable = Article(id="b", question="\x07", answer="a", topic="t", language="en")
    with pytest.raises(BadFile, match="the article 'b' cannot be written"):
        write_articles([good, unwritable], path, format=Format.CSV)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_where_nothing_can_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be written"):
        write_articles([], tmp_path / "no such folder" / "kb.csv", format=Format.CSV)
