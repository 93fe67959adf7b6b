"""Which passwords may be chosen?  Those that nobody would try among the first.

The guesses that a password withstands are estimated by `zxcvbn` (Wheeler, "zxcvbn: Low-Budget Password
Strength Estimation", USENIX Security 2016): dictionaries of leaked passwords, words and names, keyboard
walks, sequences, repetitions, dates, capitals and digits in the usual places. Its dictionaries know Russian
words as they come out of a Latin keyboard, so a Cyrillic password is also looked at that way.
"""

import re
import threading
from collections.abc import Collection

from prompter.errors import PrompterError

MIN_PASSWORD_LENGTH = 10  # characters
MAX_PASSWORD_LENGTH = 200
_MIN_SCORE = 3  # zxcvbn's: at least 10^8 guesses, out of reach for logins that are slowed down
_MIN_REST = 4  # characters beside the name, common words, and digits at the ends
_ESTIMATED_LENGTH = 72  # characters that zxcvbn looks at

_RUSSIAN_KEYS = str.maketrans("йцукенгшщзхъфывапролджэячсмитьбю", "qwertyuiop[]asdfghjkl;'zxcvbnm,.")
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
    "привет здравствуйте спасибо пожалуйста тест тестовый временный"
).split()

_lock = threading.Lock()  # zxcvbn keeps the words of a call in a variable of its module


class WeakPassword(PrompterError):
    """The password is too short, too long, or easily guessed."""


def check_password(password: str, name: str) -> None:
    """Refuse a password that somebody who tries would soon find.

    Raises:
        WeakPassword: it is too short, too long, the account's name, or easily guessed.
    """
    if len(password) < MIN_PASSWORD_LENGTH:
        raise WeakPassword(f"a password needs at least {MIN_PASSWORD_LENGTH} characters")
    if len(password) > MAX_PASSWORD_LENGTH:
        raise WeakPassword(f"a password has at most {MAX_PASSWORD_LENGTH} characters")
    if password.casefold() == name.casefold():
        raise WeakPassword("the password must not be the name")
    words = {*_OWN_WORDS, *(part for part in re.split(r"[\W_\d]+", name.casefold()) if len(part) > 2)}
    if _is_made_of(words, password.casefold()) or _score(password, name, words) < _MIN_SCORE:
        raise WeakPassword(
            "this password is easily guessed (a common one, a pattern of keys, or one made of the name): "
            "take several words, or have one generated"
        )


def _is_made_of(words: Collection[str], password: str) -> bool:
    """Whether it is little more than these words, with digits and signs before and after them."""
    rest = password
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != password and len(re.sub(r"^[\W\d_]+|[\W\d_]+$", "", rest)) < _MIN_REST


def _score(password: str, name: str, words: Collection[str]) -> int:
    """From 0, among the very first guesses, to 4."""
    from zxcvbn import zxcvbn  # its dictionaries take 15 MiB

    beginning = password[:_ESTIMATED_LENGTH]
    spellings = {beginning.lower() if beginning.isupper() else beginning}
    if re.search("[а-яё]", beginning, re.IGNORECASE):
        spellings.add(beginning.lower().replace("ё", "е").translate(_RUSSIAN_KEYS))
    with _lock:
        return min(int(zxcvbn(each, user_inputs=[name, *words])["score"]) for each in spellings)
