"""A supervisor uses the pages Models and Disagreements."""

import re

import pytest
from playwright.sync_api import expect

from prompter.desk.decision import Action
from prompter.domain.gate_record import GateRecord
from prompter.domain.job import JobKind
from prompter.domain.learning_outcome import LearningOutcome, Result
from prompter.domain.model_version import ActivationReason, Origin
from prompter.jobs import Jobs
from prompter.labels.regression_cases import Pins
from prompter.models.registry import Versions
from tests.prompter_api.desk.conftest import Sit
from tests.web_shop import DeskShop

pytestmark = pytest.mark.e2e

EVIL = "<img src=x onerror=alert(1)>"


def report(turn: int, refused: str | None = None) -> dict[str, object]:
    return {
        "figures": {
            "p_at_1": 0.91,
            "p_at_1_champion": 0.85,
            "difference": 0.06,
            "interval": [0.02, 0.1],
            "rows": {"held_out": 150, "verdict": 50, "pinned": 1},
            "won": 14,
            "lost": 2,
        },
        "refused": refused,
        "topics": [
            {
                "name": "returns", "is_live": True, "is_worse": True,
                "answered": 40, "turned_right": 1, "turned_wrong": 2, "allowed": 1.2,
            }
        ],
        "changes": [
            {
                "source": "verdict", "key": turn, "before": "order-cancel", "after": "order-where",
                "was_right": False, "is_right": True, "topic": None,
            }
        ],
        "changed_alone": [
            {"turn": turn, "topic": "returns", "before": "returns-how", "after": "refund-when"}
        ],
    }  # fmt: skip


@pytest.fixture
def turn(shop: DeskShop) -> int:
    """Create a turn that a version answers differently, among three versions, the last refused."""
    conversation_id = shop.ask(f"где мой заказ {EVIL}")
    turn = shop.turn(conversation_id).id
    shop.accept(conversation_id)
    versions = Versions(shop.store)
    for number, name in enumerate(("first", "second")):
        versions.add(name, made=Origin.LEARN if number else Origin.FIRST, model="m", parent="first")
        if number:
            versions.promote_candidate(name, GateRecord.from_json(report(turn)), after=number)
        else:
            versions.use(name, after=number, reason=ActivationReason.FIRST)
    versions.add("third", made=Origin.LEARN, model="m", parent="second")
    versions.refuse("third", GateRecord.from_json(report(turn, "worse")))
    return turn


def test_versions_stand_side_by_side_with_what_changes(sit: Sit, turn: int) -> None:  # noqa: ARG001
    page = sit("vera")
    page.get_by_role("link", name="Модели").click()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("отклонена")
    expect(rows.nth(0)).to_contain_text("Возможно, она хуже")
    expect(rows.nth(1)).to_contain_text("работает")
    expect(rows.nth(1)).to_contain_text(re.compile(r"91\s%"))
    expect(rows.nth(1)).to_contain_text("+6,0 п. п. (от +2,0 до +10,0)")
    rows.nth(1).get_by_role("button", name="Сравнить").click()
    panel = page.locator("section.panel")
    expect(panel).to_contain_text("Отличия second от first")
    expect(panel).to_contain_text(f"где мой заказ {EVIL}")
    expect(panel).to_contain_text("✓ Где мой заказ")
    expect(panel).to_contain_text("Returns, автоответ включён: проверяется чаще")
    assert page.locator("img[src=x]").count() == 0


def test_going_back_and_forth(sit: Sit, shop: DeskShop, turn: int) -> None:  # noqa: ARG001
    page = sit("vera")
    page.goto(page.url.replace("/desk", "/models"))
    rows = page.locator("tbody tr")
    page.get_by_role("button", name="Вернуться к прошлой версии").click()
    expect(rows.nth(2)).to_contain_text("откат к этой версии (vera)")
    assert Versions(shop.store).current_activation().version == "first"  # type: ignore[union-attr]
    rows.nth(1).get_by_role("button", name="Включить").click()
    expect(rows.nth(1)).to_contain_text("включена вручную (vera)")
    assert Versions(shop.store).current_activation().version == "second"  # type: ignore[union-attr]
    page.get_by_role("button", name="Вернуться к прошлой версии").click()
    expect(rows.nth(2)).to_contain_text("откат к этой версии")
    page.get_by_role("button", name="Вернуться к прошлой версии").click()
    expect(page.get_by_role("alert")).to_have_text("До этой версии другие не использовались.")


def test_learning_is_started_and_told_of(sit: Sit, shop: DeskShop) -> None:
    page = sit("vera")
    page.goto(page.url.replace("/desk", "/models"))
    page.get_by_role("button", name="Обучить сейчас").click()
    status = page.locator("p[role=status]").first
    expect(status).to_have_text("Обучение скоро начнётся.")
    jobs = Jobs(shop.store)
    assert jobs.is_waiting(JobKind.LEARN)
    with jobs.run(JobKind.LEARN) as job:
        job.report_progress("encoding", 3, 10)
        job.heartbeat()
        expect(status).to_have_text("Обучение: обработка новых текстов, 3 из 10.")
        job.outcome = LearningOutcome(
            result=Result.REFUSED, refused="pinned", n_new=30, flagged_operators=("boris",)
        )
    expect(status).to_have_text(
        "Новых решений: 30. Обученная на них версия не используется. Закреплённый вопрос получил бы неверный "
        "ответ. Не учтены, потому что противоречат остальным: boris."
    )


def test_where_people_disagree_and_what_is_pinned(sit: Sit, shop: DeskShop) -> None:
    shop.accept(shop.ask(f"где мой заказ {EVIL}", chat="1"))
    conversation = shop.ask(f"Где мой заказ {EVIL}", chat="2")
    shop.decide(conversation, Action.PICK_OTHER, by="boris", article_id="order-cancel")
    Pins(shop.store).pin("когда вернут деньги", "refund-when", None)
    page = sit("vera")
    page.goto(page.url.replace("/desk", "/disagreements"))
    expect(page.locator("section").nth(0)).to_contain_text(f"Где мой заказ {EVIL}")
    expect(page.locator("section").nth(0)).to_contain_text("Как отменить заказ")
    expect(page.locator("section").nth(0)).to_contain_text("boris")
    expect(page.locator("section").nth(2)).to_contain_text("когда вернут деньги → refund-when")
    page.get_by_role("button", name="Открепить").click()
    expect(page.locator("section").nth(2)).not_to_contain_text("refund-when")
    assert Pins(shop.store).all() == []
    assert page.locator("img[src=x]").count() == 0


def test_operators_do_not_get_in(sit: Sit) -> None:
    page = sit("anna")
    expect(page.get_by_role("link", name="Модели")).to_have_count(0)
    for address in ("/models", "/disagreements"):
        answer = page.request.get(page.url.replace("/desk", address))
        assert answer.status == 403
