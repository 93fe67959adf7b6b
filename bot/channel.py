"""The interface of a channel as delivery uses it, and the errors that a channel raises."""

from typing import Protocol

from prompter.conversations.delivery import OutgoingMessage


class Channel(Protocol):
    """A way to reach customers.

    `name` is the channel of their conversations. `idempotent` promises that a message that is sent twice
    is shown to the customer once, so it may be sent again when its outcome is unknown.
    """

    @property
    def name(self) -> str: ...

    @property
    def idempotent(self) -> bool: ...

    async def send(self, message: OutgoingMessage) -> str:
        """Hand the message to the messenger. Return the messenger's id of the message.

        Raises:
            DeliveryError: when the messenger did not accept it, or the outcome is unknown.
        """
        ...


class DeliveryError(Exception):
    """A message was not delivered, or perhaps not. The text tells operators why.

    DeliveryError
    ├── NotAccepted
    ├── PermanentFailure
    └── OutcomeUnknown
    """


class NotAccepted(DeliveryError):
    """The messenger has not accepted it. It may be sent again, after `retry_after` seconds if given."""

    def __init__(self, problem: str, *, retry_after: float | None = None) -> None:
        super().__init__(problem)
        self.retry_after = retry_after


class PermanentFailure(DeliveryError):
    """The messenger will never accept it: the customer has blocked us, or the chat is gone."""


class OutcomeUnknown(DeliveryError):
    """The messenger may or may not have accepted it."""
