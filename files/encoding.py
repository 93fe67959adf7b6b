"""Find out in which encoding a text file is written.

UTF-8 is the rule and UTF-16 shows itself by its first bytes. Spreadsheets in Russia also write Windows-1251,
and old programs KOI8-R or CP866: charset-normalizer sorts out what cannot be a text, and of what is left the
encoding wins in which the words look most like words. It is a guess, so whoever reads the file says it.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from files.errors import BadFile

UTF_8 = "utf-8-sig"  # with or without a BOM
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CANDIDATES = ("cp1251", "koi8_r", "cp866", "cp1252")
_NAMES = {
    UTF_8: "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1251": "Windows-1251",
    "koi8_r": "KOI8-R",
    "cp866": "CP866",
    "cp1252": "Windows-1252",
}
_CHUNK = 1 << 20
_SAMPLE_BYTES = 1 << 16
_FOREIGN_WORD = re.compile(rb"[A-Za-z]{0,50}[\x80-\xff][A-Za-z\x80-\xff]{0,100}")
_WORD = re.compile(r"[^\W\d_]+")
_FREQUENT = frozenset("оеаинтсрвлкмдпуяыьгзбчй")  # nine of ten letters in Russian
_SIGNS = frozenset("«»—–…№€’“”°\xa0")
_KNOWN_FROM = 0.5  # plausibility per character from which a guess is worth telling


def encoding_name(codec: str) -> str:
    """Return the name by which people know a codec.

    >>> encoding_name("cp1251"), encoding_name("mac_cyrillic")
    ('Windows-1251', 'mac_cyrillic')
    """
    return _NAMES.get(codec, codec)


def codec_of(path: Path, name: str) -> str:
    """Return Python's codec for an encoding that the user names.

    Raises:
        BadFile: when there is no such encoding of texts.
    """
    try:
        found = codecs.lookup(name.strip())
        found.decode(b"a")
    except (LookupError, TypeError, UnicodeError, ValueError):
        found = None
    if found is None or not getattr(found, "_is_text_encoding", True):
        known = ", ".join(dict.fromkeys(_NAMES.values()))
        raise BadFile(path, f"there is no encoding {name[:40]!r}: use one of {known}")
    return UTF_8 if found.name in {"utf-8", UTF_8} else found.name


def detect_encoding(path: Path) -> str | None:
    """Return the codec of a text file, or None if it is no text in any encoding that is expected.

    Raises:
        OSError: when the file cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(_SAMPLE_BYTES)
    if start.startswith(_UTF_16):
        return "utf-16"
    codec = _utf_16_without_mark(start)
    if codec is not None:
        return codec
    if _is_utf_8(path):
        return UTF_8
    if b"\x00" in start:
        return None
    return _single_byte_codec(b" ".join(_foreign_words(path)))


def _utf_16_without_mark(start: bytes) -> str | None:
    """Recognise UTF-16 by the zero bytes of its line ends and ASCII signs, which are all on one side."""
    even, odd = start[:2000:2], start[1:2000:2]
    for codec, high, low in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if high.count(0) >= max(2, len(high) // 10) and 0 not in low:
            return codec
    return None


def _is_utf_8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _foreign_words(path: Path) -> Iterator[bytes]:
    """Yield the first words that hold more than ASCII. The others tell nothing about the encoding."""
    size = 0
    with path.open("rb") as file:
        while size < _SAMPLE_BYTES and (chunk := file.read(_CHUNK)):
            for word in _FOREIGN_WORD.finditer(chunk):
                yield word[0]
                size += len(word[0])
                if size >= _SAMPLE_BYTES:
                    break


def _single_byte_codec(words: bytes) -> str | None:
    from charset_normalizer import from_bytes  # imported here: only files that are not UTF-8 need it

    # Its own order of what is left does not tell these few encodings apart in a few short words.
    possible = {match.encoding for match in from_bytes(words, cp_isolation=list(_CANDIDATES))}
    best = max(_CANDIDATES, key=lambda codec: (codec in possible, _plausibility(words, codec)))
    if best not in possible or _plausibility(words, best) < _KNOWN_FROM * len(words):
        return None
    return best


def _plausibility(words: bytes, codec: str) -> float:
    """Return how much of the text are letters where one expects them, at most 1 for each character."""
    text = words.decode(codec, errors="replace")
    score = float(sum(sign in _SIGNS or sign == " " for sign in text))
    for word in _WORD.findall(text):
        n_cyrillic = sum("\u0400" <= letter <= "\u04ff" for letter in word)
        if 0 < n_cyrillic < len(word) or not (word.islower() or word.isupper() or word.istitle()):
            score -= len(word)  # as «пРИВЕТ», which is KOI8-R read as Windows-1251, or «Cafй»
        elif n_cyrillic:
            score += sum(1.0 if letter in _FREQUENT else 0.4 for letter in word.lower())
        else:
            score += sum(1.0 if letter.isascii() else 0.9 for letter in word)
    return score
