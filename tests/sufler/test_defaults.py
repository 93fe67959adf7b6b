"""Defaults that the core repeats for use without settings equal those of the settings."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from inspect import signature
from typing import Any

import pytest

from evaluation.change_detection import Detector
from evaluation.readiness import Rule
from prompter.accounts.sessions import Sessions
from prompter.conversations.autopilot_gate import Autopilot
from prompter.conversations.delivery import Deliveries
from prompter.conversations.intake import Reception
from prompter.desk.service import Desk
from prompter.dialogue.session import DialogueSessions
from prompter.readiness.sampling import SamplingPolicy
from prompter_api.throttle import LoginThrottle
from tests.shipped import SETTINGS


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


REPEATED: list[tuple[Callable[..., Any], Mapping[str, Any]]] = [
    (
        Sessions,
        {
            "max_age": timedelta(hours=SETTINGS.web.session_hours),
            "max_idle": timedelta(minutes=SETTINGS.web.session_idle_minutes),
        },
    ),
    (
        Deliveries,
        {
            "lease": seconds(SETTINGS.delivery.lease_seconds),
            "undo": seconds(SETTINGS.desk.undo_seconds),
            "max_attempts": SETTINGS.delivery.max_attempts,
        },
    ),
    (
        Reception,
        {
            "debounce": seconds(SETTINGS.turns.debounce_seconds),
            "max_wait": seconds(SETTINGS.turns.max_seconds),
        },
    ),
    (
        Desk,
        {
            "undo": seconds(SETTINGS.desk.undo_seconds),
            "operator_hold": timedelta(minutes=SETTINGS.autopilot.operator_hold_minutes),
        },
    ),
    (
        LoginThrottle,
        {
            "per_name": SETTINGS.web.login_tries_per_name,
            "per_address": SETTINGS.web.login_tries_per_address,
            "window_seconds": SETTINGS.web.login_window_seconds,
        },
    ),
    (SamplingPolicy, SETTINGS.sampling.model_dump()),
    (
        Rule,
        {
            "bar": SETTINGS.readiness.bar,
            "alpha": SETTINGS.readiness.alpha,
            "thresholds": SETTINGS.readiness.thresholds,
        },
    ),
    (Detector, {"bar": SETTINGS.readiness.bar, "threshold": SETTINGS.readiness.demote_after}),
]


@pytest.mark.parametrize(("part", "shipped"), REPEATED)
def test_a_repeated_default_is_that_of_the_settings(
    part: Callable[..., Any], shipped: Mapping[str, Any]
) -> None:
    assert {name: signature(part).parameters[name].default for name in shipped} == shipped


@pytest.mark.parametrize("part", [Autopilot, DialogueSessions])
def test_what_only_the_product_uses_repeats_none(part: type) -> None:
    free = {"store", "engine", "seal", "clock"}
    parameters = signature(part).parameters
    assert [
        name for name, one in parameters.items() if one.default is not one.empty and name not in free
    ] == []
