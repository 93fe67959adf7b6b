"""Reliability of the figures, and changes from week to week."""

from pydantic import Field

from prompter.domain.evidence import Signal
from prompter_api.schemas.common import Output


class ShareOut(Output):
    """A share with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int


class OwnFigureOut(Output):
    """The share of your accepted, double-reviewed suggestions that the second person found wrong."""

    judged: int
    refuted: ShareOut | None = Field(description="null: fewer than fifty were judged")


class PersonOut(Output):
    """A person of the team. People are listed in order of name and never ranked."""

    name: str = Field(examples=["anna"])
    refuted: ShareOut | None = Field(description="null: too few, or not seen by the operator yet")
    planted: int = Field(description="Known-wrong answers that were put before them")
    missed: ShareOut | None = Field(description="And that they found right")


class WeekOut(Output):
    turns: int
    unseen: ShareOut | None = Field(description="Questions to which there was nothing to suggest")
    confidences: list[int] = Field(description="Turns by confidence of the first suggestion, in tenths")
    changed: ShareOut | None = Field(description="Decisions that rejected the suggestion or its substance")
    answered_alone: int
    signals: dict[Signal, int]


class DriftOut(Output):
    """The last seven days compared with the seven days before."""

    this_week: WeekOut
    week_before: WeekOut
    median_age_days: float | None = Field(description="Of the articles that came first this week")
