"""What follows from the evidence for a topic's state. Rules only: no clock, no database."""

from dataclasses import dataclass

from prompter.values import Mode, ReadinessState


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a topic is, and what its evidence says.

    `threshold`: from which confidence on it answers alone, None: it does not. `passed`: the laxest threshold
    that its test has passed. `slipped`: the audits of its answers have sounded the alarm.
    """

    state: ReadinessState
    threshold: float | None
    passed: float | None
    slipped: bool


@dataclass(frozen=True, kw_only=True)
class Change:
    """A new state, and in one word why."""

    state: ReadinessState
    threshold: float | None
    reason: str


def change_of(standing: Standing, mode: Mode) -> Change | None:
    """What changes by itself; None: nothing."""
    state, passed = standing.state, standing.passed
    if state is ReadinessState.AUTOPILOT:
        if standing.slipped:
            return Change(state=ReadinessState.DEMOTED, threshold=None, reason="slipped")
        wider = passed is not None and standing.threshold is not None and passed < standing.threshold
        if wider and mode is Mode.AUTOMATIC:
            return Change(state=state, threshold=passed, reason="widened")
        return None
    if state is ReadinessState.HELD or passed is None:
        return None
    if mode is Mode.AUTOMATIC:
        return Change(state=ReadinessState.AUTOPILOT, threshold=passed, reason="proved")
    if state is not ReadinessState.READY:
        return Change(state=ReadinessState.READY, threshold=None, reason="proved")
    return None
