"""The topics and groups under test, and their changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from evaluation.change_detection import Detector
from evaluation.readiness import (
    Rule,
    Step,
    passed_threshold,
)
from prompter.common.clock import Clock, utc_now
from prompter.common.errors import NotFound
from prompter.domain.account import Account
from prompter.domain.dialogue import TOPICS
from prompter.domain.readiness import (
    LedgerTurn,
    Mode,
    ReadinessChangeFacts,
    ReadinessState,
    StoredReadiness,
)
from prompter.readiness.ledger import audits
from prompter.readiness.state_machine import Transition
from prompter.storage import Store, Transaction

log = structlog.get_logger(__name__)

WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Models:
    """The models that readiness is tested for: of article ranking and of dialogues."""

    articles: str
    dialogues: str

    def of(self, topics: Sequence[str]) -> str:
        """Return the model that answers in these topics, which are all articles' or all dialogues'.

        It is empty if unknown.
        """
        return self.dialogues if topics[0].startswith(TOPICS) else self.articles


class TestedTopics:
    """Topics, and groups of small topics that were named beforehand.

    Each is tested separately at its own alpha. Topics that are `tested_together`, a list fixed
    beforehand, are tested by e-BH: of those that pass, on average at most a share alpha should not
    have.
    """

    def __init__(
        self,
        store: Store,
        *,
        rule: Rule,
        detector: Detector,
        mode: Mode,
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
        """The rule that decides when a topic may answer alone."""
        return self._rule

    def _passed_threshold(self, stored: StoredReadiness, steps: Sequence[Step]) -> float | None:
        """Return the lowest threshold at which the topic may answer alone."""
        if stored.name in self._together:
            return min(stored.frozen, default=None)
        return passed_threshold(steps)

    def _change(
        self,
        stored: StoredReadiness,
        change: Transition,
        facts: ReadinessChangeFacts,
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
                return False  # another process was faster, and has seen the same evidence
            tx.readiness.add_event(
                stored.name,
                state=change.state,
                reason=change.reason,
                facts=replace(facts, answers_from=change.threshold, absent=facts.absent - {"answers_from"}),
                account_id=account.id if account else None,
                now=now,
            )
        log.info("readiness_changed", topic=stored.name, state=change.state.value, reason=change.reason)
        return True

    def _units(self, tx: Transaction) -> dict[str, tuple[str, ...]]:
        """Return the groups, and the topics in no group. A group's topics may have no article any more.

        A dialogue that has spoken is a topic from then on.
        """
        grouped = {topic for topics in self._groups.values() for topic in topics}
        dialogues = [name for name in tx.readiness.all() if name.startswith(TOPICS)]
        alone = {topic: (topic,) for topic in (*tx.articles.topics(), *dialogues) if topic not in grouped}
        return dict(sorted({**self._groups, **alone}.items()))


def ledger_of(tx: Transaction, stored: StoredReadiness, topics: Sequence[str]) -> list[LedgerTurn]:
    """Return the turns of the running test: replayed earlier turns and later ones."""
    replayed = tx.readiness.replayed_turns(topics, stored.model)
    # Evidence about a version that was rolled back does not apply to this one.
    left_versions = tx.versions.list_rolled_back()
    return [*replayed, *tx.readiness.ledger(topics, since=stored.test_began_at, without=left_versions)]


def audits_since(turns: Sequence[LedgerTurn], since: datetime | None) -> list[tuple[LedgerTurn, bool]]:
    return [] if since is None else audits(turn for turn in turns if turn.received_at >= since)


def require_topic(stored: StoredReadiness | None, name: str) -> StoredReadiness:
    if stored is None:
        raise NotFound(f"there is no topic {name}, or no data for it yet")
    return stored
