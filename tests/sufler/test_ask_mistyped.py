"""Mistyped questions find the intended articles, with the words of the current knowledge base."""

import json
from pathlib import Path

import pytest

from tests.command_line import run_well

pytestmark = pytest.mark.slow

CONFIG = "sufler:\n  encoder: {kind: tfidf}\n"
KB = """\
id,question,answer,topic,language
returns-how,Как вернуть товар?,Верните его за 14 дней.,returns,ru
delivery-cost,Сколько стоит доставка?,От 3000 рублей бесплатно.,delivery,ru
order-where,Где мой заказ?,Откройте «Мои заказы».,orders,ru
payment-en,How can I pay?,By card or in cash.,payment,en
"""


def test_a_question_with_typos_finds_its_article(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yml").write_text(CONFIG, encoding="utf-8")

    def run(*arguments: str) -> str:
        return run_well(*arguments, "--config", "config.yml")

    def ask(text: str) -> dict[str, object]:
        return {**json.loads(run("ask", text, "--json")), "utterance": None}

    (tmp_path / "kb.csv").write_text(KB, encoding="utf-8")
    run("kb", "import", "kb.csv")
    meant = ask("как вернуть товар")
    assert meant["suggestions"][0]["article_id"] == "returns-how"  # type: ignore[index]
    assert ask("Как вренуть товрар?") == ask("Как вернуть товар?")
    assert ask("сколко стоит достввка") == ask("сколько стоит доставка")
    assert json.loads(run("ask", "как вренуть товрар", "--json"))["utterance"] == "как вренуть товрар"

    (tmp_path / "kb.csv").write_text(KB + "new,Что такое Хвойник?,Магазин.,shop,ru\n", encoding="utf-8")
    run("kb", "import", "kb.csv")
    assert ask("что за хвойнник") == ask("что за хвойник")
    assert ask("что за хвойнник")["suggestions"][0]["article_id"] == "new"  # type: ignore[index]
