"""Forms of the dialogue engine that Sufler validates, and the answers to them.

A form asks for the number of an item whose state the customer wants to know. A project defines its
forms and the format of their numbers beside its training data.
"""

from dataclasses import dataclass
from string import digits
from typing import Protocol

_DIGIT = "#"


class LookupUnavailable(Exception):
    """Nothing can be looked up now. The message says why."""


class Lookup(Protocol):
    """The system in which numbers are looked up."""

    def state_of(self, number: str) -> str | None:
        """Return the state of the item with this number, in words for its customer, or None if there is none.

        Raises:
            LookupUnavailable: when the state cannot be determined now.
        """


@dataclass(frozen=True, kw_only=True)
class LookupForm:
    """A form that asks for a number, and the engine's responses that belong to it."""

    name: str
    slot: str  # of the number
    format: str  # of the whole number: # stands for a digit, any other character for itself
    ignored: str  # characters removed from the customer's text, besides white space
    malformed: str  # response to a text that does not match
    unknown: str  # response to a number that does not exist
    action: str  # the engine calls it once the form is filled
    found: str  # response with the number and the state, in fields of these names:
    state: str

    @property
    def validation(self) -> str:
        """Name of the action that the engine calls whenever the form's slot was filled."""
        return f"validate_{self.name}"

    def number(self, written: str) -> str | None:
        """Return the number without ignored characters, or None if it does not have the format."""
        number = "".join(sign for sign in written if not sign.isspace() and sign not in self.ignored)
        fits = len(number) == len(self.format) and all(
            sign in digits if place == _DIGIT else sign == place
            for sign, place in zip(number, self.format, strict=True)
        )
        return number if fits else None
