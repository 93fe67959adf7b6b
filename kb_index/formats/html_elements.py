"""Find questions, answers and texts in the elements of an HTML page."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import groupby, zip_longest

from bs4 import Tag
from bs4.element import NavigableString, PageElement, PreformattedString

from kb_index.formats.questions import is_question
from kb_index.markup import TextBuilder, plain

_NAME = re.compile(r"[A-Z]?[a-z]{1,40}|[a-z]{1,40}")
_ASKS = frozenset("question vopros".split())
_ANSWERS = frozenset("answer otvet".split())
_FOLDED = frozenset("accordion accordeon faq toggle collapse collapsible spoiler expander qa".split())
_FOLDED_HEADS = frozenset("q title header head heading button btn trigger name summary label toggle".split())
_FOLDED_BODIES = frozenset(
    "a content contents body text panel pane collapse description desc inner list".split()
)


def folded_kind(element: Tag) -> str | None:
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


def behind(element: Tag) -> Tag | None:
    """Return the element that follows, or follows the elements that hold nothing but this one."""
    words = words_of(element)
    place: Tag | None = element
    while place is not None and place.find_next_sibling() is None:
        place = place.parent
        if place is not None and words_of(place) != words:
            return None
    return place.find_next_sibling() if place is not None else None


_MENUS = frozenset("menu menubar listbox tabpanel dialog tree grid".split())
_NO_QUESTIONS = frozenset(
    "nav navbar menu dropdown search sidebar modal offcanvas cookie cookies language lang toggler cart "
    "login".split()
)


def is_menu(element: Tag, panel: Tag) -> bool:
    """Return whether what an element opens is no answer, but a menu, a search or a dialog."""
    if element.get("role") == "tab" or panel.get("role") in _MENUS:
        return True
    names = [str(panel.get("id") or "")]
    for tag in (element, panel):
        names += map(str, tag.get_attribute_list("class"))
    return any(_NO_QUESTIONS & {word.lower() for word in _NAME.findall(name)} for name in names)


def pairs_of(outline: Sequence[tuple[Tag, bool]]) -> Iterator[tuple[Tag, Tag]]:
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
            elif (body := behind(head)) is not None and is_question(words_of(head)):
                yield head, body


def names_panel(element: Tag) -> bool:
    return bool(element.get("aria-controls") or element.get("data-bs-target") or element.get("data-target"))


def panel_name(element: Tag) -> str:
    names = (element.get(name) for name in ("aria-controls", "data-bs-target", "data-target"))
    return str(next(filter(None, names))).removeprefix("#")


def row_of(element: Tag) -> int:
    return element.sourceline or 1


def summary_of(details: Tag) -> Tag | None:
    return details.find("summary", recursive=False)


class Folded:
    """Leaves out a summary and all folds inside."""

    def __init__(self, summary: Tag) -> None:
        self._summary = summary

    def __call__(self, element: Tag) -> bool:
        return element is self._summary or element.name == "details"


class Asking(Folded):
    """Leaves out a summary, and the folds inside that are questions of their own."""

    def __call__(self, element: Tag) -> bool:
        if element.name != "details":
            return element is self._summary
        summary = summary_of(element)
        return summary is not None and is_question(words_of(summary))


def words_of(element: PageElement | None) -> str:
    """Return the element's text without marks and addresses, on one line."""
    if isinstance(element, Tag):
        builder = TextBuilder()
        _feed(builder, element, lambda _: False, links=False)
        return " ".join(plain(builder.text()).split())
    return ""


def text_of(element: PageElement | None, skip: Callable[[Tag], bool] = lambda _: False) -> str:
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


def cut_at(
    element: Tag, builder: TextBuilder, headings: Collection[int], used: Collection[int]
) -> Iterator[str]:
    """Build the text of the element, and yield what has been built before each heading."""
    builder.start(element.name, element.attrs)
    for child in element.children:
        if isinstance(child, Tag):
            if id(child) in headings:
                yield builder.text()
            elif id(child) not in used:
                yield from cut_at(child, builder, headings, used)
        elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
            builder.data(child)
    builder.end(element.name)
