"""Dialogues with an engine beside the suggestions from articles."""

from dataclasses import dataclass
from datetime import datetime

MODEL = "dialogue_model"  # a fact: the engine's model that answers
TOPICS = "dialogue/"  # each dialogue is a topic of its own
IDS = "dialogue|"  # no article's id holds a "|"


@dataclass(frozen=True, kw_only=True)
class StoredDialogue:
    """The engine's place in a conversation. Its replies after the message `unused_after` were not used."""

    conversation_id: int
    session: int
    n_turns: int
    used_at: datetime
    form: str | None
    paused: bool
    unused_after: int | None


@dataclass(frozen=True, kw_only=True)
class MessageCursor:
    """The last message sent to the engine: a turn up to one of its messages."""

    turn_id: int
    message_id: int


def is_dialogue(article_id: str) -> bool:
    """Return whether a suggestion comes from a dialogue rather than from an article."""
    return article_id.startswith(IDS)


def dialogue_name(article_id: str) -> str:
    return article_id.removeprefix(IDS)
