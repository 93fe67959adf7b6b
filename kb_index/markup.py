"""Read the markup of answers: HTML and Markdown become plain text and the marks that channels can show.

An answer is stored as the text that anybody can read. What its markup said about it (bold, links, …) are
marks beside the text, so that no source of markup can reach a customer, whichever way the text takes.
"""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from kb_index.answer_format import (
    BLOCK_TAGS,
    DROPPED_TAGS,
    HEADING_TAGS,
    KNOWN_TAGS,
    SPACED_TAGS,
    AnswerFormat,
)
from kb_index.marks import Mark, MarkedText, MarkKind

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

MAX_SOURCE_LENGTH = 200_000  # characters; longer source of an answer is not converted


# Characters that stand for marks while a text is being built. No file can hold them (`_UNWANTED`).
BOLD, BOLD_END, ITALIC, ITALIC_END, CODE, CODE_END = "\x01\x02\x03\x04\x05\x06"
_LINK, _ADDRESS, _LINK_END = "\x0e\x0f\x10"
_PICTURE = "\x07"
CELL = "\x08"  # between the cells of a row
_CELL_SHOWN = " — "
_UNWANTED = dict.fromkeys([*range(9), *range(0x0E, 0x20)])
_STARTS = {BOLD: MarkKind.BOLD, ITALIC: MarkKind.ITALIC, CODE: MarkKind.CODE}
_ENDS = {BOLD_END: BOLD, ITALIC_END: ITALIC, CODE_END: CODE}
_MARKERS = re.compile("([\x01-\x08\x0e-\x10])")
LOOKS = {
    "b": (BOLD, BOLD_END),
    "strong": (BOLD, BOLD_END),
    "i": (ITALIC, ITALIC_END),
    "em": (ITALIC, ITALIC_END),
    "cite": (ITALIC, ITALIC_END),
    "code": (CODE, CODE_END),
}

_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"\w")
_SPACE_IN_LINE = re.compile(r"[^\S\n]+")


class TextBuilder:
    """Builds a text from the tags and texts of HTML as a browser would lay them out.

    With `keep_lines`, a line end in the source is one in the text. The text holds the characters that
    stand for marks until `marked` takes them out.
    """

    def __init__(self, *, keep_lines: bool = False) -> None:
        self._keep_lines = keep_lines
        self._parts: list[str] = []
        self._newlines = 0  # that are due before the next word
        self._space = False  # as above
        self._cell = False  # as above
        self._opening: list[str] = []  # marks that begin with the next word
        self._links: list[tuple[str, int]] = []  # address, and number of parts where its words begin
        self._lists: list[_List] = []  # that are open
        self._bullet = ""  # that is due
        self._n_cells = 0  # open cells: nothing in them breaks the line
        self._n_pre = 0
        self._is_first_cell = True

    def text(self) -> str:
        """Return the text so far and begin a new one."""
        text = "".join(self._parts)
        self._parts = []
        self._newlines, self._space, self._cell, self._bullet = 0, False, False, ""
        self._links = [(address, 0) for address, _ in self._links]
        return text

    def start(self, tag: str, attributes: Mapping[str, Any]) -> None:
        if tag == "br":
            self._break_line()
        elif tag == "li":
            self._start_item()
        elif tag in ("ul", "ol"):
            self._end_block(1 if self._lists else 2)
            self._lists.append(_List(_number(attributes.get("start")) if tag == "ol" else None))
        elif tag == "tr":
            self._n_cells = 0
            self._end_block(1)
            self._is_first_cell = True
        elif tag in ("td", "th"):
            self._cell, self._is_first_cell = not self._is_first_cell, False
            self._n_cells = 1  # end tags of cells are optional
        elif tag == "a":
            self._links.append((_address(str(attributes.get("href") or "")), len(self._parts)))
            self._opening.append(_LINK)
        elif tag == "img":
            self._add_picture(str(attributes.get("alt") or ""), str(attributes.get("src") or ""))
        elif tag in HEADING_TAGS:
            self._end_block(2)
            self.open(BOLD)
        elif tag in BLOCK_TAGS:
            self._end_block(2 if tag in SPACED_TAGS else 1)
            self._n_pre += tag == "pre"

    def end(self, tag: str) -> None:
        if tag in ("ul", "ol"):
            if self._lists:
                self._lists.pop()
            self._end_block(1 if self._lists else 2)
        elif tag in ("td", "th", "table") and self._n_cells:
            self._n_cells = 0
            self._space = True
        elif tag == "a" and self._links:
            self._end_link(*self._links.pop())
        elif tag in HEADING_TAGS:
            self.close(BOLD_END)
            self._end_block(2)
        elif tag in BLOCK_TAGS:
            self._end_block(2 if tag in SPACED_TAGS else 1)
            self._n_pre = max(0, self._n_pre - (tag == "pre"))

    def data(self, text: str) -> None:
        """Add a text, which may hold characters that stand for marks."""
        for place, piece in enumerate(_MARKERS.split(text)):
            if place % 2:
                if piece in _ENDS:
                    self.close(piece)
                elif piece in _STARTS:
                    self.open(piece)
            elif piece:
                self._add(piece)

    def open(self, mark: str) -> None:
        self._opening.append(mark)

    def close(self, mark: str) -> None:
        start = _ENDS[mark]
        if start in self._opening:  # nothing has been said in between
            self._opening.reverse()
            self._opening.remove(start)
            self._opening.reverse()
        else:
            self._parts.append(mark)

    def _add(self, text: str) -> None:
        if self._n_pre:
            lines = text.split("\n")
        elif self._keep_lines:
            lines = [_SPACE_IN_LINE.sub(" ", line) for line in text.split("\n")]
        else:
            lines = [_SPACE.sub(" ", text)]
        for number, line in enumerate(lines):
            if number:
                self._break_line()
            words = line.strip() if not self._n_pre else line.rstrip()
            if not words:
                self._space = self._space or bool(line)
                continue
            self._space = self._space or line[0].isspace()
            self._begin()
            self._parts.append(words)
            self._space = line[-1].isspace()

    def _begin(self) -> None:
        """Write what is due before a word: line ends, spaces, bullets and the starts of marks."""
        if self._cell:
            self._parts.append(CELL)
        elif self._parts and self._newlines:
            self._parts.append("\n" * self._newlines)
            if not self._bullet and self._lists:
                self._parts.append("  " * len(self._lists))
        elif self._parts and self._space and not self._bullet:
            self._parts.append(" ")
        if self._bullet:
            self._parts.append(self._bullet)
        self._parts += self._opening
        self._newlines, self._space, self._cell, self._bullet, self._opening = 0, False, False, "", []

    def _start_item(self) -> None:
        if not self._lists:
            self._lists.append(_List(None))  # an item outside of any list
        current = self._lists[-1]
        self._end_block(1)
        if current.n_items and not self._n_cells:
            self._newlines = 1
        indent = "  " * (len(self._lists) - 1)
        self._bullet = indent + ("- " if current.first is None else f"{current.first + current.n_items}. ")
        current.n_items += 1

    def _break_line(self) -> None:
        if self._n_cells:
            self._space = True
        elif not self._bullet:
            self._newlines = min(2, self._newlines + 1)

    def _end_block(self, newlines: int) -> None:
        """Demand as many line ends before the next word. Inside a cell, they are spaces."""
        if self._n_cells:
            self._space = True
        elif not self._bullet:
            self._newlines = max(self._newlines, newlines)

    def _add_picture(self, words: str, address: str) -> None:
        if not words.strip():
            self._parts.append(_PICTURE)
        elif _WORD.search(words) and address.startswith(("https://", "http://")):
            self.start("a", {"href": address})
            self.data(words)
            self.end("a")
        else:
            self.data(words)

    def _end_link(self, address: str, start: int) -> None:
        if _LINK in self._opening:  # a link without words
            self._opening.remove(_LINK)
            return
        words = plain("".join(self._parts[start:])).strip()
        if not address or address.removeprefix("mailto:").removeprefix("tel:") in words:
            address = ""
        self._parts += [_ADDRESS, address.translate(_UNWANTED), _LINK_END]


@dataclass
class _List:
    """A list that is open."""

    first: int | None  # the number of its first item, None for bullets
    n_items: int = 0


def _number(text: object) -> int:
    return int(text) if isinstance(text, str) and text.isdecimal() and len(text) < 6 else 1


def _address(text: str) -> str:
    address = text.strip()
    return "" if address.startswith(("#", "javascript:", "data:")) else address


def marked(text: str) -> MarkedText:
    """Take the characters that stand for marks out of a text of `TextBuilder`."""
    parts: list[str] = []
    found: list[tuple[int, Mark]] = []  # with the number of parts before it
    starts: dict[str, int] = {}  # of an open mark: the number of parts where its words begin
    address: list[str] | None = None
    for place, piece in enumerate(_MARKERS.split(text)):
        if place % 2 == 0:
            (parts if address is None else address).append(piece)
        elif piece == CELL:
            parts.append(_CELL_SHOWN)
        elif piece in _STARTS or piece == _LINK:
            starts.setdefault(piece, len(parts))
        elif piece in _ENDS:
            start = starts.pop(_ENDS[piece], None)
            if start is not None:
                found += ((start, mark) for mark in _marks(_STARTS[_ENDS[piece]], "".join(parts[start:])))
        elif piece == _ADDRESS:
            address = []
        elif piece == _LINK_END:
            start, target, address = starts.pop(_LINK, None), "".join(address or ()), None
            if target and start is not None:
                words = "".join(parts[start:]).split("\n")[-1].strip()
                parts.append(f" ({target.removeprefix('mailto:').removeprefix('tel:')})")
                if words and target.startswith(("https://", "http://")) and not _SPACE.search(target):
                    found.append((start, Mark(kind=MarkKind.LINK, text=words, address=target)))
    found.sort(key=lambda place_and_mark: place_and_mark[0])
    return MarkedText(
        text="".join(parts).strip(),
        marks=tuple(mark for _, mark in found),
        n_pictures=text.count(_PICTURE),
    )


def _marks(kind: MarkKind, words: str) -> Iterator[Mark]:
    """Yield a mark for each line, because a mark is found by its words in a line."""
    for line in words.split("\n"):
        if text := line.removeprefix("- ").strip():
            yield Mark(kind=kind, text=text)


def plain(text: str) -> str:
    """Return a text of `TextBuilder` without its marks."""
    return marked(text).text


def without_marks(text: str) -> str:
    """Remove the characters that stand for marks from the text of a file."""
    return text.translate(_UNWANTED) if _MARKERS.search(text) else text


# --- HTML ----------------------------------------------------------------------------------------


class _Fragment(HTMLParser):
    """Reads the HTML of one answer. Tags that HTML does not know stay as they are written."""

    def __init__(self, *, keep_lines: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.builder = TextBuilder(keep_lines=keep_lines)
        self._dropped = ""  # the element that is being left out

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._dropped:
            return
        if tag in DROPPED_TAGS:
            self._dropped = tag
        elif tag in LOOKS:
            self.builder.open(LOOKS[tag][0])
        elif tag in KNOWN_TAGS:
            self.builder.start(tag, dict(attrs))
        else:
            self.builder.data(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in DROPPED_TAGS:
            self.handle_starttag(tag, attrs)
            if tag in KNOWN_TAGS:
                self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._dropped:
            self._dropped = "" if tag == self._dropped else self._dropped
        elif tag in LOOKS:
            self.builder.close(LOOKS[tag][1])
        elif tag in KNOWN_TAGS:
            self.builder.end(tag)
        else:
            self.builder.data(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._dropped:
            self.builder.data(data)

    def finish(self) -> str:
        """Return the text. A comment or tag that never ends is left out, other text is kept."""
        rest = self.rawdata
        if rest and not rest.startswith(("<!", "<?")) and not self._dropped:
            self.builder.data(html.unescape(rest))
        return self.builder.text()


_BREAKS = re.compile(r"<(?:br|p|div|li|ul|ol|tr|table|h[1-6])\b", re.IGNORECASE)


def from_html(source: str) -> str:
    """Return the text that the HTML shows, with the characters that stand for marks.

    Line ends count as such only if the source has no tag that breaks a line.
    """
    fragment = _Fragment(keep_lines=_BREAKS.search(source) is None)
    fragment.feed(without_marks(source))
    return fragment.finish()


# --- Markdown ------------------------------------------------------------------------------------

_PLAIN_MARKDOWN = re.compile(r"[^*_`\[\]<>&#\\|~={}+]*")


@cache
def markdown_parser() -> "MarkdownIt":
    """Return the parser of answers: CommonMark with tables, and line ends as they are written."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"breaks": True}).enable(["table", "strikethrough"]).disable("code")
    # The addresses are shown, not followed by us: `TextBuilder` sorts them out.
    parser.validateLink = lambda url: bool(url)  # type: ignore[method-assign]
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]
    return parser


def from_markdown(source: str, environment: Mapping[str, Any] | None = None) -> str:
    """Return the text that the Markdown shows, with the characters that stand for marks.

    `environment` holds link definitions that stand elsewhere in the file, as markdown-it keeps them.
    """
    if _PLAIN_MARKDOWN.fullmatch(source):
        return source.strip()
    source = without_marks(source)
    source = _ATTRIBUTES.sub("", source)
    text = _rendered(source, environment)
    if _LOOSE_BOLD.search(text):  # `** bold **`, which people write, but CommonMark does not know
        text = _rendered(_LOOSE_BOLD.sub(r"**\1**", source), environment)
    return text


def _rendered(source: str, environment: Mapping[str, Any] | None) -> str:
    fragment = _Fragment(keep_lines=False)
    fragment.feed(markdown_parser().render(source, dict(environment or {})))
    return fragment.finish()


_ATTRIBUTES = re.compile(r"\{:[^{}\n]*\}")  # of kramdown: {:target="_blank"}

_LOOSE_BOLD = re.compile(r"\*\*[ \t]{0,9}([^*\s](?:[^*\n]{0,300}[^*\s])?)[ \t]{0,9}\*\*")


def convert(text: str, format_: AnswerFormat) -> MarkedText:
    """Return the answer as plain text and its marks."""
    if format_ is AnswerFormat.PLAIN or len(text) > MAX_SOURCE_LENGTH:
        return MarkedText(text=text)
    return marked(from_markdown(text) if format_ is AnswerFormat.MARKDOWN else from_html(text))
