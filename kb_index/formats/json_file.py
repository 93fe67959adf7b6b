"""Read and write articles as JSON or JSONL.

JSON is a list of objects or `{"articles": [...]}`. JSONL has one object per line and is streamed.
The keys are the fields of an article, `phrasings` is a list of texts. The row of an error is the number
of the element in JSON (1 is the first) and the line in JSONL. Syntax errors always name the line.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from files import BadFile, Budget
from files.limits import MAX_JSON_CONTAINERS
from files.text import text_lines, whole_text
from kb_index.article import Article
from kb_index.formats import other_products
from kb_index.formats.answers import needs_format
from kb_index.formats.records import Record, Value, Warn, require_field
from kb_index.markup import to_lines


def read(path: Path, warn: Warn, _budget: Budget) -> Iterator[Record]:
    """Yield the records of a JSON file, also of one that another product exported."""
    text = whole_text(path)
    content = _parse(path, text) if text.strip() else []
    if (exported := other_products.records(path, content, warn)) is not None:
        yield from exported
        return
    if isinstance(content, dict):
        content = content.get("articles")
    if not isinstance(content, list):
        raise BadFile(path, 'must be a list of objects, or an object with such a list under "articles"')
    for row, element in enumerate(content, start=1):
        yield _record(path, element, row)


def read_lines(path: Path, _warn: Warn, _budget: Budget) -> Iterator[Record]:
    """Yield the records of a JSONL file. Empty lines are skipped."""
    for row, line in enumerate(text_lines(path), start=1):
        if line.strip():
            yield _record(path, _parse(path, line.strip(), first_row=row), row)


def write(articles: Iterable[Article], path: Path) -> None:
    """Write a list of objects, indented."""
    with path.open("w", encoding="utf-8") as file:
        separator = "[\n"
        for article in articles:
            file.write(separator + json.dumps(_as_object(article), ensure_ascii=False, indent=2))
            separator = ",\n"
        file.write("[]\n" if separator == "[\n" else "\n]\n")


def write_lines(articles: Iterable[Article], path: Path) -> None:
    """Write one object per line."""
    with path.open("w", encoding="utf-8") as file:
        for article in articles:
            file.write(json.dumps(_as_object(article), ensure_ascii=False) + "\n")


def count_lines(path: Path) -> int:
    """Return how many articles `read_lines` would yield from a valid file."""
    return sum(1 for line in text_lines(path) if line.strip())


def _parse(path: Path, text: str, *, first_row: int = 1) -> Any:
    if text.count("[") + text.count("{") > MAX_JSON_CONTAINERS:  # each takes 50 times its characters
        problem = f"holds over {MAX_JSON_CONTAINERS} lists and objects: split it, or use JSONL"
        raise BadFile(path, problem, row=first_row)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        row = first_row + error.lineno - 1
        raise BadFile(path, f"is not valid JSON: {error.msg} at character {error.colno}", row=row) from None
    except RecursionError:
        raise BadFile(path, "is nested too deeply for a list of articles", row=first_row) from None
    except ValueError as error:  # a number with thousands of digits
        raise BadFile(path, f"is not valid JSON: {error}", row=first_row) from None


def _record(path: Path, element: Any, row: int) -> Record:
    if not isinstance(element, dict):
        raise BadFile(path, 'must be an object such as {"question": "…", "answer": "…"}', row=row)
    values: dict[str, Value] = {}
    for key, value in element.items():
        field = require_field(path, key, row=row)
        if field in values:
            raise BadFile(path, "is given twice: remove one of them", row=row, column=field)
        values[field] = _value(path, field, value, row)
    return Record(row=row, values=values)


def _value(path: Path, field: str, value: Any, row: int) -> Value:
    if value is None or isinstance(value, str):
        return value
    if field == "id" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if (
        field in {"phrasings", "marks"}
        and isinstance(value, list)
        and all(isinstance(line, str) for line in value)
    ):
        return value
    problem = "must be a list of texts" if field in {"phrasings", "marks"} else "must be text"
    raise BadFile(path, problem, row=row, column=field)


def _as_object(article: Article) -> dict[str, object]:
    return {
        "id": article.id,
        "question": article.question,
        "answer": article.answer,
        "topic": article.topic,
        "phrasings": article.phrasings,
        "language": article.language,
        "status": article.status.value,
        "valid_from": article.valid_from.isoformat() if article.valid_from else None,
        "valid_until": article.valid_until.isoformat() if article.valid_until else None,
        **({"marks": to_lines(article.marks)} if article.marks else {}),
        **({"format": "plain"} if needs_format(article.question, article.answer, article.topic) else {}),
    }
