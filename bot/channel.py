"""What delivery needs of a messenger, and how a messenger says that it did not work."""

from typing import Protocol

from prompter.conversations.delivery import OutgoingMessage


class Channel(Protocol):
    """One way to reach customers.

    `name` is the channel of their conversations. `idempotent` promises that sending the same message
    twice shows it to the customer once, so that it may be sent again when nobody knows its fate.
    """

    @property
    def name(self) -> str: ...

    @property
    def idempotent(self) -> bool: ...

    async def send(self, message: OutgoingMessage) -> str:
        """Hand the message to the messenger; returns the messenger's id of it.

        Raises:
            DeliveryError: it was not taken, or nobody can tell.
        """
        ...


class DeliveryError(Exception):
    """A message did not get through, or may not have; the text says why, to an operator.

    DeliveryError
    ├── NotTaken
    ├── Refused
    └── FateUnknown
    """


class NotAccepted(DeliveryError):
    """The messenger surely has not taken it; it may be sent again, after `retry_after` seconds if given."""

    def __init__(self, problem: str, *, retry_after: float | None = None) -> None:
        super().__init__(problem)
        self.retry_after = retry_after


class PermanentFailure(DeliveryError):
    """The messenger will never take it: the customer has blocked us, or the chat is gone."""


class OutcomeUnknown(DeliveryError):
    """The messenger may have taken it, or not."""
