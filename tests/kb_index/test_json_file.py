"""JSON and JSONL files as programs write them are read, and bad files are refused."""

from pathlib import Path

import pytest

from files.limits import MAX_FILE_BYTES
from kb_index.article import Article
from kb_index.errors import BadFile
from kb_index.formats import count_hint, read_articles

ONE = '{"id": 7, "question": "Why?", "answer": "So", "phrasings": ["how come", " "], "topic": null}'
WHY = Article(id="7", question="Why?", answer="So", topic="general", phrasings=("how come",), language="en")


def read(tmp_path: Path, name: str, content: str) -> list[Article]:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return list(read_articles(path))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("kb.json", f"[{ONE}]"),
        ("kb.json", f'\ufeff{{"articles": [{ONE}], "version": 1}}'),
        ("kb.jsonl", f"\n{ONE}\n\n"),
    ],
)
def test_both_shapes_are_read(tmp_path: Path, name: str, content: str) -> None:
    assert read(tmp_path, name, content) == [WHY]


@pytest.mark.parametrize(
    ("name", "content", "row", "column", "problem"),
    [
        ("kb.json", "", None, None, "contains no articles"),
        ("kb.json", "[]", None, None, "contains no articles"),
        ("kb.jsonl", "\n", None, None, "contains no articles"),
        ("kb.json", '"text"', None, None, "must be a list of objects"),
        ("kb.json", "{}", None, None, "must be a list of objects"),
        ("kb.json", f"[{ONE},\n{{]", 2, None, "is not valid JSON"),
        ("kb.json", "[" * 200_000, 1, None, "nested too deeply"),
        ("kb.json", "[" + "1" * 5000 + "]", 1, None, "is not valid JSON"),
        ("kb.json", f"[{ONE}, 5]", 2, None, "must be an object"),
        ("kb.json", '[{"question": "a", "anser": "b"}]', 1, "anser", "did you mean 'answer'?"),
        ("kb.json", '[{"question": "a", "Question": "b"}]', 1, "Question", "comes twice"),
        ("kb.json", '[{"question": 5, "answer": "b"}]', 1, "question", "must be text"),
        ("kb.json", '[{"id": true, "question": "a", "answer": "b"}]', 1, "id", "must be text"),
        ("kb.json", '[{"question": "a", "phrasings": [1]}]', 1, "phrasings", "must be a list of texts"),
        ("kb.json", '[{"answer": "b"}]', 1, "question", "is empty"),
        ("kb.json", '[{"question": "a\\u0000", "answer": "b"}]', 1, "question", "NUL byte"),
        ("kb.jsonl", f"{ONE}\n\n{ONE.replace('So', 'No')}", 3, "id", "already used in row 1"),
        ("kb.jsonl", f"{ONE}\n{{\n", 2, None, "is not valid JSON"),
        ("kb.jsonl", f"{ONE}\n[1]\n", 2, None, "must be an object"),
    ],
)
def test_a_bad_file_is_refused_with_its_place(
    tmp_path: Path, name: str, content: str, row: int | None, column: str | None, problem: str
) -> None:
    with pytest.raises(BadFile) as caught:
        read(tmp_path, name, content)
    assert (caught.value.row, caught.value.column) == (row, column)
    assert problem in str(caught.value)


def test_half_a_surrogate_pair_does_no_harm(tmp_path: Path) -> None:
    (article,) = read(tmp_path, "kb.json", '[{"question": "a \\ud83d", "answer": "b"}]')
    assert article.question == "a \ufffd"
    assert article.content_hash


def test_a_file_too_large_to_read_whole_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kb.json"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)  # takes no place on the disk
    with pytest.raises(BadFile, match="is larger than 200 MB: split it, or use CSV or JSONL"):
        list(read_articles(path))
    assert read(tmp_path, "kb.jsonl", ONE) == [WHY]


def test_count_hint_counts_the_lines_that_hold_something(tmp_path: Path) -> None:
    path = tmp_path / "kb.jsonl"
    path.write_text(f"{ONE}\n\n{ONE}\n", encoding="utf-8")
    assert count_hint(path) == 2
