"""Derive a topic's state from its evidence. Rules only: no clock, no database."""

from dataclasses import dataclass

from prompter.domain.readiness import Mode, ReadinessState


@dataclass(frozen=True, kw_only=True)
class TopicStatus:
    """A topic's current state and evidence.

    `threshold` is the confidence from which it answers alone, or None if it does not. `passed` is the
    lowest threshold that its test has passed. `slipped` means that audits of its answers have raised
    the alarm.
    """

    state: ReadinessState
    threshold: float | None
    passed: float | None
    slipped: bool


@dataclass(frozen=True, kw_only=True)
class Transition:
    """A new state, and its reason in one word."""

    state: ReadinessState
    threshold: float | None
    reason: str


def next_transition(status: TopicStatus, mode: Mode) -> Transition | None:
    """Return the transition that follows from the evidence, or None.

    A passed test stays passed under the same rule. With a higher target or other thresholds it may not.
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
