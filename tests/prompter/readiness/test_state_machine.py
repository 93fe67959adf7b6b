import pytest

from prompter.domain.readiness import Mode, ReadinessState
from prompter.readiness.state_machine import TopicStatus, Transition, next_transition

COLLECTING, READY, AUTOPILOT = ReadinessState.COLLECTING, ReadinessState.READY, ReadinessState.AUTOPILOT
DEMOTED, HELD = ReadinessState.DEMOTED, ReadinessState.HELD


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("state", [COLLECTING, DEMOTED, HELD])
def test_without_a_threshold_passed_nothing_happens(state: ReadinessState, mode: Mode) -> None:
    status = TopicStatus(state=state, threshold=None, passed=None, slipped=False)
    assert next_transition(status, mode) is None


@pytest.mark.parametrize(
    ("state", "mode", "expected"),
    [
        (COLLECTING, Mode.MANUAL, (READY, None, "proved")),
        (DEMOTED, Mode.MANUAL, (READY, None, "proved")),
        (READY, Mode.MANUAL, None),
        (COLLECTING, Mode.AUTOMATIC, (AUTOPILOT, 0.8, "proved")),
        (READY, Mode.AUTOMATIC, (AUTOPILOT, 0.8, "proved")),
        (COLLECTING, Mode.SHADOW, (READY, None, "proved")),
        (READY, Mode.SHADOW, None),
        (HELD, Mode.AUTOMATIC, None),
    ],
)
def test_what_has_passed_is_acted_on_as_the_mode_says(
    state: ReadinessState, mode: Mode, expected: tuple[ReadinessState, float | None, str] | None
) -> None:
    change = next_transition(TopicStatus(state=state, threshold=None, passed=0.8, slipped=False), mode)
    assert change == (
        None if expected is None else Transition(state=expected[0], threshold=expected[1], reason=expected[2])
    )


@pytest.mark.parametrize(
    ("passed", "slipped", "mode", "expected"),
    [
        (0.8, True, Mode.MANUAL, (DEMOTED, None, "slipped")),
        (0.8, False, Mode.MANUAL, None),
        (0.7, False, Mode.MANUAL, None),  # a supervisor has to say so
        (0.7, False, Mode.AUTOMATIC, (AUTOPILOT, 0.7, "widened")),
        (0.9, False, Mode.MANUAL, (AUTOPILOT, 0.9, "narrowed")),
        (None, False, Mode.AUTOMATIC, (COLLECTING, None, "not_proved")),
    ],
)
def test_what_happens_to_a_topic_that_answers_alone(
    passed: float | None,
    slipped: bool,
    mode: Mode,
    expected: tuple[ReadinessState, float | None, str] | None,
) -> None:
    change = next_transition(
        TopicStatus(state=AUTOPILOT, threshold=0.8, passed=passed, slipped=slipped), mode
    )
    assert change == (
        None if expected is None else Transition(state=expected[0], threshold=expected[1], reason=expected[2])
    )


def test_a_ready_topic_that_no_longer_passes_collects_again() -> None:
    change = next_transition(
        TopicStatus(state=READY, threshold=None, passed=None, slipped=False), Mode.MANUAL
    )
    assert change == Transition(state=COLLECTING, threshold=None, reason="not_proved")
