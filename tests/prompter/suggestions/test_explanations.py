from dataclasses import fields, replace
from math import exp

import pytest

from kb_index import LabeledText, Weights
from prompter.suggestions.confidence import FEATURES
from prompter.suggestions.explanations import explain
from tests.prompter.suggestions.test_assistant import assistant, knowledge
from tests.prompter.suggestions.test_ranker_training import taught, with_learned


@pytest.mark.parametrize("text", ["как вернуть товар", "где заказ мой", "когда деньги"])
def test_the_parts_are_what_the_suggestion_was_ranked_by(text: str) -> None:
    one = assistant()
    found = explain(one, text)
    suggested = one.suggest(text)
    assert [each.suggestion for each in found.suggestions] == list(suggested[:3])
    assert found.triage == one.triage(text)
    for each in found.suggestions:
        assert sum(part.points for part in each.ranked_by) == pytest.approx(each.relevance, abs=1e-4)
        sure = 1 / (1 + exp(-sum(part.points for part in each.sure_by)))
        assert each.suggestion.confidence == pytest.approx(sure, abs=1e-3)
        assert all(part.points == pytest.approx(part.value * part.weight, abs=1e-3) for part in each.sure_by)
    relevances = [each.relevance for each in found.suggestions]
    assert relevances == sorted(relevances, reverse=True)


def test_the_nearest_text_and_the_words_that_it_shares_are_named() -> None:
    first = explain(assistant(), "ВЕРНУТЬ как?").suggestions[0]
    assert first.nearest.text == "Как вернуть товар"
    assert first.shared_words == ("как", "вернуть")
    assert first.nearest.similarity == pytest.approx(first.suggestion.similarity, abs=1e-3)
    assert "вернуть" not in repr(first.nearest)


def test_confirmed_texts_that_voted_are_named() -> None:
    learned = taught(
        LabeledText(text="бабки отдайте", right=("refund-when",)),
        LabeledText(text="отдайте бабки уже", right=("refund-when",)),
        LabeledText(text="где мой заказ", right=("order-where",)),
    )
    learned = replace(learned, weights=replace(learned.weights, weight_votes=20.0))
    first = explain(with_learned(learned), "отдайте-ка бабки").suggestions[0]
    assert first.suggestion.article_id == "refund-when"
    assert {near.text for near in first.confirmed} == {"бабки отдайте", "отдайте бабки уже"}
    assert first.confirmed[0].similarity >= first.confirmed[1].similarity


def test_nothing_to_understand_and_nothing_to_find() -> None:
    assert explain(assistant(), "👍").suggestions == ()
    empty = replace(knowledge([]), intents=None)
    found = explain(assistant(empty), "где мой заказ")
    assert (found.suggestions, found.in_scope, found.read_as) == ((), None, "где мой заказ")


def test_a_frozen_assistant_does_not_notice_what_comes_later() -> None:
    one = assistant()
    before, still = one.suggest("где мой заказ"), one.frozen()
    one.replace_knowledge(knowledge([]))
    assert one.suggest("где мой заказ") == ()
    assert still.suggest("где мой заказ") == before
    assert still.triage("где мой заказ").suggestions == before[:3]


def test_every_weight_of_the_search_is_explained() -> None:
    first = explain(assistant(), "где мой заказ").suggestions[0]
    assert {part.name for part in first.ranked_by} == {
        Weights.STORED_NAMES[field.name] for field in fields(Weights)
    }
    assert [part.name for part in first.sure_by] == list(FEATURES)
