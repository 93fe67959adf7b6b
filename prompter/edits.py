"""Was an operator's edit cosmetic, or did it change what the answer says?"""

import re
from collections import Counter

from prompter.values import Verdict

_LINK = re.compile(
    r"(?:https?://|www\.)\S+|\S+@\S+\.\w+|@\w{3,}|\b[\w-]+\.(?:ru|com|org|net|example|рф)\b\S*", re.I
)
_NUMBER = re.compile(r"\d+(?:[.,:/\u00a0 -]?\d+)*")
_MONTHS = (
    "январ феврал март апрел мая май июн июл август сентябр октябр ноябр декабр "
    "january february march april june july august september october november december "
    "понедельник вторник сред четверг пятниц суббот воскресен "
    "monday tuesday wednesday thursday friday saturday sunday сегодня завтра вчера today tomorrow yesterday"
).split()
_AMOUNT_WORDS = (
    "один одна одну одного два две двух три трех четыре пять пяти шесть семь восемь девять десять десяти "
    "двадцать тридцать сто тысяча тысяч процентов бесплатно бесплатный бесплатная "
    "one two three four five six seven eight nine ten twenty thirty hundred thousand percent free twice half"
).split()
_NEGATION = re.compile(
    r"\b(?:не|нет|ни|без|нельзя|невозможно|никогда|никак|никто|ничего|кроме|"
    r"no|not|never|none|nothing|without|cannot|except|unless|\w+n['’]t)\b",
    re.I,
)
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*|\d+")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_NAMED = re.compile(r"[«\"“]([^»\"”]{1,80})[»\"”]")
_KEPT_WORDS = 0.5  # a sentence that keeps fewer of its words than that is another sentence


def classify_edit(suggested: str, sent: str) -> Verdict:
    """Compare what was suggested, template fields filled, with what was sent.

    Substantive: any change in a number, date, amount, link, negation or named thing, or a sentence
    added or removed. Everything else is cosmetic; no change at all but in white space is `ACCEPTED`.

    >>> classify_edit("Вернём деньги за 5 дней.", "Вернём вам деньги за 5 дней!").value
    'edited_cosmetic'
    >>> classify_edit("Вернём деньги за 5 дней.", "Вернём деньги за 7 дней.").value
    'edited_substantive'
    """
    if suggested.split() == sent.split():
        return Verdict.ACCEPTED
    changed = any(
        facts(suggested) != facts(sent) for facts in (_links, _numbers, _times, _negations, _named_things)
    )
    if changed or _sentences_differ(suggested, sent):
        return Verdict.EDITED_SUBSTANTIVE
    return Verdict.EDITED_COSMETIC


def _links(text: str) -> Counter[str]:
    return Counter(link.rstrip(".,;:!?)»\"'").lower() for link in _LINK.findall(text))


def _numbers(text: str) -> Counter[str]:
    numbers = (re.sub(r"[\u00a0 ]", "", number).replace(",", ".") for number in _NUMBER.findall(text))
    words = (word for word in _folded_words(text) if word in _AMOUNT_WORDS)
    return Counter([*numbers, *words])


def _times(text: str) -> Counter[str]:
    return Counter(
        stem
        for word in _folded_words(text)
        for stem in _MONTHS
        if word.startswith(stem) and len(word) <= len(stem) + 3
    )


def _negations(text: str) -> Counter[str]:
    return Counter(word.lower() for word in _NEGATION.findall(text))


def _named_things(text: str) -> Counter[str]:
    """Quoted titles, words in capitals inside a sentence, Latin words inside Russian text."""
    things = [title.lower() for title in _NAMED.findall(text)]
    cyrillic = bool(re.search(r"[а-яё]", text, re.I))
    for sentence in _sentences(text):
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


def _sentences(text: str) -> list[str]:
    return [part for part in (piece.strip() for piece in _SENTENCE_END.split(text)) if _WORD.search(part)]


def _sentences_differ(suggested: str, sent: str) -> bool:
    """Whether some sentence of either text has no counterpart in the other."""
    before, after = _sentences(suggested), _sentences(sent)
    if len(before) != len(after):
        return True
    unmatched = list(after)
    for sentence in before:
        best = max(unmatched, key=lambda other: _shared(sentence, other))
        if _shared(sentence, best) < _KEPT_WORDS:
            return True
        unmatched.remove(best)
    return False


def _shared(one: str, other: str) -> float:
    """Share of words in common: Dice coefficient of the two bags of stems, 0 to 1."""
    a, b = (Counter(_stem(word) for word in _folded_words(text)) for text in (one, other))
    return 2 * (a & b).total() / max(1, a.total() + b.total())


def _folded_words(text: str) -> list[str]:
    return [word.lower().replace("ё", "е") for word in _WORD.findall(text)]


def _stem(word: str) -> str:
    """Cuts endings off crudely: enough to tell the same word in another case from another word."""
    return word[: max(4, len(word) - 2)]
