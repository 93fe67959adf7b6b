"""Twenty customers write the most expensive messages: all are triaged, and the models read little.

scripts/check_health_under_load.py measures how long everybody else waits meanwhile.
"""

import uuid

import pytest
from fastapi.testclient import TestClient

from bot.webchat import web_chat_router
from nlu.text import MAX_LENGTH
from prompter.conversations.customer_view import CustomerViews
from prompter.models import builder
from sufler.settings import Settings
from tests.adversarial import KINDS
from tests.encoders import LetterEncoder
from tests.fakes import SHOP
from tests.shipped import WEB_CHAT
from tests.web_shop import OURS, WebShop


@pytest.mark.slow
def test_twenty_messages_made_to_cost_are_all_triaged(shop: WebShop) -> None:
    encoder = LetterEncoder()
    assistant = builder.build_assistant(Settings().models, SHOP, encoder=encoder)
    learned = len(encoder.encoded)
    chat = web_chat_router(
        reception=shop.reception,
        feedback=shop.feedback,
        views=CustomerViews(shop.store),
        secret="a secret",
        **WEB_CHAT,
    )
    app = shop.build(chat)
    kinds = list(KINDS)[:: len(KINDS) // 20][:20]
    for kind in kinds:
        customer = TestClient(app, headers=OURS)
        assert customer.get("/chat").status_code == 200
        sent = customer.post(
            "/chat/messages", json={"id": str(uuid.uuid4()), "text": "x" + KINDS[kind](3999)}
        )
        assert sent.status_code == 200, kind
    shop.clock.forward(60)
    assert shop.worker(assistant).run_once() == 20
    assert shop.desk.workload().waiting == 20
    read = encoder.encoded[learned:]
    assert len(read) == 20
    assert max(map(len, read)) <= MAX_LENGTH
