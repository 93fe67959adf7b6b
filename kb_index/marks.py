"""Marks of an answer: the words in it that are bold, italic, code or a link."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise


class MarkKind(StrEnum):
    """The look of a part of an answer."""

    BOLD = "bold"
    ITALIC = "italic"
    CODE = "code"
    LINK = "link"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A part of an answer that has a look of its own, found by its words.

    The words of a link stand before its address in the text: `terms (https://…)`.
    """

    kind: MarkKind
    text: str
    address: str = ""  # of a link


@dataclass(frozen=True, kw_only=True)
class MarkedText:
    """A plain text and its marks, in the order in which they occur."""

    text: str
    marks: tuple[Mark, ...] = ()
    n_pictures: int = 0  # that are left out, since no words stand for them


def to_lines(marks: Iterable[Mark]) -> list[str]:
    """Return the marks as lines of a file, such as `bold soon` and `link https://… terms`."""
    return [
        f"{mark.kind} {mark.address} {mark.text}"
        if mark.kind is MarkKind.LINK
        else f"{mark.kind} {mark.text}"
        for mark in marks
    ]


def from_lines(lines: Iterable[str]) -> tuple[Mark, ...]:
    """Return the marks that the lines of a file state.

    Raises:
        ValueError: when a line does not begin with a kind of mark.
    """
    marks = []
    for line in filter(None, map(str.strip, lines)):
        kind, _, text = line.partition(" ")
        address = ""
        if kind == MarkKind.LINK:
            address, _, text = text.partition(" ")
        marks.append(Mark(kind=MarkKind(kind), text=text.strip(), address=address))
    return tuple(marks)


@dataclass(frozen=True, kw_only=True)
class Span:
    """A piece of a text and the looks that it has."""

    text: str
    looks: frozenset[MarkKind] = frozenset()
    address: str = ""  # of a link


def spans(text: str, marks: Iterable[Mark]) -> list[Span]:
    """Cut the text into pieces of one look each, for channels that can show it.

    A mark whose words are no longer in the text is passed over, so an edited text keeps the others. A link
    shows its words only: its address is no part of the pieces' texts.

    >>> marks = [Mark(kind=MarkKind.LINK, text="terms", address="https://a.test")]
    >>> [span.text for span in spans("See terms (https://a.test).", marks)]
    ['See ', 'terms', '.']
    """
    looks: dict[int, set[tuple[MarkKind, str]]] = {}
    hidden: list[tuple[int, int]] = []
    places = {0, len(text)}
    ranges: list[tuple[int, int, MarkKind, str]] = []
    after: dict[MarkKind, int] = {}  # the place from which the next mark of a kind is looked for
    for mark in marks:
        tail = f" ({mark.address})" if mark.kind is MarkKind.LINK else ""
        start = text.find(mark.text + tail, after.get(mark.kind, 0)) if mark.text else -1
        if start < 0:
            continue
        end = start + len(mark.text)
        after[mark.kind] = end + len(tail)
        ranges.append((start, end, mark.kind, mark.address))
        places |= {start, end, end + len(tail)}
        if tail:
            hidden.append((end, end + len(tail)))
    ordered = sorted(places)
    positions = {place: number for number, place in enumerate(ordered)}
    for start, end, kind, address in ranges:
        for number in range(positions[start], positions[end]):
            looks.setdefault(number, set()).add((kind, address))
    unseen = {number for start, end in hidden for number in range(positions[start], positions[end])}
    return [
        Span(
            text=text[start:end],
            looks=frozenset(kind for kind, _ in looks.get(number, ())),
            address=next((address for _, address in looks.get(number, ()) if address), ""),
        )
        for number, (start, end) in enumerate(pairwise(ordered))
        if number not in unseen
    ]
