"""Supervisors see readiness and act on it, on the screen."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from prompter.desk.decision import Action
from prompter.domain.readiness import Mode, ReadinessState
from prompter.domain.triage import Route
from prompter.storage import Store
from tests.fakes import SHOP
from tests.prompter.readiness.governed import ENOUGH, GovernedShop
from tests.prompter_api.desk.conftest import Sit
from tests.shop import SURE
from tests.web_shop import DeskShop

pytestmark = pytest.mark.e2e


@pytest.fixture
def governed(store: Store) -> GovernedShop:
    return GovernedShop(store)


@pytest.fixture
def shop(store: Store, governed: GovernedShop) -> DeskShop:
    shop = DeskShop(store)
    shop.readiness = governed.readiness
    return shop


@pytest.fixture
def vera(sit: Sit) -> Iterator[Page]:
    """A supervisor at the board, whose browser must not report errors."""
    page = sit("vera")
    problems: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            problems.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.get_by_role("link", name="Автоответы").click()
    expect(
        page.get_by_role("heading", name="На какие темы бот может отвечать автоматически?")
    ).to_be_visible()
    yield page
    assert problems == []


def open_topic(page: Page, name: str = "Returns") -> None:
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def test_the_board_shows_every_topic_and_keeps_itself_up_to_date(governed: GovernedShop, vera: Page) -> None:
    orders, returns = (vera.locator(".board tbody tr").nth(number) for number in (0, 1))
    expect(orders).to_contain_text("Orders")
    expect(orders).to_contain_text("данных пока нет")
    expect(returns.locator(".mark")).to_have_text("сбор данных")
    link = returns.get_by_role("link", name="Returns")
    link.focus()
    for _ in range(3):
        governed.blind()
    expect(returns).to_contain_text("3 обращения")
    expect(returns).to_contain_text("в выборке: 3")
    expect(returns).to_contain_text("100 %")
    expect(returns).to_contain_text("ещё около")
    governed.prove(ENOUGH - 3)
    expect(returns.locator(".mark")).to_have_text("готова к запуску")
    expect(returns).to_contain_text("можно включить при уверенности от 60 %")
    expect(returns.locator(".gauge__range--passed")).to_be_visible()
    expect(link).to_be_focused()
    expect(orders.locator(".mark")).to_have_text("сбор данных")


def test_a_topic_that_gets_it_wrong_is_not_on_course(governed: GovernedShop, vera: Page) -> None:
    for right in (True, False, False):
        governed.blind(right=right)
    expect(vera.locator(".board__warning")).to_have_text("точности не хватит", timeout=30_000)


def test_a_topic_that_has_passed_is_allowed_with_a_click(governed: GovernedShop, vera: Page) -> None:
    governed.prove()
    open_topic(vera)
    vera.get_by_role("button", name="Включить").click()
    expect(vera.locator(".sheet__head .mark")).to_have_text("автоответ включён")
    expect(vera.get_by_text("Автоответ включён.")).to_be_visible()
    expect(vera.get_by_role("button", name="Включить")).to_have_count(0)
    returns = governed.returns()
    assert (returns.state, returns.threshold) == (ReadinessState.AUTOPILOT, 0.6)
    assert returns.events[0].account_name == "vera"
    assert governed.route(governed.ask())[0] is Route.AUTOPILOT
    expect(vera.locator(".history__one").first).to_contain_text("Автоответ включён при уверенности от 60 %.")


def test_a_refused_wish_says_why(governed: GovernedShop, vera: Page) -> None:
    open_topic(vera)
    allow, alert = vera.get_by_role("button", name="Включить"), vera.get_by_role("alert")
    allow.click()
    expect(alert).to_have_text("Пока рано: ещё ничего не проверено.")
    governed.prove(4)
    allow.click()
    expect(alert).to_contain_text("нужно проверить ещё около")
    for _ in range(6):
        governed.blind(right=False)
    allow.click()
    expect(alert).to_have_text("Пока рано: точность 40 %, порог 60 %.")
    assert governed.returns().state is ReadinessState.COLLECTING


def test_stopping_and_only_measuring_work_at_once(governed: GovernedShop, vera: Page) -> None:
    governed.go_live()
    open_topic(vera)
    state = vera.locator(".sheet__head .mark")
    expect(state).to_have_text("автоответ включён")
    vera.get_by_role("button", name="Приостановить").click()
    expect(state).to_have_text("приостановлена")
    assert governed.returns().state is ReadinessState.HELD
    assert governed.route(governed.ask())[0] is Route.SUGGEST
    vera.get_by_role("button", name="Только наблюдать").click()
    expect(state).to_have_text("готова к запуску")
    expect(vera.get_by_text("только наблюдение: отвечают операторы", exact=True)).to_be_visible()
    assert governed.returns().mode is Mode.SHADOW


def test_another_bar_would_have_had_another_end(governed: GovernedShop, vera: Page) -> None:
    governed.prove()
    open_topic(vera)
    answer = vera.locator(".whatif__answer")
    expect(answer).to_contain_text(f"Тема прошла бы проверку на обращении № {ENOUGH}")
    slider = vera.get_by_role("slider", name="Порог точности в процентах")
    slider.focus()
    for _ in range(5):
        vera.keyboard.press("ArrowRight")
    expect(vera.locator(".whatif__bar")).to_have_text("65 %")
    expect(answer).to_contain_text("Тема ещё не прошла бы проверку: ещё около")
    for _ in range(10):
        vera.keyboard.press("ArrowLeft")
    expect(vera.locator(".whatif__bar")).to_have_text("55 %")
    expect(answer).to_contain_text("Тема прошла бы проверку на обращении № 8 ")
    governed.blind()
    expect(vera.locator(".panel .count")).to_have_text(str(ENOUGH + 1))
    expect(vera.locator(".whatif__bar")).to_have_text("55 %")  # news do not move it
    expect(slider).to_be_focused()
    assert governed.returns().state is ReadinessState.READY


def test_curves_have_words(governed: GovernedShop, vera: Page) -> None:
    governed.prove(14)
    open_topic(vera)
    drawn = vera.locator(".chart__place svg")
    expect(drawn).to_have_count(3)
    expect(vera.locator(".chart figcaption").first).to_contain_text(
        f"Нижняя граница достигла порога 60 % на обращении № {ENOUGH}."
    )
    expect(vera.get_by_role("img", name="Калибровка уверенности")).to_be_visible()
    vera.get_by_role("button", name="≥ 90 %").click()
    expect(vera.get_by_role("button", name="≥ 90 %")).to_have_attribute("aria-pressed", "true")


def test_the_evidence_is_shown_as_it_was_written_and_only_once_it_is_judged(
    governed: GovernedShop, vera: Page
) -> None:
    governed.blind()
    governed.blind(right=False)
    governed.decide(governed.ask(), Action.ACCEPT, rank=1)
    hidden = governed.ask(f"{SURE} <b>товар</b>", second=True)
    governed.decide(hidden, Action.ACCEPT, rank=1)
    open_topic(vera)
    rows = vera.locator(".stream tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.nth(0)).to_contain_text("появится после проверки")
    expect(rows.nth(0)).not_to_contain_text(SURE)
    for place, (how, outcome) in enumerate(
        (
            ("повторная проверка", "ожидает проверки"),
            ("с подсказкой", "верно"),
            ("без подсказки", "неверно"),
            ("без подсказки", "верно"),
        )
    ):
        expect(rows.nth(place)).to_contain_text(how)
        expect(rows.nth(place).locator(".mark")).to_have_text(outcome)
    governed.judge(right=True)
    expect(rows.nth(0).get_by_role("link")).to_have_text(f"{SURE} <b>товар</b>")
    expect(rows.nth(0).locator(".mark")).to_have_text("верно")


def test_a_topic_that_slips_says_what_to_look_at(governed: GovernedShop, vera: Page) -> None:
    governed.go_live()
    for right in (True,) * 5 + (False,) * 8:
        governed.audit(right=right)
    open_topic(vera)
    expect(vera.locator(".stream tbody tr").first).to_contain_text("контроль автоответов")
    governed.update_readiness()
    expect(vera.locator(".sheet__head .mark")).to_have_text("автоответ отключён")
    event = vera.locator(".history__one").first
    expect(event).to_contain_text("из проверенных автоответов (13) неверны 8")
    expect(event).to_contain_text("Проверьте эти статьи:")
    expect(event.locator("li").first).to_have_text("Как вернуть товар")
    expect(event.get_by_role("link", name=SURE)).to_have_count(8)
    vera.get_by_role("link", name="Диалоги").click()
    note = vera.get_by_role("link", name="Автоответ отключён: returns")
    expect(note).to_be_visible()
    note.click()
    expect(vera.get_by_role("row", name="returns")).to_contain_text("автоответ отключён")


def test_names_of_topics_may_hold_any_character(governed: GovernedShop, vera: Page) -> None:
    name = "«Обмен» & <b>возврат</b>? #1 50%"
    governed.knowledge.import_articles(
        [replace(SHOP[0], id="swap", question="Обмен", topic=name)], changed_by="vera"
    )
    governed.update_readiness()
    vera.reload()
    open_topic(vera, name)
    vera.get_by_role("button", name="Приостановить").click()
    expect(vera.locator(".sheet__head .mark")).to_have_text("приостановлена")
    vera.get_by_role("button", name="English").click()
    expect(vera.get_by_role("heading", name=name)).to_be_visible()
    expect(vera.locator(".sheet__head .mark")).to_have_text("paused")
    expect(vera.locator(".history__one")).to_contain_text(
        "Paused: operators answer until autopilot is turned on again."
    )
    vera.get_by_role("link", name="All topics").click()
    expect(vera.get_by_role("heading", name="Which topics can get automated replies?")).to_be_visible()


def test_a_topic_that_there_is_not(vera: Page, address: str) -> None:
    vera.goto(f"{address}/readiness/topic?name=weather")
    expect(vera.get_by_text("Такой темы нет, или по ней ещё нет данных.")).to_be_visible()


def test_operators_do_not_get_in(sit: Sit, address: str) -> None:
    page = sit("anna")
    expect(page.get_by_role("link", name="Проверка ответов")).to_be_visible()
    expect(page.get_by_role("link", name="Автоответы")).to_have_count(0)
    for path in ("/readiness", "/readiness/topic?name=returns"):
        answer = page.goto(f"{address}{path}")
        assert answer is not None
        assert answer.status == 403
        expect(page.get_by_role("heading", name="Только для супервизоров")).to_be_visible()
    page.get_by_role("link", name="К диалогам").click()
    expect(page.locator("[data-desk]")).to_be_visible()


def test_a_supervisor_whose_account_is_disabled_leaves(shop: DeskShop, vera: Page) -> None:
    expect(vera.locator(".board tbody tr").first).to_be_visible()  # the page has its connection
    shop.accounts.disable("vera")
    expect(vera.get_by_label("Пароль")).to_be_visible()
