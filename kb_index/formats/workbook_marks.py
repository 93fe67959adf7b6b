"""Find merged cells and links of a sheet before its rows are read: the file names them behind the rows."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import NamedTuple, Protocol

from files import limits

_CHUNK = 1 << 18
_MARK = re.compile(rb"<(?:\w{1,50}:)?(mergeCell|hyperlink)\s([^<>]{1,20000})>")
_ATTRIBUTE = re.compile(r"""(?<![\w:])(?:\w+:)?(\w+)\s*=\s*["']([^"']*)["']""")
_RANGE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Z]{1,3})\$?([0-9]{1,7}))?")


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Merge(NamedTuple):
    """Cells that look like one, whose value stands in the first of them. The last row belongs to it."""

    left: int
    right: int
    bottom: int


@dataclass(frozen=True, kw_only=True)
class Marks:
    """The merged cells and links of a sheet, which its part lists behind the rows."""

    merges: Mapping[int, list[Merge]] = field(default_factory=dict)  # by their first row
    links: Mapping[tuple[int, int], str] = field(default_factory=dict)  # relation by row and column


def find_marks(part: _Readable) -> Marks:
    """Return the marks of a sheet's part, read as a stream.

    Raises:
        ValueError: when there are more than any workbook has.
    """
    merges: dict[int, list[Merge]] = defaultdict(list)
    links: dict[tuple[int, int], str] = {}
    count = 0
    for kind, attributes in _tags(part):
        count += 1
        if count > limits.MAX_SHEET_MARKS:
            raise ValueError("more merged cells and links than any workbook")
        place = _RANGE.fullmatch(attributes.get("ref", ""))
        if place is None:
            continue
        left, top = column_number(place[1]), int(place[2])
        if kind == b"hyperlink":
            if "id" in attributes:
                links[top, left] = attributes["id"]
            continue
        right, bottom = column_number(place[3] or place[1]), int(place[4] or place[2])
        if right > left or bottom > top:
            merges[top].append(Merge(left, right, bottom))
    return Marks(merges=merges, links=links)


def column_number(letters: str) -> int:
    """Return the number of the column with these letters, 1 for A."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


def _tags(part: _Readable) -> Iterator[tuple[bytes, dict[str, str]]]:
    rest = b""
    while chunk := part.read(_CHUNK):
        rest += chunk
        end = 0
        for match in _MARK.finditer(rest):
            end = match.end()
            text = match[2].decode("utf-8", errors="replace")
            yield match[1], {name: unescape(value) for name, value in _ATTRIBUTE.findall(text)}
        start = max(end, rest.rfind(b"<"))  # a tag may go on in the next piece
        rest = rest[start:] if start >= 0 and len(rest) - start < _CHUNK else b""
