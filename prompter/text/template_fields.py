"""Values of the template fields of an answer."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from kb_index.marks import Mark
from kb_index.templates import fields, fill
from prompter.domain.conversation import Customer

_OF_THE_CUSTOMER: dict[str, Callable[[Customer], str]] = {
    "customer_name": lambda customer: customer.name,
    "ticket": lambda customer: f"№{customer.conversation_id}",
}


def template_fields(constants: Mapping[str, str]) -> frozenset[str]:
    """Return the names of the fields that answers may use. `constants` are those of the settings.

    >>> sorted(template_fields({"shop_name": "Северок"}))
    ['customer_name', 'shop_name', 'ticket']
    """
    return frozenset({*constants, *_OF_THE_CUSTOMER})


def sample_values(constants: Mapping[str, str], *, customer_name: str) -> dict[str, str]:
    """Return sample values of the fields, for a preview of an answer.

    >>> sample_values({"shop_name": "Северок"}, customer_name="Ольга")["ticket"]
    '№12345'
    """
    sample = Customer(id=0, conversation_id=12345, channel="", chat_id="", name=customer_name, language=None)
    return template_values(sample, constants)


def fill_marks(marks: Iterable[Mark], values: Mapping[str, str]) -> tuple[Mark, ...]:
    """Return the marks of an answer as they are in the answer with its fields filled."""
    return tuple(
        replace(mark, text=fill(mark.text, values), address=fill(mark.address, values)) for mark in marks
    )


def template_values(customer: Customer, constants: Mapping[str, str]) -> dict[str, str]:
    """Return the values of the fields in an answer to this customer."""
    return {**constants, **{name: value(customer) for name, value in _OF_THE_CUSTOMER.items()}}


def unfilled_fields(text: str, customer: Customer) -> tuple[str, ...]:
    """Return the distinct fields that a text to this customer still contains.

    Braces in the customer's own name are no field.

    >>> olga = Customer(id=1, conversation_id=1, channel="", chat_id="", name="{user}", language=None)
    >>> unfilled_fields("{user}, заказ {number} едет.", olga)
    ('number',)
    """
    return fields(text.replace(customer.name, "") if fields(customer.name) else text)
