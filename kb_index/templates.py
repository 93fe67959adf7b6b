"""Find and fill template fields in answers: `{customer_name}`, `{ticket}`."""

import re
from collections.abc import Mapping

_FIELD = re.compile(r"\{([a-z][a-z_]*)\}")


def fields(text: str) -> tuple[str, ...]:
    """Return the distinct names of the fields in the text, in order. Other braces are ignored.

    >>> fields("Заказ {ticket}: {customer_name}, ждите. {ticket} {Not a field}")
    ('ticket', 'customer_name')
    """
    return tuple(dict.fromkeys(_FIELD.findall(text)))


def between_fields(text: str) -> list[str]:
    """Return the parts before, between and after the fields. A text without fields is one part.

    >>> between_fields("Заказ {ticket} собран")
    ['Заказ ', ' собран']
    """
    return _FIELD.split(text)[::2]


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace fields by their values. Fields without a value stay unchanged.

    An empty value also removes the comma that set it off, so that a greeting without a name reads well.

    >>> fill("Здравствуйте, {customer_name}! {other}", {"customer_name": ""})
    'Здравствуйте! {other}'
    >>> fill("{customer_name}, заказ собран.", {"customer_name": ""})
    'Заказ собран.'
    """
    for name, value in values.items():
        if not value.strip():
            text = _drop(text, name)
    return _FIELD.sub(lambda match: values.get(match[1], match[0]), text)


def _drop(text: str, name: str) -> str:
    field = re.escape("{" + name + "}")
    text = re.sub(rf"(?:,[ \t]*|(?<![ \t])[ \t]*){field}(?=[.!?…)]|\s*$)", "", text)
    text = re.sub(
        rf"(^|[.!?…]\s*+|(?<!\s)[^\S\n]*+\n\s*+){field},[ \t]*(\w)",
        lambda match: match[1] + match[2].upper(),
        text,
    )
    return re.sub(rf"{field},?[ \t]*", "", text)
