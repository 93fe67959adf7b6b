"""The store keeps the same promises on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event, text, update

from kb_index import Status
from prompter.accounts.service import Accounts
from prompter.accounts.sessions import Sessions
from prompter.common.errors import AlreadySettled, NotFound
from prompter.conversations.intake import Reception
from prompter.conversations.lanes import MAX_RECENT_TURNS
from prompter.desk.decision import Action
from prompter.domain.account import LoginCount, Role, Scope
from prompter.domain.conversation import Author, IncomingMessage, OfferedSuggestion, OutboxState, TurnState
from prompter.domain.drafts import ProposalKind
from prompter.domain.evidence import Choice, Signal, Verdict
from prompter.domain.gate_record import GateFigures, GateRecord
from prompter.domain.job import JobKind, JobState
from prompter.domain.model_version import ActivationReason, Origin, VersionState
from prompter.domain.proposal import ProposalState
from prompter.domain.readiness import ReadinessState
from prompter.domain.triage import HandoffReason, Route, Triage
from prompter.jobs import JobRunning, Jobs
from prompter.knowledge.proposals import Proposals
from prompter.knowledge.topics import Topics
from prompter.models.registry import Versions
from prompter.readiness.attention_checks import AttentionCheckScheduler
from prompter.readiness.monitoring import QualityMonitor
from prompter.storage import Conflict, Store, connect, migrate
from prompter.storage.copying import copy_database
from prompter.storage.tables import turns
from prompter_api.errors import TooManyTries
from prompter_api.throttle import LoginThrottle
from tests.fakes import FAST_HASHER, SHOP, START, FakeClock, OrderDialogue
from tests.postgres import find_programs, run_server
from tests.prompter.conversations.test_clock_guard import ClockContract
from tests.prompter.knowledge.drafted import changed_answer, new_article, phrasing
from tests.prompter.readiness.governed import RULE, GovernedShop
from tests.shipped import SESSIONS
from tests.skips import missing

MESSAGE = IncomingMessage(
    channel="telegram", chat_id="7", external_id="1", text="Где мой заказ?", customer_name="Ольга"
)
TRIAGE = Triage(
    utterance="Где мой заказ?",
    intent="topic:orders",
    intent_confidence=0.7,
    suggestions=(),
    route=Route.SUGGEST,
    handoff_reason=HandoffReason.TOPIC_NOT_READY,
    model_version="words-1",
)


class Line:
    """Customers who write a second apart, and a worker that triages their turns."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._count = 0
        self.now = START
        self._reception = Reception(
            store, debounce=timedelta(0), max_wait=timedelta(0), clock=lambda: self.now
        )

    def later(self, *, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)

    def says(self, channel: str, chat: str) -> None:
        self._count += 1
        self.now += timedelta(seconds=1)
        message = IncomingMessage(channel=channel, chat_id=chat, external_id=str(self._count), text="эй")
        self._reception.receive(message)

    def serve(self, n_turns: int) -> list[str]:
        """Triage this number of turns, and return their customers."""
        with self._store.read() as tx:
            due = tx.conversations.due_turns(self.now, limit=n_turns)
            customers = [tx.conversations.customer(turn.conversation_id) for turn in due]
        with self._store.write() as tx:
            for turn in due:
                assert tx.conversations.record_triage(turn, TRIAGE, [], self.now)
        return [customer.chat_id for customer in customers if customer is not None]


class StoreContract:
    """The contract of every database. Subclasses provide the fixture `store`."""

    def add_waiting_turn(self, store: Store, message: IncomingMessage = MESSAGE) -> tuple[int, int]:
        """Create a triaged turn, and return the ids of its conversation and of the turn."""
        with store.write() as tx:
            conversation = tx.conversations.ensure(message, START)
            turn = tx.conversations.open_turn(conversation, START)
            number = tx.conversations.add_message(conversation, turn.id, message, START)
            tx.conversations.extend_turn(turn.id, last_message_id=number, closes_at=START)
        with store.read() as tx:
            (turn,) = tx.conversations.due_turns(START)
        offered = [
            OfferedSuggestion(
                turn_id=turn.id,
                rank=1,
                article_id="order-where",
                question="Где мой заказ",
                text="Проверьте раздел «Заказы».",
                topic="orders",
                language="ru",
                similarity=0.9,
                confidence=0.8,
            )
        ]
        with store.write() as tx:
            assert tx.conversations.record_triage(turn, TRIAGE, offered, START)
            assert tx.conversations.suggestions(turn.id) == offered
        return conversation, turn.id

    def operator(self, store: Store) -> int:
        with store.write() as tx:
            return tx.accounts.add(
                name="Анна", role=Role.OPERATOR, password_hash="-", one_time_password=False, now=START
            )

    def decide(self, store: Store, turn: int, operator: int) -> int:
        with store.write() as tx:
            return tx.decisions.add(
                turn_id=turn,
                operator_id=operator,
                verdict=Verdict.ACCEPTED,
                reason=None,
                rank=1,
                article_id="order-where",
                suggested_text="a",
                sent_text="a",
                now=START,
            )

    def test_one_version_answers_and_going_back_finds_the_one_before(self, store: Store) -> None:
        versions = Versions(store, settings="s")
        for number, name in enumerate(("v1", "v2")):
            versions.add(name, made=Origin.LEARN, model="m", parent=None)
            assert versions.promote_candidate(name, GateRecord(figures=GateFigures(p_at_1=0.9)), after=number)
        assert not versions.use("v1", after=1, reason=ActivationReason.TRAIN)
        assert versions.roll_back(None).id == "v1"
        versions.add("v3", made=Origin.LEARN, model="m", parent="v1")
        versions.start_shadow("v3", GateRecord())
        shadowing = versions.shadow_version()
        assert shadowing is not None
        assert (shadowing.id, versions.number()) == ("v3", 3)
        assert [
            (version.version.id, version.version.state) for version in versions.all() if version.is_used
        ] == [("v1", VersionState.PASSED)]

    def test_a_dialogue_is_led_by_one_worker_at_a_time_and_stops_for_an_operator(self, store: Store) -> None:
        engine = OrderDialogue()
        shop = GovernedShop(store)
        shop.talk_through(engine)
        other = shop.worker(shop.assistant)
        engine.before_reply = lambda: other.run_once()
        conversation = shop.ask("статус", chat="olga")
        assert len(engine.told["sufler-1-1"]) == 1
        shop.decide(conversation, Action.WRITE_OWN, text="Минуту.")
        shop.look_at_dialogues()
        assert engine.paused == {"sufler-1-1": True}
        shop.desk.return_to_bot(conversation)
        shop.look_at_dialogues()
        assert engine.paused == {"sufler-1-1": False}
        shop.ask("40018237", chat="olga")
        assert shop.desk.conversation(conversation).suggestions[0].text == "Заказ 40018237 едет."

    def test_two_jobs_of_a_kind_do_not_run_at_once(self, store: Store) -> None:
        jobs = Jobs(store)
        asked = jobs.enqueue(JobKind.LEARN, None)
        assert jobs.enqueue(JobKind.LEARN, None).id == asked.id
        with jobs.run(JobKind.LEARN) as job:
            assert job.id == asked.id
            with pytest.raises(JobRunning), jobs.run(JobKind.LEARN):
                pass
        assert [item.state for item in jobs.list_recent(JobKind.LEARN)] == [JobState.DONE]

    def test_what_a_shadow_suggests_stands_beside_the_champion(self, store: Store) -> None:
        _, turn_id = self.add_waiting_turn(store)
        Versions(store).add("v2", made=Origin.LEARN, model="m", parent=None)
        with store.write() as tx:
            assert [turn for turn, _ in tx.shadows.to_triage("v2", since=START, limit=9)] == [turn_id]
            for _ in range(2):
                tx.shadows.add("v2", turn_id, article_id="order-where", confidence=0.4, now=START)
            assert tx.shadows.to_triage("v2", since=START, limit=9) == []
            (row,) = tx.shadows.all("v2").values()
        assert (row.turn_id, row.candidate, row.candidate_confidence) == (turn_id, "order-where", 0.4)

    def test_an_article_is_put_in_place_of_the_version_that_was_seen(self, store: Store) -> None:
        with store.write() as tx:
            tx.articles.upsert(SHOP[:1], changed_by="import", now=START)
            changed = replace(SHOP[0], answer="Новый.", phrasings=("а", "б"))
            assert tx.articles.put(changed, version=1, changed_by="vera", now=START)
            assert not tx.articles.put(changed, version=1, changed_by="adam", now=START)
            assert not tx.articles.put(changed, version=0, changed_by="adam", now=START)
            assert tx.articles.get_many([changed.id]) == {changed.id: changed}
            assert [version["version"] for version in tx.articles.versions(changed.id)] == [1, 2]
            assert tx.articles.page(text="НОВЫЙ", status=Status.PUBLISHED) == [changed]
            assert tx.articles.page(after=changed.id) == []

    def test_a_case_is_pinned_once(self, store: Store) -> None:
        with store.write() as tx:
            for _ in range(2):
                tx.pins.add("где", "order-where", account_id=None, now=START)
            (pinned,) = tx.pins.all()
            assert tx.pins.remove(pinned.id)
            assert not tx.pins.remove(pinned.id)

    def test_times_come_back_in_utc(self, store: Store) -> None:
        moscow = START.astimezone(tz=None) + timedelta(microseconds=123456)
        with store.write() as tx:
            conversation = tx.conversations.ensure(MESSAGE, moscow)
            turn = tx.conversations.open_turn(conversation, moscow)
        with store.read() as tx:
            found = tx.conversations.turn(turn.id)
        assert found is not None
        assert found.received_at == moscow
        assert found.received_at.utcoffset() == timedelta(0)

    def test_a_failed_transaction_leaves_nothing(self, store: Store) -> None:
        def fail() -> None:
            with store.write() as tx:
                tx.conversations.ensure(MESSAGE, START)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        with store.read() as tx:
            assert tx.conversations.find("telegram", "7") is None

    def test_a_message_is_stored_once(self, store: Store) -> None:
        conversation, turn = self.add_waiting_turn(store)
        with store.read() as tx:
            assert tx.conversations.has_message(conversation, "1")
            assert not tx.conversations.has_message(conversation, "2")
        with pytest.raises(Conflict), store.write() as tx:
            tx.conversations.add_message(conversation, turn, MESSAGE, START)

    def test_a_chat_is_one_conversation_whose_name_is_kept_fresh(self, store: Store) -> None:
        with store.write() as tx:
            first = tx.conversations.ensure(MESSAGE, START)
            renamed = IncomingMessage(channel="telegram", chat_id="7", external_id="2", customer_name="Оля")
            assert tx.conversations.ensure(renamed, START) == first
            other = IncomingMessage(channel="web", chat_id="7", external_id="1")
            assert tx.conversations.ensure(other, START) != first
            customer = tx.conversations.customer(first)
        assert customer is not None
        assert customer.name == "Оля"

    def test_one_turn_is_open_in_a_conversation(self, store: Store) -> None:
        conversation, turn = self.add_waiting_turn(store)
        with store.write() as tx:
            opened = tx.conversations.open_turn(conversation, START)
            assert opened.id != turn
            assert tx.conversations.open_turn(conversation, START) == opened
        second = update(turns).where(turns.c.id == turn).values(state=TurnState.OPEN.value)
        with pytest.raises(Conflict), store.write() as tx:
            tx.conversations._connection.execute(second)

    def test_a_flood_of_new_chats_does_not_hold_up_customers_who_talk_already(self, store: Store) -> None:
        line = Line(store)
        line.says("web", "known")
        assert line.serve(1) == ["known"]
        for number in range(100):
            line.says("web", f"stranger-{number}")
        line.says("telegram", "newcomer")
        line.says("web", "known")
        assert line.serve(4) == ["stranger-0", "known", "stranger-1", "newcomer"]
        line.says("web", "known")
        assert line.serve(2) == ["stranger-2", "known"]
        assert line.serve(100) == [f"stranger-{number}" for number in range(3, 100)]

    def test_nobody_waits_for_ever_in_the_line(self, store: Store) -> None:
        line = Line(store)
        for number in range(30):
            line.says("web", f"known-{number}")
        line.serve(30)
        for number in range(20):
            line.says("web", f"known-{number}")
        line.says("web", "newcomer")
        served = []
        for number in range(20, 30):  # however many who are known keep coming
            line.says("web", f"known-{number}")
            served += line.serve(1)
        assert served.index("newcomer") == 5
        assert [chat for chat in served if chat != "newcomer"] == [f"known-{number}" for number in range(9)]

    def test_a_customer_who_writes_without_end_waits_behind_the_others(self, store: Store) -> None:
        line = Line(store)
        for chat in ["known"] + ["flood", "flooding"] * (MAX_RECENT_TURNS + 1):
            line.says("telegram", chat)
            line.serve(1)
        for chat in ("flood", "flooding", "known", "new"):
            line.says("telegram", chat)
        assert line.serve(4) == ["flood", "known", "new", "flooding"]
        line.later(minutes=11)
        for chat in ("flood", "flooding"):
            line.says("telegram", chat)
        line.says("telegram", "newer")
        assert line.serve(3) == ["flood", "flooding", "newer"]

    def test_turns_that_failed_go_behind_the_others(self, store: Store) -> None:
        line = Line(store)
        for number in range(3):
            line.says("web", f"broken-{number}")
        with store.write() as tx:
            for turn in tx.conversations.due_turns(line.now):
                found = tx.conversations.put_back(turn.id, line.now, lane="failed", share=1.0)
                assert (found, tx.conversations.failures(turn.id)) == (1, 1)
        for chat in ("first", "second", "third", "fourth"):
            line.says("web", chat)
        assert line.serve(9) == [
            "broken-0", "first", "broken-1", "second", "third", "broken-2", "fourth"
        ]  # fmt: skip
        with store.write() as tx:
            assert tx.conversations.put_back(turn.id, line.now, lane="failed", share=1.0) is None

    def test_a_clock_that_was_set_back_makes_nobody_busy(self, store: Store) -> None:
        line = Line(store)
        for _ in range(MAX_RECENT_TURNS):
            line.says("web", "known")
            line.serve(1)
        line.later(minutes=-60)
        for chat in ("new", "newer", "known"):
            line.says("web", chat)
        assert line.serve(3) == ["new", "known", "newer"]

    def test_turns_that_wait_for_the_worker_are_counted(self, store: Store) -> None:
        line = Line(store)
        with store.read() as tx:
            assert tx.conversations.count_untriaged(line.now) == (0, None)
        for number in range(3):
            line.says("web", str(number))
        begun = line.now - timedelta(seconds=2)
        with store.read() as tx:
            assert tx.conversations.count_untriaged(line.now) == (3, begun)
            assert tx.conversations.count_untriaged(begun - timedelta(seconds=1)) == (0, None)
            assert tx.conversations.count_untriaged(line.now, limit=2)[0] == 2
            assert [tx.conversations.count_open(limit=limit) for limit in (2, 9)] == [2, 3]

    def test_a_triage_of_a_turn_that_moved_on_is_not_stored(self, store: Store) -> None:
        _, turn_id = self.add_waiting_turn(store)
        with store.write() as tx:
            turn = tx.conversations.turn(turn_id)
            assert turn is not None
            assert not tx.conversations.record_triage(turn, TRIAGE, [], START)
            assert not tx.conversations.extend_turn(turn_id, last_message_id=99, closes_at=START)

    def test_a_turn_has_one_live_decision(self, store: Store) -> None:
        _, turn = self.add_waiting_turn(store)
        operator = self.operator(store)
        decision = self.decide(store, turn, operator)
        with pytest.raises(Conflict):
            self.decide(store, turn, operator)
        with store.write() as tx:
            assert tx.decisions.supersede(decision, START)
            assert not tx.decisions.supersede(decision, START)
        assert self.decide(store, turn, operator) > decision

    def test_turns_are_closed_with_another_and_come_back_with_it(self, store: Store) -> None:
        conversation, first = self.add_waiting_turn(store)
        again = IncomingMessage(channel="telegram", chat_id="7", external_id="2", text="Ау")
        _, second = self.add_waiting_turn(store, again)
        with store.write() as tx:
            assert tx.conversations.close_turn(second)
            assert tx.conversations.close_with(first, answered_with=second)
            assert not tx.conversations.close_with(first, answered_with=second)
            assert not tx.conversations.close_turn(first)
            assert tx.conversations.waiting_turns() == []
            tx.conversations.reopen_turn(second)
            waiting = tx.conversations.conversation_turns(conversation, TurnState.WAITING)
        assert [message.id for message in waiting] == [first, second]

    def test_a_reply_is_claimed_once_and_in_order(self, store: Store) -> None:
        conversation, _ = self.add_waiting_turn(store)
        with store.write() as tx:
            first, second = tx.outbox.add(
                conversation_id=conversation, parts=["a", "b"], author=Author.BOT, not_before=START, now=START
            )
            assert tx.outbox.list_claimable(["web"], START, limit=9) == []
            (waiting,) = tx.outbox.list_claimable(["telegram"], START, limit=9)
            assert (waiting[0].id, waiting[1:]) == (first, ("telegram", "7", None))
            assert tx.outbox.claim(first, START, START + timedelta(seconds=60)) == 1
            assert tx.outbox.claim(first, START, START + timedelta(seconds=60)) is None
            assert tx.outbox.list_claimable(["telegram"], START, limit=9) == []
            assert tx.outbox.expired_claims(START + timedelta(seconds=60)) == []
            assert [reply.id for reply, _ in tx.outbox.expired_claims(START + timedelta(seconds=61))] == [
                first
            ]
            assert tx.outbox.settle(first, OutboxState.SENDING, OutboxState.SENT, sent_at=START)
            assert not tx.outbox.settle(first, OutboxState.SENDING, OutboxState.FAILED)
            assert [reply.id for reply, *_ in tx.outbox.list_claimable(["telegram"], START, limit=9)] == [
                second
            ]

    def test_a_reply_that_was_found_waits_for_one_that_is_to_be_sent_again(self, store: Store) -> None:
        conversation, _ = self.add_waiting_turn(store)
        until = START + timedelta(seconds=60)
        with store.write() as tx:
            first, second = (
                tx.outbox.add(
                    conversation_id=conversation, parts=[text], author=Author.BOT, not_before=START, now=START
                )[0]
                for text in ("a", "b")
            )
            assert tx.outbox.claim(first, START, until) == 1
            assert tx.outbox.settle(first, OutboxState.SENDING, OutboxState.UNKNOWN)
            assert [reply.id for reply, *_ in tx.outbox.list_claimable(["telegram"], START, limit=9)] == [
                second
            ]
            assert tx.outbox.settle(first, OutboxState.UNKNOWN, OutboxState.PENDING)
            assert tx.outbox.claim(second, START, until) is None
            assert tx.outbox.claim(first, START, until) == 2
            assert tx.outbox.claim(second, START, until) is None
            assert tx.outbox.settle(first, OutboxState.SENDING, OutboxState.SENT)
            assert tx.outbox.claim(second, START, until) == 1

    def test_one_decision_has_one_reply(self, store: Store) -> None:
        conversation, turn = self.add_waiting_turn(store)
        decision = self.decide(store, turn, self.operator(store))

        def reply() -> None:
            with store.write() as tx:
                tx.outbox.add(
                    conversation_id=conversation,
                    decision_id=decision,
                    parts=["a"],
                    author=Author.OPERATOR,
                    not_before=START,
                    now=START,
                )

        reply()
        with pytest.raises(Conflict):
            reply()

    def test_facts_are_set_counted_and_kept(self, store: Store) -> None:
        with store.write() as tx:
            assert tx.facts.set_if_absent("secret", "a") == "a"
            assert tx.facts.set_if_absent("secret", "b") == "a"
            assert [tx.facts.count_up("revision") for _ in range(3)] == [1, 2, 3]

    def test_articles_come_back_in_order_and_are_found_in_any_case(self, store: Store) -> None:
        with store.write() as tx:
            assert tx.articles.upsert(SHOP, changed_by="test", now=START) == (4, 0)
            assert tx.articles.upsert(SHOP, changed_by="test", now=START) == (0, 0)
            assert list(tx.articles.all(batch=3)) == sorted(SHOP, key=lambda article: article.id)
            assert [article.id for article in tx.articles.find("ОТМЕНИТЬ", limit=5)] == ["order-cancel"]
            assert tx.articles.add_phrasing("order-cancel", "передумал")
            assert not tx.articles.add_phrasing("order-cancel", "передумал")

    def test_vectors_are_kept_under_their_hash(self, store: Store) -> None:
        with store.write() as tx:
            for _ in range(2):
                tx.articles.add_vectors("e", "query", [(b"1" * 16, b"ab"), (b"2" * 16, b"cd")])
            assert tx.articles.vectors("e", "query", [b"2" * 16, b"3" * 16]) == {b"2" * 16: b"cd"}
            assert tx.articles.vectors("e", "passage", [b"2" * 16]) == {}

    def test_a_proposal_is_open_once_and_settled_once(self, store: Store) -> None:
        draft = new_article("картой платить?", "картой можно?", turns=[1, 2])
        with store.write() as tx:
            number = tx.proposals.add(draft, START)
            lighter = tx.proposals.add(phrasing("order-cancel", "передумал"), START)
        with pytest.raises(Conflict), store.write() as tx:
            tx.proposals.add(replace(draft, question="Картой... платить!"), START)
        with store.read() as tx:
            found = tx.proposals.get(number)
            assert [proposal.id for proposal in tx.proposals.all(state=ProposalState.OPEN)] == [
                number,
                lighter,
            ]
            assert tx.proposals.count(kind=ProposalKind.PHRASING, article_id="order-cancel") == 1
        assert found is not None
        assert (found.question, found.answer, found.proof) == (draft.question, draft.answer, draft.proof)
        assert found.created_at == START
        vera = self.operator(store)
        with store.write() as tx:
            assert tx.proposals.edit(number, {"answer": "Да."}, vera, START)
            assert tx.proposals.settle(number, ProposalState.DISMISSED, START, settled_by=vera)
            assert not tx.proposals.settle(number, ProposalState.APPROVED, START, settled_by=vera)
            assert not tx.proposals.edit(number, {"answer": "Нет."}, vera, START)
            again = tx.proposals.add(draft, START)  # who decides that it may come is the use case
            settled = tx.proposals.get(number)
        assert settled is not None
        assert (settled.state, settled.answer, settled.settled_by) == (ProposalState.DISMISSED, "Да.", "Анна")
        assert again > number

    def test_two_supervisors_approve_the_same_at_once(self, store: Store) -> None:
        with store.write() as tx:
            tx.articles.upsert(SHOP, changed_by="test", now=START)
            for name in ("vera", "boss"):
                tx.accounts.add(
                    name=name, role=Role.SUPERVISOR, password_hash="-", one_time_password=False, now=START
                )
            people = tx.accounts.all()
        proposals = Proposals(store)
        words = ("цвет", "вес", "срок", "размер", "запах")
        proposals.add([new_article(f"{word}?", turns=[turn]) for turn, word in enumerate(words)])
        change = changed_answer("order-cancel", "Нажмите «Отменить».", added=["Это бесплатно."], turns=[1])
        proposals.add([change])
        numbers = [proposal.id for proposal in proposals.open()]
        with ThreadPoolExecutor() as pool:
            done = list(pool.map(lambda account: proposals.approve_many(numbers, account), people))
        for first, second in zip(*done, strict=True):
            errors = [type(outcome.error) for outcome in (first, second) if outcome.error]
            assert errors == [AlreadySettled]
        with store.read() as tx:
            assert tx.articles.count() == len(SHOP) + len(words)
            assert [row["version"] for row in tx.articles.versions("order-cancel")] == [1, 2]

    def test_a_topic_comes_to_answer_alone_and_slips(self, store: Store) -> None:
        """Readiness works through the core, so that all databases see the same evidence."""
        shop = GovernedShop(store)
        shop.go_live()
        conversation = shop.ask(chat="ivan")
        assert shop.route(conversation) == (Route.AUTOPILOT, None)
        reply = shop.bot_replies(conversation)[-1]
        assert shop.feedback.rate("telegram", "ivan", reply.id, helpful=False)
        question = shop.reviews.find_next(shop.boris)
        assert question is not None
        shop.reviews.judge(question.review_id, Choice.NEITHER, shop.boris)
        for _ in range(8):
            shop.audit(right=False)
        assert shop.update_readiness()
        demoted = shop.returns()
        assert (demoted.state, demoted.test_number) == (ReadinessState.DEMOTED, 2)
        assert demoted.events[0].facts.audited_wrong == 8
        monitoring = QualityMonitor(store, clock=shop.clock)
        assert monitoring.drift().this_week.signals[Signal.THUMB_DOWN] == 1
        assert [person.planted for person in monitoring.people()] == [0, 0, 0]
        assert [name for name, _ in shop.readiness.gaps()] == ["orders", "returns"]
        assert AttentionCheckScheduler(store, clock=shop.clock).run_once() is False
        assert shop.readiness.evidence("returns").turns == []

    def test_a_new_model_is_asked_what_was_judged(self, store: Store) -> None:
        shop = GovernedShop(store)
        shop.prove(3)
        for _ in range(2):  # the second time there is nothing to do
            shop.readiness.run_once("words-2", training_cutoff=START, ask=shop.assistant.triage)
        assert shop.returns().steps[0].n_turns == 3

    def test_topics_are_tested_together(self, store: Store) -> None:
        shop = GovernedShop(store, tested_together=("orders", "returns"))
        shop.prove(14)
        assert shop.returns().passed == RULE.thresholds[-1]

    def test_sessions_end_one_by_one_and_all_at_once(self, store: Store) -> None:
        accounts, sessions = Accounts(store, hasher=FAST_HASHER), Sessions(store, **SESSIONS)
        anna = accounts.add("anna", Role.OPERATOR, "correct horse battery")
        boris = accounts.add("boris", Role.OPERATOR, "correct horse battery")
        secrets = [sessions.start(account, "a browser") or "" for account in (anna, anna, boris)]
        first, second, his = (sessions.find(secret) for secret in secrets)
        assert first is not None
        assert second is not None
        assert his is not None
        assert (first.account.name, first.session.user_agent) == ("anna", "a browser")
        assert [session.id for session in sessions.all(anna.id)] == [second.session.id, first.session.id]
        with pytest.raises(NotFound):
            sessions.revoke(his.session.id, of=anna.id)
        sessions.revoke(first.session.id, of=anna.id)
        assert [sessions.find(secret) is None for secret in secrets] == [True, False, False]
        sessions.revoke_all(anna.id)
        assert [sessions.find(secret) is None for secret in secrets] == [True, True, False]
        assert sessions.check(his.session.id, is_active=True) is not None

    def test_a_password_that_changes_meanwhile_lets_nobody_in(self, store: Store) -> None:
        accounts, sessions = Accounts(store, hasher=FAST_HASHER), Sessions(store, **SESSIONS)
        before = accounts.add("anna", Role.OPERATOR, "correct horse battery")
        accounts.set_password("anna", "another good one")
        assert sessions.start(before) is None
        assert sessions.start(accounts.require_by_name("anna")) is not None

    def test_sessions_of_one_account_are_bounded_and_old_ones_forgotten(self, store: Store) -> None:
        clock = FakeClock()
        accounts, sessions = Accounts(store, hasher=FAST_HASHER), Sessions(store, clock=clock, **SESSIONS)
        anna = accounts.add("anna", Role.OPERATOR, "correct horse battery")
        secrets = [sessions.start(anna) or "" for _ in range(52)]
        assert len(sessions.all(anna.id)) == 50
        assert [sessions.find(secret) is None for secret in secrets[:3]] == [True, True, False]
        clock.forward(13 * 3600)
        sessions.start(anna)
        with store._engine.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM sessions")) == 1

    def test_tokens_keep_scopes_end_and_last_use(self, store: Store) -> None:
        clock = FakeClock()
        accounts = Accounts(store, hasher=FAST_HASHER, clock=clock)
        anna = accounts.add("anna", Role.SUPERVISOR, "correct horse battery")
        scopes = frozenset({Scope.SUPERVISE, Scope.METRICS})
        secret = accounts.create_token(anna.id, "x", scopes=scopes, days=1)
        accounts.create_token(anna.id, "y", scopes={Scope.READ}, days=None)
        assert accounts.find_by_token(secret) is not None
        first, second = accounts.tokens(anna.id)
        assert (first.scopes, first.expires_at, first.last_used_at) == (scopes, START + timedelta(1), START)
        assert (second.scopes, second.expires_at, second.last_used_at) == (
            frozenset({Scope.READ}),
            None,
            None,
        )
        clock.forward(24 * 3600)
        assert accounts.find_by_token(secret) is None
        accounts.revoke_tokens(anna.id)
        assert accounts.tokens(anna.id) == []

    def test_tries_that_come_at_once_are_each_counted(self, store: Store) -> None:
        throttle = LoginThrottle(store, secret="x", per_name=5, per_address=50, window_seconds=300)

        def is_let_through(_: int) -> bool:
            try:
                throttle.count(throttle.attempt("anna", "192.0.2.1", None))
            except TooManyTries:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(is_let_through, range(24))) == 5

    def test_topics_have_titles_by_language(self, store: Store) -> None:
        with store.write() as tx:
            tx.topic_titles.put("returns", {"ru": "Возврат", "en": "Returns"})
            tx.topic_titles.put("dialogue/order_form", {"en": "Order"})
        with store.write() as tx:
            tx.topic_titles.put("returns", {"ru": "Возврат товара", "de": "Rückgabe"})
            tx.topic_titles.put("dialogue/order_form", {})
        with store.read() as tx:
            assert tx.topic_titles.all() == {"returns": {"de": "Rückgabe", "ru": "Возврат товара"}}

    def test_titles_go_up_to_their_bounds(self, store: Store) -> None:
        topics = Topics(store)
        with store.write() as tx:
            tx.articles.upsert([replace(SHOP[0], topic="😀" * 500)], changed_by="test", now=START)
        topics.set_titles("😀" * 500, {"ru": "😀" * 100})
        assert topics.titles().label("😀" * 500, "ru") == "😀" * 100

    def test_login_counts_are_bounded(self, store: Store) -> None:
        with store.write() as tx:
            for number in range(20):
                until = START + timedelta(seconds=number)
                tx.login_counts.put(str(number), LoginCount(tries=1, since=START, until=until))
            tx.login_counts.prune(START, limit=5)
        with store.read() as tx:
            keys = [str(number) for number in range(20)]
            assert set(tx.login_counts.get(keys, START)) == {"15", "16", "17", "18", "19"}
            # Written before a clock was set back: it makes nobody wait.
            assert tx.login_counts.get(keys, START - timedelta(hours=1)) == {}


class TestSqlite(StoreContract):
    """The contract on SQLite in a file, as a small server runs it. The fixture is conftest's."""

    def test_a_look_at_the_line_reads_no_more_than_it_returns(self, store: Store) -> None:
        plans: list[str] = []

        @event.listens_for(store._engine, "before_cursor_execute")
        def explain(_connection: object, cursor: Any, statement: str, values: Any, *_: object) -> None:
            if statement.startswith("SELECT"):
                plans.extend(row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values))

        with store.read() as tx:
            tx.conversations.due_turns(START, limit=8, but=[5])
            tx.conversations.count_open(limit=500)
            tx.conversations._end_of("web/new")
        assert not [plan for plan in plans if "SCAN turns" in plan or "B-TREE" in plan]
        assert sum("ix_turns_line" in plan for plan in plans) == 3  # the last of them for the line's head
        assert sum("ix_turns_lane" in plan for plan in plans) == 1


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    programs = find_programs()
    if programs is None:
        missing("PostgreSQL's server")
    with run_server(programs) as url:
        yield url


_numbers = count(1)


@pytest.fixture
def postgres(postgres_url: str) -> str:
    """Return the URL of a fresh, migrated database."""
    name = f"test{next(_numbers)}"
    admin = create_engine(postgres_url.format(name="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    url = postgres_url.format(name=name)
    engine = connect(url)
    migrate(engine)
    engine.dispose()
    return url


@pytest.mark.slow
class TestPostgres(StoreContract):
    """The contract on a PostgreSQL server of the tests' own."""

    @pytest.fixture
    def store(self, postgres: str) -> Iterator[Store]:
        store = Store(connect(postgres))
        yield store
        store.close()

    def test_counts_that_are_written_right_now_are_not_waited_for(self, store: Store) -> None:
        over = LoginCount(tries=1, since=START, until=START)
        with store.write() as tx:
            for key in ("busy", "free"):
                tx.login_counts.put(key, over)
        with store.write() as busy:
            busy.login_counts.lock(["busy"], START)
            with store.with_timeout(0.5).write() as tx:
                tx.login_counts.prune(START, limit=5)
        with store._engine.connect() as connection:
            assert connection.execute(text("SELECT key FROM login_counts")).all() == [("busy",)]

    def test_data_move_in_from_sqlite_and_ids_go_on(self, postgres: str, tmp_path: Path) -> None:
        source = connect(f"sqlite:///{tmp_path / 'source.db'}")
        migrate(source)
        old = Store(source)
        conversation, _ = self.add_waiting_turn(old)
        with old.write() as tx:
            tx.articles.upsert(SHOP, changed_by="test", now=START)
        target = connect(postgres)
        copy_database(source, target, progress=lambda *_: None)
        new = Store(target)
        with new.read() as tx:
            assert tx.articles.count() == 4
            assert len(tx.conversations.messages(conversation)) == 1
        other = IncomingMessage(channel="telegram", chat_id="8", external_id="1")
        assert self.add_waiting_turn(new, other)[0] > conversation
        old.close()
        new.close()


@pytest.mark.slow
class TestClockOnPostgres(ClockContract):
    """The contract for a clock that was set back, on PostgreSQL."""

    @pytest.fixture
    def store(self, postgres: str) -> Iterator[Store]:
        store = Store(connect(postgres))
        yield store
        store.close()
