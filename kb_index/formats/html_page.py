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
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import groupby, zip_longest
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
from kb_index.formats.questions import is_question, tidy, warn_of_questions_inside
from kb_index.formats.records import Record, Value, Warn, slug_of
from kb_index.markup import (
    LOOKS,
    AnswerFormat,
    TextBuilder,
    detect,
    from_html,
    from_markdown,
    plain,
    without_marks,
)

_DROPPED = frozenset("script style template noscript svg nav footer aside form head".split())
_CHUNK = 1 << 16
_TOO_DEEP = "is nested too deeply for an FAQ page"
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
_LOOKS = frozenset("abbr b big cite code em font i mark s small span strong sub sup u".split())
_SCHEMA_QUESTION = re.compile(r"https?://schema\.org/Question/?", re.IGNORECASE)
_NAME = re.compile(r"[A-Z]?[a-z]{1,40}|[a-z]{1,40}")
_ASKS = frozenset("question vopros".split())
_ANSWERS = frozenset("answer otvet".split())
_FOLDED = frozenset("accordion accordeon faq toggle collapse collapsible spoiler expander qa".split())
_FOLDED_HEADS = frozenset("q title header head heading button btn trigger name summary label toggle".split())
_FOLDED_BODIES = frozenset(
    "a content contents body text panel pane collapse description desc inner list".split()
)
_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)


def read(path: Path, warn: Warn, budget: Budget) -> Iterator[Record]:
    """Yield the records of an HTML page. `warn` is called for text that answers no question."""
    yield from read_markup(path, _markup(path), warn, budget)


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
        raise BadFile(path, _TOO_DEEP) from None


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
                name = _fragment(question.get("name"))
                yield self._record(_row(script), plain(name), _fragment(answer_text))

    def _microdata(self) -> Iterator[Record]:
        for question in self._find_all(_is_schema_question):
            self._used.add(id(question))
            name = question.find(itemprop="name")
            answer = question.find(itemprop="acceptedAnswer") or question.find(itemprop="suggestedAnswer")
            text = answer.find(itemprop="text") if isinstance(answer, Tag) else None
            shown = _text(text or answer)
            yield self._record(_row(question), _words(name), shown, self._topic(question))

    def _details(self) -> Iterator[Record]:
        """Yield the folded questions.

        One that only folds others is their topic. One with a text of its own keeps what it folds, except
        for what reads as a question itself.
        """
        topics: dict[int, str] = {}  # of the folds that are topics, by id()
        for details in self._find_all(lambda element: element.name == "details"):
            summary = _summary(details)
            if summary is None:
                continue
            group = next((parent for parent in details.parents if parent.name == "details"), None)
            question = _words(summary)
            inner = details.find("details")
            if inner is not None and not plain(_text(details, skip=_Folded(summary))):
                topics[id(details)] = question
                continue
            if group is not None and id(group) not in topics and not is_question(question):
                continue  # goes on with the answer that it is in
            topic = topics.get(id(group)) if group is not None else None
            if topic is None and group is not None:
                topic = next((topics[id(up)] for up in group.parents if id(up) in topics), None)
            self._used.add(id(details))
            answer = _text(details, skip=_Asking(summary))
            yield self._record(_row(details), question, answer, topic or self._topic(details))

    def _accordion(self) -> Iterator[Record]:
        """Yield the questions whose element names its panel, or that classes call question and answer."""
        yield from self._panels()
        heads: list[Tag] = []
        bodies: list[Tag] = []
        around: set[int] = set()  # id() of the elements around the bodies
        for element in self._find_all(lambda element: element.get("class")):
            kind = _folded_kind(element)
            if kind == "body" and not self._is_used(element):
                bodies.append(element)
                around.update(id(parent) for parent in element.parents)
            elif kind == "head" and not self._is_used(element):
                heads.append(element)
        for head, body in _pairs(self._outline(heads, bodies, around)):
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
        for element in self._find_all(_names_panel):
            panel = panels.get(_panel_name(element))
            if panel is not None and not _is_menu(element, panel):
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
            panel = _behind(button)
            if panel is not None and panel.name != "button" and panel.find("button") is None:
                yield from self._pair(button, panel)

    def _pair(self, head: Tag, body: Tag) -> Iterator[Record]:
        if self._is_used(head) or self._is_used(body) or not (question := _words(head)):
            return
        answer = _text(body)
        if plain(answer):
            self._used |= {id(head), id(body)}
            self._used |= {id(parent) for parent in head.parents if parent.name in _HEADINGS}
            yield self._record(_row(head), question, answer, self._topic(head))

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
                    question, *phrasings = (_words(term) for term in terms)
                    topic = self._topic(definitions)
                    yield self._record(_row(terms[0]), question, "\n".join(answers), topic, phrasings)
                    terms, answers = [], []
                if child is not None and child.name == "dt":
                    terms.append(child)
                elif child is not None:
                    answers.append(_text(child))
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
            and _words(heading)
        ]
        builder = TextBuilder()
        cut = _cut(self._soup, builder, {id(heading) for heading in headings}, self._used)
        preface, *bodies = [*cut, builder.text()]
        sections = [
            Section(
                level=int(heading.name[1]),
                heading=_words(heading),
                body=body.strip(),
                row=_row(heading),
                source=_text(heading),
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
            self._texts[id(heading)] = _words(heading)
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
                if tag in LOOKS:
                    self.handle_data(LOOKS[tag][0])
                return
        super().handle_starttag(tag, attrs, handle_empty_element)

    def handle_endtag(self, tag: str, check_already_closed: bool = True) -> None:
        if tag in _LOOKS and not (self._in_tree[tag] and self._in_tree[tag].pop()):
            if tag in LOOKS:
                self.handle_data(LOOKS[tag][1])
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


def _folded_kind(element: Tag) -> str | None:
    """Return whether the element's classes say that it is the head or the body of a folded question."""
    for name in element.get_attribute_list("class"):
        words = {word.lower() for word in _NAME.findall(str(name))}
        asks, answers = words & _ASKS, words & _ANSWERS
        if bool(asks) != bool(answers):
            return "head" if asks else "body"
        if words & _FOLDED and not asks:
            rest = words - _FOLDED
            if rest & _FOLDED_HEADS:
                return "head"
            if rest & _FOLDED_BODIES:
                return "body"
    return None


def _behind(element: Tag) -> Tag | None:
    """Return the element that follows, or follows the elements that hold nothing but this one."""
    words = _words(element)
    place: Tag | None = element
    while place is not None and place.find_next_sibling() is None:
        place = place.parent
        if place is not None and _words(place) != words:
            return None
    return place.find_next_sibling() if place is not None else None


_MENUS = frozenset("menu menubar listbox tabpanel dialog tree grid".split())
_NO_QUESTIONS = frozenset(
    "nav navbar menu dropdown search sidebar modal offcanvas cookie cookies language lang toggler cart "
    "login".split()
)


def _is_menu(element: Tag, panel: Tag) -> bool:
    """Return whether what an element opens is no answer, but a menu, a search or a dialog."""
    if element.get("role") == "tab" or panel.get("role") in _MENUS:
        return True
    names = [str(panel.get("id") or "")]
    for tag in (element, panel):
        names += map(str, tag.get_attribute_list("class"))
    return any(_NO_QUESTIONS & {word.lower() for word in _NAME.findall(name)} for name in names)


def _pairs(outline: Sequence[tuple[Tag, bool]]) -> Iterator[tuple[Tag, Tag]]:
    """Yield each head with its body: the next one, or that of the same number in a list beside theirs."""
    runs = [[element for element, _ in run] for _, run in groupby(outline, key=lambda entry: entry[1])]
    if outline and not outline[0][1]:
        runs = runs[1:]
    for heads, bodies in zip_longest(runs[::2], runs[1::2], fillvalue=list[Tag]()):
        together = len(heads) == len(bodies) > 1 and bodies[0].parent is not heads[-1].parent
        if together:
            yield from zip(heads, bodies, strict=True)
            continue
        for place, head in enumerate(heads):
            if place == len(heads) - 1 and bodies:
                yield head, bodies[0]
            elif (behind := _behind(head)) is not None and is_question(_words(head)):
                yield head, behind


def _names_panel(element: Tag) -> bool:
    return bool(element.get("aria-controls") or element.get("data-bs-target") or element.get("data-target"))


def _panel_name(element: Tag) -> str:
    names = (element.get(name) for name in ("aria-controls", "data-bs-target", "data-target"))
    return str(next(filter(None, names))).removeprefix("#")


def _row(element: Tag) -> int:
    return element.sourceline or 1


def _summary(details: Tag) -> Tag | None:
    return details.find("summary", recursive=False)


class _Folded:
    """Leaves out a summary and all folds inside."""

    def __init__(self, summary: Tag) -> None:
        self._summary = summary

    def __call__(self, element: Tag) -> bool:
        return element is self._summary or element.name == "details"


class _Asking(_Folded):
    """Leaves out a summary, and the folds inside that are questions of their own."""

    def __call__(self, element: Tag) -> bool:
        if element.name != "details":
            return element is self._summary
        summary = _summary(element)
        return summary is not None and is_question(_words(summary))


def _from_markdown(text: str) -> str:
    shown = plain(text)
    return from_markdown(shown) if detect(shown) is AnswerFormat.MARKDOWN else text


def _fragment(value: object) -> str:
    """Return a text of JSON-LD, which may hold markup, as a text with marks."""
    return from_html(value) if isinstance(value, str) else ""


def _words(element: PageElement | None) -> str:
    """Return the element's text without marks and addresses, on one line."""
    if isinstance(element, Tag):
        builder = TextBuilder()
        _feed(builder, element, lambda _: False, links=False)
        return " ".join(plain(builder.text()).split())
    return ""


def _text(element: PageElement | None, skip: Callable[[Tag], bool] = lambda _: False) -> str:
    """Return the element as text, with the characters that stand for marks."""
    builder = TextBuilder()
    if isinstance(element, Tag):
        _feed(builder, element, skip)
    return builder.text()


def _feed(builder: TextBuilder, element: Tag, skip: Callable[[Tag], bool], *, links: bool = True) -> None:
    builds = links or element.name not in ("a", "img")
    if builds:
        builder.start(element.name, element.attrs)
    for child in element.children:
        if isinstance(child, Tag):
            if not skip(child):
                _feed(builder, child, skip, links=links)
        elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
            builder.data(child)
    if builds:
        builder.end(element.name)


def _cut(
    element: Tag, builder: TextBuilder, headings: Collection[int], used: Collection[int]
) -> Iterator[str]:
    """Build the text of the element, and yield what has been built before each heading."""
    builder.start(element.name, element.attrs)
    for child in element.children:
        if isinstance(child, Tag):
            if id(child) in headings:
                yield builder.text()
            elif id(child) not in used:
                yield from _cut(child, builder, headings, used)
        elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
            builder.data(child)
    builder.end(element.name)
