"""Read and write articles as JSON or JSONL.

JSON is a list of objects, or objects and lists around such lists: `{"articles": [...]}`, or groups with a
name and their questions below. JSONL has one object per line and is streamed. The keys are the columns of
the CSV format, `phrasings` is a list of texts. The row of an error is the number of the element in JSON (1
is the first) and the line in JSONL. Syntax errors always name the line.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from files import UTF_8, BadFile, detect_encoding
from files.limits import MAX_JSON_CONTAINERS
from files.text import text_lines, whole_text
from kb_index.article import Article
from kb_index.formats import other_products
from kb_index.formats.answers import needs_format
from kb_index.formats.columns import Columns, field_of, find_header, resolve
from kb_index.formats.reading import Reading, Remark
from kb_index.formats.records import Record, Value
from kb_index.marks import to_lines

_MAX_DEPTH = 8  # of lists and objects around the articles
_MAX_SETS_OF_KEYS = 1_000  # remembered
_MAY_BE_NUMBERS = frozenset({"id", "answer", "topic"})
_MAY_BE_LISTS = frozenset({"question", "answer", "topic", "phrasings", "marks"})
_NAMES_OF_GROUPS = ("name", "title", "topic", "category", "section")


def read(reading: Reading) -> Iterator[Record]:
    """Yield the records of a JSON file."""
    path = reading.path
    text = whole_text(path, encoding=reading.codec())
    content = _parse(path, text) if text.strip() else []
    if (exported := other_products.records(path, content, reading.warn)) is not None:
        yield from exported
        return
    keys = _Keys(reading)
    row = 0
    for element, topic in _elements(content, "", 0):
        row += 1
        record = keys.record(element, row, topic)
        if record is not None:
            yield record
    if not row and content != [] and not (isinstance(content, dict) and [] in content.values()):
        problem = 'must be a list of objects such as {"question": "…", "answer": "…"}'
        raise BadFile(path, f"{problem}, or an object that holds such a list")


def read_lines(reading: Reading) -> Iterator[Record]:
    """Yield the records of a JSONL file. Empty lines are skipped."""
    path = reading.path
    keys = _Keys(reading)
    for row, line in enumerate(text_lines(path, encoding=reading.codec()), start=1):
        if line.strip():
            record = keys.record(_parse(path, line.strip(), first_row=row), row, "")
            if record is not None:
                yield record


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
    try:
        codec = detect_encoding(path) or UTF_8
    except OSError:
        codec = UTF_8
    return sum(1 for line in text_lines(path, encoding=codec) if line.strip())


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


def _elements(content: Any, topic: str, depth: int) -> Iterator[tuple[Any, str]]:
    """Yield everything that stands where an article should, with the name of the group around it."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(content, list):
        for element in content:
            if isinstance(element, list) or (isinstance(element, dict) and _is_group(element)):
                yield from _elements(element, topic, depth + 1)
            else:
                yield element, topic
    elif isinstance(content, dict):
        parts = {key: value for key, value in content.items() if isinstance(value, (list, dict))}
        if _is_article(content):
            yield content, topic
        elif parts:
            name = _name_of(content)
            several = sum(_holds_objects(value) for value in parts.values()) > 1
            for key, value in parts.items():
                if _holds_objects(value):
                    yield from _elements(value, (key if several else "") or name or topic, depth + 1)
        elif (
            content and all(isinstance(value, str) for value in content.values()) and _are_questions(content)
        ):
            for question, answer in content.items():
                yield {"question": question, "answer": answer}, topic


def _name_of(group: Mapping[str, Any]) -> str:
    return next((group[key] for key in _NAMES_OF_GROUPS if isinstance(group.get(key), str)), "")


def _is_text(value: Any) -> bool:
    """Return whether a value is a text or a list of texts."""
    return isinstance(value, str) or (
        isinstance(value, list) and bool(value) and all(isinstance(line, str) for line in value)
    )


def _is_article(element: Mapping[str, Any]) -> bool:
    fields = {known[0] for key, value in element.items() if _is_text(value) and (known := field_of(key))}
    return "answer" in fields and bool({"question", "phrasings"} & fields)


def _is_group(element: Mapping[str, Any]) -> bool:
    return not _is_article(element) and any(_holds_objects(value) for value in element.values())


def _holds_objects(value: Any) -> bool:
    if isinstance(value, list):
        return any(isinstance(element, (dict, list)) for element in value)
    return isinstance(value, dict) and bool(value)


def _are_questions(content: Mapping[str, Any]) -> bool:
    """Return whether the keys of an object are questions, as in {"Where are you?": "In Kazan."}."""
    return 2 * sum(" " in key.strip() for key in content) >= len(content)


class _Keys:
    """Knows which field each key of a file's objects means, and makes records of the objects."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._columns: dict[tuple[str, ...], Columns] = {}

    def record(self, element: Any, row: int, topic: str) -> Record | None:
        """Return the record of an element, or None if it was refused.

        Raises:
            BadFile: the element's problem, if nobody collects them.
        """
        try:
            return self._record(element, row, topic)
        except BadFile as problem:
            self._reading.refuse(problem)
            return None

    def _record(self, element: Any, row: int, topic: str) -> Record:
        path = self._reading.path
        if not isinstance(element, dict):
            raise BadFile(path, 'must be an object such as {"question": "…", "answer": "…"}', row=row)
        keys = tuple(element)
        columns = self._columns_of(keys, row)
        if "answer" not in columns.names or not {"question", "phrasings"} & {*columns.names}:
            self._check_names(keys, row)
        values: dict[str, Value] = {}
        for position, field in columns.fields.items():
            values[field] = self._value(field, element[keys[position]], row)
        self._take_lists_apart(values, row)
        if topic and not values.get("topic"):
            values["topic"] = topic
        return Record(row=row, values=values)

    def _columns_of(self, keys: tuple[str, ...], row: int) -> Columns:
        if keys not in self._columns:
            by_hand = {
                field: column
                for field, column in self._reading.options.columns.items()
                if not column or column in keys
            }
            columns = resolve(self._reading.path, keys, by_hand, row=row)
            self._reading.set_columns(columns.names, columns.ignored)
            if len(self._columns) >= _MAX_SETS_OF_KEYS:
                self._columns.clear()
            self._columns[keys] = columns
        return self._columns[keys]

    def _check_names(self, keys: tuple[str, ...], row: int) -> None:
        """Raise BadFile if one of the keys looks like the one that is missing, or nothing is known."""
        try:
            find_header(self._reading.path, [(row, keys)], self._reading.options.columns)
        except BadFile as error:
            if error.column is not None or not any(field_of(key) for key in keys):
                raise

    def _value(self, field: str, value: Any, row: int) -> Value:
        if value is None or isinstance(value, str):
            return value
        if field == "topic" and isinstance(value, dict) and (name := _name_of(value)):
            return name
        if field == "status" and isinstance(value, bool):
            return str(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and field in _MAY_BE_NUMBERS:
            return str(value)
        if (
            field in _MAY_BE_LISTS
            and isinstance(value, list)
            and all(isinstance(line, str) for line in value)
        ):
            return value
        problem = "must be a list of texts" if field in {"phrasings", "marks"} else "must be text"
        raise BadFile(self._reading.path, problem, row=row, column=field)

    def _take_lists_apart(self, values: dict[str, Value], row: int) -> None:
        """Make one text of what may be a list of them. Further questions are phrasings."""
        phrasings = values.get("phrasings")
        lines = phrasings.split("\n") if isinstance(phrasings, str) else [*(phrasings or [])]  # type: ignore[misc]
        question = values.get("question")
        asked = [question] if isinstance(question, str) else [*(question or [])]  # type: ignore[misc]
        if len(asked) > 1 or (not asked and lines):
            texts = [text for text in (*asked, *lines) if text.strip()]
            values["question"], values["phrasings"] = (texts[0] if texts else ""), texts[1:]
        elif asked:
            values["question"] = asked[0]
        for field, kind in (
            ("answer", Remark.ONE_ANSWER_OF_SEVERAL),
            ("topic", Remark.ONE_TOPIC_OF_SEVERAL),
        ):
            value = values.get(field)
            if isinstance(value, list):
                values[field] = value[0] if value else ""
                if len(value) > 1:
                    self._reading.remark(kind, row)


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
