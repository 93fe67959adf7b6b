"""Check whether a number is a phone, a payment card, a bank account or a tax number.

Two libraries decide: phonenumbers (Google's numbering plans) and python-stdnum (check digits). Digits
are ASCII, without separators. Every check takes well under a millisecond.
"""

from phonenumbers import NumberParseException, PhoneNumber, is_valid_number, parse
from stdnum import iban, luhn
from stdnum.ru import inn, ogrn

RUSSIA = 7  # and Kazakhstan


def is_card(digits: str) -> bool:
    """Return whether the number may belong to a payment card.

    >>> is_card("4111111111111111"), is_card("4111111111111112"), is_card("0" * 16)
    (True, False, False)
    """
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and luhn.is_valid(digits)


def is_iban(text: str) -> bool:
    """Return whether the text, with or without spaces, is a valid IBAN.

    Country, length, structure and check digits are checked.

    >>> is_iban("DE89 3704 0044 0532 0130 00"), is_iban("DE88 3704 0044 0532 0130 00")
    (True, False)
    """
    return iban.is_valid("".join(text.split()), check_country=False)


def is_tax_number(digits: str) -> bool:
    """Return whether the check digits are those of a Russian INN (of a person or a company) or OGRN.

    >>> is_tax_number("7707083893"), is_tax_number("1027700132195"), is_tax_number("7707083894")
    (True, True, False)
    """
    return inn.is_valid(digits) or ogrn.is_valid(digits)


def is_phone(digits: str) -> bool:
    """Return whether the number, with its country code, may belong to a phone of any country.

    >>> is_phone("442079460958"), is_phone("442079460"), is_phone("12500000")
    (True, False, False)
    """
    try:
        return is_valid_number(parse("+" + digits))
    except NumberParseException:
        return False


def is_phone_of(country_code: int, digits: str) -> bool:
    """Return whether the number, without country code and trunk prefix, may belong to a phone of the country.

    Not for countries whose numbers may begin with a zero, such as Italy.

    >>> is_phone_of(RUSSIA, "4951234567"), is_phone_of(RUSSIA, "1001234567")
    (True, False)
    """
    number = PhoneNumber(country_code=country_code, national_number=int(digits))
    return not digits.startswith("0") and is_valid_number(number)
