"""An HTML FAQ page: the first of five ways to write one that this page uses.

1. schema.org FAQPage as JSON-LD; 2. schema.org Question as microdata; 3. `<details><summary>`;
4. `<dl><dt><dd>` (several `<dt>` in a row: phrasings); 5. headings and the text below them.
Answers become plain text: a line for a block, `- ` for a list item, `text (address)` for a link; scripts,
styles and navigation are dropped. Read only.
"""

import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PageElement, PreformattedString

from kb_index.errors import BadFile
from kb_index.formats.outline import Section, records
from kb_index.formats.records import Record, Value, Warn
from kb_index.formats.text import refuse_huge, unreadable, whole_text

_DROPPED = ["script", "style", "template", "noscript", "svg", "nav", "footer", "aside", "form", "head"]
_HEADINGS = re.compile("h[1-6]")
_BLOCKS = frozenset(
    "address article blockquote body caption dd details dialog div dl dt figcaption figure h1 h2 h3 h4 h5 h6 "
    "header hr html li main ol p pre section summary table tbody tfoot thead tr ul".split()
)
_SCHEMA_QUESTION = re.compile(r"https?://schema\.org/Question/?", re.IGNORECASE)
_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)


def read(path: Path, warn: Warn) -> Iterator[Record]:
    """The records of an HTML page; `warn` hears of text that answers no question."""
    try:
        yield from _records(path, warn)
    except RecursionError:
        raise BadFile(path, "is nested too deeply for an FAQ page") from None


def _records(path: Path, warn: Warn) -> Iterator[Record]:
    page = _soup(_markup(path))
    found = list(_json_ld(page))  # before the scripts are dropped
    for dropped in page.find_all(_DROPPED):
        dropped.decompose()
    for way in (_microdata, _details, _definitions):
        found = found or list(way(page))
    yield from found or records(_sections(page), lambda problem: warn(f"{path}, {problem}"))


def _markup(path: Path) -> str:
    """The page as text: UTF-8, or else the encoding that it declares."""
    refuse_huge(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None
    declared = _CHARSET.search(content[:4096])
    if declared:
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            try:
                return content.decode(declared[1].decode())
            except (LookupError, UnicodeDecodeError):
                pass  # the error that follows says what is wrong and where
    return whole_text(path)


def _soup(markup: str) -> BeautifulSoup:
    with warnings.catch_warnings():  # "this looks like a file name": an answer may
        warnings.simplefilter("ignore")
        return BeautifulSoup(markup, "html.parser")


def _json_ld(page: BeautifulSoup) -> Iterator[Record]:
    for script in page.find_all("script", type="application/ld+json"):
        try:
            content = json.loads(script.get_text())
        except ValueError:
            continue  # the page itself may still show its questions
        for question in _schema_questions(content):
            answer = question.get("acceptedAnswer") or question.get("suggestedAnswer") or {}
            answer = answer[0] if isinstance(answer, list) and answer else answer
            text = answer.get("text") if isinstance(answer, dict) else answer
            yield _record(_row(script), _plain(question.get("name")), _plain(text))


def _schema_questions(content: Any) -> Iterator[dict[str, Any]]:
    """Every object of type Question, wherever in the JSON it stands."""
    if isinstance(content, list):
        for member in content:
            yield from _schema_questions(member)
    elif isinstance(content, dict):
        kind = content.get("@type")
        if kind == "Question" or (isinstance(kind, list) and "Question" in kind):
            yield content
        else:
            for value in content.values():
                yield from _schema_questions(value)


def _microdata(page: BeautifulSoup) -> Iterator[Record]:
    for question in page.find_all(itemtype=_SCHEMA_QUESTION):
        name = question.find(itemprop="name")
        answer = question.find(itemprop="acceptedAnswer") or question.find(itemprop="suggestedAnswer")
        text = answer.find(itemprop="text") if isinstance(answer, Tag) else None
        yield _record(_row(question), _text(name), _text(text or answer), _topic(question))


def _details(page: BeautifulSoup) -> Iterator[Record]:
    for details in page.find_all("details"):
        summary = details.find("summary", recursive=False)
        if not isinstance(summary, Tag):
            continue
        group = details.find_parent("details")
        if details.find("details"):
            continue  # a topic that folds its questions
        outer = group.find("summary", recursive=False) if group else None
        question, topic = _text(summary), _text(outer) if outer else _topic(details)
        answer = "".join(_pieces(child) for child in details.children if child is not summary)
        yield _record(_row(details), question, _tidy(answer), topic)


def _definitions(page: BeautifulSoup) -> Iterator[Record]:
    for definitions in page.find_all("dl"):
        terms: list[Tag] = []
        answers: list[str] = []
        for child in [*definitions.find_all(["dt", "dd"]), None]:
            if terms and answers and (child is None or child.name == "dt"):
                question, *phrasings = (_text(term) for term in terms)
                yield _record(_row(terms[0]), question, "\n".join(answers), _topic(definitions), phrasings)
                terms, answers = [], []
            if child is not None and child.name == "dt":
                terms.append(child)
            elif child is not None:
                answers.append(_text(child))


def _sections(page: BeautifulSoup) -> list[Section]:
    """The page cut at its headings, however deep in the markup they stand; without its title."""
    headings = [heading for heading in page.find_all(_HEADINGS) if _text(heading)]
    texts = {id(heading): _text(heading) for heading in headings}
    mark = "\x00"  # cannot occur: a page with NUL bytes is refused
    for heading in headings:
        heading.clear()
        heading.append(NavigableString(mark))
    bodies = _tidy(_pieces(page)).split(mark)[1:]
    sections = [
        Section(
            level=int(heading.name[1]),
            heading=texts[id(heading)],
            body=body.strip(),
            row=_row(heading),
            source=texts[id(heading)],
        )
        for heading, body in zip(headings, bodies, strict=True)
    ]
    below_title = [section for section in sections if section.level > 1]
    return below_title if below_title and len(sections) - len(below_title) == 1 else sections


def _record(
    row: int, question: str, answer: str, topic: str = "", phrasings: list[str] | None = None
) -> Record:
    values: dict[str, Value] = {
        "question": " ".join(question.split()),
        "answer": answer,
        "topic": topic,
        "phrasings": phrasings or [],
    }
    return Record(row=row, values=values)


def _topic(element: Tag) -> str:
    """The nearest heading before the element, unless it is the title of the whole page."""
    heading = element.find_previous(_HEADINGS)
    return _text(heading) if isinstance(heading, Tag) and heading.name != "h1" else ""


def _row(element: Tag) -> int:
    return element.sourceline or 1


def _plain(value: object) -> str:
    """A text of JSON-LD, which may hold markup, as plain text."""
    return _text(_soup(value)) if isinstance(value, str) else ""


def _text(element: PageElement | None) -> str:
    """The element as plain text."""
    return _tidy(_pieces(element)) if element is not None else ""


def _pieces(element: PageElement) -> str:
    if isinstance(element, PreformattedString):
        return ""  # comments, doctypes, processing instructions
    if isinstance(element, NavigableString):
        return re.sub(r"\s+", " ", element)
    if not isinstance(element, Tag):
        return ""
    if element.name == "br":
        return "\n"
    if element.name == "pre":
        return f"\n{element.get_text()}\n"
    inside = "".join(_pieces(child) for child in element.children)
    if element.name == "a":
        return _link(inside, str(element.get("href") or "").strip())
    if element.name == "li":
        return f"\n- {inside.strip()}"
    if element.name in {"td", "th"}:
        return f"{inside.strip()} "
    if element.name in {"p", "ul", "ol", "table"}:
        return f"\n\n{inside}\n\n"
    return f"\n{inside}\n" if element.name in _BLOCKS else inside


def _link(text: str, address: str) -> str:
    plain = address.removeprefix("mailto:").removeprefix("tel:")
    if not address or address.startswith(("#", "javascript:")) or plain in text or not text.strip():
        return text
    return f"{text} ({plain})"


def _tidy(text: str) -> str:
    """Without spaces around lines, runs of spaces, and more than one empty line in a row."""
    text = re.sub(r"[ \t\xa0]+", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()
