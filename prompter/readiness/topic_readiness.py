"""Everything that there is to know about a topic at one moment: values only."""

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
    """The evidence does not allow this topic to answer alone yet; `step` says how far it is."""

    def __init__(self, name: str, step: Step) -> None:
        super().__init__(f"{name}: {_why_not(step)}")
        self.step = step


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One step of a topic's test, and how far it reaches."""

    step: Step
    sequence: Sequence[Interval] = field(repr=False)  # at the alpha of the test; none for no turn
    coverage: float | None  # share of the turns that it would answer alone; None: no turn

    @property
    def interval(self) -> Interval | None:
        return self.sequence[-1] if self.sequence else None


@dataclass(frozen=True, kw_only=True)
class TopicReadiness:
    """Everything that there is to know about a topic or group at one moment."""

    name: str
    topics: tuple[str, ...]
    state: ReadinessState
    mode: Mode
    threshold: float | None
    test_number: int
    test_began_at: datetime
    live_since: datetime | None
    steps: Sequence[Step]
    passed: float | None  # the laxest threshold at which it may answer alone
    left_out: Sequence[str]  # topics of a group that are below the bar themselves
    audited: int
    audited_right: int
    last: Measured  # the last step
    proved: Measured | None  # the laxest step that has passed
    labels_per_day: float  # turns of the last step that are judged by lot, at the traffic of the last week
    events: Sequence[ReadinessEvent] = field(repr=False)

    @property
    def interval(self) -> Interval | None:
        """Of the last step; None: no turn."""
        return self.last.interval

    @property
    def coverage(self) -> float | None:
        """Of the last step; None: no turn."""
        return self.last.coverage

    @property
    def days_to_go(self) -> float | None:
        """Until the last step has passed, at today's traffic; None: not on course."""
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
