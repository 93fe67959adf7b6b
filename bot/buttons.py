"""The buttons under an answer that the bot gave alone, and what pressing one does."""

from enum import StrEnum
from typing import Protocol

MAX_ID = 2**31 - 1  # of a reply; PostgreSQL takes a larger number for an error, not for an unknown one


class Button(StrEnum):
    """Did the answer help; or let a person answer after all."""

    UP = "up"
    DOWN = "down"
    OPERATOR = "operator"


class Feedback(Protocol):
    """What the buttons need of the core; False says that it was known already.

    Raises:
        NotFound: the bot has given this customer no such answer.
    """

    def rate(self, channel: str, chat_id: str, reply_id: int, *, helpful: bool) -> bool: ...

    def call_operator(self, channel: str, chat_id: str, reply_id: int) -> bool: ...


def press(feedback: Feedback, button: Button, *, channel: str, chat_id: str, reply_id: int) -> bool:
    """Pass on what a customer has pressed; False if that was known.

    Raises:
        NotFound: the bot has given this customer no such answer.
    """
    if button is Button.OPERATOR:
        return feedback.call_operator(channel, chat_id, reply_id)
    return feedback.rate(channel, chat_id, reply_id, helpful=button is Button.UP)
