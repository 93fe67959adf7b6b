"""Readiness of topics: supervisors inspect the evidence, and allow or stop automated replies."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from evaluation.readiness import (
    Step,
    assess,
    confidence_sequence,
)
from prompter.domain.account import Account
from prompter.domain.readiness import (
    LedgerTurn,
    Mode,
    ReadinessChangeFacts,
    ReadinessState,
    StoredReadiness,
)
from prompter.readiness.evidence import TopicEvidence, evidence_of
from prompter.readiness.ledger import is_sampled, judged_turns
from prompter.readiness.live_topics import LiveTopics
from prompter.readiness.monitoring import Gap, gap
from prompter.readiness.state_machine import Transition
from prompter.readiness.topic_readiness import NotReady, StepMeasurement, TopicReadiness
from prompter.readiness.topics import WEEK, audits_since, ledger_of, require_topic
from prompter.readiness.worker import ReadinessWorker
from prompter.storage import Conflict, Transaction


class Readiness(ReadinessWorker, LiveTopics):
    """The supervisors' use cases of readiness: inspect, allow, stop and switch off topics."""

    def topics(self) -> list[TopicReadiness]:
        """Return every topic and group, in order of name."""
        with self._store.read() as tx:
            units = self._units(tx)
            stored = tx.readiness.all()
            return [
                self._describe(tx, stored[name], topics) for name, topics in units.items() if name in stored
            ]

    def topic(self, name: str) -> TopicReadiness:
        """Return one topic or group.

        Raises:
            NotFound: when there is none of that name, or it has not been checked yet.
        """
        with self._store.read() as tx:
            return self._describe(
                tx, require_topic(tx.readiness.get(name), name), self._units(tx).get(name, (name,))
            )

    def evidence(self, name: str) -> TopicEvidence:
        """Return the evidence of the running test, turn by turn.

        Raises:
            NotFound: when there is no topic of that name, or it has not been checked yet.
        """
        with self._store.read() as tx:
            stored = require_topic(tx.readiness.get(name), name)
            return evidence_of(
                tx,
                ledger_of(tx, stored, self._units(tx).get(name, (name,))),
                tx.readiness.events(name),
                rule=self._rule,
                test_number=stored.test_number,
            )

    def gaps(self) -> list[tuple[str, Gap]]:
        """Return the accuracy of each topic and group, with visible suggestions and answered blind."""
        with self._store.read() as tx:
            units, stored = self._units(tx), tx.readiness.all()
            return [
                (name, gap(tx.readiness.ledger(topics, since=stored[name].test_began_at)))
                for name, topics in units.items()
                if name in stored
            ]

    def last_change(self) -> tuple[int, int]:
        """Return two numbers that stay the same until something is judged or changed."""
        with self._store.read() as tx:
            return tx.readiness.last_evidence(), tx.readiness.last_event()

    def allow(self, name: str, account: Account | None) -> TopicReadiness:
        """Put a topic on autopilot from the lowest threshold that its test has passed, even if it was held.

        Raises:
            NotFound: when there is no such topic.
            NotReady: when the evidence does not allow it.
        """
        stored, steps = self._assess_topic(name)
        passed = self._passed_threshold(stored, steps)
        if passed is None:
            raise NotReady(name, steps[-1])
        mode = stored.mode or self._mode
        return self._set(
            stored,
            Transition(state=ReadinessState.AUTOPILOT, threshold=passed, reason="allowed"),
            account,
            mode=(Mode.MANUAL if mode is Mode.SHADOW else mode).value,
        )

    def hold(self, name: str, account: Account | None) -> TopicReadiness:
        """Stop a topic from answering alone, at once and until it is allowed again. Its test goes on."""
        with self._store.read() as tx:
            stored = require_topic(tx.readiness.get(name), name)
        change = Transition(state=ReadinessState.HELD, threshold=stored.threshold, reason="stopped")
        return self._set(stored, change, account)

    def switch_off(self, name: str, account: Account | None) -> TopicReadiness:
        """Stop a topic from answering alone, whatever the evidence says. It is only measured."""
        stored, steps = self._assess_topic(name)
        is_proved = self._passed_threshold(stored, steps) is not None
        state = ReadinessState.READY if is_proved else ReadinessState.COLLECTING
        change = Transition(state=state, threshold=None, reason="switched_off")
        return self._set(stored, change, account, mode=Mode.SHADOW.value)

    def _assess_topic(self, name: str) -> tuple[StoredReadiness, list[Step]]:
        with self._store.read() as tx:
            stored = require_topic(tx.readiness.get(name), name)
            turns = ledger_of(tx, stored, self._units(tx).get(name, (name,)))
        return stored, assess(judged_turns(turns), self._rule, test_number=stored.test_number)

    def _set(
        self, stored: StoredReadiness, change: Transition, account: Account | None, **values: Any
    ) -> TopicReadiness:
        if not self._change(stored, change, ReadinessChangeFacts(), account=account, **values):
            raise Conflict("the topic has just changed: look again")
        return self.topic(stored.name)

    def _describe(self, tx: Transaction, stored: StoredReadiness, topics: Sequence[str]) -> TopicReadiness:
        turns = ledger_of(tx, stored, topics)
        received = [turn for turn in turns if turn.received_at >= stored.test_began_at]
        live = audits_since(turns, stored.live_since)
        judged = judged_turns(turns)
        steps = assess(judged, self._rule, test_number=stored.test_number)
        asked = tx.readiness.count_turns(topics, since=stored.test_began_at)

        def measure(step: Step) -> StepMeasurement:
            return StepMeasurement(
                step=step,
                sequence=confidence_sequence(
                    [turn for turn in judged if turn.confidence >= step.threshold],
                    alpha=self._rule.spends(stored.test_number),
                ),
                coverage=len(_from(received, step)) / asked if asked else None,
            )

        last = measure(steps[-1])
        passed = [step for step in steps if step.passed_after is not None]
        return TopicReadiness(
            name=stored.name,
            topics=tuple(topics),
            state=stored.state,
            mode=stored.mode or self._mode,
            threshold=stored.threshold,
            test_number=stored.test_number,
            test_began_at=stored.test_began_at,
            live_since=stored.live_since,
            steps=steps,
            passed=self._passed_threshold(stored, steps),
            left_out=stored.left_out,
            last=last,
            proved=None if not passed else last if passed[-1] is last.step else measure(passed[-1]),
            labels_per_day=_labels_per_day(
                _from(turns, last.step), since=stored.test_began_at, now=self._clock()
            ),
            audited=len(live),
            audited_right=sum(right for _, right in live),
            events=tx.readiness.events(stored.name),
        )


def _from(turns: Sequence[LedgerTurn], step: Step) -> list[LedgerTurn]:
    return [turn for turn in turns if turn.confidence >= step.threshold]


def _labels_per_day(turns: Sequence[LedgerTurn], *, since: datetime, now: datetime) -> float:
    """Return how many turns are randomly sampled and judged per day, over at most the test's last week."""
    begin = max(since, now - WEEK)
    days = max((now - begin) / timedelta(days=1), 1.0)
    counted = (turn for turn in turns if turn.tests and turn.received_at >= begin)
    return sum(is_sampled(turn) for turn in counted) / days
