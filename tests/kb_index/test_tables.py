"""Tables as teams keep them are read without editing, and everything that is decided is told."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from kb_index.article import Article, Status
from kb_index.errors import BadFile
from kb_index.formats import FileReport, ReadOptions, inspect_file, read_articles, read_inspected
from kb_index.formats.columns import field_of, parse_columns
from kb_index.marks import to_lines


def inspect(
    tmp_path: Path, name: str, content: str | bytes, **options: object
) -> tuple[FileReport, list[Article]]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    chosen = ReadOptions(**options)  # type: ignore[arg-type]
    report = inspect_file(path, chosen)
    articles = list(read_inspected(report, chosen))
    assert len(articles) == report.n_articles
    return report, articles


def pairs(articles: list[Article]) -> list[tuple[str, str]]:
    return [(article.question, article.answer) for article in articles]


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("Вопрос", "question"),
        ("ВОПРОС:", "question"),
        ("Вопрос клиента", "question"),
        ("Текст вопроса", "question"),
        ("faq_question", "question"),
        ("canonicalQuestion", "question"),
        ("Title", "question"),
        ("Ответ оператора", "answer"),
        ("question_answer_text", None),
        ("Response", "answer"),
        ("body", "answer"),
        ("answer_ru", "answer"),
        ("Раздел", "topic"),
        ("Категория вопроса", "topic"),
        ("Варианты вопроса", "phrasings"),
        ("Варианты ответа", None),
        ("QnaId", "id"),
        ("question_id", "id"),
        ("section_id", None),
        ("Дата ответа", None),
        ("№", None),
        ("Ответственный", None),
        ("Комментарий", None),
    ],
)
def test_a_column_is_known_by_the_names_that_people_give_it(name: str, field: str | None) -> None:
    known = field_of(name)
    assert (known and known[0]) == field


def test_columns_without_a_place_are_passed_over_and_named_once(tmp_path: Path) -> None:
    rows = (
        "№;Вопрос;Ответ;Кто отвечает;Раздел;статсус\n"
        "1;Где склад?;В Туле;Оля;Адреса;ок\n2;Есть лифт?;Есть;;Адреса;\n"
    )
    report, articles = inspect(tmp_path, "kb.csv", rows)
    assert [article.topic for article in articles] == ["Адреса", "Адреса"]
    assert report.ignored_columns == ("№", "Кто отвечает", "статсус")
    (warning,) = report.warnings
    assert "passed over 3 columns: '№', 'Кто отвечает', 'статсус'" in warning


def test_the_best_name_wins_where_several_would_do(tmp_path: Path) -> None:
    line = json.dumps(
        {"title": "t", "body": "b", "question": "q?", "answer": "a", "category": "c", "topic": "x"}
    )
    report, articles = inspect(tmp_path, "kb.jsonl", line)
    assert [(article.question, article.answer, article.topic) for article in articles] == [("q?", "a", "x")]
    assert report.ignored_columns == ("title", "body", "category")


@pytest.mark.parametrize("codec", ["cp1251", "koi8-r", "cp866", "utf-16", "utf-16-le", "utf-8", "utf-8-sig"])
def test_the_encoding_is_found_out_and_told(tmp_path: Path, codec: str) -> None:
    text = "Вопрос;Ответ\nМожно с собакой?;Да, на поводке\n"
    report, articles = inspect(tmp_path, "kb.csv", text.encode(codec))
    assert pairs(articles) == [("Можно с собакой?", "Да, на поводке")]
    assert any("read as" in warning for warning in report.warnings) is not codec.startswith("utf-8")


def test_the_encoding_can_be_named(tmp_path: Path) -> None:
    text = "question;answer\nprice?;5 €\n".encode("cp1252")
    _, articles = inspect(tmp_path, "kb.csv", text, encoding="windows-1252")
    assert pairs(articles) == [("price?", "5 €")]
    report = inspect_file(tmp_path / "kb.csv", ReadOptions(encoding="klingon"))
    assert "there is no encoding 'klingon'" in str(report.problems[0])


@pytest.mark.parametrize(
    "content",
    [
        "sep=;\r\nВопрос;Ответ\r\nГде вы, а?;Тут\r\n",
        "\ufeffsep=|\nВопрос|Ответ\nГде вы, а?|Тут\n",
        "Вопрос;Ответ;;\nГде вы, а?;Тут;;\n",
        "Наша база; ред. 4\n\nВопрос;Ответ\nГде вы, а?;Тут\n",
        "Вопрос\tОтвет\tЗаметка\nГде вы, а?\tТут\n",
        "Вопрос;Ответ;id\nГде вы, а?;Тут;\n",
    ],
)
def test_what_stands_around_the_table_does_no_harm(tmp_path: Path, content: str) -> None:
    report, articles = inspect(tmp_path, "kb.csv", content)
    assert pairs(articles) == [("Где вы, а?", "Тут")]
    assert report.problems == ()


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("как вернуть,за 14 дней\nкарты,любые\n", {"question": "1", "answer": "2"}),
        ("за 14 дней,как вернуть\nлюбые,карты\n", {"question": "B", "answer": "A"}),
        ("Was?,Wie?\nкак вернуть,за 14 дней\nкарты,любые\n", {"question": "was", "answer": "Wie?"}),
        ("question,comment\nкак вернуть,за 14 дней\nкарты,любые\n", {"answer": "comment"}),
    ],
)
def test_columns_are_mapped_by_hand(tmp_path: Path, content: str, columns: Mapping[str, str]) -> None:
    _, articles = inspect(tmp_path, "kb.csv", content, columns=columns)
    assert pairs(articles) == [("как вернуть", "за 14 дней"), ("карты", "любые")]


def test_a_column_that_is_not_there_is_told() -> None:
    assert dict(parse_columns("question=Вопрос клиента, 2=answer")) == {
        "question": "Вопрос клиента",
        "answer": "2",
    }
    with pytest.raises(ValueError, match="'colour=2' maps no field"):
        list(parse_columns("colour=2"))


def test_a_file_with_tabs_writes_line_ends_as_signs(tmp_path: Path) -> None:
    rows = (
        'id\tQuestion\tAnswer\n1\tHow?\tFirst.\\n\\nThen "so".\n'
        '7\tOther?\tC:\\new folder\n1\tIn which way\tFirst.\\n\\nThen "so".\n'
    )
    report, articles = inspect(tmp_path, "kb.tsv", rows)
    assert pairs(articles) == [("How?", 'First.\n\nThen "so".'), ("Other?", "C:\\new folder")]
    assert articles[0].phrasings == ("In which way",)  # though its row stands apart
    assert any("one more phrasing" in warning and "row 4" in warning for warning in report.warnings)
    path = tmp_path / "kb.tsv"
    with pytest.raises(BadFile, match="row 4, column id: the id '1' is already used in row 2"):
        list(read_articles(path, on_warning=lambda _: None))  # who reads once has to be told


def test_an_empty_answer_is_a_draft_and_told(tmp_path: Path) -> None:
    report, articles = inspect(tmp_path, "kb.csv", "question,answer\nWhy?,\nHow?,So\n,\n")
    assert [article.status for article in articles] == [Status.DRAFT, Status.PUBLISHED]
    assert "without an answer, row 2: imported as a draft" in report.warnings[0]


def test_a_question_of_two_topics_is_two_articles_and_two_answers_need_a_person(tmp_path: Path) -> None:
    rows = "topic,question,answer\nbus,Price?,5\ntrain,Price?,9\nbus,price,6\nbus,Price?,5\n"
    report, articles = inspect(tmp_path, "kb.csv", rows)
    assert [(article.topic, article.answer, article.status.value) for article in articles] == [
        ("bus", "5", "published"),
        ("train", "9", "published"),
        ("bus", "6", "draft"),
    ]
    assert len({article.id for article in articles}) == 3
    assert any("answered otherwise, row 4: imported as a draft" in warning for warning in report.warnings)
    assert any("row 5: left out" in warning for warning in report.warnings)


def test_all_problems_are_in_one_report_and_its_length_is_bounded(tmp_path: Path) -> None:
    rows = "id,question,answer,status\n1,a,b,lost\n2,,b,\n3,c,d,draft\n4,e\n3,x,y,\n" + ",,z,\n" * 100
    report, articles = inspect(tmp_path, "kb.csv", rows)
    assert pairs(articles) == [("c", "d")]
    assert [(problem.row, problem.column) for problem in report.problems[:4]] == [
        (2, "status"),
        (3, "question"),
        (5, None),
        (6, "id"),
    ]
    assert (len(report.problems), report.n_problems, report.is_complete) == (50, 104, True)


@pytest.mark.parametrize(
    "content",
    [
        [{"category": "bus", "questions": [{"q": "Price?", "a": "5"}]}],
        {"data": {"faqs": [{"question": "Price?", "answer": "5", "topic": "bus"}], "total": 1}},
        {"bus": [{"title": "Price?", "text": "5"}], "train": []},
        [{"questions": ["Price?"], "answer": 5, "section": ["bus"]}],
    ],
)
def test_lists_of_questions_are_found_where_programs_put_them(tmp_path: Path, content: object) -> None:
    _, articles = inspect(tmp_path, "kb.json", json.dumps(content))
    assert pairs(articles) == [("Price?", "5")]


def test_lists_in_objects_are_phrasings_and_one_of_several_answers(tmp_path: Path) -> None:
    content = [{"utterances": ["Hi there", "hello"], "responses": ["Hello!", "Hi!"], "tag": "greeting"}]
    report, (article,) = inspect(tmp_path, "kb.json", json.dumps(content))
    assert (article.question, article.phrasings) == ("Hi there", ("hello",))
    assert (article.answer, article.topic) == ("Hello!", "greeting")
    assert "only the first was taken" in report.warnings[0]


@pytest.mark.parametrize(
    "objects",
    [
        [{"title": "Has it a lid?", "body": "<b>Yes</b>", "category": "Cups"}],
        {"articles": [{"title": "Has it a lid?", "content": "**Yes**", "category": "Cups"}]},
        [{"questions": ["Has it a lid?"], "answer": "Yes", "category": "Cups"}],
        [{"title": "Has it a lid?", "content": "Yes", "category": {"id": 4, "name": "Cups"}}],
    ],
)
def test_names_that_products_use_too_do_not_hide_the_other_columns(tmp_path: Path, objects: object) -> None:
    _, (article,) = inspect(tmp_path, "kb.json", json.dumps(objects))
    assert (article.question, article.answer, article.topic) == ("Has it a lid?", "Yes", "Cups")


def test_markup_of_a_table_is_text_and_its_bad_rows_are_in_the_report(tmp_path: Path) -> None:
    rows = (
        "Вопрос;Ответ;Format;Marks\nГде?;<p>В <b>Туле</b>.</p>;;\nКак?;**Так**;docx;\n"
        'Кто?;**Мы**;plain;bold Мы\nЧто?;Это;;red Это\nЧей?;"<p>&nbsp;</p>";;\n'
    )
    report, articles = inspect(tmp_path, "kb.csv", rows)
    assert [(article.question, article.answer, to_lines(article.marks)) for article in articles] == [
        ("Где?", "В Туле.", ["bold Туле"]),
        ("Кто?", "**Мы**", ["bold Мы"]),
        ("Чей?", "", []),
    ]
    assert articles[-1].status is Status.DRAFT
    assert [(problem.row, problem.column) for problem in report.problems] == [(3, "format"), (5, "marks")]
    assert [warning.partition(": ")[2].partition(":")[0] for warning in report.warnings] == [
        "answers in HTML, rows 2, 6",
        "without an answer, row 6",
    ]
    assert report.ignored_columns == ()
    _, articles = inspect(tmp_path, "kb.csv", rows, columns={"format": "", "marks": ""})
    assert [article.answer for article in articles] == ["В Туле.", "Так", "Мы", "Это", ""]


@pytest.mark.parametrize("name", ["Формат", "answer_format", "Оценки", "full marks"])
def test_looks_of_answers_are_columns_by_these_very_names_only(name: str) -> None:
    assert field_of(name) is None


def test_a_draft_elsewhere_is_a_draft_here(tmp_path: Path) -> None:
    lines = (
        '{"question": "a", "answer": "b", "draft": true}\n{"question": "c", "answer": "d", "draft": false}\n'
    )
    _, articles = inspect(tmp_path, "kb.jsonl", lines)
    assert [article.status for article in articles] == [Status.DRAFT, Status.PUBLISHED]
