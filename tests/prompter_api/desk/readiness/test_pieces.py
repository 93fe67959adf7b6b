"""The parts of the supervisors' pages that need no browser."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from evaluation.readiness import Interval, Step
from evaluation.reliability import Bin
from prompter.common.errors import Forbidden
from prompter.domain.readiness import Mode, ReadinessChangeFacts, ReadinessEvent, ReadinessState
from prompter.readiness.topic_readiness import NotReady, StepMeasurement, TopicReadiness
from prompter.storage import Conflict, Store
from prompter.text.translations import translator
from prompter_api.desk.readiness import charts
from prompter_api.desk.readiness import labels as words
from prompter_api.desk.readiness.board_page import topic_address
from prompter_api.desk.readiness.gauge import Scale, points
from prompter_api.desk.readiness.topic_panels import parse_bar, slider_ends
from prompter_api.desk.ui.polling import ReadinessNews
from prompter_api.desk.ui.session import PageSessions
from tests.fakes import FakeClock
from tests.web_shop import DeskShop

EN, RU = translator("en"), translator("ru")
STEP = Step(
    threshold=0.95,
    n_turns=40,
    n_sampled=11,
    estimate=0.95,
    log_capital=1.0,
    needed=3.2,
    passed_after=None,
    more_labels=31,
)
PASSED = replace(STEP, passed_after=38, more_labels=0)
HOPELESS = replace(STEP, estimate=0.85, more_labels=None)
EMPTY = replace(STEP, n_turns=0, n_sampled=0, estimate=None, more_labels=None)
SEQUENCE = [Interval(n_turns=1, low=0.0, high=1.0), Interval(n_turns=40, low=0.8997, high=0.9912)]


def topic(*steps: Step, **values: object) -> TopicReadiness:
    measured = [StepMeasurement(step=step, sequence=SEQUENCE, coverage=0.5) for step in steps]
    passed = [measurement for measurement in measured if measurement.step.passed_after is not None]
    fields: dict[str, object] = {
        "name": "returns",
        "topics": ("returns",),
        "state": ReadinessState.COLLECTING,
        "mode": Mode.MANUAL,
        "threshold": None,
        "test_number": 1,
        "test_began_at": datetime(2026, 3, 2, tzinfo=UTC),
        "live_since": None,
        "steps": steps,
        "passed": passed[-1].step.threshold if passed else None,
        "left_out": (),
        "audited": 0,
        "audited_right": 0,
        "last": measured[-1],
        "proved": passed[-1] if passed else None,
        "labels_per_day": 5.0,
        "events": (),
    }
    return TopicReadiness(**{**fields, **values})  # type: ignore[arg-type]


# --- places -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bar", "share", "place"),
    [
        (0.9, 0.9, 80.0),
        (0.98, 0.98, 80.0),  # at the same place for every bar
        (0.9, 0.95, 90.0),
        (0.9, 1.0, 100.0),
        (0.9, 0.1, 0.0),  # at the edge
        (0.6, 0.6, 60.0),  # a low bar: from 0 on
        (0.9, -3.0, 0.0),  # second judgements may count less than nothing
    ],
)
def test_where_a_share_stands(bar: float, share: float, place: float) -> None:
    assert Scale(bar=bar).place(share) == pytest.approx(place)


def test_a_sparkline_goes_from_left_to_right_and_up() -> None:
    assert points(SEQUENCE, 0.9) == "2.5,27 100,6.22"
    assert points([], 0.9) == ""


def test_the_slider_holds_the_bar_in_force() -> None:
    for bar in (0.5, 0.6, 0.9, 0.97):
        low, high = slider_ends(bar)
        assert low <= round(100 * bar) <= high
    assert parse_bar(None, 0.9) == parse_bar(1e9, 0.9) == 0.9


# --- words ------------------------------------------------------------------------------------


def test_a_lower_end_below_the_bar_does_not_look_like_it() -> None:
    assert words.share(0.8997, "en", down=True) == "89.9\u00a0%"
    assert words.share(0.8997, "ru") == "90\u00a0%"
    assert words.interval_text(0.8997, 0.9912, "ru") == "89,9–99,2\u00a0%"
    assert words.share(-0.4, "en") == "0\u00a0%"
    assert words.share(1.0, "en") == "100\u00a0%"


@pytest.mark.parametrize(
    ("step", "course"),
    [
        (STEP, "about 31 more judged questions"),
        (PASSED, "done"),
        (HOPELESS, "accuracy too low"),
        (EMPTY, "no data yet"),
    ],
)
def test_how_far_a_test_is(step: Step, course: str) -> None:
    assert words.course(step, EN) == course


def test_how_long_it_takes() -> None:
    assert words.days(topic(STEP), EN) == "6 days at the current volume"
    assert words.days(topic(replace(STEP, more_labels=1)), RU) == "1 день при текущем потоке"
    assert words.days(topic(STEP, labels_per_day=0.0), EN) == "no questions are being judged at the moment"
    assert words.days(topic(PASSED), EN) == words.days(topic(HOPELESS), EN) == ""


def test_what_is_tested_next() -> None:
    next_one = replace(STEP, threshold=0.9)
    assert words.next_step(topic(PASSED, next_one), RU, "ru") == (
        "Следующий шаг, уверенность ≥\u00a090\u00a0%: ещё около 31 проверки"
    )
    assert words.next_step(topic(STEP), RU, "ru") == words.next_step(topic(PASSED), RU, "ru") == ""


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"state": ReadinessState.COLLECTING}, ""),
        ({"mode": Mode.SHADOW}, "observing only: operators answer"),
        (
            {"state": ReadinessState.READY},
            "can be turned on at confidence 90\u00a0% or higher",
        ),
        (
            {"state": ReadinessState.READY, "mode": Mode.SHADOW},
            "observing only: operators answer",
        ),
        ({"state": ReadinessState.AUTOPILOT, "threshold": 0.9}, "at confidence 90\u00a0% or higher"),
        (
            {"state": ReadinessState.AUTOPILOT, "threshold": 0.95},
            "at confidence 95\u00a0% or higher; can be extended: at confidence 90\u00a0% or higher",
        ),
        (
            {"state": ReadinessState.DEMOTED},
            "accuracy dropped: operators answer, the topic is being tested again",
        ),
        ({"state": ReadinessState.HELD}, "operators answer until autopilot is turned on again"),
    ],
)
def test_what_a_state_means(values: dict[str, object], said: str) -> None:
    found = topic(PASSED, replace(PASSED, threshold=0.9), **values)
    assert words.status_text(found, EN, "en") == said


def test_why_a_topic_may_not_answer() -> None:
    assert words.refusal(NotReady("returns", HOPELESS), 0.9, EN, "en") == (
        "Not ready yet: the accuracy is 85\u00a0%, the target is 90\u00a0%."
    )
    assert "about 31 more questions" in words.refusal(NotReady("returns", STEP), 0.9, EN, "en")
    assert words.refusal(NotReady("returns", EMPTY), 0.9, RU, "ru") == ("Пока рано: ещё ничего не проверено.")
    assert words.refusal(Conflict("UNIQUE constraint failed"), 0.9, EN, "en") == (
        "This topic has just changed. Please check again."
    )


def test_what_another_bar_would_have_done() -> None:
    assert words.hypothetical_test([HOPELESS], "", EN, "en") == [
        "It would not have passed yet: accuracy too low."
    ]
    wider, next_one = replace(PASSED, threshold=0.9), replace(STEP, threshold=0.85)
    assert words.hypothetical_test([PASSED, wider, next_one], "2 Mar, 09:00", EN, "en") == [
        "It would have passed at question no. 38 (2 Mar, 09:00), at confidence 95\u00a0% or higher.",
        "By now, autopilot could be on at confidence 90\u00a0% or higher.",
        "Next step, confidence ≥\u00a085\u00a0%: about 31 more judged questions",
    ]


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("state", list(ReadinessState))
@pytest.mark.parametrize(
    "reason",
    [
        "proved",
        "allowed",
        "widened",
        "slipped",
        "stopped",
        "switched_off",
        "new_model",
        "new_version",
        "rolled_back",
        "what is new",
    ],
)
def test_every_event_is_a_sentence_even_without_facts(
    reason: str, state: ReadinessState, language: str
) -> None:
    event = ReadinessEvent(
        id=1,
        name="returns",
        at=datetime(2026, 3, 2, tzinfo=UTC),
        state=state,
        reason=reason,
        facts=ReadinessChangeFacts(),
        account_id=None,
        account_name=None,
    )
    text = words.event_text(event, str, translator(language), language)
    assert text
    assert "{" not in text
    assert reason in text or text.endswith(".")


def test_addresses_of_topics() -> None:
    assert topic_address("a&b/c? d") == "/readiness/topic?name=a%26b%2Fc%3F%20d"


# --- curves -----------------------------------------------------------------------------------


def test_curves_are_numbers_and_our_own_words() -> None:
    """Executable script code stands in one place and is ours."""
    options = [
        charts.sequence_options(SEQUENCE, bar=0.9, what_if=0.95, passed_after=38, t=RU, language="ru"),
        charts.reliability_options([Bin(confidence=0.7, right=0.6, n=12)], RU),
        charts.risk_options(np.array([0.5, 1.0]), np.array([0.0, 4.0]), bar=0.9, t=RU, language="ru"),
    ]
    for option in options:
        assert option is not None
        assert json.loads(json.dumps(option)) == option
        assert [key for key in _keys(option) if key.startswith(":")] == [":valueFormatter"]


def test_the_band_lies_between_both_ends() -> None:
    options = charts.sequence_options(SEQUENCE, bar=0.9, what_if=0.9, passed_after=None, t=EN, language="en")
    assert options is not None
    low, height, high, _low = (series_["data"] for series_ in options["series"])
    assert low[-1] == [40, 89.97]
    assert low[-1][1] + height[-1][1] == pytest.approx(high[-1][1])
    marks = options["series"][-1]["markLine"]["data"]
    assert [(mark.get("yAxis"), mark["label"]["formatter"]) for mark in marks] == [(90.0, "target 90\u00a0%")]


def test_without_evidence_there_is_nothing_to_draw_but_something_to_read() -> None:
    empty = np.zeros(0)
    assert charts.sequence_options([], bar=0.9, what_if=None, passed_after=None, t=EN, language="en") is None
    assert charts.reliability_options([], EN) is None
    assert charts.risk_options(empty, empty, bar=0.9, t=EN, language="en") is None
    assert charts.sequence_words([], bar=0.9, passed_after=None, t=EN, language="en")
    assert charts.reliability_words([], EN, "en")
    assert charts.risk_words(empty, empty, bar=0.9, t=EN, language="en")


def test_the_risk_in_words() -> None:
    coverage, risk = np.array([0.25, 0.5, 0.75, 1.0]), np.array([0.0, 0.05, 0.2, 0.3])
    assert charts.risk_words(coverage, risk, bar=0.9, t=EN, language="en") == (
        "If every question got an automated reply, 30\u00a0% of the replies would be wrong. "
        "The most confident 50\u00a0% could get automated replies within the target accuracy."
    )
    assert charts.risk_words(coverage, risk / 4, bar=0.9, t=EN, language="en").endswith(
        "This meets the target accuracy."
    )
    assert charts.risk_words(coverage, risk + 0.5, bar=0.9, t=EN, language="en").endswith(
        "No coverage level meets the target accuracy."
    )


def _keys(value: object) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(key for item in value.values() for key in _keys(item))]
    if isinstance(value, list):
        return [key for item in value for key in _keys(item)]
    return []


# --- sessions ------------------------------------------------------------------------------------


def test_only_supervisors_may_look_and_decide(store: Store) -> None:
    shop = DeskShop(store)
    shop.readiness.run_once("words-1")
    services, page_sessions = shop.services(), PageSessions()
    session = page_sessions.take(services, shop.visit("anna"))
    for refused in (
        session.topics,
        session.last_readiness_change,
        lambda: session.topic("returns"),
        lambda: session.allow("returns"),
        lambda: session.hold("returns"),
        lambda: session.switch_off("returns"),
    ):
        with pytest.raises(Forbidden):
            refused()
    hers = page_sessions.take(services, shop.visit("vera"))
    assert [topic_name.name for topic_name in hers.topics()] == ["orders", "returns"]
    hers.hold("returns")
    assert hers.topic("returns")[0].state is ReadinessState.HELD


def test_pages_read_again_only_what_may_be_new(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = DeskShop(store)
    shop.readiness.run_once("words-1")
    session = PageSessions().take(shop.services(), shop.visit("vera"))
    clock = FakeClock()
    news = ReadinessNews(session, clock=lambda: clock.now.timestamp())

    async def run_now(work, *args):  # type: ignore[no-untyped-def]
        return work(*args)

    monkeypatch.setattr("prompter_api.desk.ui.polling.run_in_thread", run_now)

    def slowly() -> str:
        clock.forward(0.5)
        return "read"

    def read() -> str | None:
        return asyncio.run(news.read(slowly))

    assert read() == "read"
    clock.forward(6)
    assert read() is None
    session.hold("returns")
    assert read() == "read"
    session.hold("orders")
    clock.forward(4)
    assert read() is None  # it has just been read, and that took half a second
    clock.forward(2)
    assert read() == "read"
    clock.forward(31)
    assert read() == "read"  # the traffic may be another one
