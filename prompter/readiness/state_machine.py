"""What follows from the evidence for a topic's state. Rules only: no clock, no database."""

from dataclasses import dataclass

from prompter.domain.readiness import Mode, ReadinessState


@dataclass(frozen=True, kw_only=True)
class TopicStatus:
    """Where a topic is, and what its evidence says.

    `threshold`: from which confidence on it answers alone, None: it does not. `passed`: the laxest threshold
    that its test has passed. `slipped`: the audits of its answers have sounded the alarm.
    """

    state: ReadinessState
    threshold: float | None
    passed: float | None
    slipped: bool


@dataclass(frozen=True, kw_only=True)
class Transition:
    """A new state, and in one word why."""

    state: ReadinessState
    threshold: float | None
    reason: str


def next_transition(status: TopicStatus, mode: Mode) -> Transition | None:
    """What changes by itself; None: nothing.

    What has passed stays passed under the same rule; with a higher bar, or other thresholds, it may not.
    """
    state, passed = status.state, status.passed
    if state is ReadinessState.AUTOPILOT:
        if status.slipped:
            return Transition(state=ReadinessState.DEMOTED, threshold=None, reason="slipped")
        if passed is None or status.threshold is None:
            return Transition(state=ReadinessState.COLLECTING, threshold=None, reason="not_proved")
        if passed > status.threshold:
            return Transition(state=state, threshold=passed, reason="narrowed")
        if passed < status.threshold and mode is Mode.AUTOMATIC:
            return Transition(state=state, threshold=passed, reason="widened")
        return None
    if state is ReadinessState.HELD:
        return None
    if passed is None:
        if state is ReadinessState.READY:
            return Transition(state=ReadinessState.COLLECTING, threshold=None, reason="not_proved")
        return None
    if mode is Mode.AUTOMATIC:
        return Transition(state=ReadinessState.AUTOPILOT, threshold=passed, reason="proved")
    if state is not ReadinessState.READY:
        return Transition(state=ReadinessState.READY, threshold=None, reason="proved")
    return None
