"""Read an HTML FAQ page, whichever markup it gives its questions.

1. schema.org FAQPage as JSON-LD; 2. schema.org Question as microdata; 3. `<details><summary>`;
4. buttons and their panels, or elements whose classes say question and answer; 5. `<dl><dt><dd>` (several
`<dt>` in a row: phrasings); 6. headings and the text below them; 7. lines that read as questions.
A question that several of these state is one article. Answers become text: a line for a block, `- ` for an
item of a list, `text (address)` for a link; scripts, styles, comments and navigation are dropped. Read only.
"""

import json
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag

from files import BadFile, Budget
from files.limits import (
    MAX_JSON_CONTAINERS,
)
from kb_index.answer_format import AnswerFormat, detect
from kb_index.formats.html_elements import (
    Asking,
    Folded,
    behind,
    cut_at,
    folded_kind,
    is_menu,
    names_panel,
    pairs_of,
    panel_name,
    row_of,
    summary_of,
    text_of,
    words_of,
)
from kb_index.formats.html_tree import TOO_DEEP, BoundedSoup, read_html
from kb_index.formats.outline import Section, records
from kb_index.formats.questions import is_question, tidy, warn_of_questions_inside
from kb_index.formats.records import Record, Value, Warn, slug_of
from kb_index.markup import TextBuilder, from_html, from_markdown, plain, without_marks

_DROPPED = frozenset("script style template noscript svg nav footer aside form head".split())
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
_SCHEMA_QUESTION = re.compile(r"https?://schema\.org/Question/?", re.IGNORECASE)


def read(path: Path, warn: Warn, budget: Budget) -> Iterator[Record]:
    """Yield the records of an HTML page. `warn` is called for text that answers no question."""
    yield from read_markup(path, read_html(path), warn, budget)


def read_markup(
    path: Path, markup: str, warn: Warn, budget: Budget, *, has_title: bool = True
) -> Iterator[Record]:
    """Yield the records of a page's text. With `has_title`, a single `<h1>` above others is no topic."""

    def tell(problem: str) -> None:
        warn(f"{path}, {problem}")

    try:
        page = _Page(path, markup, budget, has_title=has_title)
        found = budget.watch(page.records(tell))
        yield from warn_of_questions_inside(tidy(list(found)), tell)
    except RecursionError:
        raise BadFile(path, TOO_DEEP) from None


class _Page:
    """A partly read page and its budget."""

    def __init__(self, path: Path, markup: str, budget: Budget, *, has_title: bool) -> None:
        self._path = path
        self._budget = budget
        self._has_title = has_title
        self._soup = self._parse(without_marks(markup))
        self._elements = _tags(self._soup)
        self._heading_before: dict[int, Tag] = {}  # by the id() of an element in the tree
        self._texts: dict[int, str] = {}  # texts of headings, by the id() of the heading
        self._used: set[int] = set()  # id() of the elements whose questions have been read

    def records(self, warn: Warn) -> Iterator[Record]:
        """Yield the articles that the page states, once each."""
        found = _once(self._all(self._json_ld()), warn)  # must run before the scripts are dropped
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
        for way in (self._microdata, self._details, self._accordion, self._definitions):
            found = _merge(found, self._all(way()), warn)
        buttons = self._all(self._buttons())
        asked = [record for record in buttons if is_question(_question(record))]
        found = _merge(found, asked if found else buttons, warn)
        sections = self._sections()
        if not found:
            yield from records(sections, warn)
            return
        known = {_key(record) for record in found}
        missed = [
            record
            for record in records(sections, lambda _: None)
            if _key(record) not in known and is_question(_question(record)) and record.values["answer"]
        ]
        if len(missed) > len(found):
            yield from sorted([*found, *missed], key=lambda record: record.row)
            return
        if missed:
            names = ", ".join(f"{_question(record)[:60]!r} (row {record.row})" for record in missed[:3])
            problem = "further headings that read as questions were not taken"
            warn(f"row {missed[0].row}: {len(missed)} {problem}: {names}")
        yield from found

    def _all(self, records: Iterator[Record]) -> list[Record]:
        return list(self._budget.watch(records))

    def _find_all(self, is_wanted: Callable[[Tag], object]) -> Iterator[Tag]:
        """Yield the elements of a kind as long as the budget lasts."""
        for element in self._elements:
            if is_wanted(element):
                self._budget.check(row_of(element))
                yield element

    def _parse(self, markup: str) -> BeautifulSoup:
        with warnings.catch_warnings():  # an answer may look like a file name
            warnings.simplefilter("ignore")
            return BoundedSoup(markup, self._path, self._budget)

    def _json_ld(self) -> Iterator[Record]:
        for script in self._find_all(_is_json_ld):
            text = script.get_text()
            if text.count("[") + text.count("{") > MAX_JSON_CONTAINERS:
                problem = f"holds JSON of over {MAX_JSON_CONTAINERS} lists and objects: split the page"
                raise BadFile(self._path, problem, row=row_of(script))
            try:
                content = json.loads(text)
            except ValueError:
                continue  # the page itself may still show its questions
            for question in _schema_questions(content):
                answer = question.get("acceptedAnswer") or question.get("suggestedAnswer") or {}
                answer = answer[0] if isinstance(answer, list) and answer else answer
                answer_text = answer.get("text") if isinstance(answer, dict) else answer
                name = fragment_text(question.get("name"))
                yield self._record(row_of(script), plain(name), fragment_text(answer_text))

    def _microdata(self) -> Iterator[Record]:
        for question in self._find_all(_is_schema_question):
            self._used.add(id(question))
            name = question.find(itemprop="name")
            answer = question.find(itemprop="acceptedAnswer") or question.find(itemprop="suggestedAnswer")
            text = answer.find(itemprop="text") if isinstance(answer, Tag) else None
            shown = text_of(text or answer)
            yield self._record(row_of(question), words_of(name), shown, self._topic(question))

    def _details(self) -> Iterator[Record]:
        """Yield the folded questions.

        One that only folds others is their topic. One with a text of its own keeps what it folds, except
        for what reads as a question itself.
        """
        topics: dict[int, str] = {}  # of the folds that are topics, by id()
        for details in self._find_all(lambda element: element.name == "details"):
            summary = summary_of(details)
            if summary is None:
                continue
            group = next((parent for parent in details.parents if parent.name == "details"), None)
            question = words_of(summary)
            inner = details.find("details")
            if inner is not None and not plain(text_of(details, skip=Folded(summary))):
                topics[id(details)] = question
                continue
            if group is not None and id(group) not in topics and not is_question(question):
                continue  # goes on with the answer that it is in
            topic = topics.get(id(group)) if group is not None else None
            if topic is None and group is not None:
                topic = next((topics[id(up)] for up in group.parents if id(up) in topics), None)
            self._used.add(id(details))
            answer = text_of(details, skip=Asking(summary))
            yield self._record(row_of(details), question, answer, topic or self._topic(details))

    def _accordion(self) -> Iterator[Record]:
        """Yield the questions whose element names its panel, or that classes call question and answer."""
        yield from self._panels()
        heads: list[Tag] = []
        bodies: list[Tag] = []
        around: set[int] = set()  # id() of the elements around the bodies
        for element in self._find_all(lambda element: element.get("class")):
            kind = folded_kind(element)
            if kind == "body" and not self._is_used(element):
                bodies.append(element)
                around.update(id(parent) for parent in element.parents)
            elif kind == "head" and not self._is_used(element):
                heads.append(element)
        for head, body in pairs_of(self._outline(heads, bodies, around)):
            yield from self._pair(head, body)

    def _outline(self, heads: list[Tag], bodies: list[Tag], around: set[int]) -> list[tuple[Tag, bool]]:
        """Return heads (True) and bodies (False) in the order of the page, none of them inside of another.

        `around` are the ids of all elements around bodies: no head may be one, as it would hold an answer.
        """
        heads = [head for head in heads if id(head) not in around]
        n_inside = Counter(id(parent) for head in heads for parent in head.parents)
        bodies = [body for body in bodies if not n_inside[id(body)]]
        heads = [head for head in heads if n_inside[id(head)] < 2]  # others are lists of questions
        kinds = {id(body): False for body in bodies} | {id(head): True for head in heads}
        outer = [
            element
            for element in self._elements
            if id(element) in kinds and not any(id(parent) in kinds for parent in element.parents)
        ]
        return [(element, kinds[id(element)]) for element in outer]

    def _panels(self) -> Iterator[Record]:
        panels = {str(element["id"]): element for element in self._elements if element.get("id")}
        pairs = []
        for element in self._find_all(names_panel):
            panel = panels.get(panel_name(element))
            if panel is not None and not is_menu(element, panel):
                pairs.append((element, panel))
        around = {id(parent) for _, panel in pairs for parent in panel.parents}
        for element, panel in pairs:
            if id(panel) not in around and not any(parent is panel for parent in element.parents):
                yield from self._pair(element, panel)

    def _buttons(self) -> Iterator[Record]:
        """Yield the questions of buttons, each with the element behind it."""
        for button in self._find_all(
            lambda element: element.name == "button" or element.get("role") == "button"
        ):
            if self._is_used(button) or any(parent.name in _HEADINGS for parent in button.parents):
                continue
            panel = behind(button)
            if panel is not None and panel.name != "button" and panel.find("button") is None:
                yield from self._pair(button, panel)

    def _pair(self, head: Tag, body: Tag) -> Iterator[Record]:
        if self._is_used(head) or self._is_used(body) or not (question := words_of(head)):
            return
        answer = text_of(body)
        if plain(answer):
            self._used |= {id(head), id(body)}
            self._used |= {id(parent) for parent in head.parents if parent.name in _HEADINGS}
            yield self._record(row_of(head), question, answer, self._topic(head))

    def _is_used(self, element: Tag) -> bool:
        return id(element) in self._used or any(id(parent) in self._used for parent in element.parents)

    def _definitions(self) -> Iterator[Record]:
        for definitions in self._find_all(lambda element: element.name == "dl"):
            if self._is_used(definitions):
                continue
            terms: list[Tag] = []
            answers: list[str] = []
            for child in [*definitions.find_all(["dt", "dd"]), None]:
                if terms and answers and (child is None or child.name == "dt"):
                    question, *phrasings = (words_of(term) for term in terms)
                    topic = self._topic(definitions)
                    yield self._record(row_of(terms[0]), question, "\n".join(answers), topic, phrasings)
                    terms, answers = [], []
                if child is not None and child.name == "dt":
                    terms.append(child)
                elif child is not None:
                    answers.append(text_of(child))
            self._used.add(id(definitions))

    def _sections(self) -> list[Section]:
        """Return the page cut at its headings at any depth of the markup, without its title.

        Elements whose questions have been read are left out.
        """
        headings = [
            heading
            for heading in self._find_all(lambda element: element.name in _HEADINGS)
            if not any(parent.name in _HEADINGS for parent in heading.parents)
            and not self._is_used(heading)
            and words_of(heading)
        ]
        builder = TextBuilder()
        cut = cut_at(self._soup, builder, {id(heading) for heading in headings}, self._used)
        preface, *bodies = [*cut, builder.text()]
        sections = [
            Section(
                level=int(heading.name[1]),
                heading=words_of(heading),
                body=body.strip(),
                row=row_of(heading),
                source=text_of(heading),
            )
            for heading, body in zip(headings, bodies, strict=True)
        ]
        below_title = [section for section in sections if section.level > 1]
        if self._has_title and below_title and len(sections) - len(below_title) == 1:
            title = next(section for section in sections if section.level == 1)
            preface += f"\n\n{title.body}"
            sections = below_title
        return [Section(level=0, heading="", body=preface.strip(), row=0, source=""), *sections]

    def _topic(self, element: Tag) -> str:
        """Return the nearest heading before the element that is no question, nor the title of the page."""
        passed = [id(element)]
        heading = self._heading_before.get(id(element))
        while heading is not None and self._is_used(heading):
            passed.append(id(heading))
            heading = self._heading_before.get(id(heading))
        if heading is not None:
            self._heading_before.update(dict.fromkeys(passed, heading))  # the next walk is short
        return self._heading_text(heading) if heading is not None and heading.name != "h1" else ""

    def _heading_text(self, heading: Tag) -> str:
        if id(heading) not in self._texts:
            self._texts[id(heading)] = words_of(heading)
        return self._texts[id(heading)]

    def _record(
        self, row: int, question: str, answer: str, topic: str = "", phrasings: Sequence[str] = ()
    ) -> Record:
        if not self._has_title:  # Markdown inside of tags, which no browser reads as such
            question = _from_markdown(question)
        values: dict[str, Value] = {
            "question": " ".join(plain(question).split()),
            "answer": answer,
            "topic": topic,
            "phrasings": phrasings,
        }
        return Record(row=row, values=values)


def _tags(soup: BeautifulSoup) -> list[Tag]:
    return [element for element in soup.descendants if isinstance(element, Tag)]


def _is_json_ld(element: Tag) -> bool:
    return element.name == "script" and element.get("type") == "application/ld+json"


def _is_schema_question(element: Tag) -> object:
    return _SCHEMA_QUESTION.search(str(element.get("itemtype") or ""))


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


def _merge(found: list[Record], further: list[Record], warn: Warn) -> list[Record]:
    """Add the records that ask something else. The others may know the topic of a question."""
    if not found:
        return _once(further, warn)
    topics = {_key(record): record.values["topic"] for record in further}
    with_topics = [
        record
        if record.values["topic"] or not topics.get(_key(record))
        else Record(row=record.row, values={**record.values, "topic": topics[_key(record)]})
        for record in found
    ]
    known = {_key(record) for record in found}
    return with_topics + _once([record for record in further if _key(record) not in known], warn)


def _once(records: list[Record], warn: Warn) -> list[Record]:
    """Leave out what a page says twice, as those do that state their questions for search engines too."""
    first: dict[tuple[str, object], Record] = {}
    for record in records:
        same = first.setdefault((_key(record), record.values["topic"]), record)
        if same is not record and _answer(same) != _answer(record):
            problem = f"{_question(record)[:60]!r} is answered in row {same.row} in other words"
            warn(f"row {record.row}: {problem}: this answer is left out")
    return list(first.values())


def _question(record: Record) -> str:
    return str(record.values["question"])


def _answer(record: Record) -> list[str]:
    return plain(str(record.values["answer"])).split()


def _key(record: Record) -> str:
    return slug_of(_question(record))


def _from_markdown(text: str) -> str:
    shown = plain(text)
    return from_markdown(shown) if detect(shown) is AnswerFormat.MARKDOWN else text


def fragment_text(value: object) -> str:
    """Return a text of JSON-LD, which may hold markup, as a text with marks."""
    return from_html(value) if isinstance(value, str) else ""
