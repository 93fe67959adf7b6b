"""Turn a text with headings into articles by deciding which headings are questions or topics.

One level of headings: every heading is a question. Two levels: topics and their questions. Three or more:
a single heading at the top level is the document's title. Of the remaining levels, the first holds topics,
the second questions, and deeper headings are part of the answer. A topic's heading that has text but no
questions below it is itself a question.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kb_index.formats.records import Record, Value, Warn

_ALSO_ASKED = re.compile(r"[*_]{0,2}(также спрашивают|also asked)\s*:?[*_]{0,2}\s*:?", re.IGNORECASE)
_BULLET = re.compile(r"\s*[-*+•]\s+(?P<text>\S(?:.*\S)?)")
_ANCHOR = re.compile(r"(?<!\s)\s*\{#([^\s{}|]+)\}\s*$")


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading, the text up to the next heading of any level, and the row on which it starts."""

    level: int  # 1 is the highest
    heading: str
    body: str
    row: int
    source: str  # the heading's source in the file, needed where it is part of an answer


def records(sections: Sequence[Section], warn: Warn) -> Iterator[Record]:
    """Yield the articles of a document. `warn` is called for text that belongs to no article."""
    topic_level, question_level = _levels(sections)
    topic: Section | None = None
    number = 0
    while number < len(sections):
        section = sections[number]
        number += 1
        body = [section.body]
        while number < len(sections) and sections[number].level > question_level:
            body += [sections[number].source, sections[number].body]
            number += 1
        text = "\n".join(body).strip()
        has_questions = number < len(sections) and sections[number].level > section.level
        if section.level == question_level or (section.level == topic_level and text and not has_questions):
            in_topic = topic if section.level == question_level else None
            yield _record(section, text, in_topic.heading if in_topic else None)
            continue
        topic = section if section.level == topic_level else None
        if text:
            warn(f"row {section.row}: the text under {section.heading[:60]!r} answers no question, left out")


def _levels(sections: Sequence[Section]) -> tuple[int, int]:
    """Return the heading levels of topics (0: no topics) and of questions."""
    levels = sorted({section.level for section in sections})
    if len(levels) > 2 and sum(section.level == levels[0] for section in sections) == 1:
        levels = levels[1:]
    return (0, levels[0]) if len(levels) == 1 else (levels[0], levels[1]) if levels else (0, 1)


def _record(section: Section, text: str, topic: str | None) -> Record:
    answer, phrasings = _extract_phrasings(text)
    anchor = _ANCHOR.search(section.heading)
    values: dict[str, Value] = {
        "id": anchor[1] if anchor else None,
        "question": _ANCHOR.sub("", section.heading),
        "answer": answer,
        "topic": _ANCHOR.sub("", topic) if topic else None,
        "phrasings": phrasings,
    }
    return Record(row=section.row, values=values)


def _extract_phrasings(text: str) -> tuple[str, list[str]]:
    """Extract the list of phrasings from the text: a line «Также спрашивают:» followed by bullets."""
    lines = text.split("\n")
    fenced = False
    for start, line in enumerate(lines):
        fenced ^= line.lstrip().startswith(("```", "~~~"))
        if fenced or not _ALSO_ASKED.fullmatch(line.strip()):
            continue
        end = start + 1
        phrasings: list[str] = []
        while end < len(lines) and (not lines[end].strip() or _BULLET.fullmatch(lines[end])):
            if bullet := _BULLET.fullmatch(lines[end]):
                phrasings.append(bullet["text"])
            end += 1
        if phrasings:
            rest = "\n".join(lines[end:]).strip("\n")
            before = "\n".join(lines[:start]).strip("\n")
            return "\n\n".join(part for part in (before, rest) if part), phrasings
    return text, []
