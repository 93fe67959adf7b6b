"""Read a file's text line by line or whole: UTF-8, unless the caller knows of another encoding."""

import re
from collections.abc import Iterator
from pathlib import Path

from files.encoding import UTF_8, encoding_name
from files.errors import BadFile
from files.limits import MAX_EMPTY_LINES, MAX_FILE_BYTES, MAX_LINE_CHARS, MB

_SAVE_AS_UTF8 = "save it as UTF-8 (in Excel: the file type «CSV UTF-8»)"
_SPLIT = "split it, or use CSV or JSONL, which are streamed"
_BINARY = "contains a NUL byte: this is a binary file, not text"
_SAMPLE = 10_000  # bytes of a line used to guess its encoding


def text_lines(path: Path, *, encoding: str = UTF_8) -> Iterator[str]:
    """Yield the physical lines of a text file with their line ends. A BOM is dropped.

    Raises:
        BadFile: when the file cannot be opened, is not in that encoding, or holds NUL bytes, absurdly long
            lines or an absurd number of empty lines.
    """
    try:
        with path.open(encoding=encoding, newline="") as file:
            row = n_empty = 0
            while line := file.readline(MAX_LINE_CHARS):
                row += 1
                if "\x00" in line:
                    raise BadFile(path, _BINARY, row=row)
                if len(line) == MAX_LINE_CHARS:
                    raise BadFile(path, f"is a line of over {MAX_LINE_CHARS} characters", row=row)
                n_empty = n_empty + 1 if line in {"\n", "\r\n", "\r"} else 0
                if n_empty > MAX_EMPTY_LINES:
                    problem = f"over {MAX_EMPTY_LINES} empty lines one after the other: remove them"
                    raise BadFile(path, problem, row=row)
                yield line
    except UnicodeError:
        raise _encoding_error(path, encoding) from None
    except OSError as error:
        raise unreadable_error(path, error) from None


def whole_text(path: Path, *, max_bytes: int = MAX_FILE_BYTES, encoding: str = UTF_8) -> str:
    """Return the whole text of a file with `\\n` as its line end. A BOM is dropped.

    Raises:
        BadFile: when the file cannot be opened, is not in that encoding, holds NUL bytes, or is
            larger than `max_bytes`.
    """
    check_size(path, max_bytes=max_bytes)
    try:
        text = path.read_text(encoding=encoding)
    except UnicodeError:
        raise _encoding_error(path, encoding) from None
    except OSError as error:
        raise unreadable_error(path, error) from None
    if "\x00" in text:
        raise BadFile(path, _BINARY, row=text.count("\n", 0, text.index("\x00")) + 1)
    return text


def check_size(path: Path, *, max_bytes: int = MAX_FILE_BYTES, advice: str = _SPLIT) -> None:
    """Raise BadFile with `advice` if the file is larger than `max_bytes`."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise unreadable_error(path, error) from None
    if size > max_bytes:
        limit = f"{max_bytes // MB} MB" if max_bytes >= MB else f"{max_bytes // 1024} KB"
        raise BadFile(path, f"is larger than {limit}: {advice}")


def unreadable_error(path: Path, error: OSError) -> BadFile:
    """Return the error for a file that the operating system does not let us read."""
    return BadFile(path, f"cannot be read: {error.strerror or error}")


def _encoding_error(path: Path, encoding: str) -> BadFile:
    """Return the error for a file in another encoding, for UTF-8 with the first bad line and a guess."""
    if encoding != UTF_8:
        return BadFile(path, f"is not {encoding_name(encoding)} text: {_SAVE_AS_UTF8}")
    with path.open("rb") as file:
        if file.read(2) in {b"\xff\xfe", b"\xfe\xff"}:
            return BadFile(path, f"is UTF-16 text: {_SAVE_AS_UTF8}")
        file.seek(0)
        for row, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                around = max(0, error.start - _SAMPLE // 2)
                guess = line[around : around + _SAMPLE].decode("cp1251", errors="replace")
                if len(re.findall("[а-яА-ЯёЁ]", guess)) > len(re.findall(r"[^\x00-\x7f]", guess)) / 2:
                    problem = f"is not UTF-8 text, it looks like Windows-1251: {_SAVE_AS_UTF8}"
                else:
                    problem = f"is not UTF-8 text: {_SAVE_AS_UTF8}"
                return BadFile(path, problem, row=row)
    return BadFile(path, f"is not UTF-8 text: {_SAVE_AS_UTF8}")
