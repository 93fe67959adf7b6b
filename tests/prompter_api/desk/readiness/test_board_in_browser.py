"""What supervisors see of readiness and do about it, on the screen."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from prompter.desk.decision import Action
from prompter.domain.readiness import Mode, ReadinessState
from prompter.domain.triage import Route
from prompter.storage import Store
from tests.fakes import SHOP
from tests.prompter.readiness.governed import ENOUGH, SURE, GovernedShop
from tests.prompter_api.desk.conftest import Sit
from tests.support_desk import DeskShop

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
    """A supervisor at the board; nothing may go wrong in her browser."""
    page = sit("vera")
    problems: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            problems.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.get_by_role("link", name="Готовность").click()
    expect(page.get_by_role("heading", name="Какие темы могут отвечать сами?")).to_be_visible()
    yield page
    assert problems == []


def open_topic(page: Page, name: str = "Returns") -> None:
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def test_the_board_shows_every_topic_and_keeps_itself_up_to_date(governed: GovernedShop, vera: Page) -> None:
    orders, returns = (vera.locator(".board tbody tr").nth(number) for number in (0, 1))
    expect(orders).to_contain_text("Orders")
    expect(orders).to_contain_text("ещё ничего не оценено")
    expect(returns.locator(".mark")).to_have_text("собирает данные")
    link = returns.get_by_role("link", name="Returns")
    link.focus()
    for _ in range(3):
        governed.blind()
    expect(returns).to_contain_text("3 обращения")
    expect(returns).to_contain_text("по жребию: 3")
    expect(returns).to_contain_text("100 %")
    expect(returns).to_contain_text("ещё около")
    governed.prove(ENOUGH - 3)
    expect(returns.locator(".mark")).to_have_text("готова")
    expect(returns).to_contain_text("может отвечать при уверенности от 60 %, ждёт вашего слова")
    expect(returns.locator(".gauge__range--passed")).to_be_visible()
    expect(link).to_be_focused()
    expect(orders.locator(".mark")).to_have_text("собирает данные")


def test_a_topic_that_gets_it_wrong_is_not_on_course(governed: GovernedShop, vera: Page) -> None:
    for right in (True, False, False):
        governed.blind(right=right)
    expect(vera.locator(".board__warning")).to_have_text("не по пути", timeout=30_000)


def test_a_topic_that_has_passed_is_allowed_with_a_click(governed: GovernedShop, vera: Page) -> None:
    governed.prove()
    open_topic(vera)
    vera.get_by_role("button", name="Пустить отвечать").click()
    expect(vera.locator(".sheet__head .mark")).to_have_text("отвечает сама")
    expect(vera.get_by_text("Теперь тема отвечает сама.")).to_be_visible()
    expect(vera.get_by_role("button", name="Пустить отвечать")).to_have_count(0)
    returns = governed.returns()
    assert (returns.state, returns.threshold) == (ReadinessState.AUTOPILOT, 0.6)
    assert returns.events[0].account_name == "vera"
    assert governed.route(governed.ask())[0] is Route.AUTOPILOT
    expect(vera.locator(".history__one").first).to_contain_text(
        "Разрешено: отвечает сама при уверенности от 60 %."
    )


def test_a_refused_wish_says_why(governed: GovernedShop, vera: Page) -> None:
    open_topic(vera)
    allow, alert = vera.get_by_role("button", name="Пустить отвечать"), vera.get_by_role("alert")
    allow.click()
    expect(alert).to_have_text("Пока нельзя: ни одно обращение не оценено.")
    governed.prove(4)
    allow.click()
    expect(alert).to_contain_text("нужно оценить ещё около")
    for _ in range(6):
        governed.blind(right=False)
    allow.click()
    expect(alert).to_have_text("Пока нельзя: из оценённых обращений верны 40 %, а планка — 60 %.")
    assert governed.returns().state is ReadinessState.COLLECTING


def test_stopping_and_only_measuring_work_at_once(governed: GovernedShop, vera: Page) -> None:
    governed.go_live()
    open_topic(vera)
    state = vera.locator(".sheet__head .mark")
    expect(state).to_have_text("отвечает сама")
    vera.get_by_role("button", name="Остановить").click()
    expect(state).to_have_text("остановлена")
    assert governed.returns().state is ReadinessState.HELD
    assert governed.route(governed.ask())[0] is Route.SUGGEST
    vera.get_by_role("button", name="Только измерять").click()
    expect(state).to_have_text("готова")
    expect(vera.get_by_text("могла бы, но только измеряется: отвечают операторы")).to_be_visible()
    assert governed.returns().mode is Mode.SHADOW


def test_another_bar_would_have_had_another_end(governed: GovernedShop, vera: Page) -> None:
    governed.prove()
    open_topic(vera)
    answer = vera.locator(".whatif__answer")
    expect(answer).to_contain_text(f"Она прошла бы на обращении № {ENOUGH}")
    slider = vera.get_by_role("slider", name="Планка в процентах")
    slider.focus()
    for _ in range(5):
        vera.keyboard.press("ArrowRight")
    expect(vera.locator(".whatif__bar")).to_have_text("65 %")
    expect(answer).to_contain_text("Она бы ещё не прошла: ещё около")
    for _ in range(10):
        vera.keyboard.press("ArrowLeft")
    expect(vera.locator(".whatif__bar")).to_have_text("55 %")
    expect(answer).to_contain_text("Она прошла бы на обращении № 8 ")
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
        f"Нижняя граница дошла до планки 60 % на обращении № {ENOUGH}."
    )
    expect(vera.get_by_role("img", name="Держит ли уверенность слово?")).to_be_visible()
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
    expect(rows.nth(0)).to_contain_text("покажем, когда оценят")
    expect(rows.nth(0)).not_to_contain_text(SURE)
    for place, (how, outcome) in enumerate(
        (("второй взгляд", "ждёт"), ("с подсказкой", "верно"), ("вслепую", "неверно"), ("вслепую", "верно"))
    ):
        expect(rows.nth(place)).to_contain_text(how)
        expect(rows.nth(place).locator(".mark")).to_have_text(outcome)
    governed.judge(right=True)
    expect(rows.nth(0).get_by_role("link")).to_have_text(f"{SURE} <b>товар</b>")
    expect(rows.nth(0).locator(".mark")).to_have_text("верно")


def test_a_topic_that_slips_says_what_to_look_at(governed: GovernedShop, vera: Page) -> None:
    governed.go_live()
    for right in (True,) * 5 + (False,) * 8:
        governed.audited(right=right)
    open_topic(vera)
    expect(vera.locator(".stream tbody tr").first).to_contain_text("проверка")
    governed.look()
    expect(vera.locator(".sheet__head .mark")).to_have_text("отозвана")
    event = vera.locator(".history__one").first
    expect(event).to_contain_text("среди проверенных ответов (13) оказалось 8 неверных")
    expect(event).to_contain_text("Перечитайте эти статьи:")
    expect(event.locator("li").first).to_have_text("Как вернуть товар")
    expect(event.get_by_role("link", name=SURE)).to_have_count(8)
    vera.get_by_role("link", name="Рабочее место").click()
    note = vera.get_by_role("link", name="Отозваны темы: returns")
    expect(note).to_be_visible()
    note.click()
    expect(vera.get_by_role("row", name="returns")).to_contain_text("отозвана")


def test_names_of_topics_may_hold_any_character(governed: GovernedShop, vera: Page) -> None:
    name = "«Обмен» & <b>возврат</b>? #1 50%"
    governed.knowledge.import_articles(
        [replace(SHOP[0], id="swap", question="Обмен", topic=name)], changed_by="vera"
    )
    governed.look()
    vera.reload()
    open_topic(vera, name)
    vera.get_by_role("button", name="Остановить").click()
    expect(vera.locator(".sheet__head .mark")).to_have_text("остановлена")
    vera.get_by_role("button", name="English").click()
    expect(vera.get_by_role("heading", name=name)).to_be_visible()
    expect(vera.locator(".sheet__head .mark")).to_have_text("stopped")
    expect(vera.locator(".history__one")).to_contain_text(
        "Stopped: operators answer until it is allowed again."
    )
    vera.get_by_role("link", name="All topics").click()
    expect(vera.get_by_role("heading", name="Which topics may answer alone?")).to_be_visible()


def test_a_topic_that_there_is_not(vera: Page, address: str) -> None:
    vera.goto(f"{address}/readiness/topic?name=weather")
    expect(vera.get_by_text("Такой темы нет, или по ней ещё нет свидетельств.")).to_be_visible()


def test_operators_do_not_get_in(sit: Sit, address: str) -> None:
    page = sit("anna")
    expect(page.get_by_role("link", name="Второй взгляд")).to_be_visible()
    expect(page.get_by_role("link", name="Готовность")).to_have_count(0)
    for path in ("/readiness", "/readiness/topic?name=returns"):
        answer = page.goto(f"{address}{path}")
        assert answer is not None
        assert answer.status == 403
        expect(page.get_by_role("heading", name="Для старших")).to_be_visible()
    page.get_by_role("link", name="На рабочее место").click()
    expect(page.locator("[data-desk]")).to_be_visible()


def test_a_supervisor_whose_account_is_disabled_leaves(shop: DeskShop, vera: Page) -> None:
    shop.accounts.disable("vera")
    expect(vera.get_by_label("Пароль")).to_be_visible()
