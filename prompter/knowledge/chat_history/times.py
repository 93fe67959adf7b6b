"""Times as exports write them."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

_NUMBER = re.compile(r"\d{1,14}(?:\.\d+)?")
_CLOCK = (
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?P<fraction>[.,]\d{1,9})?)?"
    r"(?:\s?(?P<half>[ap])\.?\s?m\.?)?"
)
_NUMERIC = re.compile(
    r"(?P<first>\d{1,4})(?P<sign>[./-])(?P<middle>\d{1,2})(?P=sign)(?P<last>\d{1,4})"
    rf"(?:(?:,\s?|\s|t)(?:(?:в|at|klo)\s)?{_CLOCK})?"
)
_WITH_MONTH = re.compile(
    r"(?:(?P<day>\d{1,2})\s(?P<month>[^\W\d]{3,9})\.?|(?P<month_first>[^\W\d]{3,9})\.?\s(?P<day_second>\d{1,2})),?"
    rf"\s(?P<year>\d{{4}})(?:\sг\.?)?(?:,?\s(?:(?:в|at)\s)?{_CLOCK})?",
    re.IGNORECASE,
)
_MONTHS = {
    name: number
    for names in (
        "янв фев мар апр мая июн июл авг сен окт ноя дек",
        "jan feb mar apr may jun jul aug sep oct nov dec",
    )
    for number, name in enumerate(names.split(), start=1)
} | {"май": 5}
_ZONE = re.compile(
    r"(?P<clock>\d[:.]\d{2}\S*?(?:\s?[ap]\.?m\.?)?)\s?\(?(?P<name>UTC|GMT|MSK|МСК|Z)?\s?(?P<offset>[+-]\d{1,2}(?::?\d{2})?)?\)?",
    re.IGNORECASE,
)
_MAX_LENGTH = 100  # characters; no time is longer
_MOSCOW = timedelta(hours=3)


def seconds_of(value: object, *, month_first: bool | None = None) -> float:
    """Return the seconds since 1970. A time without a zone is read as UTC, as only the order counts.

    `month_first` says how to read dates with slashes; by default, one with AM or PM begins with its month.

    Raises:
        ValueError: when this is no time.

    >>> seconds_of("2026-03-02 09:30:01 UTC") == seconds_of("02.03.2026 12:30:01 +0300")
    True
    """
    text = " ".join(str(value)[:_MAX_LENGTH].split())
    if _NUMBER.fullmatch(text):
        seconds = float(text)
        return seconds / 1000 if seconds > 1e11 else seconds  # milliseconds
    try:
        return _moment(text, month_first).timestamp()
    except (TypeError, OverflowError) as error:
        raise ValueError(str(error)) from None


def _moment(text: str, month_first: bool | None) -> datetime:
    if text[4:5] == "-":
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            pass  # with a zone that has a space before it or a name
        else:
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    plain, zone = _without_zone(text)
    match = _NUMERIC.fullmatch(plain.casefold())
    if match is not None:
        year, month, day = _numeric_date(match, month_first)
        return _at(match, year, month, day, zone)
    match = _WITH_MONTH.fullmatch(plain)
    if match is not None:
        named_month = (match["month"] or match["month_first"]).lower()[:3]
        if named_month in _MONTHS:
            day = int(match["day"] or match["day_second"])
            return _at(match, int(match["year"]), _MONTHS[named_month], day, zone)
    try:
        moment = datetime.fromisoformat(text)  # without signs: 20260302T093000
    except ValueError:
        moment = parsedate_to_datetime(text)  # as in e-mail: Mon, 2 Mar 2026 09:30:00 +0300
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _without_zone(text: str) -> tuple[str, timezone]:
    matches = (_ZONE.fullmatch(text, clock.start()) for clock in re.finditer(r"\d[:.]\d{2}", text))
    match = next((match for match in matches if match and (match["name"] or match["offset"])), None)
    if match is None:
        return text, UTC
    offset = _MOSCOW if (match["name"] or "").upper() in {"MSK", "МСК"} else timedelta(0)
    if match["offset"]:
        digits = match["offset"][1:].replace(":", "")
        hours, minutes = (int(digits), 0) if len(digits) < 3 else (int(digits[:-2]), int(digits[-2:]))
        offset = timedelta(hours=hours, minutes=minutes)
        offset = -offset if match["offset"][0] == "-" else offset
    return text[: match.end("clock")], timezone(offset)


def _numeric_date(match: re.Match[str], month_first: bool | None) -> tuple[int, int, int]:
    first, middle, last = int(match["first"]), int(match["middle"]), int(match["last"])
    if len(match["first"]) == 4:
        return first, middle, last
    if month_first is None:
        month_first = bool(match["half"])
    year = last if len(match["last"]) > 2 else 2000 + last
    is_month_first = match["sign"] == "/" and first <= 12 and (month_first or middle > 12)
    return (year, first, middle) if is_month_first else (year, middle, first)


def _at(match: re.Match[str], year: int, month: int, day: int, zone: timezone) -> datetime:
    hour = int(match["hour"] or 0)
    if match["half"]:
        hour = hour % 12 + 12 * (match["half"].lower() == "p")
    fraction = int(float("0." + match["fraction"][1:]) * 1e6) if match["fraction"] else 0
    return datetime(
        year, month, day, hour, int(match["minute"] or 0), int(match["second"] or 0), fraction, tzinfo=zone
    )
