"""Work continues when the clock is set back, and promises hold when it is set forward."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from prompter.accounts.service import Accounts
from prompter.common.clock import ClockWatch, Waits
from prompter.common.errors import TooLateToUndo
from prompter.conversations.clock_guard import ClockGuard
from prompter.conversations.delivery import Deliveries, OutgoingMessage
from prompter.conversations.intake import Reception
from prompter.conversations.triage_worker import Triager
from prompter.desk.decision import Action, Decided, Decision
from prompter.desk.service import Desk
from prompter.domain.account import Role
from prompter.domain.conversation import IncomingMessage, OutboxState
from prompter.domain.job import JobKind, JobState
from prompter.jobs import JobRunning, Jobs
from prompter.knowledge.knowledge_base import KnowledgeBase
from prompter.storage import Store
from tests.fakes import FAST_HASHER, SHOP, FakeClock, WordAssistant

HOUR = 3600.0
WAITS = Waits(undo=timedelta(seconds=5), lease=timedelta(seconds=60), turn=timedelta(seconds=10))


@dataclass
class Shop:
    """A whole conversation on a clock that can be set, while real time passes separately."""

    store: Store
    clock: FakeClock = field(default_factory=FakeClock)
    seconds: float = 0.0  # that have really passed
    has_guard: bool = True
    messages: int = 0

    def __post_init__(self) -> None:
        accounts = Accounts(self.store, hasher=FAST_HASHER, clock=self.clock)
        self.anna = accounts.add("anna", Role.OPERATOR, "correct horse battery")
        KnowledgeBase(self.store, clock=self.clock).import_articles(SHOP, changed_by="test")
        self.reception = Reception(self.store, clock=self.clock)
        self.triager = Triager(self.store, WordAssistant(SHOP), clock=self.clock)
        self.desk = Desk(self.store, undo=WAITS.undo, clock=self.clock)
        self.restart()

    def restart(self) -> None:
        """Restart the bot's process."""
        watch = ClockWatch(self.clock, lambda: self.seconds)
        self.guard = ClockGuard(self.store, WAITS, watch=watch)
        self.deliveries = Deliveries(
            self.store, clock=self.clock, guard=self.guard if self.has_guard else None
        )

    def pass_time(self, seconds: float) -> None:
        self.clock.forward(seconds)
        self.seconds += seconds

    def say(self, text: str = "как вернуть товар", *, chat: str = "7") -> int:
        self.messages += 1
        message = IncomingMessage(channel="telegram", chat_id=chat, external_id=str(self.messages), text=text)
        return self.reception.receive(message).conversation_id

    def ask(self, *, chat: str = "7") -> int:
        conversation_id = self.say(chat=chat)
        self.pass_time(2)
        assert self.triager.run_once() == 1
        return conversation_id

    def accept(self, conversation_id: int, **fields: object) -> Decided:
        view = self.desk.conversation(conversation_id)
        assert view.turn is not None
        decision = Decision(
            turn_id=view.turn.id,
            operator_id=self.anna.id,
            action=Action.ACCEPT,
            seen_message_id=view.last_message_id,
            rank=1,
        )
        return self.desk.decide(replace(decision, **fields))  # type: ignore[arg-type]

    def deliver(self) -> list[OutgoingMessage]:
        messages = self.deliveries.claim(["telegram"])
        for message in messages:
            self.deliveries.sent(message, f"out-{message.id}")
        return messages

    def is_held(self, conversation_id: int) -> bool:
        """Return True if an operator's hold, which lasts half an hour, keeps the bot silent."""
        now = self.clock()
        with self.store.read() as tx:
            since = now - timedelta(minutes=30)
            wrote = tx.conversations.operator_wrote(conversation_id, since=since, now=now)
            assert tx.conversations.operator_in_control(conversation_id, since=since, now=now) == wrote
        return wrote

    def states(self, conversation_id: int) -> list[OutboxState]:
        return [reply.state for reply in self.desk.conversation(conversation_id).replies]


class ClockContract:
    """The contract on every database. Subclasses provide the fixture `store`."""

    @pytest.fixture(params=[True, False], ids=["guarded", "unguarded"])
    def shop(self, store: Store, request: pytest.FixtureRequest) -> Shop:
        return Shop(store, has_guard=request.param)

    def test_a_customer_who_is_writing_is_triaged(self, shop: Shop) -> None:
        shop.say()
        shop.clock.forward(-HOUR)
        shop.pass_time(2)
        assert shop.triager.run_once() == 1

    @pytest.mark.parametrize("back", [HOUR, 30 * 24 * HOUR])
    def test_a_reply_leaves_when_its_undo_is_over(self, shop: Shop, back: float) -> None:
        conversation_id = shop.ask()
        shop.accept(conversation_id)
        shop.deliver()
        shop.clock.forward(-back)
        assert shop.deliver() == []  # the operator has the time that was promised
        shop.pass_time(5)
        assert [message.chat_id for message in shop.deliver()] == ["7"]
        assert shop.states(conversation_id) == [OutboxState.SENT]

    def test_a_reply_that_was_to_be_tried_again_is_tried(self, shop: Shop) -> None:
        shop.desk.write(shop.ask(), "Смотрю.", shop.anna)
        (message,) = shop.deliveries.claim(["telegram"])
        shop.deliveries.not_taken(message, "429", retry_after=timedelta(seconds=30))
        shop.clock.forward(-HOUR)
        assert [again.attempt for again in shop.deliver()] == [2]

    def test_a_claim_of_a_dead_process_runs_out_and_a_living_one_is_left_alone(self, shop: Shop) -> None:
        conversation_id = shop.ask()
        shop.desk.write(conversation_id, "Смотрю.", shop.anna)
        (message,) = shop.deliveries.claim(["telegram"])
        shop.clock.forward(-HOUR)
        assert shop.deliveries.expire_claims([]) == 0  # it may be alive
        assert shop.states(conversation_id) == [OutboxState.SENDING]
        shop.pass_time(61)
        assert shop.deliveries.expire_claims([], alive=[message.id]) == 0
        assert shop.deliveries.expire_claims([]) == 1
        assert shop.states(conversation_id) == [OutboxState.UNKNOWN]
        shop.deliveries.sent(message, "out")  # it was alive after all, and knows better
        assert shop.states(conversation_id) == [OutboxState.SENT]

    def test_the_whole_way_is_free_after_the_jump(self, shop: Shop) -> None:
        first = shop.ask()
        shop.clock.forward(-HOUR)
        shop.pass_time(1)
        second = shop.ask(chat="8")
        assert [item.turn.conversation_id for item in shop.desk.queue()] == [first, second]
        for conversation_id in (first, second):
            shop.accept(conversation_id)
        shop.pass_time(6)
        assert [message.chat_id for message in shop.deliver()] == ["7", "8"]

    def test_a_job_whose_process_died_does_not_stand_in_the_way(self, shop: Shop, store: Store) -> None:
        jobs = Jobs(store, clock=shop.clock)
        with store.write() as tx:
            dead = tx.jobs.add(JobKind.LEARN, JobState.WAITING, account_id=None, now=shop.clock())
            until = shop.clock() + timedelta(seconds=60)
            tx.jobs.change(dead, JobState.WAITING, state=JobState.RUNNING.value, alive_until=until)
        shop.clock.forward(-HOUR)
        with pytest.raises(JobRunning), jobs.running(JobKind.LEARN):
            pass
        shop.clock.forward(61)
        with jobs.running(JobKind.LEARN) as job:
            assert job.id != dead

    def test_an_operators_undo_does_not_last_longer(self, shop: Shop) -> None:
        decided = shop.accept(shop.ask())
        shop.pass_time(5)
        shop.deliver()
        shop.clock.forward(-HOUR)
        with pytest.raises(TooLateToUndo):
            shop.desk.undo(decided.decision_id, shop.anna)

    @pytest.mark.parametrize("decides", [False, True])
    def test_an_operator_who_has_just_written_holds_the_bot_back_all_the_same(
        self, shop: Shop, decides: bool
    ) -> None:
        shop.ask(chat="8")
        conversation_id = shop.ask()
        if decides:
            shop.accept(conversation_id, action=Action.WRITE_OWN, rank=None, text="Смотрю.")
        else:
            shop.desk.write(conversation_id, "Смотрю.", shop.anna)
        shop.clock.forward(-HOUR)
        assert shop.is_held(conversation_id)
        shop.deliver()
        shop.pass_time(29 * 60)
        assert shop.is_held(conversation_id)
        shop.pass_time(90)
        assert shop.is_held(conversation_id) != shop.has_guard  # else until the clock has caught up
        shop.pass_time(HOUR)
        assert not shop.is_held(conversation_id)

    @pytest.mark.parametrize("writes_again", [False, True])
    def test_what_was_given_back_stays_so_until_an_operator_writes(
        self, shop: Shop, writes_again: bool
    ) -> None:
        conversation_id = shop.ask()
        shop.desk.write(conversation_id, "Смотрю.", shop.anna)
        shop.pass_time(1)
        shop.desk.return_to_bot(conversation_id)
        shop.pass_time(1)
        if writes_again:
            shop.desk.write(conversation_id, "Ещё.", shop.anna)
        for seconds in (-HOUR, 0):
            shop.clock.forward(seconds)
            assert shop.is_held(conversation_id) == writes_again
            shop.deliver()
        shop.pass_time(1)
        shop.desk.write(conversation_id, "И ещё.", shop.anna)
        assert shop.is_held(conversation_id)


class TestSqlite(ClockContract):
    pass


# --- what only a process that has seen the jump can do ----------------------------------------


@pytest.fixture
def shop(store: Store) -> Shop:
    shop = Shop(store)
    shop.guard.run_once()
    return shop


@pytest.mark.parametrize("seconds", [-HOUR, -20, 20, HOUR])
def test_a_jump_is_told(shop: Shop, seconds: float) -> None:
    shop.pass_time(1)
    with capture_logs() as logs:
        assert not shop.guard.run_once()
        shop.clock.forward(seconds)
        assert shop.guard.run_once()
        assert not shop.guard.run_once()
    told = [(entry["event"], entry["log_level"], entry["seconds"]) for entry in logs]
    assert told == [("clock_jumped", "warning", seconds)]


def test_after_a_small_jump_nothing_waits_either(shop: Shop) -> None:
    conversation_id = shop.ask()
    shop.accept(conversation_id)
    shop.say(chat="8")
    shop.clock.forward(-40)
    shop.guard.run_once()
    shop.pass_time(10)
    assert shop.triager.run_once() == 1
    assert [message.chat_id for message in shop.deliver()] == ["7"]


def test_a_clock_that_was_set_back_while_the_program_stood_still(shop: Shop) -> None:
    shop.accept(shop.ask())
    shop.clock.forward(-40)
    shop.restart()
    shop.guard.run_once()
    shop.pass_time(5)
    assert len(shop.deliver()) == 1


def test_a_clock_that_is_set_forward_takes_no_undo_away(shop: Shop) -> None:
    first, second = shop.ask(), shop.ask(chat="8")
    decided = shop.accept(first)
    shop.accept(second)
    shop.clock.forward(HOUR)
    assert shop.deliver() == []
    shop.desk.undo(decided.decision_id, shop.anna)
    shop.pass_time(5)
    assert [message.chat_id for message in shop.deliver()] == ["8"]


def test_a_clock_that_is_set_forward_makes_no_fate_unknown(shop: Shop) -> None:
    conversation_id = shop.ask()
    shop.desk.write(conversation_id, "Смотрю.", shop.anna)
    (message,) = shop.deliveries.claim(["telegram"])
    shop.clock.forward(HOUR)
    assert shop.deliveries.expire_claims([]) == 0
    shop.deliveries.sent(message, "out")
    assert shop.states(conversation_id) == [OutboxState.SENT]


def test_a_messenger_that_wants_to_be_left_alone_for_long_is_asked_again_before(shop: Shop) -> None:
    conversation_id = shop.ask()
    shop.desk.write(conversation_id, "Смотрю.", shop.anna)
    for _ in range(12):  # more often than a reply is tried
        (message,) = shop.deliveries.claim(["telegram"])
        shop.deliveries.not_taken(message, "429", retry_after=timedelta(hours=10))
        shop.pass_time(299)
        assert shop.deliveries.claim(["telegram"]) == []
        shop.pass_time(1)
    assert shop.states(conversation_id) == [OutboxState.PENDING]
