"""The buttons under an automated reply, and the effect of pressing them."""

from enum import StrEnum
from typing import Protocol

MAX_ID = 2**31 - 1  # the largest id of a reply; PostgreSQL raises an error for a larger one


class Button(StrEnum):
    """A button for rating the answer, or for asking for a person."""

    UP = "up"
    DOWN = "down"
    OPERATOR = "operator"


class Feedback(Protocol):
    """The part of the core that the buttons need. Each method returns False if the press was known already.

    Raises:
        NotFound: when the bot has given this customer no such answer.
    """

    def rate(self, channel: str, chat_id: str, reply_id: int, *, helpful: bool) -> bool: ...

    def call_operator(self, channel: str, chat_id: str, reply_id: int) -> bool: ...


def press(feedback: Feedback, button: Button, *, channel: str, chat_id: str, reply_id: int) -> bool:
    """Pass a press on to the core. Return False if it was known already.

    Raises:
        NotFound: when the bot has given this customer no such answer.
    """
    if button is Button.OPERATOR:
        return feedback.call_operator(channel, chat_id, reply_id)
    return feedback.rate(channel, chat_id, reply_id, helpful=button is Button.UP)
