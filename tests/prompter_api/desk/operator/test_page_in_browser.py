"""An operator works in a real browser on a real store."""

import pytest
from playwright.sync_api import Dialog, Locator, Page, WebSocketRoute, expect

from prompter.domain.account import Role
from prompter.domain.conversation import MessageKind, OutboxState
from prompter.domain.evidence import RejectReason, Verdict
from tests.prompter_api.desk.conftest import Sit
from tests.shop import PASSWORD
from tests.web_shop import DeskShop

pytestmark = pytest.mark.e2e

RETURNS = "Верните товар за 14 дней."


def verdict(shop: DeskShop, turn_id: int = 1) -> tuple[Verdict, str | None]:
    """Return the current decision and the text that was sent."""
    with shop.store.read() as tx:
        decision = tx.decisions.find_live(turn_id)
    assert decision is not None
    return decision.verdict, decision.sent_text


def editor(page: Page) -> Locator:
    return page.locator(".composer textarea")


class SlowLink:
    """The page's websocket. Messages from the server can be held back, and follow in order."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._late: list[str | bytes] | None = None
        page.route_web_socket(lambda _url: True, self._connect)

    def _connect(self, page_side: WebSocketRoute) -> None:
        self._page_side = page_side
        page_side.connect_to_server().on_message(self._pass_on)

    def _pass_on(self, message: str | bytes) -> None:
        if self._late is None:
            self._page_side.send(message)
        else:
            self._late.append(message)

    def hold(self) -> None:
        self._late = []

    def release(self, *, after: str) -> None:
        """Release everything once a message with this text has arrived."""
        while not any(after in str(message) for message in self._late or []):
            self._page.wait_for_timeout(20)
        late, self._late = self._late or [], None
        for message in late:
            self._page_side.send(message)


def open_card(page: Page, text: str = RETURNS) -> None:
    expect(page.locator(".card__text").first).to_have_text(text)


# --- answering --------------------------------------------------------------------------------


def test_a_message_is_answered_with_one_key(shop: DeskShop, sit: Sit) -> None:
    page = sit()
    expect(page.get_by_text("Очередь пуста")).to_be_visible()
    conversation = shop.ask("как вернуть товар")
    open_card(page)  # by itself
    expect(page.locator(".bubble--theirs")).to_contain_text("как вернуть товар")
    page.keyboard.press("1")
    expect(page.locator(".bubble--ours")).to_contain_text(RETURNS)
    expect(page.locator(".bubble--ours .bubble__state")).to_contain_text("отправка через")
    expect(page.locator(".toast--undo")).to_contain_text("Отправка через")
    assert shop.outbox(conversation) == [RETURNS]
    assert verdict(shop) == (Verdict.ACCEPTED, RETURNS)


def test_enter_sends_the_first_suggestion_and_the_next_turn_opens_by_itself(shop: DeskShop, sit: Sit) -> None:
    shop.ask("как вернуть товар")
    shop.ask("где мой заказ", chat="8", name="Иван")
    page = sit()
    open_card(page)
    page.keyboard.press("Enter")
    open_card(page, "Обращение №2: проверьте раздел «Заказы».")
    expect(page.locator(".talk__name")).to_have_text("Иван")
    expect(page.locator(".queue__waiting .turn")).to_have_count(1)


def test_a_second_enter_in_haste_does_not_answer_the_next_customer(shop: DeskShop, sit: Sit) -> None:
    shop.ask("как вернуть товар")
    second = shop.ask("где мой заказ", chat="8", name="Иван")
    page = sit()
    open_card(page)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    open_card(page, "Обращение №2: проверьте раздел «Заказы».")
    page.wait_for_timeout(300)
    assert shop.outbox(second) == []


def test_a_suggestion_is_edited(shop: DeskShop, sit: Sit) -> None:
    conversation = shop.ask("как вернуть товар")
    page = sit()
    open_card(page)
    page.keyboard.press("e")
    expect(editor(page)).to_be_focused()
    expect(editor(page)).to_have_value(RETURNS)
    editor(page).fill("Верните товар за 30 дней, пожалуйста.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".bubble--ours")).to_contain_text("30 дней")
    assert verdict(shop) == (Verdict.EDITED_SUBSTANTIVE, "Верните товар за 30 дней, пожалуйста.")
    assert shop.outbox(conversation) == ["Верните товар за 30 дней, пожалуйста."]
    expect(editor(page)).to_have_value("")


def test_the_second_suggestion_is_edited_by_mouse(shop: DeskShop, sit: Sit) -> None:
    shop.ask("как вернуть товар")
    page = sit()
    open_card(page)
    page.locator(".card").nth(1).get_by_role("button", name="Изменить").click()
    expect(editor(page)).to_have_value("Нажмите «Отменить».")
    editor(page).press("End")
    page.keyboard.type(" Готово.")
    page.locator(".composer").get_by_role("button", name="Отправить").click()
    expect(page.locator(".bubble--ours")).to_contain_text("Готово.")
    with shop.store.read() as tx:
        stored = tx.decisions.find_live(1)
    assert stored is not None
    assert (stored.rank, stored.sent_text) == (2, "Нажмите «Отменить». Готово.")


def test_an_answer_of_ones_own(shop: DeskShop, sit: Sit) -> None:
    shop.ask("привет")
    page = sit()
    expect(page.get_by_text("Подсказок нет")).to_be_visible()
    page.keyboard.press("w")
    expect(editor(page)).to_be_focused()
    page.keyboard.type("Здравствуйте! Чем помочь? 123")  # keys are letters here
    page.keyboard.press("Enter")
    page.keyboard.type("Пишите.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".bubble--ours")).to_contain_text("Пишите.")
    assert verdict(shop) == (Verdict.WROTE_OWN, "Здравствуйте! Чем помочь? 123\nПишите.")


def test_a_rejection_with_a_reason_and_nothing_to_send(shop: DeskShop, sit: Sit) -> None:
    conversation = shop.ask("как вернуть товар")
    page = sit()
    open_card(page)
    page.keyboard.press("r")
    expect(page.get_by_text("Что не так с подсказками?")).to_be_visible()
    page.keyboard.press("5")
    expect(page.get_by_text("Отклонено: Ответ не нужен")).to_be_visible()
    expect(editor(page)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Всё отвечено")).to_be_visible()
    assert verdict(shop) == (Verdict.REJECTED, None)
    with shop.store.read() as tx:
        stored = tx.decisions.find_live(1)
    assert stored is not None
    assert stored.reason is RejectReason.NOT_A_QUESTION
    assert shop.outbox(conversation) == []


def test_a_rejection_with_an_answer_of_ones_own(shop: DeskShop, sit: Sit) -> None:
    shop.ask("как вернуть товар")
    page = sit()
    open_card(page)
    page.keyboard.press("r")
    page.keyboard.press("2")
    expect(editor(page)).to_be_focused()
    page.keyboard.type("Теперь возврат за 60 дней.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".bubble--ours")).to_contain_text("60 дней")
    assert verdict(shop) == (Verdict.REJECTED, "Теперь возврат за 60 дней.")


def test_another_article_is_found_and_sent(shop: DeskShop, sit: Sit) -> None:
    shop.ask("как вернуть товар")
    page = sit()
    open_card(page)
    page.keyboard.press("/")
    search = page.get_by_label("Другая статья")
    expect(search).to_be_focused()
    page.keyboard.type("деньги")
    expect(page.locator(".choice__question")).to_have_text(["Когда вернут деньги"])
    page.keyboard.press("Enter")
    expect(editor(page)).to_have_value("Деньги придут за 3 дня, Ольга.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".bubble--ours")).to_contain_text("Деньги придут за 3 дня, Ольга.")
    assert verdict(shop) == (Verdict.PICKED_OTHER, "Деньги придут за 3 дня, Ольга.")


def test_keys_work_on_a_russian_layout(shop: DeskShop, sit: Sit) -> None:
    shop.ask("как вернуть товар")
    page = sit()
    open_card(page)
    # What a browser reports when E is pressed while the layout is Russian.
    page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'у', code: 'KeyE', bubbles: true}))"
    )
    expect(editor(page)).to_have_value(RETURNS)


def test_a_free_message_when_no_turn_waits(shop: DeskShop, sit: Sit) -> None:
    conversation = shop.ask("как вернуть товар")
    page = sit()
    open_card(page)
    page.keyboard.press("1")
    expect(page.get_by_text("Всё отвечено")).to_be_visible()
    page.keyboard.press("w")
    page.keyboard.type("И ещё: чек не нужен.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".bubble--ours")).to_have_count(2)
    assert shop.outbox(conversation) == [RETURNS, "И ещё: чек не нужен."]
    assert len(shop.deliver()) == 0  # in order: the first one is still held


def test_a_field_that_is_not_filled_in_is_named_and_the_text_stays(shop: DeskShop, sit: Sit) -> None:
    conversation = shop.ask("привет")
    page = sit()
    expect(page.get_by_text("Подсказок нет")).to_be_visible()
    page.keyboard.press("w")
    expect(editor(page)).to_be_focused()
    page.keyboard.type("Заказ {order_number} едет.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".toast--bad")).to_contain_text("{order_number}")
    expect(editor(page)).to_have_value("Заказ {order_number} едет.")
    assert shop.outbox(conversation) == []


# --- undo -------------------------------------------------------------------------------------


def test_undo_gives_turn_and_text_back(shop: DeskShop, sit: Sit) -> None:
    first = shop.ask("как вернуть товар")
    shop.ask("где мой заказ", chat="8", name="Иван")
    page = sit()
    open_card(page)
    page.keyboard.press("e")
    expect(editor(page)).to_have_value(RETURNS)
    editor(page).fill("Верните за 10 дней.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".talk__name")).to_have_text("Иван")
    page.keyboard.press("z")
    expect(page.locator(".talk__name")).to_have_text("Ольга")
    expect(editor(page)).to_have_value("Верните за 10 дней.")
    expect(page.locator(".toast--undo")).to_be_hidden()
    expect(page.locator(".queue__waiting .turn")).to_have_count(2)
    assert shop.outbox(first) == []


def test_without_a_decision_there_is_nothing_to_undo(shop: DeskShop, sit: Sit) -> None:
    shop.ask("как вернуть товар")
    page = sit()
    open_card(page)
    page.keyboard.press("z")
    expect(page.locator(".toast")).to_contain_text(["Отменять нечего."])


# --- others write and answer too --------------------------------------------------------------


def test_typed_text_and_focus_survive_a_refresh_of_the_queue(shop: DeskShop, sit: Sit) -> None:
    shop.ask("как вернуть товар")
    page = sit()
    open_card(page)
    page.keyboard.press("w")
    page.keyboard.type("Минуту, ")
    shop.ask("где мой заказ", chat="8", name="Иван")
    expect(page.locator(".queue__waiting .turn")).to_have_count(2)
    page.keyboard.type("смотрю.")
    shop.say("и ещё", chat="7")
    shop.triager.run_once()
    expect(page.locator(".talk__banner").or_(page.locator(".bubble--theirs").nth(1)).first).to_be_visible()
    page.keyboard.type(" Да.")
    expect(editor(page)).to_be_focused()
    expect(editor(page)).to_have_value("Минуту, смотрю. Да.")


def test_escape_leaves_the_field_however_late_the_server_answers(shop: DeskShop, sit: Sit) -> None:
    shop.ask("как вернуть товар")
    shop.ask("где мой заказ", chat="8", name="Иван")
    page = sit()
    link = SlowLink(page)
    page.reload()
    open_card(page)
    link.hold()
    page.keyboard.press("w")
    page.keyboard.type("Черновик")
    page.keyboard.press("Escape")
    link.release(after="sufler.release()")
    page.wait_for_timeout(100)  # a field would get the cursor in the next frame
    page.keyboard.press("j")
    expect(page.locator(".talk__name")).to_have_text("Иван")
    page.keyboard.press("k")
    expect(editor(page)).to_have_value("Черновик")
    expect(editor(page)).not_to_be_focused()


def test_a_draft_survives_another_conversation_and_a_reload(shop: DeskShop, sit: Sit) -> None:
    shop.ask("как вернуть товар")
    shop.ask("где мой заказ", chat="8", name="Иван")
    page = sit()
    open_card(page)
    page.keyboard.press("w")
    page.keyboard.type("Черновик")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator(".talk__name")).to_have_text("Иван")
    expect(editor(page)).to_have_value("")
    page.keyboard.press("k")
    expect(editor(page)).to_have_value("Черновик")
    page.reload()
    expect(editor(page)).to_have_value("Черновик")


def test_the_second_of_two_operators_is_told_who_was_faster(shop: DeskShop, sit: Sit) -> None:
    conversation = shop.ask("как вернуть товар")
    anna, boris = sit("anna"), sit("boris")
    open_card(anna)
    open_card(boris)
    expect(anna.locator(".mark--others")).to_contain_text("boris")
    boris.keyboard.press("w")
    boris.keyboard.type("Сейчас отвечу")
    anna.keyboard.press("1")
    expect(boris.locator(".toast--bad")).to_contain_text("Этому клиенту уже ответил другой сотрудник: anna.")
    expect(editor(boris)).to_have_value("Сейчас отвечу")
    assert verdict(shop) == (Verdict.ACCEPTED, RETURNS)
    boris.keyboard.press("Control+Enter")  # does not go beside her answer without a question
    expect(boris.get_by_text("Коллега уже ответил")).to_be_visible()
    assert shop.outbox(conversation) == [RETURNS]
    boris.keyboard.press("Control+Enter")
    expect(editor(boris)).to_have_value("")
    assert shop.outbox(conversation) == [RETURNS, "Сейчас отвечу"]


def test_a_colleague_who_has_closed_the_page_is_not_viewing(shop: DeskShop, sit: Sit) -> None:
    shop.ask("как вернуть товар")
    anna, boris = sit("anna"), sit("boris")
    open_card(boris)
    expect(anna.locator(".mark--others")).to_contain_text("boris")
    boris.close()
    expect(anna.locator(".mark--others")).to_have_text("")


def test_two_operators_get_different_customers(shop: DeskShop, sit: Sit) -> None:
    shop.ask("как вернуть товар")
    shop.ask("где мой заказ", chat="8", name="Иван")
    anna = sit("anna")
    expect(anna.locator(".talk__name")).to_have_text("Ольга")
    boris = sit("boris")
    expect(boris.locator(".talk__name")).to_have_text("Иван")


def test_a_nudge_leaves_the_suggestions_where_they_are(shop: DeskShop, sit: Sit) -> None:
    conversation = shop.ask("как вернуть товар")
    page = sit()
    open_card(page)
    shop.ask("ау?")
    expect(page.locator(".bubble--theirs")).to_have_count(2)
    expect(page.locator(".queue__waiting .turn")).to_have_count(1)
    expect(page.locator(".question")).to_have_count(0)
    page.keyboard.press("1")
    expect(page.locator(".bubble--ours")).to_contain_text(RETURNS)
    assert shop.outbox(conversation) == [RETURNS]
    assert verdict(shop) == (Verdict.ACCEPTED, RETURNS)
    assert shop.desk.queue() == []


def test_two_questions_are_answered_one_after_the_other(shop: DeskShop, sit: Sit) -> None:
    conversation = shop.ask("как вернуть товар")
    page = sit()
    open_card(page)
    shop.ask("и где мой заказ?")
    questions = page.locator(".question")
    expect(questions).to_contain_text(["Вопрос 1 из 2", "Вопрос 2 из 2"])
    expect(page.locator(".question[aria-current]")).to_contain_text("как вернуть товар")
    page.keyboard.press("q")
    open_card(page, "Обращение №1: проверьте раздел «Заказы».")
    page.keyboard.press("q")
    open_card(page)
    page.wait_for_timeout(600)  # keys rest after a change
    page.keyboard.press("1")
    open_card(page, "Обращение №1: проверьте раздел «Заказы».")  # the other question of the same customer
    expect(questions).to_have_count(0)
    expect(page.locator(".queue__waiting .turn")).to_have_count(1)
    assert shop.outbox(conversation) == [RETURNS]
    page.keyboard.press("d")  # the first answer was enough
    expect(page.get_by_text("Очередь пуста")).to_be_visible()
    page.keyboard.press("z")
    expect(questions).to_have_count(2)


def test_keys_rest_when_the_suggestions_change_under_the_finger(shop: DeskShop, sit: Sit) -> None:
    conversation = shop.ask("про деньги")
    page = sit()
    open_card(page, "Деньги придут за 3 дня, Ольга.")
    shop.say("мой заказ отменить")
    shop.triage()
    open_card(page, "Нажмите «Отменить».")
    page.keyboard.press("1")
    expect(page.get_by_text("Не отправлено: подсказки только что сменились.")).to_be_visible()
    assert shop.outbox(conversation) == []
    page.wait_for_timeout(500)
    page.keyboard.press("1")
    expect(page.locator(".bubble--ours")).to_contain_text("Нажмите «Отменить».")


def test_while_suggestions_are_made_the_page_says_so(shop: DeskShop, sit: Sit) -> None:
    conversation = shop.ask("как вернуть товар")
    page = sit()
    open_card(page)
    page.keyboard.press("1")
    expect(page.get_by_text("Всё отвечено")).to_be_visible()
    shop.say("где мой заказ")
    expect(page.get_by_text("Подбираем ответ…")).to_be_visible()
    page.keyboard.press("1")
    expect(page.get_by_text("Не отправлено: подсказки ещё подбираются.")).to_be_visible()
    shop.triage()
    open_card(page, "Обращение №1: проверьте раздел «Заказы».")
    assert shop.outbox(conversation) == [RETURNS]


def test_whoever_has_waited_longest_stands_first(shop: DeskShop, sit: Sit) -> None:
    shop.ask("как вернуть товар")
    shop.ask("где мой заказ", chat="8", name="Иван")
    page = sit()
    open_card(page)
    shop.ask("заказ 40018237")
    names = page.locator(".queue__waiting .turn__name")
    expect(names).to_have_text(["Ольга", "Иван"])
    expect(page.locator(".queue__waiting .turn__words").first).to_contain_text("заказ 40018237")
    page.wait_for_timeout(600)  # keys rest after a change
    page.keyboard.press("1")
    expect(names).to_have_text(["Иван"])


def test_a_conversation_that_was_open_is_found_again(shop: DeskShop, sit: Sit) -> None:
    shop.ask("как вернуть товар")
    shop.ask("где мой заказ", chat="8", name="Иван")
    page = sit()
    open_card(page)
    page.keyboard.press("1")
    expect(page.locator(".talk__name")).to_have_text("Иван")
    page.locator(".queue__recent + ol").get_by_role("button", name="Ольга").click()
    expect(page.locator(".talk__name")).to_have_text("Ольга")


def test_supervisors_see_how_much_there_is_to_do(shop: DeskShop, sit: Sit) -> None:
    shop.ask("как вернуть товар")
    expect(sit("vera").locator(".bar__counts")).to_have_text("В очереди: 1 · отправляется: 0")
    expect(sit("anna").locator(".bar__counts")).to_have_text("")


# --- what is on the screen --------------------------------------------------------------------


def test_customers_words_are_shown_and_never_run(shop: DeskShop, sit: Sit) -> None:
    nasty = (
        "<img src=x onerror=alert(1)><script>alert(2)</script> {{constructor.constructor('alert(3)')()}} "
        "javascript:alert(4) ${alert(5)} `alert(6)`"
    )
    dialogs: list[Dialog] = []
    conversation = shop.ask(nasty, name="<b onmouseover=alert(7)>Ольга</b> :title=alert(8)")
    shop.desk.write(conversation, nasty, next(iter(shop.accounts.all())))
    page = sit()

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog)
        dialog.dismiss()

    page.on("dialog", note)
    expect(page.locator(".bubble--theirs .bubble__text")).to_have_text(nasty)
    page.reload()  # the first page that the server builds has them in its source
    expect(page.locator(".bubble--theirs .bubble__text")).to_have_text(nasty)
    expect(page.locator(".bubble--ours .bubble__text")).to_have_text(nasty)
    expect(page.locator(".talk__name")).to_have_text("<b onmouseover=alert(7)>Ольга</b> :title=alert(8)")
    assert page.locator(".talk img, .talk script, .queue img, .queue b").count() == 0
    page.wait_for_timeout(300)
    assert dialogs == []


def test_edits_forwards_and_attachments_are_marked(shop: DeskShop, sit: Sit) -> None:
    shop.say("где мой закас")
    shop.say("где мой заказ", replaces="1")
    shop.say("", kind=MessageKind.VOICE)
    shop.say("счёт", forwarded=True)
    shop.triager.run_once()
    page = sit()
    bubbles = page.locator(".bubble--theirs")
    expect(bubbles).to_have_count(3)
    expect(bubbles.nth(0)).to_contain_text("изменено")
    expect(bubbles.nth(0).locator(".bubble__text")).to_have_text("где мой заказ")
    expect(bubbles.nth(1)).to_contain_text("голосовое сообщение")
    expect(bubbles.nth(2)).to_contain_text("переслано")


def test_a_reply_of_unknown_fate_is_counted_and_settled(shop: DeskShop, sit: Sit) -> None:
    conversation = shop.ask("как вернуть товар")
    shop.desk.write(conversation, "Смотрю.", shop.accounts.all()[0])
    (message,) = shop.deliveries.claim(["telegram"])
    shop.deliveries.mark_unknown(message, "timed out")
    page = sit()
    page.get_by_role("button", name="Не доставлен 1 ответ").click()
    expect(page.locator(".trouble")).to_contain_text("доставка не подтверждена")
    expect(page.locator(".bubble--unknown")).to_be_visible()
    page.locator(".trouble").get_by_role("button", name="Отметить доставленным").click()
    expect(page.locator(".trouble")).to_have_count(0)
    expect(page.locator(".bubble--sent")).to_contain_text("обработано: anna")
    assert [reply.state for reply in shop.desk.conversation(conversation).replies] == [OutboxState.SENT]


def test_a_reply_that_failed_is_sent_again(shop: DeskShop, sit: Sit) -> None:
    conversation = shop.ask("как вернуть товар")
    shop.desk.write(conversation, "Смотрю.", shop.accounts.all()[0])
    (message,) = shop.deliveries.claim(["telegram"])
    shop.deliveries.mark_refused(message, "chat not found")
    page = sit()
    page.locator(".bubble--failed").get_by_role("button", name="Отправить ещё раз").click()
    expect(page.locator(".bubble--pending")).to_be_visible()
    assert [message.text for message in shop.deliver()] == ["Смотрю."]
    expect(page.locator(".bubble--sent")).to_be_visible()


def test_nothing_comes_from_elsewhere(shop: DeskShop, sit: Sit, address: str) -> None:
    shop.ask("как вернуть товар")
    page = sit()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    open_card(page)
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []


def test_the_keys_are_listed(sit: Sit) -> None:
    page = sit()
    expect(page.get_by_text("Все обращения обработаны")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Горячие клавиши")).to_contain_text("править первую подсказку")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Горячие клавиши")).to_be_hidden()


def test_a_conversation_opens_by_its_address(shop: DeskShop, sit: Sit, address: str) -> None:
    shop.ask("как вернуть товар")
    second = shop.ask("где мой заказ", chat="8", name="Иван")
    page = sit()
    page.goto(f"{address}/desk?conversation={second}")
    expect(page.locator(".talk__name")).to_have_text("Иван")


@pytest.mark.parametrize("width", [1280, 700, 390])
def test_nothing_is_cut_off(shop: DeskShop, sit: Sit, width: int) -> None:
    shop.ask("как вернуть товар " * 30, name="Константин Константинопольский-Преображенский")
    page = sit(width=width, height=800)
    expect(page.locator(".card").first).to_be_visible()
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0


# --- who may ----------------------------------------------------------------------------------


def test_a_disabled_account_loses_its_open_page(shop: DeskShop, sit: Sit) -> None:
    shop.accounts.add("root", Role.ADMIN, PASSWORD)
    conversation = shop.ask("как вернуть товар")
    page = sit()
    open_card(page)
    shop.accounts.disable("anna")
    page.keyboard.press("1")
    expect(page.get_by_label("Пароль")).to_be_visible()
    assert shop.outbox(conversation) == []


def test_a_page_that_cannot_connect_asks_whether_its_session_has_ended(shop: DeskShop, sit: Sit) -> None:
    shop.accounts.add("root", Role.ADMIN, PASSWORD)
    shop.ask("как вернуть товар")
    page = sit()
    open_card(page)

    def end_account(socket: WebSocketRoute) -> None:
        shop.accounts.disable("anna")
        socket.connect_to_server()

    page.add_init_script("window.setInterval = () => 0")  # nothing asks from time to time
    page.route_web_socket(lambda _url: True, end_account)
    page.reload()
    expect(page.get_by_label("Пароль")).to_be_visible()


def test_logging_out_in_one_tab_ends_the_others(shop: DeskShop, sit: Sit, address: str) -> None:
    shop.ask("как вернуть товар")
    page = sit()
    other = page.context.new_page()
    other.goto(f"{address}/desk")
    open_card(other)
    page.get_by_role("button", name="Выйти").click()
    expect(page.get_by_label("Пароль")).to_be_visible()
    expect(other.get_by_label("Пароль")).to_be_visible()


def test_the_language_is_switched_for_the_account(shop: DeskShop, sit: Sit) -> None:
    shop.ask("как вернуть товар")
    page = sit()
    expect(page.get_by_role("heading", name="Очередь")).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert shop.accounts.all()[0].language == "en"


def test_a_colleagues_decision_through_the_api_moves_the_page_on(shop: DeskShop, sit: Sit) -> None:
    shop.ask("как вернуть товар")
    shop.ask("где мой заказ", chat="8", name="Иван")
    page = sit()
    open_card(page)
    shop.accept(1, by="boris")
    expect(page.locator(".toast--bad")).to_contain_text("boris")
    expect(page.locator(".talk__name")).to_have_text("Иван")
