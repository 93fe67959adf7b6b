"""Cut a reply into the messages that a channel can carry."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

import regex

# UTF-16 code units in one message. A channel that is not named here takes a text of any length.
MAX_UNITS = {"telegram": 4096}

_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
_LINE = re.compile(r"\n\s*")
_SENTENCE = re.compile(r"(?<=[^\W\d_]{2})[.!?…]+[»”\"')\]]*\s+|(?<=[^\W\d_])[。！？]+")
_WORD = re.compile(r"[^\S\u00a0\u202f]+")  # no-break spaces hold words together
_URL = re.compile(r"(?:https?://|www\.)[^\s<>«»\"]+", re.IGNORECASE)
_MAX_CLOSING = 300  # units of the last lines and sentences that may be somebody's signature


def split_into_parts(text: str, channel: str, *, signature: str = "") -> list[str]:
    """Cut a reply into messages at the end of a paragraph, a line, a sentence or a word, in this order.

    Where no such place is near enough, it is cut between two characters as people see them, outside of
    links if possible. The last part is no scrap: the `signature` at the end of the text, or else the last
    short lines, which may be one, stay with the sentence before them.

    >>> split_into_parts("one two three", "web")
    ['one two three']
    """
    text = text.strip()
    limit = MAX_UNITS.get(channel)
    if not text:
        return []
    if limit is None:
        return [text]
    return list(_Cutter(text, limit).parts(signature.strip()))


class _Cutter:
    """Cuts one text. Places are indexes of characters, and sizes are UTF-16 code units."""

    def __init__(self, text: str, limit: int) -> None:
        self._text = text
        self._limit = limit
        self._units = [0, *accumulate(2 if char > "\uffff" else 1 for char in text)]
        if self._units[-1] > limit:
            self._breaks = [sorted(match.end() for match in mark.finditer(text)) for mark in _MARKS]
            self._links = [match.span() for match in _URL.finditer(text)]

    def parts(self, signature: str) -> Iterator[str]:
        start, end = 0, len(self._text)
        if self._size(start, end) > self._limit:
            tail = self._tail(signature)
            while self._size(start, end) > self._limit:
                cut = self._cut(start)
                if start < tail < cut:
                    cut = tail
                yield self._text[start:cut].rstrip()
                start = cut
                while self._text[start].isspace():
                    start += 1
        yield self._text[start:]

    def _size(self, start: int, end: int) -> int:
        return self._units[end] - self._units[start]

    def _tail(self, signature: str) -> int:
        """Return where the closing with the sentence before it begins, which must not be cut."""
        size = len(self._text)
        ends = sorted(self._breaks[1] + self._breaks[2])
        if signature and self._text.endswith(signature):
            closing = size - len(signature)
        else:
            closing = min((place for place in ends if self._size(place, size) <= _MAX_CLOSING), default=0)
        content = len(self._text[:closing].rstrip())
        tail = max((place for place in ends if place < content), default=0)
        if self._size(tail, size) <= self._limit // 2:
            return tail
        # The sentence is too long to be kept whole: some words of it stay with the closing.
        room = self._size(closing, size) + self._limit // 8
        words = (place for place in self._breaks[3] if place < content and self._size(place, size) <= room)
        return min(words, default=0) if room <= self._limit // 2 else 0

    def _cut(self, start: int) -> int:
        """Return the best end of a part that begins at `start`."""
        # The text ends within the limit when the white space at the cut is left out.
        last = bisect_right(self._units, self._units[start] + self._limit) - 1
        half = bisect_right(self._units, self._units[start] + self._limit // 2) - 1
        for earliest in (half, start):
            for places in self._breaks:
                place = self._last_break(places, earliest, last)
                if place is not None:
                    return place
        return self._cut_word(start, last)

    def _last_break(self, places: list[int], earliest: int, last: int) -> int | None:
        number = bisect_right(places, last)
        if number < len(places) and self._ends_within(places[number], last):
            number += 1
        return places[number - 1] if number and places[number - 1] > earliest else None

    def _ends_within(self, place: int, last: int) -> bool:
        return len(self._text[:place].rstrip()) <= last

    def _cut_word(self, start: int, last: int) -> int:
        """Return where to cut what has no white space: before a link, or between two characters."""
        for begin, end in self._links:
            if start < begin < last < end and self._size(begin, end) <= self._limit:
                return begin
        place = start
        for character in regex.finditer(r"\X", self._text, pos=start):
            if character.end() > last:
                break
            place = character.end()
        return place if place > start else last


_MARKS = (_PARAGRAPH, _LINE, _SENTENCE, _WORD)
