"""Checks new evidence and applies the transitions that follow from it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import numpy as np

from evaluation.multiple_testing import e_bh
from evaluation.readiness import (
    Step,
    assess,
    is_below_bar,
    log_e_values,
    passed_threshold,
)
from prompter.domain.dialogue import MODEL as DIALOGUE_MODEL
from prompter.domain.readiness import (
    LedgerTurn,
    ReadinessChangeFacts,
    ReadinessState,
    StoredReadiness,
)
from prompter.domain.triage import Triage
from prompter.readiness.ledger import judged_turns
from prompter.readiness.offline_replay import replay
from prompter.readiness.state_machine import TopicStatus, Transition, next_transition
from prompter.readiness.topics import Models, TestedTopics, audits_since, ledger_of, require_topic


class ReadinessWorker(TestedTopics):
    """Tests topics as evidence comes in, restarts tests for a new model, and demotes topics automatically."""

    def run_once(
        self,
        model: str,
        *,
        training_cutoff: datetime | None = None,
        ask: Callable[[str], Triage] | None = None,
    ) -> bool:
        """Check new evidence and act on it. Return True if some topic changed its state.

        `model` is the id of the parts that determine ranking and confidence: a new one restarts every
        topic's test on turns received from now on. If `training_cutoff` is given, it is also asked,
        through `ask`, about randomly sampled turns judged since then.
        """
        with self._store.read() as tx:
            models = Models(articles=model, dialogues=tx.facts.get(DIALOGUE_MODEL) or "")
            units = {name: topics for name, topics in self._units(tx).items() if models.of(topics)}
            seen = tx.readiness.last_evidence()
            judged = tx.readiness.judged_topics(after=self._seen) if seen > self._seen else set()
            missing = units.keys() - tx.readiness.all().keys()
        if missing:
            with self._store.write() as tx:
                for name in sorted(missing):
                    tx.readiness.begin(name, model=models.of(units[name]), now=self._clock())
        if training_cutoff is not None and ask is not None and model != self._models.articles:
            self._replay(model, training_cutoff, ask)
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
            stored = require_topic(tx.readiness.get(name), name)
            turns = ledger_of(tx, stored, topics)
        if stored.model != model:
            changed = self._begin_test(stored, turns, model)
            return self._look(name, topics, model) or changed
        if self._leave_out(stored, topics, turns):
            return self._look(name, topics, model) or True
        steps = assess(judged_turns(turns), self._rule, test_number=stored.test_number)
        live = audits_since(turns, stored.live_since)
        status = TopicStatus(
            state=stored.state,
            threshold=stored.threshold,
            passed=self._passed_threshold(stored, steps),
            slipped=self._sounds(live),
        )
        change = next_transition(status, stored.mode or self._mode)
        if change is None:
            return False
        facts = _facts(steps, live)
        return self._change(stored, change, facts)

    def _replay(self, model: str, training_cutoff: datetime, ask: Callable[[str], Triage]) -> None:
        """Ask a new model about randomly sampled turns that were judged after its training data ended."""
        with self._store.read() as tx:
            dialogues = tx.facts.get(DIALOGUE_MODEL)
            if all(stored.model in (model, dialogues) for stored in tx.readiness.all().values()):
                return
            turns = tx.readiness.ledger(None, since=training_cutoff)
            sent = tx.decisions.sent_articles([turn.id for turn in turns])
        found = replay(turns, sent, ask)
        with self._store.write() as tx:
            tx.readiness.add_replays(model, found, self._clock())

    def _compare(self, units: Mapping[str, Sequence[str]]) -> None:
        """Test topics together. A topic that passes a threshold keeps the e-value with which it passed."""
        with self._store.read() as tx:
            stored = {name: require_topic(tx.readiness.get(name), name) for name in units}
            turns = {name: ledger_of(tx, stored[name], topics) for name, topics in units.items()}
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
                if is_chosen and all(stricter_threshold in frozen[name] for stricter_threshold in stricter):
                    frozen[name].setdefault(threshold, now[name][threshold])
        with self._store.write() as tx:
            for name in units:
                if frozen[name] != stored[name].frozen:
                    tx.readiness.change(stored[name], frozen={str(key): e for key, e in frozen[name].items()})

    def _leave_out(self, stored: StoredReadiness, topics: Sequence[str], turns: Sequence[LedgerTurn]) -> bool:
        """Exclude a group's topic from automated replies if it misses the target accuracy by itself."""
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
                    facts=ReadinessChangeFacts(topics=tuple(below)),
                    account_id=None,
                    now=self._clock(),
                )
        return changed

    def _sounds(self, live: Sequence[tuple[LedgerTurn, bool]]) -> bool:
        right = np.array([[is_right for _, is_right in live]], dtype=bool).reshape(1, -1)
        return bool(self._detector.first_alarm(right)[0] > 0)

    def _begin_test(self, stored: StoredReadiness, turns: Sequence[LedgerTurn], model: str) -> bool:
        """Restart the test for another model, as evidence about the previous one does not apply."""
        unused = not any(turn.rows for turn in turns)  # nobody has judged anything: the test number is free
        held = stored.state is ReadinessState.HELD
        change = Transition(
            state=ReadinessState.HELD if held else ReadinessState.COLLECTING,
            threshold=None,
            reason="new_model",
        )
        number = stored.test_number if unused else stored.test_number + 1
        return self._change(
            stored, change, ReadinessChangeFacts(model=model), model=model, test_number=number
        )


def _facts(steps: Sequence[Step], live: Sequence[tuple[LedgerTurn, bool]]) -> ReadinessChangeFacts:
    """Return a change's details for supervisors: the figures, and answers to check again."""
    last = steps[-1]
    wrong = [turn for turn, right in live if not right]
    return ReadinessChangeFacts(
        passed=passed_threshold(steps),
        threshold=last.threshold,
        estimate=last.estimate,
        turns=last.n_turns,
        judged_by_lot=last.n_sampled,
        audited=len(live),
        audited_wrong=len(wrong),
        articles=tuple(sorted({turn.article_id for turn in wrong})),
        wrong_turns=tuple(turn.id for turn in wrong[-20:]),
    )
