"""Learning starts on its own."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from prompter.domain.job import JobKind, JobState
from prompter.domain.learning_outcome import Result
from prompter.jobs import Jobs
from sufler.bootstrap import build_learning_scheduler
from sufler.learning_scheduler import last_due
from sufler.settings import load_settings
from tests.sufler.teaching_shop import TeachingShop
from tests.sufler.test_learning import CONFIG, SLANG, open_shop

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TeachingShop]:
    monkeypatch.chdir(tmp_path)
    with open_shop(tmp_path) as shop:
        yield shop


@pytest.mark.parametrize(
    ("now", "due"),
    [("03:00", "02 03:00"), ("23:59", "02 03:00"), ("02:59", "01 03:00"), ("00:00", "01 03:00")],
)
def test_the_last_time_the_clock_showed_it(now: str, due: str) -> None:
    moment = datetime.fromisoformat(f"2026-03-02T{now}:00+05:00")
    assert f"{last_due('03:00', moment):%d %H:%M}" == due


def test_it_is_due_once_a_day_and_when_somebody_asks(shop: TeachingShop) -> None:
    now = datetime.now(tz=UTC) + timedelta(days=2)
    scheduler = build_learning_scheduler(shop.settings, shop.store, now=lambda: now)
    assert scheduler.is_due()  # a night has passed since the first version was made
    jobs = Jobs(shop.store, clock=lambda: now)
    with jobs.run(JobKind.LEARN):
        pass
    assert not scheduler.is_due()
    jobs.enqueue(JobKind.LEARN, None)
    assert scheduler.is_due()
    with jobs.run(JobKind.LEARN):
        pass
    assert build_learning_scheduler(shop.settings, shop.store, now=lambda: now + timedelta(days=1)).is_due()


def test_without_a_time_only_when_somebody_asks(tmp_path: Path, shop: TeachingShop) -> None:
    (tmp_path / "config.yml").write_text(CONFIG.replace("min_new_decisions: 5", "at: null"), encoding="utf-8")
    later = datetime.now(tz=UTC) + timedelta(days=9)
    scheduler = build_learning_scheduler(
        load_settings(tmp_path / "config.yml"), shop.store, now=lambda: later
    )
    assert not scheduler.is_due()
    Jobs(shop.store).enqueue(JobKind.LEARN, None)
    assert scheduler.is_due()


def test_what_somebody_asks_for_is_learned_in_a_process_of_its_own(shop: TeachingShop) -> None:
    shop.day(SLANG * 2)
    jobs = Jobs(shop.store)
    jobs.enqueue(JobKind.LEARN, None)

    async def run_until_done() -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(build_learning_scheduler(shop.settings, shop.store).run(stop))
        while (await asyncio.to_thread(jobs.list_recent, JobKind.LEARN))[0].state is not JobState.DONE:
            await asyncio.sleep(0.2)  # until the time limit of all tests, on a busy machine
        stop.set()
        await running

    asyncio.run(run_until_done())
    (job,) = jobs.list_recent(JobKind.LEARN)
    assert job.outcome is not None
    assert job.outcome.result is Result.PROMOTED
    assert shop.refresher.reload_version()
    assert shop.refresher.assistant.suggest("бабки верните уже")[0].article_id == "refund"
