"""Killing the process at any step of a conversation loses no message and repeats no reply."""

import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.killable import KillableProduct
from tests.e2e.product import PATIENCE, wait_for
from tests.emulators.telegram import Fault, TelegramEmulator

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

CHAT = 7
USE_CASES = [
    "Reception._receive",
    "Triager._triage",
    "Desk._decide",
    "Deliveries.claim_one",
    "Deliveries._settle",
]
# Before a commit nothing has happened yet, whatever the use case is: one is enough for the shorter run.
MOMENTS = [
    *(f"after:{use_case}" for use_case in USE_CASES),
    "before:Desk._decide",
    "during:Triager._triage",
    *(
        pytest.param(f"before:{use_case}", marks=pytest.mark.full)
        for use_case in USE_CASES
        if use_case != "Desk._decide"
    ),
]


@pytest.fixture
def product(
    tmp_path: Path, installation: tuple[Path, str], telegram: TelegramEmulator
) -> Iterator[KillableProduct]:
    template, token = installation
    with KillableProduct(tmp_path / "product", template, token, telegram, encoder="tfidf") as product:
        yield product


def converse(product: KillableProduct) -> None:
    """Accept every suggestion, restarting the program when it is dead, until a reply is settled."""

    def is_settled() -> bool:
        if not product.is_running():
            product.fork()
        try:
            decided = product.accept_first()
            if decided is not None:
                assert decided.status_code in (200, 409), decided.text
            conversation = product.get("/api/conversations/1")
        except (httpx.TransportError, httpx.HTTPStatusError):
            return False  # it has just died, or the customer's message is not there yet
        return any(reply["state"] in ("sent", "unknown") for reply in conversation["replies"])

    wait_for(is_settled, seconds=2 * PATIENCE)


def assert_all_is_well(product: KillableProduct, telegram: TelegramEmulator) -> None:
    """Check for one message, one decision, and at most one reply, known or shown as unknown."""
    conversation = product.get("/api/conversations/1")
    assert [message["text"] for message in conversation["messages"]] == ["как вернуть товар"]
    assert product.get("/api/queue") == []
    (reply,) = conversation["replies"]
    sent = telegram.sent_to(CHAT)
    if reply["state"] == "sent":
        assert sent == [reply["text"]]
    else:
        assert reply["state"] == "unknown"
        assert len(sent) <= 1
        assert [troubled["id"] for troubled in product.get("/api/replies/troubled")] == [reply["id"]]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_commit_loses_nothing_and_repeats_nothing(
    product: KillableProduct, telegram: TelegramEmulator, moment: str
) -> None:
    product.fork(moment)
    telegram.customer_says(CHAT, "как вернуть товар")
    converse(product)
    assert (product.folder / "killed").read_text(encoding="utf-8") == moment
    assert_all_is_well(product, telegram)


def test_a_kill_between_sending_and_marking_leaves_an_unknown_fate(
    product: KillableProduct, telegram: TelegramEmulator
) -> None:
    product.fork()
    telegram.fail_next("sendMessage", Fault.slow(1.5))
    telegram.customer_says(CHAT, "как вернуть товар")
    wait_for(product.accept_first)
    telegram.wait_for(lambda: telegram.sent_to(CHAT), seconds=PATIENCE)
    product.kill()
    product.fork()
    converse(product)
    (reply,) = product.get("/api/replies/troubled")
    assert reply["state"] == "unknown"
    assert_all_is_well(product, telegram)
    product.post(f"/api/replies/{reply['id']}/settle", send_again=False)
    assert product.get("/api/replies/troubled") == []
    assert len(telegram.sent_to(CHAT)) == 1


def test_a_person_may_send_a_reply_of_unknown_fate_again(
    product: KillableProduct, telegram: TelegramEmulator
) -> None:
    product.fork()
    telegram.fail_next("sendMessage", Fault(close=True))  # the connection breaks; it was not accepted
    telegram.customer_says(CHAT, "как вернуть товар")
    converse(product)
    (reply,) = product.get("/api/replies/troubled")
    product.post(f"/api/replies/{reply['id']}/settle", send_again=True)
    telegram.wait_for(lambda: telegram.sent_to(CHAT) == [reply["text"]], seconds=PATIENCE)
    wait_for(lambda: product.get("/api/replies/troubled") == [])


def test_the_program_ends_in_good_order_when_asked(
    product: KillableProduct, telegram: TelegramEmulator
) -> None:
    product.start()
    telegram.customer_says(CHAT, "как вернуть товар")
    wait_for(lambda: product.get("/api/queue"))
    assert product.stop() == 0
