"""Detect the markup of an answer, and what is left of it in a text."""

import html
import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

HEADING_TAGS = frozenset("h1 h2 h3 h4 h5 h6".split())
BLOCK_TAGS = frozenset(
    "address article aside blockquote body button caption center dd details dialog div dl dt fieldset "
    "figcaption figure footer form header hgroup hr html legend li main menu nav ol option p pre section "
    "summary table tbody tfoot thead tr ul".split()
)
SPACED_TAGS = frozenset("p ul ol table pre blockquote".split())  # an empty line around them
_INLINE_TAGS = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i iframe img input ins kbd label mark meta "
    "nobr output picture q s samp select small source span strike strong sub sup svg td textarea th time tt "
    "u var video audio wbr br link object param path".split()
)
DROPPED_TAGS = frozenset(
    "script style template noscript svg head title iframe object select textarea".split()
)
KNOWN_TAGS = HEADING_TAGS | BLOCK_TAGS | _INLINE_TAGS | DROPPED_TAGS
_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]{0,9})(?=[\s/>])[^<>]*>")
_COMMENT = re.compile("<!--")
_ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}[0-9]{0,2}|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});")
_MARKDOWN_SIGNS = {
    "bold": re.compile(
        r"(?<!\*)\*\*(?=[^\s*])[^*\n]{1,500}\*\*|(?<![\w_])__(?=[^\s_])(?![a-z]{1,30}__)[^_\n]{1,500}__(?!\w)"
    ),
    "loose bold": re.compile(r"\*\*[ \t][^*\s](?:[^*\n]{0,300}[^*\s])?\*\*|\*\*[^*\s][^*\n]{0,300}[ \t]\*\*"),
    "emphasis": re.compile(r"(?<![\w*\\])\*(?=[^\s*])[^*\n]{0,300}[^\s*]\*(?![\w*])"),
    "link": re.compile(r"\[[^\[\]\n]{1,300}\]\((?:https?:|mailto:|tel:|tg:|/|#|\.\.?/)[^()\s]{0,1000}"),
    "reference": re.compile(r"(?:^|\n) {0,3}\[[^\[\]\n]{1,100}\]: *\S"),
    "heading": re.compile(r"(?:^|\n)#{1,6} +\S"),
    "code": re.compile(r"`[^`\n]{1,300}`|(?:^|\n)(?:```|~~~)"),
    "struck": re.compile(r"~~(?=[^\s~])[^~\n]{1,300}~~"),
    "table": re.compile(r"\n ?\|? ?:?-{3,80}:? ?\|"),
}
_REFERENCE_LINK = re.compile(r"\[[^\[\]\n]{1,200}\]\[[^\[\]\n]{0,100}\]")
_COMMAND = re.compile(
    r"\{%|\{\{|\[/?(?:b|i|u|url|img|quote|size|color)(?:=[^\[\]\n]{0,200})?\]", re.IGNORECASE
)


class AnswerFormat(StrEnum):
    """The format in which a file writes its answers."""

    PLAIN = "plain"
    MARKDOWN = "markdown"
    HTML = "html"


def detect(text: str) -> AnswerFormat:
    """Guess the format of an answer. Anything that is not surely markup is plain text.

    >>> detect("<p>Да</p>").value, detect("**Да**").value, detect("5 * 3 < 20").value
    ('html', 'markdown', 'plain')
    """
    if any(sign.search(text) for sign in _MARKDOWN_SIGNS.values()):
        return AnswerFormat.MARKDOWN
    return AnswerFormat.HTML if _has_html(text) else AnswerFormat.PLAIN


def _has_html(text: str) -> bool:
    if "<" in text and (
        _COMMENT.search(text) or any(tag.lower() in KNOWN_TAGS for tag in _TAG.findall(text))
    ):
        return True
    return "&" in text and any(html.unescape(found) != found for found in _ENTITY.findall(text))


def leftovers(text: str) -> Iterator[str]:
    """Yield the pieces of markup source that a customer would read in the text, one of each kind."""
    tags = (found[0] for found in _TAG.finditer(text) if found[1].lower() in KNOWN_TAGS)
    entities = (found for found in _ENTITY.findall(text) if html.unescape(found) != found)
    kinds: list[Iterable[str]] = [tags, entities, (found[0] for found in _COMMENT.finditer(text))]
    signs = [*_MARKDOWN_SIGNS.values(), _REFERENCE_LINK, _COMMAND]
    kinds += [(found[0] for found in sign.finditer(text)) for sign in signs]
    for kind in kinds:
        if found := next(iter(kind), None):
            yield found.strip()
