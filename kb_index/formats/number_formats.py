"""Show a number of a spreadsheet as its number format shows it, for the formats that people use.

Dates, times, percentages, fixed decimals, thousands, currencies, leading zeros and signs between digits
(phone numbers). What depends on the country of Excel's user is shown in Russian in a workbook whose texts
are Russian: 1 490,50 and 9 марта; otherwise in English: 1,490.50 and March 9. ECMA-376 part 1, 18.8.31.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

MAX_FORMAT_CHARS = 255  # Excel's own limit
GENERAL = "General"

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*+)"?|\\(?P<escaped>.)|_.|\*.'
    r"|\[\$(?P<currency>[^\[\]-]*)(?:-(?P<locale>[0-9A-Fa-f]+))?\]"
    r"|\[(?P<elapsed>h+|m+|s+)\]|\[(?P<condition>[<>=]+-?[\d.]+)\]|\[(?P<other>[^\[\]]*)\]"
    r"|(?P<general>General)|(?P<half>AM/PM|A/P)|(?P<fraction>(?<=[sS\]])\.0+)"
    r"|(?P<moment>y+|m+|d+|h+|s+)|(?P<digit>[0#?])|(?P<sign>.)",
    re.IGNORECASE | re.DOTALL,
)
_COLOURS = frozenset("black white red green blue yellow magenta cyan".split())
_MONTHS_RU = "января февраля марта апреля мая июня июля августа сентября октября ноября декабря".split()
_MONTHS_ALONE_RU = "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь".split()
_MONTHS_EN = "January February March April May June July August September October November December".split()
_DAYS_RU = "понедельник вторник среда четверг пятница суббота воскресенье".split()
_DAYS_EN = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_SHORT_DAYS_RU = "Пн Вт Ср Чт Пт Сб Вс".split()
_RUSSIAN = 0x19  # primary language of Windows' 0x419
_MAX_PLACES = 30


class UnknownFormat(ValueError):
    """The number format shows something that is not supported here, such as fractions."""


@dataclass(frozen=True, kw_only=True)
class _Token:
    kind: str  # literal, moment, elapsed, half, fraction, digit, sign
    text: str


@dataclass(frozen=True, kw_only=True)
class _Section:
    """One of up to four parts of a format: for positive numbers, negative ones, zero, texts."""

    tokens: tuple[_Token, ...]
    condition: str = ""
    is_russian: bool = False

    @property
    def is_moment(self) -> bool:
        return any(token.kind in {"moment", "elapsed"} for token in self.tokens)


def shown(value: float | date | time | timedelta, code: str, *, russian: bool) -> str:
    """Return how a number or point in time looks in a cell of this format.

    >>> shown(0.15, "0%", russian=True), shown(1490.5, '#,##0.00" ₽"', russian=False)
    ('15%', '1,490.50 ₽')

    Raises:
        UnknownFormat: when the format shows something that is not supported here.
    """
    sections = _parse(code[:MAX_FORMAT_CHARS])
    if isinstance(value, (date, time, timedelta)):
        section = sections[0]
        return _moment(value, section, russian=russian or section.is_russian)
    section, number = _section_for(value, sections)
    return _number(number, section, russian=russian or section.is_russian)


@lru_cache(maxsize=1024)
def _parse(code: str) -> tuple[_Section, ...]:
    parts: list[list[_Token]] = [[]]
    conditions, russian = [""], [False]
    for match in _TOKEN.finditer(code):
        kind, text = match.lastgroup or "", match[0]
        if kind in {"quoted", "escaped"}:
            parts[-1].append(_Token(kind="literal", text=match[kind]))
        elif text.startswith("[$"):
            parts[-1].append(_Token(kind="literal", text=match["currency"]))
            if match["locale"] and int(match["locale"][-3:], 16) & 0xFF == _RUSSIAN:
                russian[-1] = True
        elif kind == "condition":
            conditions[-1] = match["condition"]
        elif kind == "other":
            if match["other"].casefold() not in _COLOURS and not match["other"].casefold().startswith(
                "color"
            ):
                raise UnknownFormat(code)
        elif text == ";":
            parts.append([])
            conditions.append("")
            russian.append(False)
        elif kind in {"elapsed", "moment"}:
            parts[-1].append(_Token(kind=kind, text=match[kind].lower()))
        elif kind:
            parts[-1].append(_Token(kind=kind, text=text))
    return tuple(
        _Section(tokens=tuple(tokens), condition=condition, is_russian=is_russian)
        for tokens, condition, is_russian in zip(parts, conditions, russian, strict=True)
    )


def _section_for(value: float, sections: Sequence[_Section]) -> tuple[_Section, float]:
    """Return the section that shows the number, and the number without the sign that the section shows."""
    numeric = sections[:3]
    if any(section.condition for section in numeric):
        for section in numeric:
            if not section.condition or _holds(value, section.condition):
                return section, value
        raise UnknownFormat("no condition holds")
    if value < 0 and len(numeric) > 1:
        return numeric[1], -value
    if value == 0 and len(numeric) > 2:
        return numeric[2], value
    return numeric[0], value


def _holds(value: float, condition: str) -> bool:
    sign = condition.rstrip("-.0123456789")
    limit = float(condition[len(sign) :])
    outcomes = {
        "<": value < limit,
        "<=": value <= limit,
        ">": value > limit,
        ">=": value >= limit,
        "=": value == limit,
        "<>": value != limit,
    }
    if sign not in outcomes:
        raise UnknownFormat(condition)
    return outcomes[sign]


# --- numbers ----------------------------------------------------------------------------------


def plain_number(value: float) -> str:
    """Return the number as a cell without a format shows it.

    >>> plain_number(13.0), plain_number(12.5), plain_number(0.1 + 0.2)
    ('13', '12.5', '0.3')
    """
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.15g}" if isinstance(value, float) and abs(value) < 1e15 else str(value)


def _number(value: float, section: _Section, *, russian: bool) -> str:
    tokens = section.tokens
    if any(token.kind in {"moment", "half", "elapsed"} for token in tokens):
        raise UnknownFormat("a date")
    if any(token.kind == "sign" and token.text in "/Ee@" for token in tokens):
        raise UnknownFormat("a fraction or a power of ten")
    n_general = sum(token.kind == "general" for token in tokens)
    digits = [at for at, token in enumerate(tokens) if token.kind == "digit"]
    if n_general:
        if digits or n_general > 1:
            raise UnknownFormat("General among digits")
        return "".join(
            plain_number(value) if token.kind == "general" else token.text for token in tokens
        ).strip()
    if not digits:
        return ("-" if value < 0 else "") + "".join(token.text for token in tokens).strip()
    point = next((at for at, token in enumerate(tokens) if (token.kind, token.text) == ("sign", ".")), None)
    first, last = digits[0], digits[-1]
    whole = [at for at in digits if point is None or at < point]
    decimals = [at for at in digits if point is not None and at > point]
    commas = [at for at, token in enumerate(tokens) if (token.kind, token.text) == ("sign", ",")]
    grouped = any(first < at < (whole[-1] if whole else first) for at in commas)
    scale = sum(at > last for at in commas)
    n_percent = sum((token.kind, token.text) == ("sign", "%") for token in tokens)
    try:
        amount = Decimal(repr(value)).scaleb(2 * n_percent - 3 * scale)
        amount = amount.quantize(Decimal(1).scaleb(-min(len(decimals), _MAX_PLACES)), ROUND_HALF_UP)
    except InvalidOperation:
        raise UnknownFormat("too large a number") from None
    integer, _, fraction = f"{abs(amount):f}".partition(".")
    optional = len(decimals) - sum(tokens[at].text == "0" for at in decimals)
    for _ in range(optional):
        fraction = fraction.removesuffix("0") if fraction.endswith("0") else fraction
    wanted = sum(tokens[at].text == "0" for at in whole)
    integer = integer.lstrip("0").rjust(wanted, "0") if integer.strip("0") or wanted else ""
    separator = " " if russian else ","
    if grouped:
        integer = _grouped(integer, separator)
    middle = _with_literals(integer, tokens, whole, is_grouped=grouped)
    if fraction:
        middle += ("," if russian else ".") + fraction
    before = _literals(tokens[:first])
    after = _literals(tokens[last + 1 :])
    minus = "-" if value < 0 and amount else ""
    return (minus + before + middle + after).strip()


def _grouped(integer: str, separator: str) -> str:
    start = len(integer) % 3
    groups = [integer[:start]] if start else []
    return separator.join(groups + [integer[at : at + 3] for at in range(start, len(integer), 3)])


def _with_literals(integer: str, tokens: Sequence[_Token], whole: Sequence[int], *, is_grouped: bool) -> str:
    """Return the whole part with the signs that stand between its digits, as in 000-00-00."""
    if is_grouped or not whole or whole[-1] - whole[0] + 1 == len(whole):
        return integer
    places: list[str] = []
    rest = integer
    for at in range(whole[-1], whole[0] - 1, -1):
        token = tokens[at]
        if token.kind != "digit":
            places.append(token.text if rest or token.kind == "literal" or token.text in " -()" else "")
        elif at == whole[0]:
            places.append(rest)
        else:
            places.append(rest[-1:])
            rest = rest[:-1]
    return "".join(reversed(places))


def _literals(tokens: Sequence[_Token]) -> str:
    return "".join(
        token.text
        for token in tokens
        if token.kind == "literal" or (token.kind == "sign" and token.text not in ",.")
    )


# --- points in time -----------------------------------------------------------------------------


def _moment(value: date | time | timedelta, section: _Section, *, russian: bool) -> str:
    tokens = section.tokens
    if any(token.kind in {"digit", "general"} for token in tokens):
        raise UnknownFormat("digits in a date")
    if not section.is_moment:
        raise UnknownFormat("no date")
    has_date = any(token.kind == "moment" and token.text[0] in "yd" for token in tokens)
    if isinstance(value, timedelta) and has_date:
        raise UnknownFormat("a duration shown as a date")
    if isinstance(value, time) and has_date:
        raise UnknownFormat("a time shown as a date")
    if has_date and isinstance(value, datetime) and value.time() == time():
        # Midnight beside a date comes from programs that write every date so.
        tokens = _without_time(tokens)
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a sheet knows no time zones
    seconds = _seconds(value)
    half = any(token.kind == "half" for token in tokens)
    pieces: list[str] = []
    for at, token in enumerate(tokens):
        if token.kind == "elapsed":
            unit = {"h": 3600, "m": 60, "s": 1}[token.text[0]]
            pieces.append(str(int(seconds // unit)).rjust(len(token.text), "0"))
        elif token.kind == "half":
            pieces.append("AM" if seconds % 86_400 < 43_200 else "PM")
        elif token.kind == "fraction":
            n_places = len(token.text) - 1
            pieces.append("." + f"{seconds % 1:.{min(n_places, 6)}f}".partition(".")[2])
        elif token.kind == "moment":
            is_minute = token.text[0] == "m" and len(token.text) <= 2 and _is_minute(tokens, at)
            pieces.append(
                _piece(
                    value, seconds, token.text, is_minute=is_minute, half=half, russian=russian, tokens=tokens
                )
            )
        else:
            pieces.append(token.text)
    return "".join(pieces).strip(" ,")


def _seconds(value: date | time | timedelta) -> float:
    """Return the seconds since midnight, or of the duration."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (time, datetime)):
        return value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6
    return 0.0


def _is_minute(tokens: Sequence[_Token], at: int) -> bool:
    """Return True for an m behind hours or before seconds. Elsewhere it is a month."""
    clock = [token.text[0] for token in tokens[:at] if token.kind in {"moment", "elapsed"}]
    later = [token.text[0] for token in tokens[at + 1 :] if token.kind in {"moment", "elapsed"}]
    return clock[-1:] == ["h"] or later[:1] == ["s"]


def _without_time(tokens: Sequence[_Token]) -> tuple[_Token, ...]:
    def is_time(at: int) -> bool:
        token = tokens[at]
        if token.kind in {"elapsed", "half", "fraction"}:
            return True
        return token.kind == "moment" and (
            token.text[0] in "hs"
            or (token.text[0] == "m" and len(token.text) <= 2 and _is_minute(tokens, at))
        )

    times = [at for at in range(len(tokens)) if is_time(at)]
    if not times:
        return tuple(tokens)
    return tuple(tokens[: times[0]]) + tuple(tokens[times[-1] + 1 :])


def _piece(
    value: date | time | timedelta,
    seconds: float,
    text: str,
    *,
    is_minute: bool,
    half: bool,
    russian: bool,
    tokens: Sequence[_Token],
) -> str:
    length = len(text)
    if text[0] == "h":
        hour = int(seconds // 3600) % 24
        return str((hour % 12 or 12) if half else hour).rjust(min(length, 2), "0")
    if text[0] == "s":
        return str(int(seconds % 60)).rjust(min(length, 2), "0")
    if is_minute:
        return str(int(seconds // 60) % 60).rjust(min(length, 2), "0")
    if not isinstance(value, date):
        raise UnknownFormat("a time shown as a date")
    if text[0] == "y":
        return f"{value.year:04d}" if length > 2 else f"{value.year % 100:02d}"
    if text[0] == "m":
        return _month(value, length, russian=russian, beside_day=any(t.text in {"d", "dd"} for t in tokens))
    if length <= 2:
        return str(value.day).rjust(length, "0")
    names = (_SHORT_DAYS_RU if length == 3 else _DAYS_RU) if russian else _DAYS_EN
    name = names[value.weekday()]
    return name[:3] if length == 3 else name


def _month(value: date, length: int, *, russian: bool, beside_day: bool) -> str:
    if length <= 2:
        return str(value.month).rjust(length, "0")
    names = (_MONTHS_RU if beside_day else _MONTHS_ALONE_RU) if russian else _MONTHS_EN
    name = names[value.month - 1]
    return name[:3] if length == 3 else name
