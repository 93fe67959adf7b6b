"""Read Markdown: headings are questions or topics, the text under them is the answer.

`kb_index.formats.outline` decides which headings are questions. A bullet list under a line
«Также спрашивают:» or "Also asked:" holds phrasings; `{#returns-1}` at the end of a heading is the
article's id. A file with `<details>`, HTML tables and the like is read as the HTML page that it becomes.
Answers become text and marks (`kb_index.markup`), and comments are dropped. Read only.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from files import BadFile, Budget
from files.limits import MAX_HEADING_CHARS, MAX_MARKDOWN_LINES, MAX_MARKDOWN_TOKENS
from files.text import whole_text
from kb_index.formats import outline
from kb_index.formats.outline import Section
from kb_index.formats.questions import tidy, warn_of_questions_inside
from kb_index.formats.records import Record, Warn
from kb_index.markup import from_markdown, markdown_parser

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


# Tags that give a page its structure. Others are part of a text.
_STRUCTURE = re.compile(r"<(?:details|summary|dl|dt|h[1-6]|table|button)\b", re.IGNORECASE)
_SUMMARY_END = re.compile(r"(</summary>)(?=[ \t]*\S)|(?<=</summary>)$", re.IGNORECASE)
_FOLD_END = re.compile(r"(</details>)", re.IGNORECASE)
_ONLY_BREAKS = re.compile(r"\s*(?:<br ?/?>\s*)+", re.IGNORECASE)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_CODE_OR_COMMENT = re.compile(r"(`+)|(<!--)")


def read(path: Path, warn: Warn, budget: Budget) -> Iterator[Record]:
    """Yield the records of a Markdown file. `warn` is called for text that answers no question."""
    text = _FRONT_MATTER.sub(lambda match: "\n" * match[0].count("\n"), whole_text(path))
    if text.count("\n") > MAX_MARKDOWN_LINES:
        raise BadFile(path, f"has over {MAX_MARKDOWN_LINES} lines: split the file")
    text = _without_comments(path, text, warn)
    if _STRUCTURE.search(text):
        from kb_index.formats import html_page  # imports Beautiful Soup, which most files do not need

        yield from html_page.read_markup(path, _as_page(path, text, budget), warn, budget, has_title=False)
        return

    def tell(problem: str) -> None:
        warn(f"{path}, {problem}")

    environment: dict[str, Any] = {}
    found = sections(path, text, budget, environment)
    end = found[0].row - 1 if found else len(text)
    preface = Section(level=0, heading="", body="\n".join(text.split("\n")[:end]), row=0, source="")
    articles = outline.records([preface, *found], tell, lambda source: from_markdown(source, environment))
    yield from warn_of_questions_inside(tidy(list(budget.watch(articles))), tell)


def _without_comments(path: Path, text: str, warn: Warn) -> str:
    """Remove HTML comments outside of code. The lines keep their numbers.

    `warn` is told of them, because whoever wrote them may have meant them for customers.

    Raises:
        BadFile: when a comment never ends.
    """
    if "<!--" not in text:
        return text
    kept: list[str] = []
    fence = ""
    comment_row = 0  # of the comment that is open
    rows: list[int] = []  # of lines with comments
    for row, line in enumerate(text.split("\n"), start=1):
        if fence:
            closing = _FENCE.match(line)
            if closing and closing[1].startswith(fence) and not line.strip(" `~"):
                fence = ""
            kept.append(line)
            continue
        opening = _FENCE.match(line)
        if opening and not comment_row:
            fence = opening[1]
            kept.append(line)
            continue
        rest, is_comment = _without_comments_in_line(line, is_comment=bool(comment_row))
        if rest != line and not comment_row:
            rows.append(row)
        comment_row = (comment_row or row) if is_comment else 0
        kept.append(rest)
    if comment_row:
        raise BadFile(path, "a comment starts here and never ends: close it with -->", row=comment_row)
    if rows:
        warn(f"{path}, row {rows[0]}: {len(rows)} comment{'s' if len(rows) > 1 else ''} for editors left out")
    return "\n".join(kept)


def _without_comments_in_line(line: str, *, is_comment: bool) -> tuple[str, bool]:
    """Return the line without comments, and whether one is open at its end."""
    kept: list[str] = []
    place = 0
    while place < len(line):
        if is_comment:
            end = line.find("-->", place)
            if end < 0:
                return "".join(kept), True
            place, is_comment = end + 3, False
            continue
        found = _CODE_OR_COMMENT.search(line, place)
        if found is None:
            kept.append(line[place:])
            break
        kept.append(line[place : found.start()])
        place = found.end()
        if found[1]:
            end = line.find(found[1], place)
            end = place if end < 0 else end + len(found[1])
            kept.append(line[found.start() : end])
            place = end
        else:
            is_comment = True
    return "".join(kept), is_comment


def _open_folds(text: str) -> tuple[str, list[int]]:
    """Return the text with empty lines around what is folded, so that it is read as Markdown, too.

    With it come the numbers of its lines in `text`, counted from 0.
    """
    lines: list[str] = []
    numbers: list[int] = []
    fence = ""
    for number, line in enumerate(text.split("\n")):
        found = _FENCE.match(line)
        if found and (not fence or found[1].startswith(fence)):
            fence = "" if fence else found[1]
        pieces = [line]
        if not fence and "<" in line:
            pieces = _SUMMARY_END.sub(r"\1\n\n", _FOLD_END.sub(r"\n\n\1", line)).split("\n")
            pieces = ["" if _ONLY_BREAKS.fullmatch(piece) else piece for piece in pieces]
        lines += pieces
        numbers += [number] * len(pieces)
    return "\n".join(lines), [*numbers, numbers[-1] + 1]


def _as_page(path: Path, text: str, budget: Budget) -> str:
    """Return the HTML of the text. Each block begins on the line on which it begins in the text."""
    markdown = markdown_parser()
    text, rows = _open_folds(text)
    tokens, environment = _parse_blocks(path, text, budget)
    parts: list[str] = []
    n_lines = start = depth = 0
    for number, token in enumerate(tokens):
        if token.type == "inline":
            budget.check(rows[(token.map or [0])[0]] + 1)
            token.children = []
            markdown.inline.parse(token.content, markdown, environment, token.children)
        depth += token.nesting
        if depth or token.nesting > 0:
            continue
        block = tokens[start : number + 1]
        start = number + 1
        page = markdown.renderer.render(block, markdown.options, environment)
        if token.type != "html_block":  # a line end of the renderer's own is none of the text's
            page = page.replace("\n", "&#10;") if "<pre" in page else page.replace("\n", " ")
        padding = max(0, rows[(block[0].map or [0])[0]] - n_lines)
        parts += ["\n" * padding, page]
        n_lines += padding + page.count("\n")
    return "".join(parts)


def _parse_blocks(path: Path, text: str, budget: Budget) -> tuple[Sequence["Token"], dict[str, Any]]:
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark").enable("table").disable(["inline", "code"])
    markdown.block.ruler.before("code", "plain", lambda *_: False)
    _watch(markdown, path, budget)
    environment: dict[str, Any] = {}
    return markdown.parse(text, environment), environment


def sections(
    path: Path, text: str, budget: Budget, environment: dict[str, Any] | None = None
) -> list[Section]:
    """Yield the text cut at the headings that stand in no list, quote or other block.

    `environment` receives the definitions of links, to which any part of the text may refer.

    Raises:
        BadFile: when the text holds too many blocks, a heading is absurdly long, or the time is up.
    """
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark").disable("inline")  # only headings need it, see below
    markdown.block.ruler.before("code", "plain", _pass_over)
    _watch(markdown, path, budget)
    headings_only = MarkdownIt("commonmark")
    environment = {} if environment is None else environment
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
    """Return the heading's text without its markup, pictures and tags."""
    parts = (
        " " if child.type.endswith("break") else child.content
        for child in inline.children or []
        if child.type not in ("html_inline", "image")
    )
    return " ".join("".join(parts).split())
