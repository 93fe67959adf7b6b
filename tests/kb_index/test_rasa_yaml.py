"""Rasa projects as people write them are read, and bad files are refused."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from kb_index.article import Article, Status
from kb_index.errors import BadFile
from kb_index.formats import Format, read_articles, write_articles

NLU = """\
version: "3.1"
nlu:
- intent: faq/returns_how
  examples: |
    - как вернуть [товар](product)
    - хочу вернуть [чайник]{"entity": "product", "value": "kettle"}

    - возврат
- intent: opening_hours
  examples:
  - text: When are you open?
    metadata: {sentiment: neutral}
  - text: |
      opening hours
- intent: greet
  examples: |
    - hi
- intent: faq/returns_how
  examples: |
    - yes
- synonym: kettle
  examples: |
    - чайник
- lookup: city
  examples: |
    - Москва
"""
DOMAIN = """\
version: "3.1"
intents: [faq, greet, opening_hours]
slots:
  city: &slot {type: text, mappings: []}
  town: *slot
responses:
  utter_faq/returns_how:
  - text: Только в Telegram
    channel: telegram
  - text: |-
      Напишите нам,
      {customer_name}!
  - text: Другой вариант
  utter_opening_hours:
  - text: 24
  utter_unused:
  - text: never
"""


def project(tmp_path: Path, nlu: str = NLU, domain: str = DOMAIN) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "nlu.yml").write_text(nlu, encoding="utf-8")
    (tmp_path / "domain.yaml").write_text(domain, encoding="utf-8")
    (tmp_path / "empty.yml").write_text("# nothing\n", encoding="utf-8")
    (tmp_path / ".hidden.yml").write_text("{", encoding="utf-8")
    return tmp_path


def test_a_project_is_read_and_what_is_left_out_is_said(tmp_path: Path) -> None:
    warnings: list[str] = []
    articles = list(read_articles(project(tmp_path), on_warning=warnings.append))
    assert articles == [
        Article(
            id="faq/returns_how",
            question="как вернуть товар",
            phrasings=("хочу вернуть чайник", "возврат", "yes"),
            answer="Напишите нам,\n{customer_name}!",
            topic="faq",
            language="ru",
        ),
        Article(
            id="opening_hours",
            question="When are you open?",
            phrasings=("opening hours",),
            answer="24",
            topic="general",
            language="en",
        ),
    ]
    assert len(warnings) == 2
    assert "utter_faq/returns_how has several variants" in warnings[0]
    assert "left out what has no response utter_<intent>, 1 in all: greet" in warnings[1]


def test_one_file_may_hold_both(tmp_path: Path) -> None:
    path = tmp_path / "kb.yml"
    path.write_text(NLU + DOMAIN.partition("\n")[2], encoding="utf-8")
    assert len(list(read_articles(path, on_warning=lambda _: None))) == 2


def test_a_written_project_is_plain_rasa(tmp_path: Path) -> None:
    article = Article(
        id="returns-1",
        question="Как вернуть?",
        answer="Так:\nвот так",
        topic="возврат и обмен",
        phrasings=("no", "[a](b)"),
        language="ru",
        status=Status.DRAFT,
        valid_from=date(2026, 1, 1),
    )
    write_articles([article], tmp_path / "project", format=Format.RASA)
    nlu = yaml.safe_load((tmp_path / "project" / "nlu.yml").read_text(encoding="utf-8"))
    domain = yaml.safe_load((tmp_path / "project" / "domain.yml").read_text(encoding="utf-8"))
    rules = yaml.safe_load((tmp_path / "project" / "rules.yml").read_text(encoding="utf-8"))
    steps = [{"intent": "возврат_и_обмен"}, {"action": "utter_возврат_и_обмен"}]
    assert rules["rules"] == [{"rule": "answer возврат_и_обмен", "steps": steps}]
    assert nlu["nlu"] == [
        {
            "intent": "возврат_и_обмен/returns-1",
            "metadata": {
                "sufler": {
                    "id": "returns-1",
                    "topic": "возврат и обмен",
                    "language": "ru",
                    "status": "draft",
                    "valid_from": "2026-01-01",
                    "exact": [{"example": "(a)(b)", "text": "[a](b)"}],
                }
            },
            "examples": "- Как вернуть?\n- no\n- (a)(b)\n",
        }
    ]
    assert domain == {
        "version": "3.1",
        "responses": {"utter_возврат_и_обмен/returns-1": [{"text": "Так:\nвот так"}]},
        "intents": ["возврат_и_обмен"],
    }
    assert list(read_articles(tmp_path / "project")) == [article]


def test_examples_added_in_rasa_are_kept(tmp_path: Path) -> None:
    article = Article(id="a", question="[a](b)", answer="x", topic="t", phrasings=("c",), language="en")
    write_articles([article], tmp_path / "kb.yml", format=Format.RASA)
    text = (tmp_path / "kb.yml").read_text(encoding="utf-8")
    (tmp_path / "kb.yml").write_text(text.replace("    - c\n", "    - c\n    - d\n"), encoding="utf-8")
    (again,) = read_articles(tmp_path / "kb.yml")
    assert (again.question, again.phrasings) == ("[a](b)", ("c", "d"))


INTENT = "nlu:\n- intent: faq/a\n  examples: |\n    - why\n"


@pytest.mark.parametrize(
    ("content", "row", "problem"),
    [
        ("", None, "contains no intent with a response"),
        ("- 1\n- 2\n", None, "contains no intent with a response"),
        (INTENT, None, "give the folder with both nlu.yml and domain.yml"),
        ("nlu:\n- intent: [\n  x: }", 3, "is not valid YAML"),
        ("nlu:\n\t- intent: a\n", 2, "is not valid YAML"),
        ("nlu: \x07", None, "is not valid YAML: it holds characters"),
        ("nlu: *x\n", 1, "the alias '*x' has no anchor"),
        ("nlu: []\nnlu: []\n", 2, "the key 'nlu' comes twice"),
        ("? [a]\n: b\n", 2, "holds a key that is not text"),
        ("[" * 100_000, 1, "nested too deeply"),
        ("a: &a x\nb:\n" + "- *a\n" * 1001, 1003, "uses more than 1000 aliases"),
        ("nlu:\n- intent:\n", 2, "the intent has no name"),
        (INTENT + "responses:\n  utter_faq/a:\n  - text: b\n  utter_faq/a: []\n", 8, "comes twice"),
        ("nlu:\n- intent: a\n  examples: why\nresponses:\n  utter_a: [{text: b}]\n", 2, "question: is empty"),
        (
            INTENT.replace("  examples", "  metadata: {sufler: {staus: x}}\n  examples")
            + "responses:\n  utter_faq/a: [{text: b}]\n",
            3,
            "did you mean 'status'?",
        ),
        ("nlu:\n- intent: a\n  examples: 'b\x00'\n", 3, "NUL byte"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(
    tmp_path: Path, content: str, row: int | None, problem: str
) -> None:
    path = tmp_path / "kb.yml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadFile) as caught:
        list(read_articles(path, on_warning=lambda _: None))
    assert caught.value.row == row
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_aliases_that_double_with_every_level_do_no_harm(tmp_path: Path) -> None:
    levels = "".join(f"b{n}: &b{n} {{<<: [*b{n - 1}, *b{n - 1}]}}\n" for n in range(1, 40))
    path = tmp_path / "kb.yml"
    path.write_text(
        f"b0: &b0 {{x: y}}\n{levels}{INTENT}responses:\n  utter_faq/a: [{{text: b}}]\n", encoding="utf-8"
    )
    assert [article.answer for article in read_articles(path)] == ["b"]


def test_a_merge_key_brings_what_the_mapping_does_not_say_itself(tmp_path: Path) -> None:
    path = tmp_path / "kb.yml"
    path.write_text(
        f"a: &a {{text: a, id: x}}\nb: &b {{text: b}}\n{INTENT}responses:\n"
        "  utter_faq/a: [{<<: [*b, *a], id: y}]\n",
        encoding="utf-8",
    )
    assert [article.answer for article in read_articles(path)] == ["b"]


def test_merge_keys_that_bring_too_much_are_refused(tmp_path: Path) -> None:
    many = ", ".join(f"k{n}: x" for n in range(1_000))
    path = tmp_path / "kb.yml"
    path.write_text(f"a: &a {{{many}}}\nb:\n" + "- {<<: *a}\n" * 101, encoding="utf-8")
    with pytest.raises(BadFile, match="row 103: merges too much"):
        list(read_articles(path))


def test_an_entity_with_several_labels_is_plain_text(tmp_path: Path) -> None:
    path = tmp_path / "kb.yml"
    labelled = '[Omsk][{"entity": "city"}, {"entity": "place", "value": "omsk"}]'
    path.write_text(
        INTENT.replace("why", f"why {labelled} now") + "responses: {utter_faq/a: [{text: b}]}\n",
        encoding="utf-8",
    )
    assert [article.question for article in read_articles(path)] == ["why Omsk now"]
    written = Article(id="a", question="[a][b]", answer="x", topic="t", language="en")
    write_articles([written], path, format=Format.RASA)
    assert list(read_articles(path)) == [written]


def test_errors_in_a_folder_name_the_file(tmp_path: Path) -> None:
    project(tmp_path, domain=DOMAIN + "  utter_opening_hours: []\n")
    with pytest.raises(BadFile, match=r"domain\.yaml, row 18: the key"):
        list(read_articles(tmp_path))
    (tmp_path / "domain.yaml").write_text(DOMAIN, encoding="utf-8")
    (tmp_path / "data" / "more.yml").write_text("responses:\n  utter_unused: [{text: x}]\n", encoding="utf-8")
    with pytest.raises(BadFile, match=r"more\.yml, row 2: the response utter_unused is defined twice"):
        list(read_articles(tmp_path, on_warning=lambda _: None))


def test_a_folder_without_yaml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"holds no \.yml files"):
        list(read_articles(tmp_path))


def test_a_response_without_text_leaves_the_answer_empty(tmp_path: Path) -> None:
    path = tmp_path / "kb.yml"
    path.write_text(INTENT + "responses:\n  utter_faq/a: [{image: x.png}]\n", encoding="utf-8")
    warnings: list[str] = []
    assert [article.answer for article in read_articles(path, on_warning=warnings.append)] == [""]
    assert "has no text" in warnings[0]
