"""Clean a message for the models: respelled, in lower case, without greeting, links and signature."""

import re
import unicodedata
from functools import lru_cache

from nlu.respelling import respell

# Characters that are read, both before and after the steps that can lengthen a text. No messenger's message
# is longer (Telegram's: 4,096), and encoders read half of it.
MAX_LENGTH = 4_096

_MAX_PASSES = 8  # a pass may uncover work for the next (a link inside a signature); three were always enough
_KEEP_AS_WRITTEN = re.compile("([№℃℉™℠½¼¾])")  # NFKC would turn "№ 5" into "no 5" and "½" into "1⁄2"
_INVISIBLE = frozenset({"Cf", "Co", "Cs", "Cn"})  # zero-width, bidi marks, private use, half a surrogate pair
_STRESS = re.compile("(?<=[а-яё])[\u0300\u0301]", re.IGNORECASE)
_VARIATION = re.compile("[\ufe00-\ufe0f\u20e3]")

_URL = re.compile(r"(?:https?://|ftp://|www\.)\S+", re.IGNORECASE)
# Only the first space before a signature is tried as its beginning. Otherwise each of a thousand empty lines
# would be tried, and all the following lines read again each time.
_NEW_LINE = r"\A\s*+ | (?<!\s)[^\S\n]*+\n\s*+"
_SIGNATURE = re.compile(
    rf"""(?:{_NEW_LINE})(?:--|_{{3,}})[^\S\n]*+$[\s\S]*
    |(?:[.!?,;)]\s*+ | {_NEW_LINE})(?:
        с\ (?:глубоким\ |большим\ )?уважением | с\ наилучшими(?:\ пожеланиями)?
        | всего\ (?:вам\ )?наилучшего, | (?:best|kind|warm|many)\ regards | regards, | best\ wishes,
        | yours\ (?:sincerely|faithfully|truly) | sincerely,
        )[\s\S]{{0,200}}\Z
    |(?:[.!?]\s*+ | {_NEW_LINE})(?:
        отправлено\ (?:с|из)\ (?:моего\ )?(?:iphone|ipad|айфона|android|устройства|мобильно|яндекс|mail|почты)
        | sent\ from\ (?:my|mail|yahoo|outlook) | get\ outlook\ for
        )[\s\S]{{0,200}}\Z""",
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)

_HELLO = r"""(?:
    (?:и\s+)?(?:всем\s+)?(?:
        здравствуй(?:те)? | здраствуй(?:те)? | здрасьте | здрасте | привет(?:ик|ики|ствую)? | хай | салют
        | добр(?:ый|ого|ое|ой|ым)\s+(?:день|дня|вечер|вечера|утро|утра|ночи|времени(?:\s+суток)?)
        | (?:день|вечер)\s+добрый
        | доброго\s+здоровья | алло | hello | hi | hey | hiya
        | good\s+(?:morning|afternoon|evening|day) | greetings | dear\s+(?:sirs?|madam|team|support)
        | privet | zdravstvuite
    )(?:\s+(?:всем|вам|народ|ребята|друзья|коллеги|there|all|everyone|team|guys|folks|again|ещ[её]\s+раз))?
)"""
_VOCATIVE = r"(?:уважаем\w+\s+)?(?:поддержка|служба\s+поддержки|оператор|бот|support(?:\s+team)?|bot)"
_ASKING = r"""(?:
    (?:не\s+)?(?:подскажите|скажите|посоветуйте|объясните|подскажи|скажи)(?:-ка)?\s*,?\s*(?:мне\s*,?\s*)?(?:пожалуйста|пожалуста|пож|плиз|плз)?
    | (?:будьте|будь)\s+(?:добры|любезны|добр)
    | (?:(?:у\s+меня|есть|имеется)\s+)?(?:такой\s+|к\s+вам\s+|один\s+)?вопрос(?:ик)?\s*[:,.\-–—]
    | (?:i\s+have|got|just)\s+a\s+(?:quick\s+)?question\s*[:,.\-–—]
    | (?:could|can|would)\s+you\s+(?:please\s+)?(?:tell|advise)\s+me\s*,?
)"""
_GREETING = re.compile(
    rf"^[\s,.!?;:()\-–—]*(?:{_HELLO}(?![\w])[\s,.!?;:()\-–—]*(?:{_VOCATIVE}(?![\w])[\s,.!?;:()\-–—]*)?)+",
    re.VERBOSE,
)
_POLITE = re.compile(rf"^[\s,.!;:()\-–—]*{_ASKING}(?![\w])[\s,.!;:()\-–—]*", re.VERBOSE)
_MIN_WORDS = 2  # "привет, бот" is a greeting and is kept; "привет, где заказ" is a question

_SAME_MARK = re.compile(r"([^\w\s])\1+")
_MIXED_MARKS = re.compile(r"[!?]{3,}")
_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")
_WORD = re.compile(r"\w+")
_SPACE = re.compile(r"\s+")


def clean(text: str) -> str:
    """Return `text` as the models see it. Cleaning twice changes nothing more.

    >>> clean("Здравствуйте!! Подскажите, пожалуйста, где мой ЗАКАЗ???")
    'где мой заказ?'
    >>> clean("Добрый день!")
    'добрый день!'
    >>> clean("Ghbdtn! Rfr dthyenm njdfh&")
    'как вернуть товар?'
    """
    for _ in range(_MAX_PASSES):
        cleaned = _clean_once(text)
        if cleaned == text:
            break
        text = cleaned
    return cleaned


def without_greeting(text: str) -> str:
    """Return the text as written, without a leading greeting. A greeting alone is kept.

    >>> without_greeting("Здравствуйте! Подскажите, пожалуйста, где мой ЗАКАЗ?")
    'где мой ЗАКАЗ?'
    """
    text = text.strip()
    lowered = text.lower().replace("ё", "е")
    if len(lowered) != len(text):  # some letters become two in lower case
        return text
    return text[len(text) - len(_without_greeting(lowered)) :]


def looks_empty(cleaned: str) -> bool:
    """Return True if the text contains no letter and no digit of any script."""
    return not any(character.isalnum() for character in cleaned)


def detect_language(text: str) -> str | None:
    """Guess the language from the script: "ru" or "en", or None if neither script prevails."""
    cyrillic = sum("а" <= character <= "я" or character == "ё" for character in text.lower())
    latin = sum("a" <= character <= "z" for character in text.lower())
    if cyrillic == latin:
        return None
    return "ru" if cyrillic > latin else "en"


def _clean_once(text: str) -> str:
    text = "".join(map(_visible, text[:MAX_LENGTH]))
    text = "".join(
        part if index % 2 else unicodedata.normalize("NFKC", part)
        for index, part in enumerate(_KEEP_AS_WRITTEN.split(text))
    )[:MAX_LENGTH]
    text = _STRESS.sub("", _VARIATION.sub("", text))
    text = _URL.sub(" ", text)
    text = _unless_empty(_without_quotes(text), text)
    text = _unless_empty(_SIGNATURE.sub(" ", text), text)
    text = text.lower().replace("ё", "е")
    text = respell(_SPACE.sub(" ", text).strip()[:MAX_LENGTH])[:MAX_LENGTH]
    text = _without_greeting(text)
    text = _SAME_MARK.sub(r"\1", text)
    text = _MIXED_MARKS.sub("?!", text)
    if _DRAWN_OUT.search(text):
        text = _WORD.sub(_shorten_drawn_out, text)
    return _SPACE.sub(" ", text).strip()


@lru_cache(maxsize=4096)
def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category in _INVISIBLE:
        return ""
    return " " if category == "Cc" and character != "\n" else character


def _without_quotes(text: str) -> str:
    """Return the text without quoted lines and the empty lines before them."""
    kept: list[str] = []
    empty: list[str] = []  # empty lines that may precede a quoted line
    for line in text.split("\n"):
        begins = line.lstrip()[:1]
        if begins == ">":
            kept.append(" ")
            empty = []
        elif begins:
            kept += [*empty, line]
            empty = []
        else:
            empty.append(line)
    return "\n".join([*kept, *empty])


def _unless_empty(shortened: str, text: str) -> str:
    return text if looks_empty(shortened) else shortened


def _without_greeting(text: str) -> str:
    rest = _GREETING.sub("", text)
    rest = _POLITE.sub("", rest)
    return rest if len(_WORD.findall(rest)) >= _MIN_WORDS else text


def _shorten_drawn_out(match: re.Match[str]) -> str:
    word = match[0]
    return _DRAWN_OUT.sub(r"\1", word) if len(set(word)) > 1 else word  # "iii" and "ааа" are words
