"""Markdown: headings as questions (`kb_index.formats.outline` says which), the text under them as answers.

A bullet list under a line «Также спрашивают:» or "Also asked:" holds phrasings; `{#returns-1}` at the
end of a heading is the article's id. Answers keep their Markdown source. Read only.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from kb_index.formats.outline import Section, records
from kb_index.formats.records import Record, Warn
from kb_index.formats.text import whole_text

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n.*?\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)


def read(path: Path, warn: Warn) -> Iterator[Record]:
    """The records of a Markdown file; `warn` hears of text that answers no question."""
    text = _FRONT_MATTER.sub(lambda found: "\n" * found[0].count("\n"), whole_text(path))
    yield from records(_sections(text), lambda problem: warn(f"{path}, {problem}"))


def _sections(text: str) -> list[Section]:
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").parse(text)
    headings = [
        (token, following)
        for token, following in pairwise(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map
    ]
    lines = text.split("\n")
    starts = [token.map[0] if token.map else 0 for token, _ in headings] + [len(lines)]
    sections = []
    for (token, inline), (start, end) in zip(headings, pairwise(starts), strict=True):
        below = token.map[1] if token.map else start + 1
        section = Section(
            level=int(token.tag[1:]),
            heading=_plain(inline),
            body="\n".join(lines[below:end]).strip("\n"),
            row=start + 1,
            source="\n".join(lines[start:below]),
        )
        sections.append(section)
    return sections


def _plain(inline: "Token") -> str:
    """The heading's text without its markup."""
    parts = (" " if child.type.endswith("break") else child.content for child in inline.children or [])
    return "".join(parts).strip()
