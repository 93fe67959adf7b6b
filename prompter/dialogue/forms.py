"""Which forms of a dialogue engine does Sufler check, and how are they answered?

A form asks for the number of something that a customer wants to know the state of. Which forms there are,
and how their numbers look, a project says beside its training data.
"""

from dataclasses import dataclass
from string import digits
from typing import Protocol

_DIGIT = "#"


class LookupUnavailable(Exception):
    """Nothing can be looked up now; the message says why."""


class Lookup(Protocol):
    """The place where numbers are looked up."""

    def state_of(self, number: str) -> str | None:
        """Return the state of what has this number, in words for its customer; None if there is none.

        Raises:
            LookupUnavailable: nobody can tell now.
        """


@dataclass(frozen=True, kw_only=True)
class LookupForm:
    """A form that asks for a number, and the responses of the engine that go with it."""

    name: str
    slot: str  # of the number
    format: str  # of the whole number: # stands for a digit, everything else for itself
    ignored: str  # characters that are left out of what the customer writes, beside white space
    malformed: str  # response to what does not match
    unknown: str  # response to a number that nothing has
    action: str  # the engine calls it once the form is filled
    found: str  # response with the number and the state, in fields of these names:
    state: str

    @property
    def validation(self) -> str:
        """Name of the action that the engine calls whenever the form's slot was filled."""
        return f"validate_{self.name}"

    def number(self, written: str) -> str | None:
        """Return the number without what is ignored; None if it does not look like one."""
        number = "".join(each for each in written if not each.isspace() and each not in self.ignored)
        fits = len(number) == len(self.format) and all(
            each in digits if place == _DIGIT else each == place
            for each, place in zip(number, self.format, strict=True)
        )
        return number if fits else None
