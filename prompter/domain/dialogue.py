"""Dialogues with an engine beside the suggestions from articles."""

from dataclasses import dataclass
from datetime import datetime

MODEL = "dialogue_model"  # a fact: which model of the engine answers
TOPICS = "dialogue/"  # each dialogue is a topic of its own
IDS = "dialogue|"  # no article's id holds a "|"


@dataclass(frozen=True, kw_only=True)
class StoredDialogue:
    """The engine's place in a conversation. After the message `unused_after` its replies were not used."""

    conversation_id: int
    session: int
    n_turns: int
    used_at: datetime
    form: str | None
    paused: bool
    unused_after: int | None


@dataclass(frozen=True, kw_only=True)
class MessageCursor:
    """Which messages the engine has been told: a turn up to one of its messages."""

    turn_id: int
    message_id: int


def is_dialogue(article_id: str) -> bool:
    """Whether a suggestion comes from a dialogue and from no article."""
    return article_id.startswith(IDS)


def dialogue_name(article_id: str) -> str:
    return article_id.removeprefix(IDS)
