"""Readiness of topics."""

from datetime import datetime

from pydantic import Field

from prompter.domain.readiness import Mode, ReadinessState
from prompter.readiness.topic_readiness import TopicReadiness
from prompter_api.schemas.common import JsonOut, Output


class EventOut(Output):
    """A change of state with its reason."""

    at: datetime
    state: ReadinessState
    reason: str = Field(examples=["proved"])
    facts: JsonOut


class StepOut(Output):
    """The state of the test at one confidence threshold."""

    threshold: float
    n_turns: int
    n_by_lot: int = Field(
        validation_alias="n_sampled", description="Of them judged blind, by a second person, or as an audit"
    )
    estimate: float | None = Field(description="Share of right answers")
    passed_after: int | None = Field(description="Turns; null: it has not passed")
    more_labels: int | None = Field(description="Random samples still to be judged; null: accuracy too low")


class ReadinessOut(Output):
    """A topic, or a group of topics that was defined beforehand."""

    name: str
    topics: list[str]
    state: ReadinessState
    mode: Mode
    threshold: float | None = Field(description="Confidence from which on it answers alone")
    test_number: int
    test_began_at: datetime
    live_since: datetime | None
    steps: list[StepOut]
    low: float | None = Field(description="The last step's interval, at every look as good as at the last")
    high: float | None
    coverage: float | None = Field(description="Share of its turns that the last step would answer alone")
    days_to_go: float | None = Field(description="At the traffic of the last week; null: not on course")
    audited: int
    audited_right: int
    events: list[EventOut]

    @classmethod
    def of(cls, found: TopicReadiness) -> "ReadinessOut":
        return cls(
            name=found.name,
            topics=list(found.topics),
            state=found.state,
            mode=found.mode,
            threshold=found.threshold,
            test_number=found.test_number,
            test_began_at=found.test_began_at,
            live_since=found.live_since,
            steps=[StepOut.model_validate(step) for step in found.steps],
            low=found.interval.low if found.interval else None,
            high=found.interval.high if found.interval else None,
            coverage=found.coverage,
            days_to_go=found.days_to_go,
            audited=found.audited,
            audited_right=found.audited_right,
            events=[EventOut.model_validate(event) for event in found.events],
        )
