"""CSV files of topic titles: one topic per row, one language per column.

topic,ru,en
order_status,Статус заказа,Order status
"""

import csv
from collections.abc import Iterable
from pathlib import Path

from files import BadFile, Budget, as_cell, delimiter_of, nonempty_rows, text_of
from kb_index.formats.text import write_aside
from prompter.knowledge.topics import Topic

_TOPIC = "topic"


def read_titles(path: Path) -> dict[str, dict[str, str]]:
    """Read titles by topic and language. Empty cells are left out.

    Raises:
        BadFile: when the file cannot be read or does not name its columns. The error names the place.
    """
    rows = Budget(path).watch(nonempty_rows(path, delimiter=delimiter_of(path, lambda cell: cell == _TOPIC)))
    header_row, header = next(rows, (1, []))
    topic, *languages = [cell.strip() for cell in header] or [""]
    if topic != _TOPIC or not all(languages) or len(set(languages)) < len(languages):
        raise BadFile(
            path, "the first row must say topic and name the languages: topic,ru,en", row=header_row
        )
    titles: dict[str, dict[str, str]] = {}
    for row, cells in rows:
        if len(cells) != len(header):
            raise BadFile(path, f"has {len(cells)} cells where the header has {len(header)}", row=row)
        name, *texts = map(text_of, cells)
        if name in titles:
            raise BadFile(path, f"names the topic {name!r} a second time", row=row)
        titles[name] = {code: text for code, text in zip(languages, texts, strict=True) if text.strip()}
    return titles


def write_titles(topics: Iterable[Topic], path: Path) -> None:
    """Write every topic with its titles, in the format of `read_titles`.

    Raises:
        BadFile: when it cannot be written.
    """
    topics = list(topics)
    languages = sorted({language for topic in topics for language in topic.titles})
    with write_aside(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([_TOPIC, *languages])
        for topic in topics:
            cells = [topic.id, *(topic.titles.get(language, "") for language in languages)]
            writer.writerow(map(as_cell, cells))
