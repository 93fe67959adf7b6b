"""Refuse passwords that are easy to guess.

The number of guesses that a password withstands is estimated by `zxcvbn` (Wheeler, "zxcvbn: Low-Budget
Password Strength Estimation", USENIX Security 2016): dictionaries of leaked passwords, words and names,
keyboard walks, sequences, repetitions, dates, capitals and digits in the usual places. Its dictionaries
know neither Russian nor all of English, so a single word of either language with digits and signs
around it is looked up in the frequency lists of `nlu.respelling`. A password is also checked as typed
in the other keyboard layout and as transliterated.
"""

import re
import threading
from collections.abc import Collection, Iterator
from functools import cache
from itertools import islice
from math import prod

from nlu.respelling.keyboard import to_latin, to_russian
from prompter.common.errors import PrompterError

MIN_PASSWORD_LENGTH = 10  # characters
MAX_PASSWORD_LENGTH = 200
_MIN_SCORE = 3  # zxcvbn's: at least 10^8 guesses, out of reach for logins that are slowed down
_MIN_REST = 4  # characters beside the name, common words, and digits at the ends
_MIN_WORD = 4  # letters; most combinations of fewer letters are words
_MAX_WORD = 30  # letters
_COMMON_PASSWORDS = 1_000  # two of them with a sign between do not make a passphrase
_ESTIMATED_LENGTH = 24  # characters that zxcvbn reads: its time grows faster than their number

# zxcvbn looks up all words once for each way of reading signs as letters, and there can be hundreds of ways.
_MAX_READINGS = 8
_READ_AS = {  # as in zxcvbn's own table
    "a": "4@", "b": "8", "c": "({[<", "e": "3", "g": "69", "i": "1!|", "l": "1|7", "o": "0", "s": "$5",
    "t": "+7", "x": "%", "z": "2",
}  # fmt: skip
_AS_LETTERS = str.maketrans({sign: letter for letter, signs in _READ_AS.items() for sign in signs})
_WITHOUT_SIGNS = str.maketrans(dict.fromkeys("@({[<!|$+%", "~"))  # the digits stay: dates, sequences

# Our own list: words of this product and of its users' work that the dictionaries lack, in both alphabets.
_OWN_WORDS = (
    "sufler суфлер суфлёр prompter admin operator operators supervisor helpdesk chatbot support "
    "поддержка техподдержка оператор операторы супервайзер администратор админ пользователь сотрудник "
    "менеджер компания магазин клиент пароль мойпароль секрет доступ вход логин "
    "любовь люблю любимая любимый малыш зайка зайчик котик котенок солнышко ангел принцесса красотка "
    "мама папа семья "
    "россия москва питер петербург казань самара новосибирск екатеринбург сибирь родина победа "
    "зенит спартак динамо локомотив цска футбол хоккей "
    "январь февраль март апрель июнь июль август сентябрь октябрь ноябрь декабрь "
    "зима весна лето осень понедельник вторник среда четверг пятница суббота воскресенье "
    "привет здравствуйте спасибо пожалуйста тест тестовый временный "
    "александр александра алексей алексеев алина алла анастасия андрей андреев анна антон антонов артем "
    "борис вадим валентина валерий василий васильев вера вероника виктор виктория виталий владимир "
    "вячеслав галина георгий григорий дарья денис дмитрий дмитриев евгений евгения егор егоров екатерина "
    "елена елизавета захаров зайцев иван иванов игорь илья инна ирина кирилл козлов константин кристина "
    "ксения кузнецов лариса лебедев леонид людмила макаров макс максим маргарита марина мария михаил "
    "михайлов морозов надежда наталья наташа никита никитин николай николаев новиков оксана олег ольга "
    "орлов павел павлов петр петров полина попов роман романов светлана семен семенов сергей сергеев "
    "смирнов соколов софия степан степанов татьяна тимофей федор федоров юлия юрий яковлев ярослав "
).split()
_LATIN_WORD = re.compile(rf"[a-z]{{{_MIN_WORD},{_MAX_WORD}}}")

_lock = threading.Lock()  # zxcvbn keeps the words of a call in a variable of its module


class WeakPassword(PrompterError):
    """The password is too short, too long, or easily guessed."""


def check_password(password: str, name: str) -> None:
    """Refuse a password that an attacker would soon guess.

    Raises:
        WeakPassword: when it is too short, too long, the account's name, or easily guessed.
    """
    if len(password) < MIN_PASSWORD_LENGTH:
        raise WeakPassword(f"a password needs at least {MIN_PASSWORD_LENGTH} characters")
    if len(password) > MAX_PASSWORD_LENGTH:
        raise WeakPassword(f"a password has at most {MAX_PASSWORD_LENGTH} characters")
    if password.casefold() == name.casefold():
        raise WeakPassword("the password must not be the name")
    parts = re.split(r"[\W\d_]+", _plain(name))
    words = {*map(_plain, _OWN_WORDS), *(part for part in parts if len(part) > 2)}
    if (
        any(_is_common(meant, words) for meant in _readings(_plain(password)))
        or _score(password, name, words) < _MIN_SCORE
    ):
        raise WeakPassword(
            "this password is easily guessed (a common one, one word with digits or signs, a pattern of "
            "keys, or one made of the name): take several words, or have one generated"
        )


def _plain(text: str) -> str:
    return text.casefold().replace("ё", "е")


def _readings(password: str) -> Iterator[str]:
    """Yield the password, and its readings in the other keyboard layout and as a transliteration."""
    from nlu.respelling.statistics import spelling

    yield password
    yield to_russian(password)
    yield to_latin(password)
    yield _LATIN_WORD.sub(lambda word: spelling().transliterated(word[0]).word, password)


def _is_common(password: str, words: Collection[str]) -> bool:
    return (
        _is_one_word(password)
        or _is_made_of(words, password)
        or _is_made_of({*words, *_common_passwords()}, password, max_words=2)
    )


def _is_one_word(password: str) -> bool:
    """Return whether it is a Russian or English word or name, perhaps with digits and signs around it."""
    from nlu.respelling.statistics import Alphabet, spelling  # 3 MiB, read at the first password

    word = _within_letters(password)
    if not _MIN_WORD <= len(word) <= _MAX_WORD:
        return False
    if Alphabet.RUSSIAN.holds(word):
        return spelling().cyrillic.knows(word)
    return Alphabet.LATIN.holds(word) and spelling().latin.knows(word)


def _is_made_of(words: Collection[str], password: str, *, max_words: int = MAX_PASSWORD_LENGTH) -> bool:
    """Return whether it is little more than up to `max_words` of the words, with digits and signs around."""
    rest, found = password, 0
    for word in sorted(words, key=len, reverse=True):
        if word in rest:
            found += 1  # a repeated word is as easily guessed as a single one
            rest = rest.replace(word, "")
    return 0 < found <= max_words and len(_within_letters(rest)) < _MIN_REST


def _within_letters(text: str) -> str:
    """Return the text from its first to its last letter."""
    letters = [place for place, character in enumerate(text) if character.isalpha()]
    return text[letters[0] : letters[-1] + 1] if letters else ""


@cache
def _common_passwords() -> frozenset[str]:
    from zxcvbn.matching import RANKED_DICTIONARIES

    first = islice(RANKED_DICTIONARIES["passwords"], _COMMON_PASSWORDS)
    return frozenset(word for word in first if word.isalpha() and len(word) >= _MIN_WORD)


def _score(password: str, name: str, words: Collection[str]) -> int:
    """Return zxcvbn's score, from 0 (among the very first guesses) to 4."""
    from zxcvbn import zxcvbn  # its dictionaries take 15 MiB

    with _lock:
        return min(
            int(zxcvbn(text, user_inputs=[name, *words])["score"])
            for text in sorted(_texts_to_score(password))
        )


def _texts_to_score(password: str) -> set[str]:
    """Return the texts that zxcvbn scores for the password: its beginning, spelt so that scoring is fast."""
    period = next(n for n in range(1, len(password) + 1) if password.startswith(password[n:]))
    beginning = password[: min(period, _ESTIMATED_LENGTH)]  # repetition adds nothing
    texts = {beginning.lower() if beginning.isupper() else beginning}
    if re.search("[а-яё]", beginning, re.IGNORECASE):
        texts.add(to_latin(_plain(beginning)))
    return {spelling for text in texts for spelling in _readable(text)}


def _readable(text: str) -> tuple[str, ...]:
    """Return the text itself, or two simpler spellings if its signs can be read in too many ways.

    The two are one reading of the signs as letters, and the text without the signs.
    """
    ways = prod(sum(sign in text for sign in signs) or 1 for signs in _READ_AS.values())
    return (text,) if ways <= _MAX_READINGS else (text.translate(_AS_LETTERS), text.translate(_WITHOUT_SIGNS))
