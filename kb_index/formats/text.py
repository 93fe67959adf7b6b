"""Text at the edge: what a file may hold, and the tidy form in which it enters the knowledge base.

Every format reads and writes text in one normal form, so that a file written here and read again
gives back equal articles:

- every line end (CR LF, CR, vertical tab, form feed, U+0085, U+2028, U+2029) is one `\\n`;
- other control characters, which no spreadsheet can hold, are dropped; half a surrogate pair becomes U+FFFD;
- white space around a text is dropped; a topic or a phrasing is one line.

NUL is not dropped but refused: it is the mark of a file that is no text at all.
"""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from kb_index.article import Article
from kb_index.errors import BadFile

LARGEST_FILE = 200 * 1024 * 1024  # bytes, of a format that has to be read whole
LONGEST_LINE = 10_000_000  # characters; a longer "line" is a binary file
LONGEST_PHRASINGS = 1_000_000  # characters, all phrasings of one article together

_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_UNPRINTABLE = re.compile("[\x01-\x08\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SAVE_AS_UTF8 = "save it as UTF-8 (in Excel: the file type «CSV UTF-8»)"


def cleaned(text: str) -> str:
    """The text in its normal form; it may have several lines."""
    text = _LINE_END.sub("\n", text)
    text = _UNPRINTABLE.sub("", text)
    return _SURROGATE.sub("\ufffd", text).strip()


def cleaned_line(text: str) -> str:
    """The text in its normal form, on one line."""
    return re.sub(r"(?<!\s)\s*\n\s*", " ", cleaned(text))


def normalised(article: Article) -> Article:
    """The article as it comes back from a file.

    Raises:
        InvalidArticle: nothing is left of a field that must not be empty.
    """
    phrasings = (cleaned_line(phrasing) for phrasing in article.phrasings)
    return replace(
        article,
        id=cleaned(article.id),
        question=cleaned(article.question),
        answer=cleaned(article.answer),
        topic=cleaned_line(article.topic),
        phrasings=tuple(phrasing for phrasing in phrasings if phrasing),
    )


def text_lines(path: Path) -> Iterator[str]:
    """The physical lines of a UTF-8 file, one at a time, their line ends kept; a BOM is dropped.

    Raises:
        BadFile: it cannot be opened, is not UTF-8, or holds NUL bytes or absurdly long lines.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            row = 0
            while line := file.readline(LONGEST_LINE):
                row += 1
                if "\x00" in line:
                    raise BadFile(path, "holds a NUL byte: this is a binary file, not text", row=row)
                if len(line) == LONGEST_LINE:
                    raise BadFile(path, f"is a line of over {LONGEST_LINE} characters", row=row)
                yield line
    except UnicodeDecodeError:
        raise _not_utf8(path) from None
    except OSError as error:
        raise unreadable(path, error) from None


def whole_text(path: Path) -> str:
    """The whole text of a UTF-8 file with `\\n` as its line end; a BOM is dropped.

    Raises:
        BadFile: as `text_lines`; or it is larger than `LARGEST_FILE`.
    """
    refuse_huge(path)
    return re.sub("\r\n?", "\n", "".join(text_lines(path)))


def refuse_huge(path: Path) -> None:
    """Raise BadFile if the file is larger than `LARGEST_FILE`."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise unreadable(path, error) from None
    if size > LARGEST_FILE:
        limit = LARGEST_FILE // 1024**2
        raise BadFile(path, f"is larger than {limit} MB: split it, or use CSV or JSONL, which are streamed")


def unreadable(path: Path, error: OSError) -> BadFile:
    """The error for a file that the operating system does not let us read."""
    return BadFile(path, f"cannot be read: {error.strerror or error}")


def _not_utf8(path: Path) -> BadFile:
    """Find the first line that is not UTF-8 and guess what it is instead."""
    with path.open("rb") as file:
        if file.read(2) in {b"\xff\xfe", b"\xfe\xff"}:
            return BadFile(path, f"is UTF-16 text: {_SAVE_AS_UTF8}")
        file.seek(0)
        for row, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                guess = line.decode("cp1251", errors="replace")
                if len(re.findall("[а-яА-ЯёЁ]", guess)) > len(re.findall(r"[^\x00-\x7f]", guess)) / 2:
                    problem = f"is not UTF-8 text, it looks like Windows-1251: {_SAVE_AS_UTF8}"
                else:
                    problem = f"is not UTF-8 text: {_SAVE_AS_UTF8}"
                return BadFile(path, problem, row=row)
    return BadFile(path, f"is not UTF-8 text: {_SAVE_AS_UTF8}")


def make_folder(path: Path) -> None:
    """Make the folder and those above it, unless it is there.

    Raises:
        BadFile: the operating system does not let us.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from None


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; renamed to `path` at the end, removed if anything fails.

    Raises:
        BadFile: the operating system does not let us write there.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield part
        os.replace(part, path)  # noqa: PTH105 - unlike Path.replace, says what it does
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        part.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> BadFile:
    return BadFile(path, f"cannot be written: {error.strerror or error}")
