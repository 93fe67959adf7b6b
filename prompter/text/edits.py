"""Classify an operator's edit as cosmetic or substantive."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product

from kb_index.templates import between_fields
from prompter.domain.evidence import Verdict

_LINK = re.compile(
    r"(?:https?://|www\.)\S+|(?<!\S)\S[^\s@]*+@\S+\.\w+|@\w{3,}|\b[\w-]{1,63}\.(?:ru|com|org|net|example|рф)\b\S*",
    re.I,
)
_NUMBER = re.compile(r"\d++(?:[.,:/\u00a0 -]?\d++)*+")
_MONTHS = (
    "январ феврал март апрел мая май июн июл август сентябр октябр ноябр декабр "
    "january february march april june july august september october november december "
    "понедельник вторник сред четверг пятниц суббот воскресен "
    "monday tuesday wednesday thursday friday saturday sunday сегодня завтра вчера today tomorrow yesterday"
).split()
_UNIT = {
    "дн": "day", "ден": "day", "сут": "day", "day": "day", "нед": "week", "week": "week", "мес": "month",
    "month": "month", "год": "year", "лет": "year", "year": "year", "час": "hour", "hour": "hour",
    "мин": "minute", "minute": "minute", "руб": "rouble", "₽": "rouble", "rub": "rouble", "коп": "kopeck",
    "евро": "euro", "€": "euro", "eur": "euro", "долл": "dollar", "$": "dollar", "usd": "dollar",
    "проц": "percent", "%": "percent", "percent": "percent", "шт": "piece", "pcs": "piece", "кг": "kg",
    "kg": "kg", "гр": "gram", "км": "km", "km": "km", "см": "cm", "cm": "cm", "балл": "point",
    "point": "point",
}  # fmt: skip
_AMOUNT = re.compile(
    r"\b(?:один|одна|одну|одного|одной|два|две|двух|три|тр[её]х|четыре|четыр[её]х|пят[ьи]|шест[ьи]|сем[ьи]|"
    r"восем[ьи]|восьми|девят[ьи]|десят[ьи]|\w{3,9}надцат[ьи]|двадцат[ьи]|тридцат[ьи]|сорока?|пятьдесят|"
    r"шестьдесят|семьдесят|восемьдесят|девяносто|сто|двести|триста|тысяч[аиу]?|полтор[аы]|половин[аеуы]|"
    r"бесплатн\w+|платн\w+|"
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w{3,5}teen|twenty|thirty|forty|fifty|"
    r"sixty|seventy|eighty|ninety|hundred|thousand|half|twice|double|free|paid)\b",
    re.I,
)
_NEGATION = re.compile(
    r"\b(?:не|нет|ни|без|нельзя|невозможно|никогда|никак|никто|ничего|кроме|"
    r"no|not|never|none|nothing|without|cannot|except|unless|\w+n['’]t)\b",
    re.I,
)
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*|\d+")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_NAMED = re.compile(r"[«\"“]([^»\"”]{1,80})[»\"”]")
_KEPT_WORDS = 0.5  # share of words; a sentence that keeps fewer counts as another sentence
_MAX_VALUE = 101  # characters of a template field's value


def classify_edit(suggested: str, sent: str) -> Verdict:
    """Compare the suggestion, with its template fields filled, with the sent text.

    An edit is substantive if it changes a number, date, amount, link, negation or named thing, or adds
    or removes a sentence. Any other edit is cosmetic. A change of white space only is `ACCEPTED`.

    >>> classify_edit("Вернём деньги за 5 дней.", "Вернём вам деньги за 5 дней!").value
    'edited_cosmetic'
    >>> classify_edit("Вернём деньги за 5 дней.", "Вернём деньги за 7 дней.").value
    'edited_substantive'
    """
    if suggested.split() == sent.split() or _is_only_filled(suggested, sent):
        return Verdict.ACCEPTED
    changed = _is_negated(suggested, sent) or any(
        extract(suggested) != extract(sent) for extract in (_links, _numbers, _times, _negations, _names)
    )
    if changed or _sentences_differ(suggested, sent):
        return Verdict.EDITED_SUBSTANTIVE
    return Verdict.EDITED_COSMETIC


def _is_only_filled(suggested: str, sent: str) -> bool:
    """Return whether the edit only filled in template fields."""
    first, *rest = between_fields(" ".join(suggested.split()))
    text = " ".join(sent.split())
    if not rest or not text.startswith(first):
        return False
    values = _values(text, len(first), rest)
    return values is not None and not any(_NEGATION.search(value) for value in values)


def _values(text: str, start: int, pieces: Sequence[str]) -> list[str] | None:
    """Return the values before each of the pieces from `start` to the end, the first as short as possible.

    The search runs from the end, so that a place that no later piece can follow is not tried repeatedly.
    """
    ends = [len(text) - len(pieces[-1])] if text.endswith(pieces[-1]) else []  # where a value may end
    later = [ends]
    for piece in reversed(pieces[:-1]):
        ends = [place for place in _places(text, piece) if _value_end(text, place + len(piece), later[-1])]
        later.append(ends)
    values = []
    for piece, ends in zip(pieces, reversed(later), strict=True):
        end = _value_end(text, start, ends)
        if end is None:
            return None
        values.append(text[start:end])
        start = end + len(piece)
    return values


def _places(text: str, piece: str) -> Iterator[int]:
    """Yield every place of the piece, in order."""
    place = text.find(piece)
    while place >= 0:
        yield place
        place = text.find(piece, place + 1)


def _value_end(text: str, start: int, ends: Sequence[int]) -> int | None:
    """Return the first of the ascending `ends` at which a field's value from `start` may end."""
    if not text[start : start + 1].strip():
        return None
    number = bisect_left(ends, start + 1)
    return ends[number] if number < len(ends) and ends[number] <= start + _MAX_VALUE else None


def _links(text: str) -> Counter[str]:
    return Counter(link.rstrip(".,;:!?)»\"'").lower() for link in _LINK.findall(text))


def _numbers(text: str) -> list[tuple[str, str]]:
    """Return numbers with the following unit, in order: exchanging two sums changes the facts too."""
    numbers = []
    for match in _NUMBER.finditer(text):
        after = text[match.end() :].lstrip(" \u00a0-").lower()
        unit = next((name for start, name in _UNIT.items() if after.startswith(start)), "")
        numbers.append((re.sub(r"[\u00a0 ]", "", match[0]).replace(",", "."), unit))
    return numbers + [(word.lower().replace("ё", "е"), "") for word in _AMOUNT.findall(text)]


def _times(text: str) -> list[str]:
    return [
        stem
        for word in _fold_words(text)
        for stem in _MONTHS
        if word.startswith(stem) and len(word) <= len(stem) + 3
    ]


def facts(text: str) -> tuple[object, ...]:
    """Return the numbers and negations, which equivalent texts have in common."""
    return tuple(_numbers(text)), tuple(_negations(text))


def _negations(text: str) -> list[str]:
    words = [word.lower() for word in _NEGATION.findall(text)]
    # The order of "allowed" and its opposite counts only if the text has both.
    allowed = re.findall(r"\b(?:можно|нельзя)\b", text.lower())
    return words + (allowed if len(set(allowed)) == 2 else [])


def _is_negated(first: str, second: str) -> bool:
    """Return whether a word of one text is negated in the other: available, unavailable."""
    before, after = set(_fold_words(first)), set(_fold_words(second))
    gone, new = before - after, after - before
    return any(
        longer == prefix + shorter and len(shorter) > 3
        for shorter, longer in [*product(gone, new), *((b, a) for a, b in product(gone, new))]
        for prefix in ("не", "без", "бес", "un", "in", "im", "dis")
    )


def _names(text: str) -> Counter[str]:
    """Count quoted titles, capitalized words inside a sentence, and Latin words inside Russian text."""
    things = [title.lower() for title in _NAMED.findall(text)]
    cyrillic = bool(re.search(r"[а-яё]", text, re.I))
    for sentence in sentences(text):
        for place, word in enumerate(_WORD.findall(sentence)):
            capital = word[:1].isupper() and (place > 0 or (len(word) > 1 and word.isupper()))
            polite = word.lower() in _POLITE or word == "I"
            latin = cyrillic and word.isascii() and word.isalpha()
            if (capital and not polite) or latin:
                things.append(_stem(word.lower()))
    return Counter(things)


_POLITE = {
    "вы",
    "вас",
    "вам",
    "вами",
    "ваш",
    "ваша",
    "ваше",
    "ваши",
    "вашего",
    "вашей",
    "вашему",
    "вашу",
    "ваших",
}


def sentences(text: str) -> list[str]:
    """Return the sentences and lines that contain words, stripped of surrounding spaces."""
    return [part for part in (piece.strip() for piece in _SENTENCE_END.split(text)) if _WORD.search(part)]


def _sentences_differ(suggested: str, sent: str) -> bool:
    """Return whether some sentence of either text has no counterpart in the other."""
    before, after = sentences(suggested), sentences(sent)
    if len(before) != len(after):
        return True
    unmatched = list(after)
    for sentence in before:
        best = max(unmatched, key=lambda other: word_overlap(sentence, other))
        if word_overlap(sentence, best) < _KEPT_WORDS:
            return True
        unmatched.remove(best)
    return False


def word_overlap(first: str, second: str) -> float:
    """Return the share of words in common: Dice coefficient of the two bags of stems, 0 to 1."""
    a, b = (Counter(_stem(word) for word in _fold_words(text)) for text in (first, second))
    return 2 * (a & b).total() / max(1, a.total() + b.total())


def _fold_words(text: str) -> list[str]:
    return [word.lower().replace("ё", "е") for word in _WORD.findall(text)]


def _stem(word: str) -> str:
    """Cut off endings crudely: enough to recognize the same word in another case."""
    return word[: max(4, len(word) - 2)]
