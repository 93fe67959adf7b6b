"""Monitoring of reviewers and drift: figures that warn early and decide nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from evaluation.estimates import Estimate, share
from prompter.common.clock import Clock, utc_now
from prompter.domain.account import Account, Role
from prompter.domain.evidence import Signal
from prompter.domain.monitoring import Counts
from prompter.domain.readiness import LedgerTurn
from prompter.readiness.ledger import first_and_second
from prompter.storage import Store

_ENOUGH = 50  # judged turns before a person's figure is shown to anybody
_SEEN = "own_figure_seen:{}"
_WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Gap:
    """The difference between a topic's accuracy with visible suggestions and in random samples."""

    shown: Estimate | None  # share of shown suggestions that operators found right
    sampled: Estimate | None  # share of right ones among the turns answered blind


@dataclass(frozen=True, kw_only=True)
class OwnFigure:
    """The share of an operator's accepted suggestions that a randomly sampled double review refuted."""

    judged: int
    refuted: Estimate | None  # None if fewer than fifty were judged


@dataclass(frozen=True, kw_only=True)
class Person:
    """A person's figures for supervisors. Never ranked, but in order of name."""

    name: str
    refuted: Estimate | None  # None: too few, or the operator has not seen this figure yet
    planted: int  # attention checks that they got
    missed: Estimate | None  # share of them that they found right


@dataclass(frozen=True, kw_only=True)
class Week:
    """The customers' and operators' activity in a week."""

    turns: int
    unseen: Estimate | None  # share of questions without any suggestion
    confidences: Sequence[int]  # turns by confidence of the top suggestion, in tenths
    changed: Estimate | None  # share of decisions that rejected the suggestion or changed its substance
    answered_alone: int
    signals: dict[Signal, int]


@dataclass(frozen=True, kw_only=True)
class Drift:
    """The last week compared with the previous one, and the age of the articles used."""

    this_week: Week
    week_before: Week
    median_age_days: float | None  # of the answers that were top suggestions this week


def gap(turns: Sequence[LedgerTurn]) -> Gap:
    """Compare operators' verdicts on visible suggestions with blind judgements."""
    decided = [
        turn for turn in turns if turn.rows and not turn.is_automated and turn.rows[-1].right is not None
    ]
    shown = [first_and_second(turn)[0] for turn in decided if not turn.blind]
    blind = [first_and_second(turn)[0] for turn in decided if turn.blind]
    return Gap(shown=share(sum(shown), len(shown)), sampled=share(sum(blind), len(blind)))


class QualityMonitor:
    """The use cases of monitoring: how far the figures can be trusted."""

    def __init__(self, store: Store, *, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock

    def own_figure(self, account: Account) -> OwnFigure:
        """Return the share of the account's decisions that double reviews refuted.

        From now on supervisors may see it too.
        """
        with self._store.read() as tx:
            judged, refuted = tx.reviews.second_looks_at(account.id)
        if judged < _ENOUGH:
            return OwnFigure(judged=judged, refuted=None)
        with self._store.write() as tx:
            tx.facts.set_if_absent(_SEEN.format(account.id), self._clock().isoformat())
        return OwnFigure(judged=judged, refuted=share(refuted, judged))

    def people(self) -> list[Person]:
        """Return every active operator, by name."""
        with self._store.read() as tx:
            found = []
            for account in tx.accounts.all():
                if account.disabled_at is not None or account.role < Role.OPERATOR:
                    continue
                judged, refuted = tx.reviews.second_looks_at(account.id)
                seen = tx.facts.get(_SEEN.format(account.id)) is not None
                planted, missed = tx.reviews.gold_results_of(account.id)
                found.append(
                    Person(
                        name=account.name,
                        refuted=share(refuted, judged) if seen and judged >= _ENOUGH else None,
                        planted=planted,
                        missed=share(missed, planted),
                    )
                )
        return sorted(found, key=lambda person: person.name.casefold())

    def drift(self) -> Drift:
        """Compare this week with the last one."""
        now = self._clock()
        with self._store.read() as tx:
            changed = tx.monitoring.change_times(now - _WEEK, now)
            this, before = (
                tx.monitoring.counts(begin, begin + _WEEK) for begin in (now - _WEEK, now - 2 * _WEEK)
            )
        ages = [(now - is_changed) / timedelta(days=1) for is_changed in changed]
        return Drift(
            this_week=_week(this),
            week_before=_week(before),
            median_age_days=median(ages) if ages else None,
        )


def _week(counts: Counts) -> Week:
    """Convert counts into shares."""
    tenths = [0] * 10
    for confidence in counts.confidences:
        tenths[min(9, int(confidence * 10))] += 1
    return Week(
        turns=counts.turns,
        unseen=share(counts.unseen, counts.turns),
        confidences=tenths,
        changed=share(counts.changed, counts.decided),
        answered_alone=counts.answered_alone,
        signals=counts.signals,
    )
