"""The record of model versions. Exactly one answers at a time, for every process."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from nlu.errors import IncompatibleModel
from prompter.common.clock import Clock, utc_now
from prompter.common.errors import NotFound, PrompterError
from prompter.domain.account import Account
from prompter.domain.dialogue import MODEL as DIALOGUE_MODEL
from prompter.domain.gate_record import GateRecord
from prompter.domain.model_version import (
    Activation,
    ActivationReason,
    Origin,
    StoredVersion,
    VersionState,
    stack_of,
)
from prompter.domain.readiness import ReadinessChangeFacts, ReadinessState, StoredReadiness
from prompter.storage import Conflict, Store, Transaction


class CannotUse(PrompterError):
    """The version was refused or removed. The message says what to do instead."""


class NothingBefore(PrompterError):
    """No other version was in use before this one."""


@dataclass(frozen=True, kw_only=True)
class ShownVersion:
    """A version and the times when it came into use, if it ever did."""

    version: StoredVersion
    uses: Sequence[Activation]
    is_used: bool


class Versions:
    """The use cases of creating, choosing and comparing model versions.

    `settings` is a hash of the models' settings in config.yml: a start that finds another hash makes a
    new version.
    """

    def __init__(
        self,
        store: Store,
        *,
        settings: str = "",
        check: Callable[[str], None] = lambda _: None,
        clock: Clock = utc_now,
    ) -> None:
        """Set the dependencies. `check` raises IncompatibleModel for a version that cannot be read."""
        self._store = store
        self._settings = settings
        self._check = check
        self._clock = clock

    def number(self) -> int:
        """Return a number that grows whenever another version comes into use."""
        with self._store.read() as tx:
            return tx.versions.last_number()

    def current_activation(self) -> Activation | None:
        """Return the activation of the version that answers, or None if there has been none."""
        with self._store.read() as tx:
            return tx.versions.current_activation()

    def have_settings_changed(self, use: Activation) -> bool:
        """Return whether the model settings differ from those when this version came into use."""
        return use.settings != self._settings

    def get(self, version_id: str) -> StoredVersion:
        """Return a version.

        Raises:
            NotFound: when there is none of that name.
        """
        with self._store.read() as tx:
            return _require(tx.versions.get(version_id), version_id)

    def all(self) -> list[ShownVersion]:
        """Return every version that was ever made, newest first."""
        with self._store.read() as tx:
            uses = tx.versions.uses()
            return [
                ShownVersion(
                    version=version,
                    uses=[use for use in uses if use.version == version.id],
                    is_used=bool(uses) and uses[-1].version == version.id,
                )
                for version in tx.versions.all()
            ]

    def rollback_versions(self) -> list[str]:
        """Return versions for a rollback, nearest first, without versions that were already rolled back."""
        with self._store.read() as tx:
            return [use.version for use in reversed(stack_of(tx.versions.uses())[:-1])]

    def add(
        self,
        version_id: str,
        *,
        made: Origin,
        model: str,
        parent: str | None,
    ) -> StoredVersion:
        """Record a version. An existing record stays unchanged."""
        now = self._clock()
        version = StoredVersion(
            id=version_id,
            created_at=now,
            parent=parent,
            made=made,
            state=VersionState.CANDIDATE,
            model=model,
            report=GateRecord(),
            changed_at=now,
        )
        with self._store.write() as tx:
            tx.versions.add(version)
            return _require(tx.versions.get(version_id), version_id)

    def reset_candidate(self, version_id: str) -> None:
        """Allow a refused, removed or unfinished version to be measured again."""
        old = [VersionState.REFUSED, VersionState.PRUNED]
        with self._store.write() as tx:
            tx.versions.change(version_id, old, VersionState.CANDIDATE, self._clock(), report=GateRecord())

    def use(self, version_id: str, *, after: int, reason: ActivationReason) -> bool:
        """Make a version the current one. Return False if another came into use after activation `after`."""
        try:
            with self._store.write() as tx:
                self._use(tx, version_id, after=after, reason=reason, account=None)
        except Conflict:
            return False
        return True

    def refuse(self, version_id: str, report: GateRecord) -> None:
        """Record why a candidate may not be used."""
        with self._store.write() as tx:
            tx.versions.change(version_id, list(_OPEN), VersionState.REFUSED, self._clock(), report=report)

    def start_shadow(self, version_id: str, report: GateRecord) -> None:
        """Start shadow mode for a candidate, and end it for an earlier one."""
        now = self._clock()
        with self._store.write() as tx:
            for shadow_version in tx.versions.list_by_state(VersionState.SHADOW):
                tx.versions.change(shadow_version.id, [VersionState.SHADOW], VersionState.PASSED, now)
            tx.versions.change(version_id, list(_OPEN), VersionState.SHADOW, now, report=report)

    def shadow_version(self) -> StoredVersion | None:
        """Return the version in shadow mode, or None."""
        with self._store.read() as tx:
            found = tx.versions.list_by_state(VersionState.SHADOW)
        return found[0] if found else None

    def promote_candidate(self, version_id: str, report: GateRecord, *, after: int) -> bool:
        """Make a candidate that passed the gate current, or return False if another version came into use.

        It inherits the topics' readiness, as it was measured against the version that it replaces.
        """
        now = self._clock()
        try:
            with self._store.write() as tx:
                tx.versions.change(version_id, list(_OPEN), VersionState.PASSED, now, report=report)
                self._use(tx, version_id, after=after, reason=ActivationReason.GATE, account=None)
                self._tell_topics(tx, version_id, report)
        except Conflict:
            return False
        return True

    def promote(self, version_id: str, account: Account | None, *, force: bool = False) -> StoredVersion:
        """Make a version current by a supervisor's decision. A refused version needs `force`.

        Raises:
            NotFound: when there is no such version.
            CannotUse: when it was refused, or its folder is missing or damaged.
            Conflict: when another version came into use at the same time.
        """
        with self._store.write() as tx:
            version = _require(tx.versions.get(version_id), version_id)
            if version.state is VersionState.PRUNED:
                raise CannotUse(f"version {version_id} was removed to save space: train a new one")
            if version.state in (VersionState.REFUSED, VersionState.CANDIDATE) and not force:
                why = version.report.refused or "it was never measured"
                raise CannotUse(f"version {version_id} cannot be used: {why}")
            last = tx.versions.current_activation()
            if last is not None and last.version == version_id:
                return version
            self._check_readable(version_id)
            known = {use.version for use in tx.versions.uses()}
            was_measured = version.state in (VersionState.PASSED, VersionState.SHADOW)
            if not (was_measured and (version_id in known or (last and version.parent == last.version))):
                # It was not compared with the current version, so the topics' evidence does not apply to it.
                tx.versions.change(
                    version_id, [version.state], VersionState.PASSED, self._clock(), model=version_id
                )
            number = last.number if last else 0
            self._use(tx, version_id, after=number, reason=ActivationReason.PROMOTED, account=account)
        return self.get(version_id)

    def roll_back(self, account: Account | None) -> StoredVersion:
        """Return to the previously used version, and restore the topics' readiness from then.

        Raises:
            NothingBefore: when there is none.
            CannotUse: when its folder is damaged.
            Conflict: when another version came into use at the same time.
        """
        with self._store.write() as tx:
            stack = stack_of(tx.versions.uses())
            kept = [use for use in stack[:-1] if _exists(tx, use.version)]
            if not kept:
                raise NothingBefore("no other version was in use before this one")
            last, target = tx.versions.current_activation(), kept[-1]
            if last is None:
                raise NothingBefore("no version is in use")
            self._check_readable(target.version)
            self._use(
                tx, target.version, after=last.number, reason=ActivationReason.ROLLBACK, account=account
            )
            self._bring_back(tx, tx.versions.previous_readiness(target.number))
            return _require(tx.versions.get(target.version), target.version)

    def prune(self, keep: int) -> list[str]:
        """Remove all versions except the last `keep` that were used or made. Return the removed ids."""
        now = self._clock()
        with self._store.write() as tx:
            used = [use.version for use in reversed(stack_of(tx.versions.uses()))]
            last = list(dict.fromkeys(used))[: max(1, keep)]
            removed = []
            kept_versions = [
                candidate for candidate in tx.versions.all() if candidate.state is not VersionState.PRUNED
            ]
            for version in kept_versions[max(1, keep) :]:
                if version.id in last or version.state is VersionState.SHADOW:
                    continue
                tx.versions.change(version.id, [version.state], VersionState.PRUNED, now)
                removed.append(version.id)
        return removed

    def _check_readable(self, version_id: str) -> None:
        try:
            self._check(version_id)
        except IncompatibleModel as reason:
            raise CannotUse(f"version {version_id} cannot be read: {reason}") from None

    def _use(
        self,
        tx: Transaction,
        version_id: str,
        *,
        after: int,
        reason: ActivationReason,
        account: Account | None,
    ) -> None:
        if tx.versions.last_number() != after:
            raise Conflict("another version has just been activated: look again")
        tx.versions.change(version_id, list(_OPEN), VersionState.PASSED, self._clock())
        if after:
            dialogues = tx.facts.get(DIALOGUE_MODEL)  # its topics stay as they are
            stored = [topic for topic in tx.readiness.all().values() if topic.model != dialogues]
            tx.versions.keep_readiness(
                after, {stored_topic.name: _snapshot(asdict(stored_topic)) for stored_topic in stored}
            )
        tx.versions.use(
            version_id,
            after=after,
            reason=reason,
            settings=self._settings,
            account_id=account.id if account else None,
            now=self._clock(),
        )

    def _tell_topics(self, tx: Transaction, version_id: str, report: GateRecord) -> None:
        """Keep live topics live, and restart the test of topics that became worse before going live."""
        changed = len(tx.versions.find_new_answers(version_id))
        worse = {topic.name for topic in report.topics if topic.is_worse}
        for name, stored in tx.readiness.all().items():
            if stored.model == tx.facts.get(DIALOGUE_MODEL):
                continue
            if name in worse and stored.state in _BEFORE_LIVE:
                self._test_anew(tx, stored, version_id)
            if stored.state is ReadinessState.AUTOPILOT:
                tx.readiness.add_event(
                    name,
                    state=stored.state,
                    reason="new_version",
                    facts=ReadinessChangeFacts(version=version_id, changed=changed),
                    account_id=None,
                    now=self._clock(),
                )

    def _test_anew(self, tx: Transaction, stored: StoredReadiness, version_id: str) -> None:
        now = self._clock()
        tx.readiness.change(
            stored,
            state=ReadinessState.COLLECTING.value,
            threshold=None,
            test_number=stored.test_number + 1,
            test_began_at=now,
            frozen={},
            left_out=[],
            changed_at=now,
        )
        tx.readiness.add_event(
            stored.name,
            state=ReadinessState.COLLECTING,
            reason="new_model",
            facts=ReadinessChangeFacts(model=version_id),
            account_id=None,
            now=now,
        )

    def _bring_back(self, tx: Transaction, kept: Mapping[str, Mapping[str, Any]]) -> None:
        """Restore the topics' readiness, except where a supervisor has stopped a topic since."""
        now = self._clock()
        for name, stored in tx.readiness.all().items():
            values = kept.get(name)
            if values is None:
                continue
            is_held = stored.state is ReadinessState.HELD
            state = ReadinessState.HELD if is_held else ReadinessState(values["state"])
            before = (stored.state, stored.threshold, stored.test_number, stored.model)
            if before == (state, values["threshold"], values["test_number"], values["model"]):
                continue
            tx.readiness.change(stored, **_restore(values) | {"state": state.value, "changed_at": now})
            tx.readiness.add_event(
                name,
                state=state,
                reason="rolled_back",
                facts=ReadinessChangeFacts(answers_from=values["threshold"]),
                account_id=None,
                now=now,
            )


_BEFORE_LIVE = (ReadinessState.COLLECTING, ReadinessState.READY, ReadinessState.DEMOTED)
_OPEN = (VersionState.CANDIDATE, VersionState.SHADOW)
_KEPT = ("state", "threshold", "test_number", "model", "frozen", "left_out")
_MOMENTS = ("test_began_at", "live_since")


def _snapshot(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a topic's row that a rollback restores, as JSON."""
    kept = {name: values[name] for name in _KEPT} | {"frozen": _with_text_keys(values["frozen"])}
    return kept | {name: values[name].isoformat() if values[name] else None for name in _MOMENTS}


def _restore(values: Mapping[str, Any]) -> dict[str, Any]:
    moments = {name: datetime.fromisoformat(values[name]) if values[name] else None for name in _MOMENTS}
    return {**{name: values[name] for name in _KEPT}, **moments}


def _with_text_keys(frozen: Mapping[float, float]) -> dict[str, float]:
    return {str(threshold): value for threshold, value in frozen.items()}


def _exists(tx: Transaction, version_id: str) -> bool:
    version = tx.versions.get(version_id)
    return version is not None and version.state is not VersionState.PRUNED


def _require(version: StoredVersion | None, version_id: str) -> StoredVersion:
    if version is None:
        raise NotFound(f"there is no model version {version_id}: sufler models lists them")
    return version
