"""Build the tree of an HTML page within limits."""

import re
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from bs4.builder._htmlparser import BeautifulSoupHTMLParser, HTMLParserTreeBuilder
from bs4.element import NavigableString

from files import BadFile, Budget
from files.limits import MAX_HTML_DEPTH, MAX_HTML_PIECES, MAX_HTML_TAGS, MAX_HTML_UNCLOSED_CHARS
from files.text import check_size, unreadable_error, whole_text
from kb_index.markup import LOOKS

TOO_DEEP = "is nested too deeply for an FAQ page"
_CHUNK = 1 << 16
_LOOKS = frozenset("abbr b big cite code em font i mark s small span strong sub sup u".split())
_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)


def read_html(path: Path) -> str:
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


class BoundedSoup(BeautifulSoup):
    """A tree that counts its nodes while it grows. Each node takes a kilobyte."""

    def __init__(self, markup: str, path: Path, budget: Budget) -> None:
        self._path = path
        self._n_tags = self._n_pieces = 0
        super().__init__(markup, builder=_Builder(path, budget))

    def pushTag(self, tag: Tag) -> None:  # noqa: N802 - Beautiful Soup's name
        super().pushTag(tag)
        self._n_tags += 1
        if len(self.tagStack) > MAX_HTML_DEPTH:
            raise BadFile(self._path, TOO_DEEP, row=tag.sourceline)

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
        assert isinstance(soup, BoundedSoup)  # noqa: S101 - what it was made for
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
