"""A topic's readiness at one moment. Values only."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from evaluation.readiness import (
    Interval,
    Step,
)
from prompter.common.errors import PrompterError
from prompter.domain.readiness import (
    Mode,
    ReadinessEvent,
    ReadinessState,
)


class NotReady(PrompterError):
    """The evidence does not allow this topic to answer alone yet. `step` tells how far it is."""

    def __init__(self, name: str, step: Step) -> None:
        super().__init__(f"{name}: {_why_not(step)}")
        self.step = step


@dataclass(frozen=True, kw_only=True)
class StepMeasurement:
    """A step of a topic's test, with its confidence sequence and coverage."""

    step: Step
    sequence: Sequence[Interval] = field(repr=False)  # at the alpha of the test; empty if there is no turn
    coverage: float | None  # share of the turns that it would answer alone; None if there is no turn

    @property
    def interval(self) -> Interval | None:
        return self.sequence[-1] if self.sequence else None


@dataclass(frozen=True, kw_only=True)
class TopicReadiness:
    """The readiness of a topic or group at one moment."""

    name: str
    topics: tuple[str, ...]
    state: ReadinessState
    mode: Mode
    threshold: float | None
    test_number: int
    test_began_at: datetime
    live_since: datetime | None
    steps: Sequence[Step]
    passed: float | None  # the lowest threshold at which it may answer alone
    left_out: Sequence[str]  # topics of a group that miss the target accuracy themselves
    audited: int
    audited_right: int
    last: StepMeasurement  # the last step
    proved: StepMeasurement | None  # the lowest step that has passed
    labels_per_day: float  # randomly sampled turns of the last step judged per day, at last week's traffic
    events: Sequence[ReadinessEvent] = field(repr=False)

    @property
    def interval(self) -> Interval | None:
        """Interval of the last step, or None without turns."""
        return self.last.interval

    @property
    def coverage(self) -> float | None:
        """Coverage of the last step, or None without turns."""
        return self.last.coverage

    @property
    def days_to_go(self) -> float | None:
        """Days until the last step passes at today's traffic, or None if it is not on course."""
        more = self.steps[-1].more_labels
        if more == 0:
            return 0.0
        return more / self.labels_per_day if more is not None and self.labels_per_day else None


def _why_not(step: Step) -> str:
    if step.estimate is None:
        return "nothing has been judged yet"
    if step.more_labels is None:
        return f"its accuracy of {step.estimate:.0%} is not above the target"
    return f"about {step.more_labels} more judged questions are needed"
