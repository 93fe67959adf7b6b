"""Read an HTML FAQ page. The first of five markup styles that the page uses is read.

1. schema.org FAQPage as JSON-LD; 2. schema.org Question as microdata; 3. `<details><summary>`;
4. `<dl><dt><dd>` (several `<dt>` in a row: phrasings); 5. headings and the text below them.
Answers become plain text: a line for a block, `- ` for a list item, `text (address)` for a link; scripts,
styles and navigation are dropped. Read only.
"""

import json
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag
from bs4.builder._htmlparser import BeautifulSoupHTMLParser, HTMLParserTreeBuilder
from bs4.element import NavigableString, PageElement, PreformattedString

from files import BadFile, Budget
from files.limits import (
    MAX_HTML_DEPTH,
    MAX_HTML_PIECES,
    MAX_HTML_TAGS,
    MAX_HTML_UNCLOSED_CHARS,
    MAX_JSON_CONTAINERS,
)
from files.text import check_size, unreadable_error, whole_text
from kb_index.formats.outline import Section, records
from kb_index.formats.records import Record, Value, Warn

_DROPPED = frozenset("script style template noscript svg nav footer aside form head".split())
_CHUNK = 1 << 16
_TOO_DEEP = "is nested too deeply for an FAQ page"
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
_BLOCKS = frozenset(
    "address article blockquote body caption dd details dialog div dl dt figcaption figure h1 h2 h3 h4 h5 h6 "
    "header hr html li main ol p pre section summary table tbody tfoot thead tr ul".split()
)
_LOOKS = frozenset("abbr b big cite code em font i mark s small span strong sub sup u".split())
_SCHEMA_QUESTION = re.compile(r"https?://schema\.org/Question/?", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)


def read(path: Path, warn: Warn, budget: Budget) -> Iterator[Record]:
    """Yield the records of an HTML page. `warn` is called for text that answers no question."""
    try:
        yield from _Page(path, budget).records(warn)
    except RecursionError:
        raise BadFile(path, _TOO_DEEP) from None


class _Page:
    """A partly read page and its budget."""

    def __init__(self, path: Path, budget: Budget) -> None:
        self._path = path
        self._budget = budget
        self._soup = self._parse(_markup(path))
        self._elements = _tags(self._soup)
        self._heading_before: dict[int, Tag] = {}  # by the id() of an element in the tree
        self._texts: dict[int, str] = {}  # texts of headings, by the id() of the heading

    def records(self, warn: Warn) -> Iterator[Record]:
        """Return the records of the first of the five styles that yields any."""
        found = self._all(self._json_ld())  # must run before the scripts are dropped
        for element in self._elements:
            if element.name in _DROPPED and not element.decomposed:
                element.decompose()
        self._elements = _tags(self._soup)
        heading = None
        for element in self._elements:
            if heading is not None:
                self._heading_before[id(element)] = heading
            if element.name in _HEADINGS:
                heading = element
        for way in (self._microdata, self._details, self._definitions):
            found = found or self._all(way())
        yield from found or records(self._sections(), lambda problem: warn(f"{self._path}, {problem}"))

    def _all(self, records: Iterator[Record]) -> list[Record]:
        return list(self._budget.watch(records))

    def _find_all(self, is_wanted: Callable[[Tag], object]) -> Iterator[Tag]:
        """Yield the elements of a kind as long as the budget lasts."""
        for element in self._elements:
            if is_wanted(element):
                self._budget.check(_row(element))
                yield element

    def _parse(self, markup: str) -> BeautifulSoup:
        with warnings.catch_warnings():  # an answer may look like a file name
            warnings.simplefilter("ignore")
            return _BoundedSoup(markup, self._path, self._budget)

    def _json_ld(self) -> Iterator[Record]:
        for script in self._find_all(_is_json_ld):
            text = script.get_text()
            if text.count("[") + text.count("{") > MAX_JSON_CONTAINERS:
                problem = f"holds JSON of over {MAX_JSON_CONTAINERS} lists and objects: split the page"
                raise BadFile(self._path, problem, row=_row(script))
            try:
                content = json.loads(text)
            except ValueError:
                continue  # the page itself may still show its questions
            for question in _schema_questions(content):
                answer = question.get("acceptedAnswer") or question.get("suggestedAnswer") or {}
                answer = answer[0] if isinstance(answer, list) and answer else answer
                answer_text = answer.get("text") if isinstance(answer, dict) else answer
                name = self._plain(question.get("name"))
                yield _record(_row(script), name, self._plain(answer_text))

    def _microdata(self) -> Iterator[Record]:
        for question in self._find_all(_is_schema_question):
            name = question.find(itemprop="name")
            answer = question.find(itemprop="acceptedAnswer") or question.find(itemprop="suggestedAnswer")
            text = answer.find(itemprop="text") if isinstance(answer, Tag) else None
            yield _record(_row(question), _text(name), _text(text or answer), self._topic(question))

    def _details(self) -> Iterator[Record]:
        for details in self._find_all(lambda element: element.name == "details"):
            summary = details.find("summary", recursive=False)
            if not isinstance(summary, Tag):
                continue
            group = details.find_parent("details")
            if details.find("details"):
                continue  # a topic that can be folded, not a question
            outer = group.find("summary", recursive=False) if group else None
            topic = self._heading_text(outer) if isinstance(outer, Tag) else self._topic(details)
            answer = "".join(_pieces(child) for child in details.children if child is not summary)
            yield _record(_row(details), _text(summary), _tidy(answer), topic)

    def _definitions(self) -> Iterator[Record]:
        for definitions in self._find_all(lambda element: element.name == "dl"):
            terms: list[Tag] = []
            answers: list[str] = []
            for child in [*definitions.find_all(["dt", "dd"]), None]:
                if terms and answers and (child is None or child.name == "dt"):
                    question, *phrasings = (_text(term) for term in terms)
                    topic = self._topic(definitions)
                    yield _record(_row(terms[0]), question, "\n".join(answers), topic, phrasings)
                    terms, answers = [], []
                if child is not None and child.name == "dt":
                    terms.append(child)
                elif child is not None:
                    answers.append(_text(child))

    def _sections(self) -> list[Section]:
        """Return the page cut at its headings at any depth of the markup, without its title."""
        headings = [
            heading
            for heading in self._find_all(lambda element: element.name in _HEADINGS)
            if not any(parent.name in _HEADINGS for parent in heading.parents) and _text(heading)
        ]
        texts = {id(heading): _text(heading) for heading in headings}
        mark = "\x00"  # cannot occur in the page, because NUL bytes are refused
        for heading in headings:
            heading.clear()
            heading.append(NavigableString(mark))
        bodies = _tidy(_pieces(self._soup)).split(mark)[1:]
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

    def _topic(self, element: Tag) -> str:
        """Return the nearest heading before the element, unless it is the title of the whole page."""
        heading = self._heading_before.get(id(element))
        return self._heading_text(heading) if heading is not None and heading.name != "h1" else ""

    def _heading_text(self, heading: Tag) -> str:
        if id(heading) not in self._texts:
            self._texts[id(heading)] = _text(heading)
        return self._texts[id(heading)]

    def _plain(self, value: object) -> str:
        """Return a text of JSON-LD, which may hold markup, as plain text."""
        if not isinstance(value, str):
            return ""
        return _text(self._parse(value))


class _BoundedSoup(BeautifulSoup):
    """A tree that counts its nodes while it grows. Each node takes a kilobyte."""

    def __init__(self, markup: str, path: Path, budget: Budget) -> None:
        self._path = path
        self._n_tags = self._n_pieces = 0
        super().__init__(markup, builder=_Builder(path, budget))

    def pushTag(self, tag: Tag) -> None:  # noqa: N802 - Beautiful Soup's name
        super().pushTag(tag)
        self._n_tags += 1
        if len(self.tagStack) > MAX_HTML_DEPTH:
            raise BadFile(self._path, _TOO_DEEP, row=tag.sourceline)

    def endData(self, containerClass: type[NavigableString] | None = None) -> None:  # noqa: N802, N803
        self._n_tags += containerClass is not None  # comments and declarations count as well
        if self.current_data or containerClass is not None:
            super().endData(containerClass)

    def handle_data(self, data: str) -> None:
        self._n_pieces += 1
        super().handle_data(data)

    def check(self, row: int) -> None:
        """Raise BadFile if the page holds too much of anything up to this point."""
        if self._n_tags > MAX_HTML_TAGS or self._n_pieces > MAX_HTML_PIECES:
            problem = f"holds over {MAX_HTML_TAGS} tags or {MAX_HTML_PIECES} pieces of text"
            raise BadFile(self._path, f"{problem}: split the page", row=row)


class _Builder(HTMLParserTreeBuilder):
    """Feeds a page to the parser in pieces and checks the limits after each piece."""

    def __init__(self, path: Path, budget: Budget) -> None:
        super().__init__()
        self._path = path
        self._budget = budget

    def feed(self, markup: str, *_: object) -> None:  # type: ignore[override]
        soup = self.soup
        assert isinstance(soup, _BoundedSoup)  # noqa: S101 - what it was made for
        parser = _Parser(soup, convert_charrefs=False)
        try:
            for start in range(0, len(markup), _CHUNK):
                parser.feed(markup[start : start + _CHUNK])
                row = parser.getpos()[0]
                self._budget.check(row)
                soup.check(row)
            if len(parser.rawdata) > MAX_HTML_UNCLOSED_CHARS:  # each `<` in it is scanned to its end
                problem = "a tag or a comment starts here and never ends: close it"
                raise BadFile(self._path, problem, row=parser.getpos()[0])
            parser.close()
        except AssertionError as error:
            problem = f"holds a declaration that no browser knows: {error}"
            raise BadFile(self._path, problem, row=parser.getpos()[0]) from None


class _Parser(BeautifulSoupHTMLParser):
    """Leaves out tags that only change the look of a text. They are the majority on most pages."""

    def __init__(self, soup: BeautifulSoup, *, convert_charrefs: bool) -> None:
        super().__init__(soup, convert_charrefs=convert_charrefs)
        self._in_tree: dict[str, list[bool]] = {name: [] for name in _LOOKS}  # for each open tag

    def handle_starttag(
        self, tag: str, attrs: list[tuple[str, str | None]], handle_empty_element: bool = True
    ) -> None:
        if tag in _LOOKS:
            in_tree = any(name.startswith("item") for name, _ in attrs)  # microdata
            self._in_tree[tag].append(in_tree)
            if not in_tree:
                return
        super().handle_starttag(tag, attrs, handle_empty_element)

    def handle_endtag(self, tag: str, check_already_closed: bool = True) -> None:
        if tag in _LOOKS and not (self._in_tree[tag] and self._in_tree[tag].pop()):
            return
        # The parent class would search all earlier <br> for every end tag. No </br> closes anything.
        if not check_already_closed or not self.soup.builder.can_be_empty_element(tag):
            super().handle_endtag(tag, check_already_closed=False)


def _tags(soup: BeautifulSoup) -> list[Tag]:
    return [element for element in soup.descendants if isinstance(element, Tag)]


def _is_json_ld(element: Tag) -> bool:
    return element.name == "script" and element.get("type") == "application/ld+json"


def _is_schema_question(element: Tag) -> object:
    return _SCHEMA_QUESTION.search(str(element.get("itemtype") or ""))


def _markup(path: Path) -> str:
    """Return the page as text: UTF-8, or the encoding that it declares."""
    check_size(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise unreadable_error(path, error) from None
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


def _schema_questions(content: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of type Question at any depth of the JSON."""
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


def _row(element: Tag) -> int:
    return element.sourceline or 1


def _text(element: PageElement | None) -> str:
    """Return the element as plain text."""
    return _tidy(_pieces(element)) if element is not None else ""


def _pieces(element: PageElement) -> str:
    if isinstance(element, PreformattedString):
        return ""  # comments, doctypes, processing instructions
    if isinstance(element, NavigableString):
        return _SPACES.sub(" ", element)
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
    """Strip lines, and collapse runs of spaces and of empty lines."""
    text = re.sub(r"[ \t\xa0]+", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()
