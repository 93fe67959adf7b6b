"""Rasa's requests: vectors for its featurizer, and actions in its action server's protocol."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from prompter_api.schemas.common import MAX_ID, Input, Output, Text

MAX_TEXTS = 128


class TextsIn(Input):
    texts: list[Text] = Field(min_length=1, max_length=MAX_TEXTS, repr=False)


class VectorsOut(Output):
    encoder: str = Field(description="Vectors of equal names can be compared")
    vectors: list[list[float]] = Field(description="One of each text; their length is 1")


class _Theirs(BaseModel):
    """A part of Rasa's requests. Fields that we do not need are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class IntentIn(_Theirs):
    name: str | None = None


class AboutTurn(_Theirs):
    """The metadata that Sufler has sent to the engine with the message."""

    turn: Annotated[int, Field(ge=1, le=MAX_ID)]
    seal: Annotated[str, Field(max_length=200)] = Field(repr=False)

    @classmethod
    def of(cls, metadata: object) -> Self | None:
        """Read the metadata. Return None if it is not ours, as other channels and customers set it, too."""
        try:
            return cls.model_validate(metadata.get("sufler") if isinstance(metadata, dict) else None)
        except ValidationError:
            return None


class MessageIn(_Theirs):
    text: Text | None = Field(None, repr=False)
    intent: IntentIn | None = None
    metadata: Any = None


class TrackerIn(_Theirs):
    latest_message: MessageIn | None = Field(None, repr=False)
    slots: dict[str, Any] = Field(default={}, repr=False)


class ActionIn(_Theirs):
    """A call of Rasa's action server protocol (Rasa 3.6)."""

    next_action: Annotated[str, Field(min_length=1, max_length=200)]
    sender_id: Annotated[str, Field(max_length=1000)] = Field("", repr=False)
    tracker: TrackerIn = Field(TrackerIn(), repr=False)


class ActionOut(BaseModel):
    """The messages for the engine to send, and the events for it to record."""

    events: list[dict[str, Any]] = []
    responses: list[dict[str, Any]] = []
