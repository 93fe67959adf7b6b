"""Questions in the wrong layout or in Latin letters find the intended articles."""

import json
from pathlib import Path

import pytest

from tests.command_line import run_well
from tests.small_talk import write_small_talk

KB = """\
id,question,answer,topic,language
returns-how,Как вернуть товар?,Верните его за 14 дней.,returns,ru
delivery-cost,Сколько стоит доставка?,От 3000 рублей бесплатно.,delivery,ru
order-where,Где мой заказ?,Откройте «Мои заказы».,orders,ru
order-where-en,Where is my order?,Open My orders.,orders,en
payment-en,How can I pay?,By card or in cash.,payment,en
"""


@pytest.mark.slow
def test_garbled_questions_find_the_articles_of_what_was_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUFLER_TRAINING_DATA", str(write_small_talk(tmp_path / "small-talk")))
    (tmp_path / "kb.csv").write_text(KB, encoding="utf-8")

    def suggestions(text: str) -> list[tuple[str, float]]:
        triage = json.loads(run_well("ask", text, "--json"))
        return [(suggestion["article_id"], suggestion["confidence"]) for suggestion in triage["suggestions"]]

    run_well("kb", "import", "kb.csv")
    meant = suggestions("как вернуть товар")
    assert meant[0][0] == "returns-how"
    assert suggestions("rfr dthyenm njdfh") == meant
    assert suggestions("Ghbdtn! Kak vernut' TOVAR") == meant
    where = suggestions("where is my order")
    assert where[0][0] == "order-where-en"
    assert suggestions("цруку шы ьн щквук") == where
