"""Turn a text with headings into articles by deciding which headings are questions or topics.

One level of headings: every heading is a question. Two levels: topics and their questions. Three or more:
a single heading at the top level is the document's title. Of the remaining levels, the first holds topics,
the second questions, and deeper headings are part of the answer, unless another level reads as questions.
A topic's heading that has text but no questions below it is itself a question, unless that text holds
questions that are no headings (`kb_index.formats.questions`): then they are the questions.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kb_index.formats import questions
from kb_index.formats.questions import is_question
from kb_index.formats.records import Record, Value, Warn
from kb_index.markup import BOLD, BOLD_END, plain

_ALSO_ASKED = re.compile(r"[*_]{0,2}(также спрашивают|also asked)\s*:?[*_]{0,2}\s*:?", re.IGNORECASE)
_BULLET = re.compile(r"\s*[-*+•]\s+(?P<text>\S(?:.*\S)?)")
_ANCHOR = re.compile(r"(?<!\s)\s*\{#([^\s{}|]+)\}\s*$")

Render = Callable[[str], str]  # from a source to a text with the characters for marks


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading, the text up to the next heading of any level, and the row on which it starts."""

    level: int  # 1 is the highest; 0 for the text before the first heading
    heading: str
    body: str
    row: int
    source: str  # the heading's source in the file, needed where it is part of an answer


def records(sections: Sequence[Section], warn: Warn, render: Render = str) -> Iterator[Record]:
    """Yield the articles of a document. `warn` is called for text that belongs to no article.

    `render` is applied to the texts: a section's body and source may be Markdown.
    """
    headed = [section for section in sections if section.level]
    for section in sections:
        if not section.level:
            found = questions.split(render(section.body), titles=not headed)[1]
            yield from _listed(section, found, None)
    topic_level, question_level = _levels(headed)
    contents = {section.heading for section in headed}
    topic: Section | None = None
    number = 0
    while number < len(headed):
        section = headed[number]
        number += 1
        body = [section.body]
        while number < len(headed) and headed[number].level > question_level:
            body += [headed[number].source, headed[number].body]
            number += 1
        text = "\n".join(body).strip()
        has_questions = number < len(headed) and headed[number].level > section.level
        in_topic = topic if section.level == question_level else None
        is_article = section.level == question_level or (
            section.level == topic_level and bool(text) and not has_questions
        )
        if section.level == topic_level:
            topic = section
        elif not is_article:
            topic = None
        if not is_article and not text:
            continue
        answer, phrasings = _extract_phrasings(text)
        answer = render(answer)
        if is_article and _is_contents(answer, contents):
            warn(f"row {section.row}: {section.heading[:60]!r} is a table of contents, left out")
            continue
        before, found = questions.split(answer, titles=len(headed) == 1)
        if found and (not is_question(section.heading) or (len(found) > 1 and not before)):
            if before:
                warn(_left_out(section))
            yield from _listed(section, found, section.heading)
        elif is_article:
            yield _record(section, answer, phrasings, in_topic.heading if in_topic else None, render)
        else:
            warn(_left_out(section))


def _left_out(section: Section) -> str:
    return f"row {section.row}: the text under {section.heading[:60]!r} answers no question, left out"


def _levels(sections: Sequence[Section]) -> tuple[int, int]:
    """Return the heading levels of topics (0: no topics) and of questions."""
    levels = sorted({section.level for section in sections})
    if len(levels) > 2 and sum(section.level == levels[0] for section in sections) == 1:
        levels = levels[1:]
    if len(levels) < 2:
        return (0, levels[0]) if levels else (0, 1)
    if _asks(sections, levels[0]) and not _asks(sections, levels[1]):
        return 0, levels[0]
    for above, level in pairwise(levels[1:]):
        if not _asks(sections, levels[1]) and _asks(sections, level):
            return above, level
    return levels[0], levels[1]


def _asks(sections: Sequence[Section], level: int) -> bool:
    """Return whether most headings of the level read as questions."""
    asked = [is_question(section.heading) for section in sections if section.level == level]
    return 2 * sum(asked) > len(asked)


def _is_contents(text: str, headings: set[str]) -> bool:
    """Return whether the text only lists other headings."""
    lines = [plain(line).strip().lstrip("-•0123456789. ") for line in text.split("\n") if line.strip()]
    return len(lines) > 1 and all(line in headings for line in lines)


def _listed(section: Section, found: Sequence[questions.Question], topic: str | None) -> Iterator[Record]:
    """Yield the questions in the section's text. Each has the row where its words first stand."""
    lines = section.source.count("\n") + 1
    rows: dict[str, int] = {}
    for number, line in enumerate(section.body.split("\n")):
        rows.setdefault(_key(line), section.row + lines + number)
    for question in found:
        values: dict[str, Value] = {
            "question": question.text,
            "answer": question.answer,
            "topic": _ANCHOR.sub("", topic) if topic else None,
        }
        yield Record(row=rows.get(_key(question.text), section.row), values=values)


def _key(line: str) -> str:
    return "".join(filter(str.isalpha, plain(line)))[:40]


def _record(
    section: Section, answer: str, phrasings: Sequence[str], topic: str | None, render: Render
) -> Record:
    anchor = _ANCHOR.search(section.heading)
    values: dict[str, Value] = {
        "id": anchor[1] if anchor else None,
        "question": _ANCHOR.sub("", section.heading),
        "answer": answer,
        "topic": _ANCHOR.sub("", topic) if topic else None,
        "phrasings": [plain(render(phrasing)) for phrasing in phrasings],
    }
    return Record(row=section.row, values=values)


def _extract_phrasings(text: str) -> tuple[str, list[str]]:
    """Extract the list of phrasings from the text: a line «Также спрашивают:» followed by bullets."""
    lines = text.split("\n")
    fenced = False
    for start, line in enumerate(lines):
        fenced ^= line.lstrip().startswith(("```", "~~~"))
        words = line.replace(BOLD, "").replace(BOLD_END, "").strip()
        if fenced or not _ALSO_ASKED.fullmatch(words):
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
