"""Decide whether a topic may answer alone now. Called for every turn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from prompter.domain.readiness import (
    Mode,
    ReadinessState,
    StoredReadiness,
)
from prompter.domain.triage import Triage
from prompter.readiness.topics import WEEK, TestedTopics
from prompter.storage import Transaction
from prompter.suggestions.routing import AutopilotContext, answer_alone

_LATELY = timedelta(seconds=1)
_ALARMING = 3  # bad signals in a week
_ALARMING_SHARE = 0.05  # minimum share of the answers that they come from


@dataclass(frozen=True, kw_only=True)
class LiveTopic:
    """A topic that answers alone from `threshold` on. `audits` were judged since it went live."""

    threshold: float
    since: datetime
    audits: int
    alarmed: bool = False  # customers are unhappy with it: more is audited


class LiveTopics(TestedTopics):
    """The part of readiness that triage uses."""

    def find_live(
        self, tx: Transaction, topic: str, *, dialogue_model: str | None = None
    ) -> LiveTopic | None:
        """Return how a topic answers alone now, or None if it does not, as decided by any process.

        A dialogue does not if the engine's model is not the one that was tested.
        """
        stored = self._find_answering(tx.readiness.get(self._unit_of(topic)), topic)
        if stored is None or stored.threshold is None or stored.live_since is None:
            return None
        if dialogue_model is not None and stored.model != dialogue_model:
            return None
        topics = self._groups.get(stored.name, (topic,))
        return LiveTopic(
            threshold=stored.threshold,
            since=stored.live_since,
            audits=tx.readiness.count_audits(topics, since=stored.live_since),
            alarmed=_is_alarmed(tx, topics, max(stored.live_since, self._clock() - WEEK)),
        )

    def _find_answering(self, stored: StoredReadiness | None, topic: str) -> StoredReadiness | None:
        """Return the stored readiness of the topic or its group, if it answers alone."""
        if stored is None or stored.state is not ReadinessState.AUTOPILOT or topic in stored.left_out:
            return None
        return None if (stored.mode or self._mode) is Mode.SHADOW else stored

    def _unit_of(self, topic: str) -> str:
        return next((name for name, topics in self._groups.items() if topic in topics), topic)

    def preview(self, triage: Triage) -> Triage:
        """Return the triage as a new customer would get it, for `ask`.

        It may be a second out of date, as nothing is sent.
        """
        if not triage.suggestions:
            return triage
        first = triage.suggestions[0]
        stored = self._find_answering(self._read_recently().get(self._unit_of(first.topic)), first.topic)
        changed = False
        if stored is not None and stored.live_since is not None:
            with self._store.read() as tx:
                changed = self.is_changed(tx, first.article_id, first.topic, stored.live_since)
        context = AutopilotContext(
            operator_active=False, answers_in_a_row=0, article_changed=changed, is_complete=True
        )
        threshold = stored.threshold if stored else None
        return answer_alone(triage, threshold=threshold, context=context, max_consecutive_answers=1)

    def _read_recently(self) -> Mapping[str, StoredReadiness]:
        now = self._clock()
        if not now - _LATELY < self._previewed_at <= now:
            with self._store.read() as tx:
                self._previewed, self._previewed_at = tx.readiness.all(), now
        return self._previewed

    @staticmethod
    def is_changed(tx: Transaction, article_id: str, topic: str, since: datetime) -> bool:
        """Return whether the answer changed since go-live and nobody has accepted it after the change."""
        is_newer = tx.articles.answer_is_newer(article_id, topic, since)
        return is_newer and not tx.decisions.is_accepted_since_change(article_id)


def _is_alarmed(tx: Transaction, topics: Sequence[str], since: datetime) -> bool:
    """Return whether unhappy customers in the last days require more audits."""
    answered, signals = tx.signals.count(topics, since=since)
    bad = sum(count for signal, count in signals.items() if signal.is_bad)
    return bad >= _ALARMING and bad >= _ALARMING_SHARE * answered
