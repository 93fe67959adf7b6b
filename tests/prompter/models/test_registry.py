"""The registry decides which version answers, and the effect on topics that answer alone."""

from collections.abc import Mapping
from typing import Any

import pytest

from prompter.domain.gate_record import GateRecord
from prompter.domain.model_version import ActivationReason, Origin, VersionState
from prompter.domain.readiness import ReadinessChangeFacts, ReadinessState
from prompter.domain.triage import Route
from prompter.models.registry import CannotUse, NothingBefore, Versions
from prompter.storage import Store
from tests.prompter.readiness.governed import GovernedShop

pytestmark = pytest.mark.slow

CHANGED = {
    "changed_alone": [{"turn": 1, "topic": "returns", "before": "refund-when", "after": "returns-how"}]
}


class VersionedShop(GovernedShop):
    """A shop whose assistant answers with the version in use."""

    def __post_init__(self) -> None:
        self.versions = Versions(self.store, settings="as shipped", clock=self.clock)
        self.add("v1", made=Origin.FIRST)
        self.versions.use("v1", after=0, reason=ActivationReason.FIRST)
        super().__post_init__()
        self.follow()

    def add(self, name: str, *, made: Origin = Origin.LEARN) -> None:
        parent = self.versions.current_activation()
        model = "words-1"
        self.versions.add(name, made=made, model=model, parent=parent.version if parent else None)

    def passes(self, name: str, report: Mapping[str, Any] | None = None) -> bool:
        """Let the gate pass a candidate."""
        self.add(name)
        changed = self.versions.promote_candidate(
            name, GateRecord.from_json(report or {}), after=self.versions.number()
        )
        self.follow()
        return changed

    def follow(self) -> None:
        use = self.versions.current_activation()
        assert use is not None
        self.model = self.versions.get(use.version).model
        self.assistant.version = f"{use.version}.base"

    def current(self) -> str:
        use = self.versions.current_activation()
        assert use is not None
        return use.version


@pytest.fixture
def shop(store: Store) -> VersionedShop:
    return VersionedShop(store)


def test_a_live_topic_answers_on_with_a_version_that_passed_the_gate(shop: VersionedShop) -> None:
    shop.go_live()
    before = shop.returns()
    shop.passes("v2")
    assert not shop.update_readiness()
    after = shop.returns()
    assert (after.state, after.threshold, after.live_since) == (
        ReadinessState.AUTOPILOT,
        before.threshold,
        before.live_since,
    )
    assert after.test_number == before.test_number
    assert (after.events[0].reason, after.events[0].facts) == (
        "new_version",
        ReadinessChangeFacts(version="v2", changed=0),
    )
    assert shop.route(shop.ask())[0] is Route.AUTOPILOT


def test_a_topic_that_is_still_tested_begins_anew_where_it_does_worse(shop: VersionedShop) -> None:
    shop.prove(4)
    shop.passes("v2", {"topics": [{"name": "returns", "is_worse": False}]})
    assert (shop.returns().test_number, shop.returns().last.step.n_turns) == (1, 4)
    shop.passes("v3", {"topics": [{"name": "returns", "is_worse": True}]})
    now = shop.returns()
    assert (now.test_number, now.last.step.n_turns, now.events[0].reason) == (2, 0, "new_model")


def test_what_a_new_version_answers_otherwise_is_audited_more(shop: VersionedShop) -> None:
    shop.go_live()
    for _ in range(100):  # so many audits that the share has fallen
        shop.audit(right=True)
    share = shop.turn(shop.ask()).draw.probability  # type: ignore[union-attr]
    assert share < 0.13
    shop.passes("v2", CHANGED)
    assert shop.turn(shop.ask()).draw.probability == pytest.approx(0.2)  # type: ignore[union-attr]
    shop.passes("v3")
    assert shop.turn(shop.ask()).draw.probability < 0.13  # type: ignore[union-attr]


def test_a_version_that_nobody_compared_has_to_prove_itself(shop: VersionedShop) -> None:
    shop.go_live()
    shop.add("v2")
    shop.versions.refuse("v2", GateRecord(refused="worse"))
    with pytest.raises(CannotUse, match="cannot be used: worse"):
        shop.versions.promote("v2", shop.vera)
    shop.versions.promote("v2", shop.vera, force=True)
    shop.follow()
    assert shop.update_readiness()
    now = shop.returns()
    assert (now.state, now.events[0].reason) == (ReadinessState.COLLECTING, "new_model")


def test_going_back_brings_the_topics_back_to_where_they_stood(shop: VersionedShop) -> None:
    shop.go_live()
    before = shop.returns()
    shop.passes("v2")
    for _ in range(12):
        if shop.returns().state is ReadinessState.AUTOPILOT:
            shop.audit(right=False)
            shop.update_readiness()
    assert shop.returns().state is ReadinessState.DEMOTED

    assert shop.versions.roll_back(shop.vera).id == "v1"
    shop.follow()
    shop.update_readiness()
    after = shop.returns()
    assert (after.state, after.threshold, after.live_since, after.test_number) == (
        ReadinessState.AUTOPILOT,
        before.threshold,
        before.live_since,
        before.test_number,
    )
    assert after.events[0].reason == "rolled_back"
    assert (after.audited, after.last.step.n_turns) == (0, before.last.step.n_turns)
    use = shop.versions.current_activation()
    assert use is not None
    assert (use.reason, use.account_name) == (ActivationReason.ROLLBACK, "vera")


def test_a_topic_that_was_stopped_meanwhile_stays_stopped(shop: VersionedShop) -> None:
    shop.go_live()
    shop.passes("v2")
    shop.readiness.hold("returns", shop.vera)
    shop.versions.roll_back(None)
    assert shop.returns().state is ReadinessState.HELD


def test_going_back_twice_goes_further_back(shop: VersionedShop) -> None:
    shop.passes("v2")
    shop.passes("v3")
    assert shop.versions.rollback_versions() == ["v2", "v1"]
    assert shop.versions.roll_back(None).id == "v2"
    assert shop.versions.rollback_versions() == ["v1"]
    assert shop.versions.roll_back(None).id == "v1"
    with pytest.raises(NothingBefore):
        shop.versions.roll_back(None)
    shop.versions.promote("v3", shop.vera)  # it was measured before
    assert shop.versions.get("v3").model == "words-1"
    assert shop.versions.roll_back(None).id == "v1"


def test_only_one_of_two_candidates_takes_the_place(shop: VersionedShop) -> None:
    number = shop.versions.number()
    shop.add("v2")
    shop.add("v3")
    assert shop.versions.promote_candidate("v2", GateRecord(), after=number)
    assert not shop.versions.promote_candidate("v3", GateRecord(), after=number)
    assert shop.current() == "v2"
    assert shop.versions.get("v3").state is VersionState.CANDIDATE


def test_turns_of_a_version_gone_back_from_count_for_no_test(shop: VersionedShop) -> None:
    shop.prove(3)
    shop.passes("v2")
    shop.prove(4)
    assert shop.returns().last.step.n_turns == 7
    shop.versions.roll_back(None)
    shop.follow()
    assert shop.returns().last.step.n_turns == 3
    shop.passes("v4")
    shop.prove(1)
    assert shop.returns().last.step.n_turns == 4


def test_a_version_may_come_into_use_again(shop: VersionedShop) -> None:
    shop.passes("v2")
    shop.versions.roll_back(None)
    shop.versions.promote("v2", shop.vera)
    assert shop.current() == "v2"
    assert shop.versions.promote("v2", shop.vera).id == "v2"  # it is already
    (shown,) = [version for version in shop.versions.all() if version.version.id == "v2"]
    assert [use.reason for use in shown.uses] == [ActivationReason.GATE, ActivationReason.PROMOTED]


def test_who_comes_second_is_told(store: Store) -> None:
    versions = Versions(store)
    versions.add("v1", made=Origin.FIRST, model="m", parent=None)
    assert versions.use("v1", after=0, reason=ActivationReason.FIRST)
    assert not versions.use("v1", after=0, reason=ActivationReason.FIRST)


def test_what_operators_decide_is_counted_whichever_version_suggested(shop: VersionedShop) -> None:
    conversation = shop.ask()
    shop.passes("v2")
    shop.accept(conversation)
    assert shop.turn(conversation).model_version == "v1.base"
