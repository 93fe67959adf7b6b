"""Take pictures of the pages: `python -m scripts.screenshots [FOLDER]`.

Without a folder it renews only the pictures in docs/images. With a folder it saves every state of the pages
there.
"""

import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from kb_index import Article
from kb_index.formats import read_articles
from prompter.common.clock import Clock, utc_now
from prompter.conversations.intake import Reception
from prompter.conversations.triage_worker import Triager
from prompter.desk.decision import Action
from prompter.domain.account import Role
from prompter.domain.conversation import MessageKind
from prompter.domain.triage import HandoffReason, Route, Suggestion, Triage
from prompter.knowledge.knowledge_base import KnowledgeBase
from prompter.knowledge.topic_files import read_titles
from prompter.storage import Store, connect, migrate
from scripts.governing import STORIES, Governing
from tests.browser import chromium, log_in
from tests.shop import PASSWORD
from tests.web_shop import DeskShop

ROOT = Path(__file__).resolve().parent.parent

Ranked = tuple[tuple[str, float], ...]
REFUND = "спасибо, уже отнесла её в пункт выдачи. а когда придут деньги?"
ANSWERS: Mapping[str, tuple[HandoffReason, Ranked]] = {
    REFUND: (
        HandoffReason.TOPIC_NOT_READY,
        (("refunds-when", 0.91), ("returns-refund-time", 0.64), ("refunds-card", 0.22)),
    ),
    "где мой заказ? обещали вчера": (
        HandoffReason.TOPIC_NOT_READY,
        (("order-status-delay", 0.88), ("order-status-where", 0.71)),
    ),
    "промокод ВЕСНА не применяется в корзине": (
        HandoffReason.LOW_CONFIDENCE,
        (("promo-not-working", 0.67), ("promo-apply", 0.41), ("promo-combine", 0.12)),
    ),
    "это уже третий раз! позовите нормального человека": (HandoffReason.COMPLAINT, ()),
    "do you ship to Kazakhstan?": (HandoffReason.AMBIGUOUS, (("delivery-regions", 0.58),)),
}


@dataclass
class ScriptedAssistant:
    """Gives the answers above, so that the pictures stay the same."""

    articles: Mapping[str, Article]

    def triage(self, text: str) -> Triage:
        reason, ranked = ANSWERS.get(text, (HandoffReason.NO_ARTICLE, ()))
        return Triage(
            utterance=text,
            intent=None,
            intent_confidence=0.0,
            suggestions=tuple(self._suggestion(name, confidence) for name, confidence in ranked),
            route=Route.SUGGEST if ranked else Route.HANDOFF,
            handoff_reason=reason,
            model_version="pictures",
        )

    def _suggestion(self, name: str, confidence: float) -> Suggestion:
        article = self.articles[name]
        return Suggestion(
            article_id=name,
            question=article.question,
            answer=article.answer,
            topic=article.topic,
            language=article.language,
            similarity=confidence,
            confidence=confidence,
        )


@dataclass
class PictureShop(DeskShop):
    """The demo shop, with customers who wrote some time ago."""

    undo: timedelta = timedelta(seconds=8)
    opened: Clock = utc_now

    @cached_property
    def knowledge(self) -> KnowledgeBase:
        return KnowledgeBase(self.store, clock=self.opened)

    @cached_property
    def triager(self) -> Triager:
        return self.worker(ScriptedAssistant({article.id: article for article in self.articles}))

    def say_earlier(self, minutes_ago: float, text: str, **more: Any) -> int:
        when = utc_now() - timedelta(minutes=minutes_ago)
        self.reception = Reception(
            self.store, debounce=timedelta(0), max_wait=timedelta(0), clock=lambda: when
        )
        conversation = self.say(text, **more)
        self.triage()
        return conversation

    def answer_earlier(self, minutes_ago: float, conversation: int, text: str) -> None:
        when = utc_now() - timedelta(minutes=minutes_ago)
        if self.desk.conversation(conversation).turn is not None:
            past = DeskShop(self.store, articles=self.articles, undo=timedelta(0), clock=lambda: when)
            past.decide(conversation, Action.WRITE_OWN, text=text)
            self.deliver()

    def fill(self) -> None:
        """Create a conversation in progress, and a queue behind it."""
        marina = {"chat": "1", "name": "Марина Соколова"}
        hello = "здравствуйте! можно вернуть куртку, если срезала бирку?"
        conversation = self.say_earlier(52, hello, **marina)
        self.answer_earlier(
            51, conversation, "Здравствуйте, Марина! Да, если вещь не носили и сохранился номер заказа."
        )
        self.say_earlier(3.2, REFUND, **marina)
        self.say_earlier(2.5, "где мой заказ? обещали вчера", chat="2", name="Игорь", channel="web")
        self.say_earlier(1.7, "промокод ВЕСНА не применяется в корзине", chat="3", name="Алина Ким")
        self.say_earlier(1.1, "это уже третий раз! позовите нормального человека", chat="4", name="Сергей П.")
        self.say_earlier(0.6, "", chat="5", name="Тимур", kind=MessageKind.VOICE)
        self.say_earlier(0.4, "do you ship to Kazakhstan?", chat="6", name="Aidana", channel="web")


@contextmanager
def shop(topics: Collection[str] = (), *, days_ago: float = 0) -> Iterator[PictureShop]:
    """Open the demo shop some days ago, entirely or for these topics only."""
    articles = tuple(
        article
        for article in read_articles(ROOT / "training_data" / "kb.csv")
        if not topics or article.topic in topics
    )
    with tempfile.TemporaryDirectory() as folder:
        engine = connect(f"sqlite:///{folder}/pictures.db")
        migrate(engine)
        store = Store(engine)
        try:
            opened = utc_now() - timedelta(days=days_ago)
            shown = PictureShop(store, articles=articles, opened=lambda: opened)
            titles, known = (
                read_titles(ROOT / "training_data" / "topics.csv"),
                {article.topic for article in articles},
            )
            shown.topics.change_titles({topic: texts for topic, texts in titles.items() if topic in known})
            yield shown
        finally:
            store.close()


def open_desk(browser: Browser, address: str, *, name: str = "anna", **more: object) -> Page:
    options = {"viewport": {"width": 1280, "height": 800}, "locale": "ru-RU", "timezone_id": "Europe/Moscow"}
    page = browser.new_context(**(options | more)).new_page()  # type: ignore[arg-type]
    log_in(page, address, name, PASSWORD)
    return page


def take_the_picture(browser: Browser, target: Path) -> None:
    with shop() as shown, shown.open() as address:
        shown.fill()
        page = open_desk(browser, address)
        expect(page.locator(".card")).to_have_count(3)
        page.wait_for_timeout(500)
        page.screenshot(path=target)


@contextmanager
def govern_shop() -> Iterator[PictureShop]:
    """Return a shop whose topics have some weeks of evidence."""
    with shop(STORIES, days_ago=30) as shown:
        Governing(shown.store, articles=shown.articles).play()
        yield shown


def take_pictures_of_readiness(browser: Browser, board: Path, topic: Path) -> None:
    with govern_shop() as shown, shown.open() as address:
        page = open_desk(browser, address, name="vera")
        page.goto(f"{address}/readiness")
        expect(page.locator(".board tbody tr")).to_have_count(len(STORIES))
        _take_whole(page, board)
        page.set_viewport_size({"width": 1280, "height": 1340})
        page.goto(f"{address}/readiness/topic?name=returns")
        expect(page.locator(".chart__place svg")).to_have_count(3)
        page.wait_for_timeout(500)
        page.screenshot(path=topic)


def take_every_state_of_readiness(browser: Browser, folder: Path) -> None:
    with govern_shop() as shown, shown.open() as address:
        for scheme in ("light", "dark"):
            for width in (1280, 390):
                page = open_desk(
                    browser,
                    address,
                    name="vera",
                    color_scheme=scheme,
                    viewport={"width": width, "height": 900},
                )
                page.on("console", lambda message: print(message.type, message.text))  # noqa: T201
                page.goto(f"{address}/readiness")
                expect(page.locator(".board tbody tr")).to_have_count(len(STORIES))
                _take_whole(page, folder / f"20-readiness-{scheme}-{width}.png")
                for name in ("returns", "refunds", "order_status"):
                    page.goto(f"{address}/readiness/topic?name={name}")
                    expect(page.locator(".chart__place svg").first).to_be_visible()
                    _take_whole(page, folder / f"21-{name}-{scheme}-{width}.png")
                page.context.close()


def _take_whole(page: Page, path: Path) -> None:
    """Take the page at the height of its contents."""
    page.wait_for_timeout(600)
    height = page.evaluate("Math.ceil((document.querySelector('.sheet')?.scrollHeight ?? 800) + 60)")
    before = page.viewport_size or {"width": 1280, "height": 800}
    page.set_viewport_size({"width": before["width"], "height": max(before["height"], height)})
    page.wait_for_timeout(300)
    page.screenshot(path=path, full_page=True)
    page.set_viewport_size(before)


def take_every_state(browser: Browser, folder: Path) -> None:
    """Take every state, numbered by its place in a working day."""
    with shop() as shown, shown.open() as address:
        _take_login(browser, folder, shown, address)
        page = _take_deciding(browser, folder, shown, address)
        _take_troubles(page, folder, shown)
        _take_looks(browser, folder, address)
    _take_stale_guard(browser, folder)


def _take_login(browser: Browser, folder: Path, shown: PictureShop, address: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="ru-RU")
    page.goto(f"{address}/login")
    page.screenshot(path=folder / "01-login.png")
    page.fill("#name", "anna")
    page.fill("#password", "no")
    page.press("#password", "Enter")
    page.screenshot(path=folder / "02-login-wrong.png")
    shown.accounts.add("nina", Role.SUPERVISOR, "for one login only", one_time_password=True)
    page.fill("#name", "nina")
    page.fill("#password", "for one login only")
    page.press("#password", "Enter")
    page.wait_for_selector("#again")
    page.screenshot(path=folder / "03-password.png")


def _take_deciding(browser: Browser, folder: Path, shown: PictureShop, address: str) -> Page:
    page = open_desk(browser, address)
    page.wait_for_timeout(800)
    page.screenshot(path=folder / "04-empty.png")
    shown.fill()
    expect(page.locator(".card")).to_have_count(3)
    page.wait_for_timeout(500)
    page.screenshot(path=folder / "05-desk.png")
    page.keyboard.press("?")
    page.wait_for_timeout(500)
    page.screenshot(path=folder / "06-keys.png")
    page.keyboard.press("Escape")
    page.wait_for_timeout(500)
    page.keyboard.press("r")
    page.wait_for_timeout(400)
    page.screenshot(path=folder / "07-reasons.png")
    page.keyboard.press("2")
    page.wait_for_timeout(400)
    page.screenshot(path=folder / "08-rejecting.png")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_label("Другая статья")).to_be_focused()
    page.keyboard.type("карт")
    page.wait_for_timeout(900)
    page.screenshot(path=folder / "09-search.png")
    page.keyboard.press("Escape")
    page.wait_for_timeout(300)
    page.keyboard.press("e")
    page.wait_for_timeout(400)
    page.keyboard.type(" Если что-то пойдёт не так, напишите сюда — мы на связи.")
    page.wait_for_timeout(300)
    page.screenshot(path=folder / "10-edit.png")
    shown.say_earlier(0, "ау?", chat="1", name="Марина Соколова")
    page.wait_for_timeout(900)
    page.screenshot(path=folder / "11-wrote-again.png")
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(900)
    page.screenshot(path=folder / "12-next-with-undo.png")
    page.keyboard.press("z")
    page.wait_for_timeout(700)
    page.screenshot(path=folder / "13-undone.png")
    return page


def _take_troubles(page: Page, folder: Path, shown: PictureShop) -> None:
    for text in ("Проверяю ваш заказ, одну минуту.", "Уже почти готово."):
        DeskShop(shown.store, articles=(), undo=timedelta(0)).write(1, text)  # leaves at once
        for message in shown.deliveries.claim(["telegram", "web"]):
            if text.startswith("Уже"):
                shown.deliveries.mark_refused(message, "bot was blocked by the user")
            else:
                shown.deliveries.mark_unknown(message, "timed out")
    page.wait_for_timeout(700)
    page.locator(".bar__trouble").click()
    page.wait_for_timeout(500)
    page.screenshot(path=folder / "14-troubles.png")


def _take_looks(browser: Browser, folder: Path, address: str) -> None:
    page = open_desk(browser, address, name="boris", color_scheme="dark")
    page.wait_for_timeout(900)
    page.screenshot(path=folder / "15-dark.png")
    for width in (1024, 700, 390):
        page = open_desk(browser, address, viewport={"width": width, "height": 820})
        page.wait_for_timeout(900)
        page.screenshot(path=folder / f"16-width-{width}.png", full_page=True)


def _take_stale_guard(browser: Browser, folder: Path) -> None:
    with shop() as shown, shown.open(poll_seconds=60) as address:
        shown.fill()
        page = open_desk(browser, address)
        page.wait_for_timeout(900)
        shown.say_earlier(0, "ой, нашла письмо от банка: деньги пришли! 🙏", chat="1", name="Марина Соколова")
        page.keyboard.press("1")
        page.wait_for_timeout(900)
        page.screenshot(path=folder / "17-stale-guard.png")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with chromium() as browser:
        if folder is None:
            images = ROOT / "docs" / "images"
            take_the_picture(browser, images / "desk.png")
            take_pictures_of_readiness(browser, images / "readiness.png", images / "topic.png")
        else:
            folder.mkdir(parents=True, exist_ok=True)
            take_every_state(browser, folder)
            take_every_state_of_readiness(browser, folder)


if __name__ == "__main__":
    main()
