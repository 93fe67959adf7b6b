"""Whose is it?  Personal data in a text are replaced by what they are: `[phone]`, `[email]` and so on.

Prices, dates, times, quantities and short numbers say what a question is about and stay. In doubt a number
is masked: a text without a price is still understood, a card number that is kept may be everybody's.
"""

import re
from collections.abc import Collection

PHONE, EMAIL, CARD, NUMBER = "[phone]", "[email]", "[card]", "[number]"

FEWEST_OF_THE_TEAM = 3  # conversations in which a contact was sent, so that it is no customer's

_FEWEST_DIGITS = 6  # of a run without spaces that is a number of something rather than a quantity
_FEWEST_AFTER_NAME = 3  # after "order", "№" and the like
_MOST_DIGITS_OF_AMOUNT = 7  # "1 250 000" without a currency is an amount, one digit more is a number
_MOST_PASSES = 4  # what is masked may uncover more beside it; two have always been enough

_SPACE = "[ \\u00a0\\u2009\\u202f]"
_DASH = "[-‐‑‒–—−]"
_GAP = rf"(?:{_SPACE}?[.()/]{_SPACE}?|{_DASH}|{_SPACE}{{1,2}}(?:\((?=\d+\)))?)"

_CURRENCY = (
    r"(?:₽|руб|р\.|р\b|тыс|млн|коп|₸|тенге|тг\b|₴|грн|сум\b|€|евро|eur|\$|долл|usd|us\b|rub|£|gbp|pounds?\b|dollars?\b"
    r"|%|процент|percent|балл|point|бонус|шт|штук|pcs|items?\b|кг|kg|гр?\b|км|km|м\b|см|cm|мм|mm|мл|ml|л\b|гб|gb|мб|mb"
    r"|мин|min|сек|sec|час|hour|дн|ден|day|сут|недел|week|мес|month|лет|год|year|k\b|к\b)"
)
_UNIT_BEHIND = re.compile(rf"{_SPACE}*(?:{_CURRENCY})", re.IGNORECASE)
_QUANTITY = re.compile(rf"\d+{_CURRENCY}\w*", re.IGNORECASE)
_SIGN_BEFORE = re.compile(rf"[$€£₽₸₴]{_SPACE}?\Z")

_NAMED = (
    r"(?:(?:заказ|отправлени|посылк|договор|контракт|сч[её]т|чек|квитанци|накладн|обращени|заявк|тикет|трек|полис|паспорт"
    r"|бронировани|брон[ьи]|транзакци|плат[её]ж|лицев)[а-яё]*|инн|кпп|огрн|снилс|бик"
    r"|orders?|parcel|shipment|contract|invoice|receipt|ticket|case|request|reference|ref|tracking|policy|passport"
    r"|booking|reservation|transaction|payment|account|customer\sid|id)"
)
_MARK = r"(?:№|\#|no\.?|nr\.?|num\.?|number|номера?|номером|ном\.|id|:)"

_WORTH_A_LOOK = re.compile(r"\d|@")
_DATE = (
    r"(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2}))"
    r"(?:[T\x20]\d{1,2}:\d{2}(?::\d{2})?)?(?!\d|[-./]\d)"
)
_TOKEN = re.compile(
    rf"""
    (?P<email>(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)+)
    | (?P<date>(?<![\d.]){_DATE})
    | (?P<time>(?<![\d:])\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?:{_DASH}\d{{1,2}}:\d{{2}})?(?![\d:]))
    | (?P<years>(?<!\d)(?:19|20)\d\d{_SPACE}?{_DASH}{_SPACE}?(?:19|20)\d\d(?![\d]|{_DASH}\d))
    | (?P<iban>(?<!\w)[A-Z]{{2}}\d{{2}}(?:{_SPACE}?[A-Z0-9]{{4}}){{3,7}}(?:{_SPACE}?[A-Z0-9]{{1,3}})?(?!\w))
    | (?P<code>(?<![\w-])(?=[\w-]*[^\W\d_])(?=[\w-]*\d)[^\W_]+(?:-[^\W_]+)*(?!\w))
    | (?P<digits>\+?(?:\((?=\d+\)))?\d+(?:{_GAP}\d+|\)\d+)*)
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Shorter numbers, which are known by what stands before them; they come second.
_NAMED_NUMBER = re.compile(
    rf"""
    (?P<name>
        (?<!\w)(?:{_NAMED}){_SPACE}?(?P<marked>{_SPACE}?{_MARK}){{1,2}}{_SPACE}?
        | (?<!\w)(?:{_NAMED}){_SPACE}
        | (?P<mark>(?:№|\#){_SPACE}?)
    )
    (?P<id>[\w/-]*\d[\w/-]*)
    """,
    re.VERBOSE | re.IGNORECASE,
)


def mask(text: str, *, keep: Collection[str] = ()) -> str:
    """Replace phones, e-mails, payment cards, order and contract numbers by what they are.

    `keep` holds contacts that are nobody's secret, such as the shop's own telephone; see `contacts`.
    Masking twice changes nothing more.

    >>> mask("Заказ №48213 не пришёл, мой телефон 8 (916) 123-45-67, ответьте на anna@mail.ru")
    'Заказ №[number] не пришёл, мой телефон [phone], ответьте на [email]'
    >>> mask("От 5 000 ₽ доставим бесплатно 12.03.2026 с 10:00 до 18:00")
    'От 5 000 ₽ доставим бесплатно 12.03.2026 с 10:00 до 18:00'
    """
    if not _WORTH_A_LOOK.search(text):
        return text
    kept = {_folded(contact) for contact in keep}
    for _ in range(_MOST_PASSES):
        masked = _NAMED_NUMBER.sub(_named, _TOKEN.sub(lambda match: _replaced(match, kept), text))
        if masked == text:
            break
        text = masked
    return text


def contacts(text: str) -> list[str]:
    """The phones and e-mails in the text, in a form that `keep` of `mask` takes.

    >>> contacts("Звоните 8 800 555-35-35 или пишите help@severok.example")
    ['78005553535', 'help@severok.example']
    """
    if not _WORTH_A_LOOK.search(text):
        return []
    matches = _TOKEN.finditer(text)
    return [_folded(match[0]) for match in matches if match["email"] or _kind(match) == PHONE]


def _replaced(match: re.Match[str], kept: Collection[str]) -> str:
    kind = _kind(match)
    if kind is None or (kind in (PHONE, EMAIL) and kept and _folded(match[0]) in kept):
        return match[0]
    return kind


def _kind(match: re.Match[str]) -> str | None:
    """What the match has to be replaced by; None: it stays."""
    if match["email"]:
        return EMAIL
    if match["iban"]:
        return NUMBER
    if match["code"]:
        many = _count(match["code"]) >= _FEWEST_DIGITS
        return NUMBER if many and not _QUANTITY.fullmatch(match["code"]) else None
    return _of_digits(match) if match["digits"] else None


def _named(match: re.Match[str]) -> str:
    """`заказ 48213` is an order's number, `заказ 3000 рублей` and `заказ 2026 года` are not."""
    word = match["id"]
    marked = bool(match["marked"] or match["mark"])
    amount = _is_amount(match, match.end()) or _QUANTITY.fullmatch(word) or re.fullmatch(_DATE, word)
    if amount or (not marked and re.fullmatch(r"(?:19|20)\d\d", word)):
        return match[0]
    enough = _FEWEST_AFTER_NAME if marked else _FEWEST_AFTER_NAME + 1
    return match["name"] + NUMBER if _count(word) >= enough else match[0]


def _of_digits(match: re.Match[str]) -> str | None:
    text = match[0]
    groups = re.findall(r"\d+", text)
    digits = "".join(groups)
    unbroken = len(groups) == 1 and not text.lstrip().startswith("+")
    if 13 <= len(digits) <= 19 and _luhn(digits):
        return CARD
    if _is_whole_phone(text, groups, digits):
        return PHONE
    if _is_amount(match, match.end()):
        return None
    if _is_local_phone(text, groups, digits):
        return PHONE
    if _in_thousands(groups):
        return NUMBER if len(digits) > _MOST_DIGITS_OF_AMOUNT else None
    if unbroken or max(map(len, groups)) >= _FEWEST_DIGITS:
        return NUMBER if max(map(len, groups)) >= _FEWEST_DIGITS else None
    return NUMBER if len(digits) >= 9 and max(map(len, groups)) > 2 else None  # else numbers side by side


def _is_whole_phone(text: str, groups: list[str], digits: str) -> bool:
    """With the country's or the operator's code."""
    if text.lstrip().startswith("+"):
        return 8 <= len(digits) <= 15
    if len(digits) == 11 and digits[0] in "78" and digits[1] in "3489":
        return True  # 8 800, 8 9xx, 8 (495)
    if len(digits) == 10 and digits[0] == "9" and len(groups) != 2:
        return True
    return len(digits) == 12 and digits.startswith(("375", "380", "998", "996", "992", "994"))


def _is_local_phone(text: str, groups: list[str], digits: str) -> bool:
    """By the way it is grouped: `123-45-67`, `(555) 123-4567`."""
    shape = "-".join(str(len(group)) for group in groups)
    if shape in ("3-3-4", "1-3-3-4"):
        return digits[0] not in "0" or "(" in text
    if shape in ("3-2-2", "3-3-2-2", "3-4"):
        return bool(re.search(rf"\d{_DASH}\d", text)) or ("(" in text and len(digits) > 6)
    return False


def _is_amount(match: re.Match[str], end: int) -> bool:
    start = match.start()
    return bool(_UNIT_BEHIND.match(match.string, end) or _SIGN_BEFORE.search(match.string[:start][-2:]))


def _in_thousands(groups: list[str]) -> bool:
    """`1 250 000`, `1.250.000`: groups of three behind a first one of up to three."""
    return len(groups[0]) <= 3 and len(groups) > 1 and all(len(group) == 3 for group in groups[1:])


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and len(set(digits)) > 1


def _count(text: str) -> int:
    return sum(character.isdigit() for character in text)


def _folded(contact: str) -> str:
    if "@" in contact:
        return contact.strip().casefold()
    digits = re.sub(r"\D", "", contact)
    return "7" + digits[1:] if len(digits) == 11 and digits[0] == "8" else digits
