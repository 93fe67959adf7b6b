"""Mask personal data: phones, e-mails, cards and reference numbers become `[phone]`, `[email]` and so on.

Prices, dates, times, quantities and short numbers carry the meaning of a question and stay. A doubtful
number is masked: a text without a price can still be understood, while a card number that is kept may
leak. Regular expressions find candidates. If the digits can decide, `number_checks` does.
"""

import re
from collections.abc import Callable, Collection

from prompter.text.number_checks import RUSSIA, is_card, is_iban, is_phone, is_phone_of, is_tax_number

PHONE, EMAIL, CARD, NUMBER = "[phone]", "[email]", "[card]", "[number]"

MIN_TEAM_COUNT = 3  # conversations in which a contact was sent, so that it is not a customer's

_MIN_DIGITS = 6  # of an unbroken run that is a reference number rather than a quantity
_MIN_DIGITS_AFTER_NAME = 3  # after "order", "№" and the like
_MAX_DIGITS_OF_AMOUNT = 7  # "1 250 000" without a currency is an amount, one digit more is a number
_MAX_PASSES = 4  # masking may uncover more beside it; two passes have always been enough
_MIN_NATIONAL_DIGITS = 9  # of a tax number, or of a phone without its country code
_MIN_IBAN_DIGITS = 10  # at least so many digits are masked even if the check digits are wrong
_TAX_LENGTHS = (10, 12, 13, 15)
_LOOK_BACK = 12  # characters before a number that may contain its name or currency
_MAX_CHECKS = 32  # of one text; they take some 3 ms
_ZERO_COUNTRIES = (380, 44, 49, 33)  # their phones are written with 0 instead of the country code
_NEIGHBOUR_CODES = ("373", "374", "375", "380", "992", "994", "995", "996", "998")  # often without a plus

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
_TAX_NAME_BEFORE = re.compile(
    rf"(?<!\w)(?:инн|кпп|огрн|огрнип|снилс|бик){_SPACE}?[:№/-]?{_SPACE}?\Z", re.IGNORECASE
)

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
_IBAN = re.compile(
    rf"(?<![\w.+%@-])[A-Z]{{2}}\d{{2}}(?:{_SPACE}?[A-Z0-9]{{4}}){{2,7}}(?:{_SPACE}?[A-Z0-9]{{1,3}})?(?![\w@])",
    re.IGNORECASE,
)
_MIN_IBAN = 15  # characters
_SPACES = re.compile(_SPACE)
_NO_DIGITS = re.compile(r"\D+")
_FRENCH = re.compile(r"0\d([ .-])\d\d(?:\1\d\d){3}")
_SNILS = re.compile(r"\d{3}-\d{3}-\d{3}[ -]\d\d")
_TOKEN = re.compile(
    rf"""
    (?P<email>(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)+)
    | (?P<date>(?<![\d.]){_DATE})
    | (?P<time>(?<![\d:])\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?:{_DASH}\d{{1,2}}:\d{{2}})?(?![\d:]))
    | (?P<years>(?<!\d)(?:19|20)\d\d{_SPACE}?{_DASH}{_SPACE}?(?:19|20)\d\d(?![\d]|{_DASH}\d))
    | (?P<code>(?<![\w-])(?=[\w-]*[^\W\d_])(?=[\w-]*\d)[^\W_]+(?:-[^\W_]+)*(?!\w))
    | (?P<digits>\+?(?:\((?=\d+\)))?\d+(?:{_GAP}\d+|\)\d+)*)
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Shorter numbers, recognized by the words before them. They are matched second.
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
    """Replace phones, e-mails, payment cards, order and contract numbers by placeholders.

    `keep` holds public contacts, such as the shop's own telephone, in the form that `contacts` returns.
    Masking a masked text changes nothing.

    >>> mask("Заказ №48213 не пришёл, мой телефон 8 (916) 123-45-67, ответьте на anna@mail.ru")
    'Заказ №[number] не пришёл, мой телефон [phone], ответьте на [email]'
    >>> mask("От 5 000 ₽ доставим бесплатно 12.03.2026 с 10:00 до 18:00")
    'От 5 000 ₽ доставим бесплатно 12.03.2026 с 10:00 до 18:00'
    """
    if not _WORTH_A_LOOK.search(text):
        return text
    kept = {_fold(contact) for contact in keep}
    masking = _Masking(kept)
    for _ in range(_MAX_PASSES):
        masked = _NAMED_NUMBER.sub(_mask_order_number, masking.of(text))
        if masked == text:
            break
        text = masked
    return text


def contacts(text: str) -> list[str]:
    """Return the phones and e-mails in the text, in a form that `mask` accepts as `keep`.

    >>> contacts("Звоните 8 800 555-35-35 или пишите help@severok.example")
    ['78005553535', 'help@severok.example']
    """
    return _Masking(()).contacts(text) if _WORTH_A_LOOK.search(text) else []


class _Masking:
    """Masks one text, and checks at most `_MAX_CHECKS` of its numbers.

    A text with more numbers is no question. All further numbers are masked unchecked.
    """

    def __init__(self, kept: Collection[str]) -> None:
        self._kept = kept
        self._verdicts: dict[tuple[object, ...], bool] = {}

    def of(self, text: str) -> str:
        return _TOKEN.sub(self._replacement, _IBAN.sub(self._iban, text))

    def contacts(self, text: str) -> list[str]:
        matches = _TOKEN.finditer(_IBAN.sub(self._iban, text))
        return [_fold(match[0]) for match in matches if self._kind(match) in (PHONE, EMAIL)]

    def _is(self, check: Callable[..., bool], *values: str | int) -> bool:
        key = (check, *values)
        if key not in self._verdicts:
            if len(self._verdicts) >= _MAX_CHECKS:
                return True
            self._verdicts[key] = check(*values)
        return self._verdicts[key]

    def _iban(self, match: re.Match[str]) -> str:
        """Mask an IBAN, even a mistyped one, and leave the words after it."""
        text = match[0]
        if _count(text) < _MIN_IBAN_DIGITS:
            return text
        ends = (len(text), *(space.start() for space in reversed(list(_SPACES.finditer(text)))))
        for end in ends:
            if end >= _MIN_IBAN and self._is(is_iban, text[:end]):
                return NUMBER + text[end:]
        return NUMBER if len(_SPACES.sub("", text)) > _MIN_IBAN else text

    def _replacement(self, match: re.Match[str]) -> str:
        kind = self._kind(match)
        if kind is None or (kind in (PHONE, EMAIL) and self._kept and _fold(match[0]) in self._kept):
            return match[0]
        return kind

    def _kind(self, match: re.Match[str]) -> str | None:
        """Return the placeholder that replaces the match, or None if it stays."""
        if match["email"]:
            return EMAIL
        if match["code"]:
            many = _count(match["code"]) >= _MIN_DIGITS
            return NUMBER if many and not _QUANTITY.fullmatch(match["code"]) else None
        return self._of_digits(match) if match["digits"] else None

    def _of_digits(self, match: re.Match[str]) -> str | None:
        text = match[0]
        groups = re.findall(r"\d+", text)
        digits = _digits(text)
        max_group = max(map(len, groups))
        has_plus = text.startswith("+")
        is_unbroken = len(groups) == 1 and not has_plus
        is_amount = _is_amount(match, match.end())
        if len(digits) >= _MIN_NATIONAL_DIGITS and _TAX_NAME_BEFORE.search(_before(match)):
            return NUMBER
        if is_card(digits):
            return CARD
        if has_plus and 8 <= len(digits) <= 15 and not (is_amount and _in_thousands(groups)):
            return PHONE  # even if mistyped
        if self._is_whole_phone(text, groups, digits):
            return PHONE
        if _SNILS.fullmatch(text):
            return NUMBER
        if is_amount:
            may_be_tax = is_unbroken and len(digits) in _TAX_LENGTHS
            return NUMBER if may_be_tax and self._is(is_tax_number, digits) else None
        if _is_local_phone(text, groups, digits):
            return PHONE
        if _in_thousands(groups):
            return NUMBER if len(digits) > _MAX_DIGITS_OF_AMOUNT else None
        if is_unbroken or max_group >= _MIN_DIGITS:
            return NUMBER if max_group >= _MIN_DIGITS else None
        return NUMBER if len(digits) >= _MIN_NATIONAL_DIGITS and max_group > 2 else None  # several numbers

    def _is_whole_phone(self, text: str, groups: list[str], digits: str) -> bool:
        """Return whether it is a phone with its country or area code.

        Pairs of digits may be adjacent sizes, so only `06 12 34 56 78` is checked among them.
        """
        in_pairs = max(map(len, groups)) < 3
        if text.startswith("+"):
            return 7 <= len(digits) <= 15 and self._is(is_phone, digits)
        if len(digits) == 10 and digits[0] == "9":
            return len(groups) != 2
        if len(digits) == 11 and digits[0] in "78" and not (in_pairs and digits[1] == "7"):
            return self._is(is_phone_of, RUSSIA, digits[1:])
        if in_pairs and not _FRENCH.fullmatch(text):
            return False
        if digits.startswith(("00", "810")) and 12 <= len(digits) <= 17:
            return self._is(is_phone, digits.removeprefix("00").removeprefix("810"))
        if digits[0] == "0" and _MIN_NATIONAL_DIGITS <= len(digits) <= 11 and len(groups[0]) > 1:
            return any(self._is(is_phone_of, code, digits[1:]) for code in _ZERO_COUNTRIES)
        is_grouped = len(groups) > 1 and not _in_thousands(groups)
        return (
            (is_grouped or digits.startswith(_NEIGHBOUR_CODES))
            and 11 <= len(digits) <= 13
            and self._is(is_phone, digits)
        )


def _mask_order_number(match: re.Match[str]) -> str:
    """Mask `заказ 48213`, an order's number, but not `заказ 3000 рублей` or `заказ 2026 года`."""
    word = match["id"]
    marked = bool(match["marked"] or match["mark"])
    amount = _is_amount(match, match.end()) or _QUANTITY.fullmatch(word) or re.fullmatch(_DATE, word)
    if amount or (not marked and re.fullmatch(r"(?:19|20)\d\d", word)):
        return match[0]
    enough = _MIN_DIGITS_AFTER_NAME if marked else _MIN_DIGITS_AFTER_NAME + 1
    return match["name"] + NUMBER if _count(word) >= enough else match[0]


def _is_local_phone(text: str, groups: list[str], digits: str) -> bool:
    """Return whether it is grouped like a local phone: `123-45-67`, `(555) 123-4567`."""
    shape = "-".join(str(len(group)) for group in groups)
    if shape in ("3-3-4", "1-3-3-4"):
        return digits[0] not in "0" or "(" in text
    if shape in ("3-2-2", "3-3-2-2", "3-4"):
        return bool(re.search(rf"\d{_DASH}\d", text)) or ("(" in text and len(digits) > 6)
    return False


def _is_amount(match: re.Match[str], end: int) -> bool:
    return bool(_UNIT_BEHIND.match(match.string, end) or _SIGN_BEFORE.search(_before(match)))


def _before(match: re.Match[str]) -> str:
    return match.string[max(0, match.start() - _LOOK_BACK) : match.start()]


def _in_thousands(groups: list[str]) -> bool:
    """Return whether groups of three follow a first group of up to three: `1 250 000`, `1.250.000`."""
    return len(groups[0]) <= 3 and len(groups) > 1 and all(len(group) == 3 for group in groups[1:])


def _count(text: str) -> int:
    return sum(character.isdigit() for character in text)


def _digits(text: str) -> str:
    """Return the digits in ASCII, whatever script they are written in."""
    digits = _NO_DIGITS.sub("", text)
    return digits if digits.isascii() else "".join(str(int(digit)) for digit in digits)


def _fold(contact: str) -> str:
    if "@" in contact:
        return contact.strip().casefold()
    digits = _digits(contact)
    return "7" + digits[1:] if len(digits) == 11 and digits[0] == "8" else digits
