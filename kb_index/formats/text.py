"""Normalise text that enters the knowledge base, and bound its size.

Every format reads and writes text in one normal form, so that a file written here and read again
gives equal articles:

- every line end (CR LF, CR, vertical tab, form feed, U+0085, U+2028, U+2029) is one `\\n`;
- other control characters, which no spreadsheet can hold, are dropped; half a surrogate pair becomes U+FFFD;
- white space around a text is dropped; a topic or a phrasing is one line.

NUL is refused, not dropped: it shows that a file is not text at all (`files.text`).
"""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from files.errors import BadFile
from kb_index.article import Article, Status
from kb_index.marks import from_lines, to_lines

MAX_PHRASINGS_LENGTH = 1_000_000  # characters, all phrasings of one article together

_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_UNPRINTABLE = re.compile("[\x01-\x08\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Return the text in its normal form, which may have several lines."""
    text = _LINE_END.sub("\n", text)
    text = _UNPRINTABLE.sub("", text)
    return _SURROGATE.sub("\ufffd", text).strip()


def clean_line(text: str) -> str:
    """Return the text in its normal form on one line."""
    return re.sub(r"(?<!\s)\s*\n\s*", " ", clean(text))


def normalize_article(article: Article) -> Article:
    """Return the article as it would be read back from a file. Without an answer it is no more than a draft.

    Raises:
        InvalidArticle: when a required field is empty after normalisation.
    """
    phrasings = (clean_line(phrasing) for phrasing in article.phrasings)
    answer = clean(article.answer)
    published = article.status is Status.PUBLISHED
    return replace(
        article,
        status=Status.DRAFT if published and not answer else article.status,
        id=clean(article.id),
        question=clean(article.question),
        answer=answer,
        topic=clean_line(article.topic),
        marks=from_lines(map(clean_line, to_lines(article.marks))),
        phrasings=tuple(phrasing for phrasing in phrasings if phrasing),
    )


def make_folder(path: Path) -> None:
    """Create the folder and its parents if they do not exist.

    Raises:
        BadFile: when the operating system does not allow it.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable_error(path, error) from None


@contextmanager
def write_aside(path: Path) -> Iterator[Path]:
    """Yield a temporary path that is renamed to `path` at the end, or removed on failure.

    Raises:
        BadFile: when the operating system does not allow writing there.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield part
        os.replace(part, path)  # noqa: PTH105 - clearer than Path.replace
    except OSError as error:
        raise _unwritable_error(path, error) from None
    finally:
        part.unlink(missing_ok=True)


def _unwritable_error(path: Path, error: OSError) -> BadFile:
    return BadFile(path, f"cannot be written: {error.strerror or error}")
