"""Which topics may answer alone: looks at the evidence and acts on it; supervisors agree or stop."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import structlog

from evaluation.change_detection import Detector
from evaluation.multiple_testing import e_bh
from evaluation.readiness import (
    Interval,
    Rule,
    Step,
    assess,
    confidence_sequence,
    is_below_bar,
    log_e_values,
    threshold_passed,
)
from prompter.common.clock import Clock, utc_now
from prompter.common.errors import NotFound, PrompterError
from prompter.domain.account import Account
from prompter.domain.dialogue import MODEL as DIALOGUE_MODEL
from prompter.domain.dialogue import TOPICS
from prompter.domain.readiness import LedgerTurn, Mode, ReadinessEvent, ReadinessState, StoredReadiness
from prompter.domain.triage import Triage
from prompter.readiness.evidence import TopicEvidence, evidence_of
from prompter.readiness.ledger import audits, is_judged_by_lot, judged_turns
from prompter.readiness.monitoring import Gap, gap
from prompter.readiness.offline_replay import replay
from prompter.readiness.state_machine import TopicStatus, Transition, next_transition
from prompter.storage import Conflict, Store, Transaction
from prompter.suggestions.routing import AutopilotContext, answer_alone

_WEEK = timedelta(days=7)
_LATELY = timedelta(seconds=1)
_ALARMING = 3  # bad signals in a week,
_ALARMING_SHARE = 0.05  # that come from at least so many of the answers

log = structlog.get_logger(__name__)


class NotReady(PrompterError):
    """The evidence does not allow this topic to answer alone yet; `step` says how far it is."""

    def __init__(self, name: str, step: Step) -> None:
        super().__init__(f"{name}: {_why_not(step)}")
        self.step = step


@dataclass(frozen=True, kw_only=True)
class LiveTopic:
    """A topic that answers alone from `threshold` on; `audits` of its answers were judged since it does."""

    threshold: float
    since: datetime
    audits: int
    alarmed: bool = False  # customers are unhappy with it: more is audited


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One step of a topic's test, and how far it reaches."""

    step: Step
    sequence: Sequence[Interval] = field(repr=False)  # at the alpha of the test; none for no turn
    coverage: float | None  # share of the turns that it would answer alone; None: no turn

    @property
    def interval(self) -> Interval | None:
        return self.sequence[-1] if self.sequence else None


@dataclass(frozen=True, kw_only=True)
class TopicReadiness:
    """Everything that there is to know about a topic or group at one moment."""

    name: str
    topics: tuple[str, ...]
    state: ReadinessState
    mode: Mode
    threshold: float | None
    test_number: int
    test_began_at: datetime
    live_since: datetime | None
    steps: Sequence[Step]
    passed: float | None  # the laxest threshold at which it may answer alone
    left_out: Sequence[str]  # topics of a group that are below the bar themselves
    audited: int
    audited_right: int
    last: Measured  # the last step
    proved: Measured | None  # the laxest step that has passed
    labels_per_day: float  # turns of the last step that are judged by lot, at the traffic of the last week
    events: Sequence[ReadinessEvent] = field(repr=False)

    @property
    def interval(self) -> Interval | None:
        """Of the last step; None: no turn."""
        return self.last.interval

    @property
    def coverage(self) -> float | None:
        """Of the last step; None: no turn."""
        return self.last.coverage

    @property
    def days_to_go(self) -> float | None:
        """Until the last step has passed, at today's traffic; None: not on course."""
        more = self.steps[-1].more_labels
        if more == 0:
            return 0.0
        return more / self.labels_per_day if more is not None and self.labels_per_day else None


@dataclass(frozen=True, kw_only=True)
class Models:
    """What readiness is tested for: what ranks articles, and what speaks in dialogues."""

    articles: str
    dialogues: str

    def of(self, topics: Sequence[str]) -> str:
        """Name what answers in these topics, all articles' or all dialogues'; empty: nobody knows."""
        return self.dialogues if topics[0].startswith(TOPICS) else self.articles


class Readiness:
    """Topics, and groups of small topics that were named beforehand.

    Each is tested by itself, at its own alpha; those that are `tested_together`, a list that was fixed
    beforehand, by e-BH: of those that pass, at most alpha should not have, on the average.
    """

    def __init__(
        self,
        store: Store,
        *,
        rule: Rule = Rule(),  # noqa: B008 - frozen
        detector: Detector = Detector(),  # noqa: B008 - frozen
        mode: Mode = Mode.MANUAL,
        groups: Mapping[str, Sequence[str]] | None = None,
        tested_together: Sequence[str] = (),
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._rule = rule
        self._detector = detector
        self._mode = mode
        self._groups = {name: tuple(topics) for name, topics in (groups or {}).items()}
        self._together = frozenset(tested_together)
        self._clock = clock
        self._looked_at: dict[str, tuple[str, ...]] = {}  # topics by unit
        self._models = Models(articles="", dialogues="")
        self._seen = 0  # judgements
        self._previewed: Mapping[str, StoredReadiness] = {}
        self._previewed_at = datetime.min.replace(tzinfo=UTC)

    @property
    def rule(self) -> Rule:
        """When a topic may answer alone."""
        return self._rule

    # --- by itself --------------------------------------------------------------------------

    def run_once(
        self,
        model: str,
        *,
        learned_until: datetime | None = None,
        ask: Callable[[str], Triage] | None = None,
    ) -> bool:
        """Look at what is new and act on it; True if some topic changed its state.

        `model` names what ranks and says how sure it is: with another one every topic is tested anew, on
        turns that come in from now on. If it has `learned_until` some moment, it is also asked, by `ask`,
        what was judged by lot since then.
        """
        with self._store.read() as tx:
            models = Models(articles=model, dialogues=tx.facts.get(DIALOGUE_MODEL) or "")
            units = {name: topics for name, topics in self._units(tx).items() if models.of(topics)}
            seen = tx.readiness.last_evidence()
            judged = tx.readiness.topics_judged(after=self._seen) if seen > self._seen else set()
            missing = units.keys() - tx.readiness.all().keys()
        if missing:
            with self._store.write() as tx:
                for name in sorted(missing):
                    tx.readiness.begin(name, model=models.of(units[name]), now=self._clock())
        if learned_until is not None and ask is not None and model != self._models.articles:
            self._replay(model, learned_until, ask)
        news = {
            name: topics
            for name, topics in units.items()
            if models != self._models or judged & set(topics) or self._looked_at.get(name) != topics
        }
        if self._together & news.keys():
            self._compare({name: units[name] for name in sorted(self._together) if name in units})
        changed = [self._look(name, topics, models.of(topics)) for name, topics in news.items()]
        self._models, self._seen, self._looked_at = models, seen, units
        return any(changed)

    def _look(self, name: str, topics: Sequence[str], model: str) -> bool:
        with self._store.read() as tx:
            stored = _found(tx.readiness.get(name), name)
            turns = _ledger(tx, stored, topics)
        if stored.model != model:
            changed = self._begin_test(stored, turns, model)
            return self._look(name, topics, model) or changed
        if self._leave_out(stored, topics, turns):
            return self._look(name, topics, model) or True
        steps = assess(judged_turns(turns), self._rule, test_number=stored.test_number)
        live = _answered_since(turns, stored.live_since)
        status = TopicStatus(
            state=stored.state,
            threshold=stored.threshold,
            passed=self._passed(stored, steps),
            slipped=self._sounds(live),
        )
        change = next_transition(status, stored.mode or self._mode)
        if change is None:
            return False
        facts = _facts(steps, live)
        return self._change(stored, change, facts)

    def _replay(self, model: str, learned_until: datetime, ask: Callable[[str], Triage]) -> None:
        """Ask a model that is new here what was judged by lot since the data it learned from was cut."""
        with self._store.read() as tx:
            dialogues = tx.facts.get(DIALOGUE_MODEL)
            if all(stored.model in (model, dialogues) for stored in tx.readiness.all().values()):
                return
            turns = tx.readiness.ledger(None, since=learned_until)
            sent = tx.decisions.articles_sent([turn.id for turn in turns])
        found = replay(turns, sent, ask)
        with self._store.write() as tx:
            tx.readiness.add_replays(model, found, self._clock())

    def _passed(self, stored: StoredReadiness, steps: Sequence[Step]) -> float | None:
        """The laxest threshold at which the topic may answer alone."""
        if stored.name in self._together:
            return min(stored.frozen, default=None)
        return threshold_passed(steps)

    def _compare(self, units: Mapping[str, Sequence[str]]) -> None:
        """Test topics together: whoever passes a threshold keeps the e-value that it passed with."""
        with self._store.read() as tx:
            stored = {name: _found(tx.readiness.get(name), name) for name in units}
            turns = {name: _ledger(tx, stored[name], topics) for name, topics in units.items()}
        now = {
            name: log_e_values(judged_turns(turns[name]), self._rule, test_number=stored[name].test_number)
            for name in units
        }
        frozen = {name: dict(stored[name].frozen) for name in units}
        for place, threshold in enumerate(self._rule.thresholds):
            stricter = self._rule.thresholds[:place]
            e_values = [frozen[name].get(threshold, now[name][threshold]) for name in units]
            chosen = e_bh(np.array(e_values), alpha=self._rule.alpha)
            for name, is_chosen in zip(units, chosen.tolist(), strict=True):
                if is_chosen and all(level in frozen[name] for level in stricter):
                    frozen[name].setdefault(threshold, now[name][threshold])
        with self._store.write() as tx:
            for name in units:
                if frozen[name] != stored[name].frozen:
                    tx.readiness.change(stored[name], frozen={str(key): e for key, e in frozen[name].items()})

    def _leave_out(self, stored: StoredReadiness, topics: Sequence[str], turns: Sequence[LedgerTurn]) -> bool:
        """A topic of a group that is below the bar by itself does not answer alone with the others."""
        if len(topics) < 2:
            return False
        below = [
            topic
            for topic in topics
            if is_below_bar(judged_turns(turn for turn in turns if turn.topic == topic), self._rule)
        ]
        if tuple(below) == stored.left_out:
            return False
        with self._store.write() as tx:
            changed = tx.readiness.change(stored, left_out=below)
            if changed:
                tx.readiness.add_event(
                    stored.name,
                    state=stored.state,
                    reason="left_out",
                    facts={"topics": below},
                    account_id=None,
                    now=self._clock(),
                )
        return changed

    def _sounds(self, live: Sequence[tuple[LedgerTurn, bool]]) -> bool:
        right = np.array([[topic for _, topic in live]], dtype=bool).reshape(1, -1)
        return bool(self._detector.first_alarm(right)[0] > 0)

    def _begin_test(self, stored: StoredReadiness, turns: Sequence[LedgerTurn], model: str) -> bool:
        """Another model: nothing that was shown about the last one holds for it."""
        unused = not any(turn.rows for turn in turns)  # nobody has looked at anything: the number is free
        held = stored.state is ReadinessState.HELD
        change = Transition(
            state=ReadinessState.HELD if held else ReadinessState.COLLECTING,
            threshold=None,
            reason="new_model",
        )
        number = stored.test_number if unused else stored.test_number + 1
        return self._change(stored, change, {"model": model}, model=model, test_number=number)

    def _change(
        self,
        stored: StoredReadiness,
        change: Transition,
        facts: Mapping[str, Any],
        *,
        account: Account | None = None,
        **values: Any,
    ) -> bool:
        now = self._clock()
        begins_anew = change.reason in ("slipped", "new_model")
        if change.reason == "slipped":
            values["test_number"] = stored.test_number + 1
        if change.state is ReadinessState.AUTOPILOT:
            values["live_since"] = stored.live_since or now
        elif change.state is not ReadinessState.HELD or begins_anew:
            values["live_since"] = None
        if begins_anew:
            values |= {"test_began_at": now, "frozen": {}, "left_out": []}
        with self._store.write() as tx:
            changed = tx.readiness.change(
                stored,
                state=change.state.value,
                threshold=change.threshold,
                changed_at=now,
                **values,
            )
            if not changed:
                return False  # another process was faster; it has seen the same
            tx.readiness.add_event(
                stored.name,
                state=change.state,
                reason=change.reason,
                facts={"answers_from": change.threshold, **facts},
                account_id=account.id if account else None,
                now=now,
            )
        log.info("readiness_changed", topic=stored.name, state=change.state.value, reason=change.reason)
        return True

    # --- for triage -------------------------------------------------------------------------

    def live(self, tx: Transaction, topic: str, *, dialogue_model: str | None = None) -> LiveTopic | None:
        """How a topic answers alone now, whoever has decided so, in whatever process; None: it does not.

        A dialogue does not if another of the engine's models answers than the one that was tested.
        """
        stored = self._answering(tx.readiness.get(self._unit_of(topic)), topic)
        if stored is None or stored.threshold is None or stored.live_since is None:
            return None
        if dialogue_model is not None and stored.model != dialogue_model:
            return None
        topics = self._groups.get(stored.name, (topic,))
        return LiveTopic(
            threshold=stored.threshold,
            since=stored.live_since,
            audits=tx.readiness.count_audits(topics, since=stored.live_since),
            alarmed=_is_alarmed(tx, topics, max(stored.live_since, self._clock() - _WEEK)),
        )

    def _answering(self, stored: StoredReadiness | None, topic: str) -> StoredReadiness | None:
        """What is stored of the topic or its group, if it answers alone."""
        if stored is None or stored.state is not ReadinessState.AUTOPILOT or topic in stored.left_out:
            return None
        return None if (stored.mode or self._mode) is Mode.SHADOW else stored

    def _unit_of(self, topic: str) -> str:
        return next((name for name, topics in self._groups.items() if topic in topics), topic)

    def preview(self, triage: Triage) -> Triage:
        """Who would answer a customer that nobody has written to: what `ask` shows.

        It may be a second behind: nothing goes out for it.
        """
        if not triage.suggestions:
            return triage
        first = triage.suggestions[0]
        stored = self._answering(self._lately().get(self._unit_of(first.topic)), first.topic)
        changed = False
        if stored is not None and stored.live_since is not None:
            with self._store.read() as tx:
                changed = self.is_changed(tx, first.article_id, first.topic, stored.live_since)
        context = AutopilotContext(
            operator_active=False, answers_in_a_row=0, article_changed=changed, is_complete=True
        )
        threshold = stored.threshold if stored else None
        return answer_alone(triage, threshold=threshold, context=context, max_consecutive_answers=1)

    def _lately(self) -> Mapping[str, StoredReadiness]:
        now = self._clock()
        if not now - _LATELY < self._previewed_at <= now:
            with self._store.read() as tx:
                self._previewed, self._previewed_at = tx.readiness.all(), now
        return self._previewed

    @staticmethod
    def is_changed(tx: Transaction, article_id: str, topic: str, since: datetime) -> bool:
        """Whether the answer is another one than at go-live, and no person has found it right since."""
        is_newer = tx.articles.answer_is_newer(article_id, topic, since)
        return is_newer and not tx.decisions.accepted_since_change(article_id)

    # --- supervisors ------------------------------------------------------------------------

    def topics(self) -> list[TopicReadiness]:
        """Every topic and group, in order of name."""
        with self._store.read() as tx:
            units = self._units(tx)
            stored = tx.readiness.all()
            return [self._shown(tx, stored[name], topics) for name, topics in units.items() if name in stored]

    def demoted(self) -> list[str]:
        """Topics and groups that slipped and have not been shown to be right again."""
        with self._store.read() as tx:
            stored = tx.readiness.all().values()
            return [
                stored_topic.name for stored_topic in stored if stored_topic.state is ReadinessState.DEMOTED
            ]

    def topic(self, name: str) -> TopicReadiness:
        """One topic or group.

        Raises:
            NotFound: there is none of that name, or nothing has looked at it yet.
        """
        with self._store.read() as tx:
            return self._shown(tx, _found(tx.readiness.get(name), name), self._units(tx).get(name, (name,)))

    def evidence(self, name: str) -> TopicEvidence:
        """The evidence of the running test, turn by turn.

        Raises:
            NotFound: there is no topic of that name, or nothing has looked at it yet.
        """
        with self._store.read() as tx:
            stored = _found(tx.readiness.get(name), name)
            return evidence_of(
                tx,
                _ledger(tx, stored, self._units(tx).get(name, (name,))),
                tx.readiness.events(name),
                rule=self._rule,
                test_number=stored.test_number,
            )

    def gaps(self) -> list[tuple[str, Gap]]:
        """For each topic and group, how right its suggestions look to operators who see them, and blind."""
        with self._store.read() as tx:
            units, stored = self._units(tx), tx.readiness.all()
            return [
                (name, gap(tx.readiness.ledger(topics, since=stored[name].test_began_at)))
                for name, topics in units.items()
                if name in stored
            ]

    def last_change(self) -> tuple[int, int]:
        """Two numbers: what they were before, nobody has judged or changed anything since."""
        with self._store.read() as tx:
            return tx.readiness.last_evidence(), tx.readiness.last_event()

    def allow(self, name: str, account: Account | None) -> TopicReadiness:
        """Let a topic answer alone, as widely as its test has passed; also after it was held.

        Raises:
            NotFound: there is no such topic.
            NotReady: the evidence does not allow it.
        """
        stored, steps = self._assessed(name)
        passed = self._passed(stored, steps)
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
        """Stop a topic from answering alone, at once and until it is allowed again; evidence goes on."""
        with self._store.read() as tx:
            stored = _found(tx.readiness.get(name), name)
        change = Transition(state=ReadinessState.HELD, threshold=stored.threshold, reason="stopped")
        return self._set(stored, change, account)

    def switch_off(self, name: str, account: Account | None) -> TopicReadiness:
        """Only measure from now on: whatever the evidence says, the topic does not answer alone."""
        stored, steps = self._assessed(name)
        is_proved = self._passed(stored, steps) is not None
        state = ReadinessState.READY if is_proved else ReadinessState.COLLECTING
        change = Transition(state=state, threshold=None, reason="switched_off")
        return self._set(stored, change, account, mode=Mode.SHADOW.value)

    def _assessed(self, name: str) -> tuple[StoredReadiness, list[Step]]:
        with self._store.read() as tx:
            stored = _found(tx.readiness.get(name), name)
            turns = _ledger(tx, stored, self._units(tx).get(name, (name,)))
        return stored, assess(judged_turns(turns), self._rule, test_number=stored.test_number)

    def _set(
        self, stored: StoredReadiness, change: Transition, account: Account | None, **values: Any
    ) -> TopicReadiness:
        if not self._change(stored, change, {}, account=account, **values):
            raise Conflict("the topic has just changed: look again")
        return self.topic(stored.name)

    def _shown(self, tx: Transaction, stored: StoredReadiness, topics: Sequence[str]) -> TopicReadiness:
        turns = _ledger(tx, stored, topics)
        received = [turn for turn in turns if turn.received_at >= stored.test_began_at]
        live = _answered_since(turns, stored.live_since)
        judged = judged_turns(turns)
        steps = assess(judged, self._rule, test_number=stored.test_number)
        asked = tx.readiness.count_turns(topics, since=stored.test_began_at)

        def measured(step: Step) -> Measured:
            return Measured(
                step=step,
                sequence=confidence_sequence(
                    [turn for turn in judged if turn.confidence >= step.threshold],
                    alpha=self._rule.spends(stored.test_number),
                ),
                coverage=len(_from(received, step)) / asked if asked else None,
            )

        last = measured(steps[-1])
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
            passed=self._passed(stored, steps),
            left_out=stored.left_out,
            last=last,
            proved=None if not passed else last if passed[-1] is last.step else measured(passed[-1]),
            labels_per_day=_labels_per_day(
                _from(turns, last.step), since=stored.test_began_at, now=self._clock()
            ),
            audited=len(live),
            audited_right=sum(right for _, right in live),
            events=tx.readiness.events(stored.name),
        )

    def _units(self, tx: Transaction) -> dict[str, tuple[str, ...]]:
        """Groups, and topics that are in none; a group's topics may have no article any more.

        A dialogue that has spoken is a topic from then on.
        """
        grouped = {topic for topics in self._groups.values() for topic in topics}
        dialogues = [name for name in tx.readiness.all() if name.startswith(TOPICS)]
        alone = {topic: (topic,) for topic in (*tx.articles.topics(), *dialogues) if topic not in grouped}
        return dict(sorted({**self._groups, **alone}.items()))


def _from(turns: Sequence[LedgerTurn], step: Step) -> list[LedgerTurn]:
    return [turn for turn in turns if turn.confidence >= step.threshold]


def _ledger(tx: Transaction, stored: StoredReadiness, topics: Sequence[str]) -> list[LedgerTurn]:
    """The turns of the running test: those from before that the model was asked anew, and those since."""
    replayed = tx.readiness.replayed(topics, stored.model)
    left = tx.versions.left()  # what was seen of a version that was gone back from says nothing of this one
    return [*replayed, *tx.readiness.ledger(topics, since=stored.test_began_at, without=left)]


def _answered_since(turns: Sequence[LedgerTurn], since: datetime | None) -> list[tuple[LedgerTurn, bool]]:
    return [] if since is None else audits(turn for turn in turns if turn.received_at >= since)


def _is_alarmed(tx: Transaction, topics: Sequence[str], since: datetime) -> bool:
    """Whether so many answers of the last days have made customers unhappy that more are audited."""
    answered, signals = tx.signals.count(topics, since=since)
    bad = sum(count for signal, count in signals.items() if signal.is_bad)
    return bad >= _ALARMING and bad >= _ALARMING_SHARE * answered


def _labels_per_day(turns: Sequence[LedgerTurn], *, since: datetime, now: datetime) -> float:
    """How many of the turns are judged by lot in a day, over the last week or as long as the test runs."""
    begin = max(since, now - _WEEK)
    days = max((now - begin) / timedelta(days=1), 1.0)
    counted = (turn for turn in turns if turn.tests and turn.received_at >= begin)
    return sum(is_judged_by_lot(turn) for turn in counted) / days


def _facts(steps: Sequence[Step], live: Sequence[tuple[LedgerTurn, bool]]) -> dict[str, Any]:
    """What a supervisor is told about a change: the numbers, and which answers to look at again."""
    last = steps[-1]
    wrong = [turn for turn, right in live if not right]
    return {
        "passed": threshold_passed(steps),
        "threshold": last.threshold,
        "estimate": last.estimate,
        "turns": last.n_turns,
        "judged_by_lot": last.n_by_lot,
        "audited": len(live),
        "audited_wrong": len(wrong),
        "articles": sorted({turn.article_id for turn in wrong}),
        "wrong_turns": [turn.id for turn in wrong[-20:]],
    }


def _why_not(step: Step) -> str:
    if step.estimate is None:
        return "no turn has been judged yet"
    if step.more_labels is None:
        return f"{step.estimate:.0%} of its judged turns were right, which is not above the bar"
    return f"about {step.more_labels} more judged turns are needed"


def _found(stored: StoredReadiness | None, name: str) -> StoredReadiness:
    if stored is None:
        raise NotFound(f"there is no topic {name}, or it has no evidence yet")
    return stored
