"""Read Markdown: headings are questions or topics, the text under them is the answer.

`kb_index.formats.outline` decides which headings are questions. A bullet list under a line
«Также спрашивают:» or "Also asked:" holds phrasings; `{#returns-1}` at the end of a heading is the
article's id. Answers keep their Markdown source. Read only.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from files import BadFile, Budget
from files.limits import MAX_HEADING_CHARS, MAX_MARKDOWN_LINES, MAX_MARKDOWN_TOKENS
from files.text import whole_text
from kb_index.formats.outline import Section, records
from kb_index.formats.records import Record, Warn

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

_LOOK_EVERY = 1_000  # lines
# A line that can only begin or continue a paragraph
_PLAIN_LINE = r"(?!\d+[.)])[^\s#>*+`~<\[=_-].*\n"
_PLAIN_BLOCKS = re.compile(
    # A paragraph and the empty line below it, or list items up to an item that may continue below
    rf"(?:{_PLAIN_LINE})++(?=\n)|(?:[-+*] {_PLAIN_LINE})+(?=[-+*] {_PLAIN_LINE}|\n+\S)"
)
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n.*?\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)


def read(path: Path, warn: Warn, budget: Budget) -> Iterator[Record]:
    """Yield the records of a Markdown file. `warn` is called for text that answers no question."""
    text = _FRONT_MATTER.sub(lambda match: "\n" * match[0].count("\n"), whole_text(path))
    if text.count("\n") > MAX_MARKDOWN_LINES:
        raise BadFile(path, f"has over {MAX_MARKDOWN_LINES} lines: split the file")
    yield from records(sections(path, text, budget), lambda problem: warn(f"{path}, {problem}"))


def sections(path: Path, text: str, budget: Budget) -> list[Section]:
    """Yield the text cut at the headings that stand in no list, quote or other block.

    Raises:
        BadFile: when the text holds too many blocks, a heading is absurdly long, or the time is up.
    """
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark").disable("inline")  # only headings need it, see below
    markdown.block.ruler.before("code", "plain", _pass_over)
    _watch(markdown, path, budget)
    headings_only = MarkdownIt("commonmark")
    environment: dict[str, Any] = {}  # link definitions that headings may refer to
    tokens = markdown.parse(text, environment)
    headings = [
        (token, following.content)
        for token, following in pairwise(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map
    ]
    lines = text.split("\n")
    starts = [token.map[0] if token.map else 0 for token, _ in headings] + [len(lines)]
    found = []
    for (token, content), (start, end) in zip(headings, pairwise(starts), strict=True):
        below = token.map[1] if token.map else start + 1
        if len(content) > MAX_HEADING_CHARS:
            raise BadFile(path, f"is a heading of over {MAX_HEADING_CHARS} characters", row=start + 1)
        budget.check(start + 1)
        section = Section(
            level=int(token.tag[1:]),
            heading=_plain(headings_only.parseInline(content, environment)[0]),
            body="\n".join(lines[below:end]).strip("\n"),
            row=start + 1,
            source="\n".join(lines[start:below]),
        )
        found.append(section)
    return found


def _watch(markdown: "MarkdownIt", path: Path, budget: Budget) -> None:
    """Make the parser check the limits at every line, since it has no limit of its own."""
    n_seen = max_level = 0

    def look(state: "StateBlock", line: int, _end_line: int, _silent: bool) -> bool:
        nonlocal n_seen, max_level
        n_seen += 1
        is_deeper = state.level > max_level  # a nested quote, whose lines are all read once more
        max_level = max(max_level, state.level)
        if n_seen % _LOOK_EVERY == 0 or is_deeper:
            budget.check(line + 1)
            if len(state.tokens) > MAX_MARKDOWN_TOKENS:
                raise BadFile(path, "holds too many paragraphs and lists: split the file", row=line + 1)
        return False  # lets the next rules read the line

    ends = ["paragraph", "reference", "blockquote", "list"]  # blocks that any line may end
    markdown.block.ruler.before("plain", "budget", look, {"alt": ends})


def _pass_over(state: "StateBlock", line: int, _end_line: int, silent: bool) -> bool:
    """Skip paragraphs and lists without headings, which take the parser 30 times as long."""
    if silent or state.level > 0:
        return False
    found = _PLAIN_BLOCKS.match(state.src, state.bMarks[line])
    if found is None:
        return False
    state.line = line + found[0].count("\n")
    return True


def _plain(inline: "Token") -> str:
    """Return the heading's text without its markup."""
    parts = (" " if child.type.endswith("break") else child.content for child in inline.children or [])
    return "".join(parts).strip()
