"""Work continues when the clock is set back, and promises hold when it is set forward."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from prompter.common.clock import ClockWatch
from prompter.common.errors import TooLateToUndo
from prompter.conversations.clock_guard import ClockGuard
from prompter.conversations.delivery import Deliveries
from prompter.desk.decision import Action
from prompter.domain.conversation import OutboxState
from prompter.domain.job import JobKind, JobState
from prompter.jobs import JobRunning, Jobs
from prompter.storage import Store
from tests.fakes import FakeClock
from tests.shipped import WAITS
from tests.shop import Shop

HOUR = 3600.0


@dataclass
class SetClock(FakeClock):
    """A clock that people set."""

    seconds: float = 0.0  # that have really passed

    def forward(self, seconds: float) -> None:
        super().forward(seconds)
        self.seconds += seconds

    def jump(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class ClockShop(Shop[SetClock]):
    clock: SetClock = field(default_factory=SetClock)
    has_guard: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self.restart()

    def restart(self) -> None:
        """Restart the bot's process."""
        watch = ClockWatch(self.clock, lambda: self.clock.seconds)
        self.guard = ClockGuard(self.store, WAITS, watch=watch)
        self.deliveries = Deliveries(
            self.store,
            waits=WAITS,
            max_attempts=self.max_attempts,
            clock=self.clock,
            guard=self.guard if self.has_guard else None,
        )

    def is_held(self, conversation_id: int) -> bool:
        """Return True if an operator's hold, which lasts half an hour, keeps the bot silent."""
        now = self.clock()
        with self.store.read() as tx:
            since = now - timedelta(minutes=30)
            wrote = tx.conversations.has_operator_written(conversation_id, since=since, now=now)
            assert tx.conversations.operator_in_control(conversation_id, since=since, now=now) == wrote
        return wrote

    def states(self, conversation_id: int) -> list[OutboxState]:
        return [reply.state for reply in self.desk.conversation(conversation_id).replies]


class ClockContract:
    """The contract on every database. Subclasses provide the fixture `store`."""

    @pytest.fixture(params=[True, False], ids=["guarded", "unguarded"])
    def shop(self, store: Store, request: pytest.FixtureRequest) -> ClockShop:
        return ClockShop(store, has_guard=request.param)

    def test_a_customer_who_is_writing_is_triaged(self, shop: ClockShop) -> None:
        shop.say()
        shop.clock.jump(-HOUR)
        shop.clock.forward(2)
        assert shop.triager.run_once() == 1

    @pytest.mark.parametrize("back", [HOUR, 30 * 24 * HOUR])
    def test_a_reply_leaves_when_its_undo_is_over(self, shop: ClockShop, back: float) -> None:
        conversation_id = shop.ask()
        shop.accept(conversation_id)
        shop.deliver()
        shop.clock.jump(-back)
        assert shop.deliver() == []  # the operator has the time that was promised
        shop.clock.forward(5)
        assert [message.chat_id for message in shop.deliver()] == ["7"]
        assert shop.states(conversation_id) == [OutboxState.SENT]

    def test_a_reply_that_was_to_be_tried_again_is_tried(self, shop: ClockShop) -> None:
        shop.write(shop.ask(), "Смотрю.")
        (message,) = shop.deliveries.claim(["telegram"])
        shop.deliveries.mark_not_accepted(message, "429", retry_after=timedelta(seconds=30))
        shop.clock.jump(-HOUR)
        assert [again.attempt for again in shop.deliver()] == [2]

    def test_a_claim_of_a_dead_process_runs_out_and_a_living_one_is_left_alone(self, shop: ClockShop) -> None:
        conversation_id = shop.ask()
        shop.write(conversation_id, "Смотрю.")
        (message,) = shop.deliveries.claim(["telegram"])
        shop.clock.jump(-HOUR)
        assert shop.deliveries.expire_claims([]) == 0  # it may be alive
        assert shop.states(conversation_id) == [OutboxState.SENDING]
        shop.clock.forward(61)
        assert shop.deliveries.expire_claims([], alive=[message.id]) == 0
        assert shop.deliveries.expire_claims([]) == 1
        assert shop.states(conversation_id) == [OutboxState.UNKNOWN]
        shop.deliveries.mark_sent(message, "out")  # it was alive after all, and knows better
        assert shop.states(conversation_id) == [OutboxState.SENT]

    def test_the_whole_way_is_free_after_the_jump(self, shop: ClockShop) -> None:
        first = shop.ask()
        shop.clock.jump(-HOUR)
        shop.clock.forward(1)
        second = shop.ask(chat="8")
        assert [item.turn.conversation_id for item in shop.desk.queue()] == [first, second]
        for conversation_id in (first, second):
            shop.accept(conversation_id)
        shop.clock.forward(6)
        assert [message.chat_id for message in shop.deliver()] == ["7", "8"]

    def test_a_job_whose_process_died_does_not_stand_in_the_way(self, shop: ClockShop, store: Store) -> None:
        jobs = Jobs(store, clock=shop.clock)
        with store.write() as tx:
            dead = tx.jobs.add(JobKind.LEARN, JobState.WAITING, account_id=None, now=shop.clock())
            until = shop.clock() + timedelta(seconds=60)
            tx.jobs.change(dead, JobState.WAITING, state=JobState.RUNNING.value, alive_until=until)
        shop.clock.jump(-HOUR)
        with pytest.raises(JobRunning), jobs.run(JobKind.LEARN):
            pass
        shop.clock.jump(61)
        with jobs.run(JobKind.LEARN) as job:
            assert job.id != dead

    def test_an_operators_undo_does_not_last_longer(self, shop: ClockShop) -> None:
        decided = shop.accept(shop.ask())
        shop.clock.forward(5)
        shop.deliver()
        shop.clock.jump(-HOUR)
        with pytest.raises(TooLateToUndo):
            shop.desk.undo(decided.decision_id, shop.anna)

    @pytest.mark.parametrize("decides", [False, True])
    def test_an_operator_who_has_just_written_holds_the_bot_back_all_the_same(
        self, shop: ClockShop, decides: bool
    ) -> None:
        shop.ask(chat="8")
        conversation_id = shop.ask()
        if decides:
            shop.decide(conversation_id, Action.WRITE_OWN, text="Смотрю.")
        else:
            shop.write(conversation_id, "Смотрю.")
        shop.clock.jump(-HOUR)
        assert shop.is_held(conversation_id)
        shop.deliver()
        shop.clock.forward(29 * 60)
        assert shop.is_held(conversation_id)
        shop.clock.forward(90)
        assert shop.is_held(conversation_id) != shop.has_guard  # else until the clock has caught up
        shop.clock.forward(HOUR)
        assert not shop.is_held(conversation_id)

    @pytest.mark.parametrize("writes_again", [False, True])
    def test_what_was_given_back_stays_so_until_an_operator_writes(
        self, shop: ClockShop, writes_again: bool
    ) -> None:
        conversation_id = shop.ask()
        shop.write(conversation_id, "Смотрю.")
        shop.clock.forward(1)
        shop.desk.return_to_bot(conversation_id)
        shop.clock.forward(1)
        if writes_again:
            shop.write(conversation_id, "Ещё.")
        for seconds in (-HOUR, 0):
            shop.clock.jump(seconds)
            assert shop.is_held(conversation_id) == writes_again
            shop.deliver()
        shop.clock.forward(1)
        shop.write(conversation_id, "И ещё.")
        assert shop.is_held(conversation_id)


class TestSqlite(ClockContract):
    pass


# --- what only a process that has seen the jump can do ----------------------------------------


@pytest.fixture
def shop(store: Store) -> ClockShop:
    shop = ClockShop(store)
    shop.guard.run_once()
    return shop


@pytest.mark.parametrize("seconds", [-HOUR, -20, 20, HOUR])
def test_a_jump_is_told(shop: ClockShop, seconds: float) -> None:
    shop.clock.forward(1)
    with capture_logs() as logs:
        assert not shop.guard.run_once()
        shop.clock.jump(seconds)
        assert shop.guard.run_once()
        assert not shop.guard.run_once()
    told = [(entry["event"], entry["log_level"], entry["seconds"]) for entry in logs]
    assert told == [("clock_jumped", "warning", seconds)]


def test_after_a_small_jump_nothing_waits_either(shop: ClockShop) -> None:
    conversation_id = shop.ask()
    shop.accept(conversation_id)
    shop.say(chat="8")
    shop.clock.jump(-40)
    shop.guard.run_once()
    shop.clock.forward(10)
    assert shop.triager.run_once() == 1
    assert [message.chat_id for message in shop.deliver()] == ["7"]


def test_a_clock_that_was_set_back_while_the_program_stood_still(shop: ClockShop) -> None:
    shop.accept(shop.ask())
    shop.clock.jump(-40)
    shop.restart()
    shop.guard.run_once()
    shop.clock.forward(5)
    assert len(shop.deliver()) == 1


def test_a_clock_that_is_set_forward_takes_no_undo_away(shop: ClockShop) -> None:
    first, second = shop.ask(), shop.ask(chat="8")
    decided = shop.accept(first)
    shop.accept(second)
    shop.clock.jump(HOUR)
    assert shop.deliver() == []
    shop.desk.undo(decided.decision_id, shop.anna)
    shop.clock.forward(5)
    assert [message.chat_id for message in shop.deliver()] == ["8"]


def test_a_clock_that_is_set_forward_makes_no_fate_unknown(shop: ClockShop) -> None:
    conversation_id = shop.ask()
    shop.write(conversation_id, "Смотрю.")
    (message,) = shop.deliveries.claim(["telegram"])
    shop.clock.jump(HOUR)
    assert shop.deliveries.expire_claims([]) == 0
    shop.deliveries.mark_sent(message, "out")
    assert shop.states(conversation_id) == [OutboxState.SENT]


def test_a_messenger_that_wants_to_be_left_alone_for_long_is_asked_again_before(shop: ClockShop) -> None:
    conversation_id = shop.ask()
    shop.write(conversation_id, "Смотрю.")
    for _ in range(12):  # more often than a reply is tried
        (message,) = shop.deliveries.claim(["telegram"])
        shop.deliveries.mark_not_accepted(message, "429", retry_after=timedelta(hours=10))
        shop.clock.forward(299)
        assert shop.deliveries.claim(["telegram"]) == []
        shop.clock.forward(1)
    assert shop.states(conversation_id) == [OutboxState.PENDING]
