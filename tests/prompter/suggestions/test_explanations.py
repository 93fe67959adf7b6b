from dataclasses import fields, replace
from math import exp
from typing import Any, cast

import pytest

from kb_index import ArticleSearch, LabeledText, Weights
from prompter.suggestions.confidence import FEATURES
from prompter.suggestions.explanations import explain
from prompter.suggestions.routing import route
from tests.prompter.suggestions.test_assistant import assistant, knowledge
from tests.prompter.suggestions.test_ranker_training import fit, with_learned


class CountedSearch:
    """A search that counts its calls."""

    def __init__(self, search: ArticleSearch) -> None:
        self._search = search
        self.searches = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._search, name)

    def search(self, *args: Any, **named: Any) -> Any:
        self.searches += 1
        return self._search.search(*args, **named)


@pytest.mark.parametrize("text", ["как вернуть товар", "где заказ мой", "когда деньги"])
def test_the_parts_are_what_the_suggestion_was_ranked_by(text: str) -> None:
    shop_assistant = assistant()
    found = explain(shop_assistant.trace(text))
    suggested = shop_assistant.suggest(text)
    assert [explained.suggestion for explained in found.suggestions] == list(suggested[:3])
    assert found.triage == shop_assistant.triage(text)
    for explained in found.suggestions:
        assert sum(part.points for part in explained.ranked_by) == pytest.approx(
            explained.relevance, abs=1e-4
        )
        sure = 1 / (1 + exp(-sum(part.points for part in explained.sure_by)))
        assert explained.suggestion.confidence == pytest.approx(sure, abs=1e-3)
        assert all(
            part.points == pytest.approx(part.value * part.weight, abs=1e-3) for part in explained.sure_by
        )
    relevances = [explained.relevance for explained in found.suggestions]
    assert relevances == sorted(relevances, reverse=True)


def test_the_nearest_text_and_the_words_that_it_shares_are_named() -> None:
    first = explain(assistant().trace("ВЕРНУТЬ как?")).suggestions[0]
    assert first.nearest.text == "Как вернуть товар"
    assert first.shared_words == ("как", "вернуть")
    assert first.nearest.similarity == pytest.approx(first.suggestion.similarity, abs=1e-3)
    assert "вернуть" not in repr(first.nearest)


def test_confirmed_texts_that_voted_are_named() -> None:
    learned = fit(
        LabeledText(text="бабки отдайте", right=("refund-when",)),
        LabeledText(text="отдайте бабки уже", right=("refund-when",)),
        LabeledText(text="где мой заказ", right=("order-where",)),
    )
    learned = replace(learned, weights=replace(learned.weights, weight_votes=20.0))
    first = explain(with_learned(learned).trace("отдайте-ка бабки")).suggestions[0]
    assert first.suggestion.article_id == "refund-when"
    assert {near.text for near in first.confirmed} == {"бабки отдайте", "отдайте бабки уже"}
    assert first.confirmed[0].similarity >= first.confirmed[1].similarity


def test_nothing_to_understand_and_nothing_to_find() -> None:
    assert explain(assistant().trace("👍")).suggestions == ()
    empty = replace(knowledge([]), intents=None)
    found = explain(assistant(empty).trace("где мой заказ"))
    assert (found.suggestions, found.in_scope, found.read_as) == ((), None, "где мой заказ")


def test_one_search_describes_one_triage() -> None:
    state = knowledge()
    counted = CountedSearch(state.search)
    shop_assistant = assistant(replace(state, search=cast("ArticleSearch", counted)))
    found = explain(shop_assistant.trace("где мой заказ"))
    assert (counted.searches, len(found.suggestions)) == (1, 3)


def test_what_is_learned_meanwhile_does_not_change_an_explanation() -> None:
    shop_assistant = assistant()
    before = explain(shop_assistant.trace("где мой заказ"))
    trace = shop_assistant.trace("где мой заказ")
    shop_assistant.replace_knowledge(knowledge([]))
    assert explain(shop_assistant.trace("где мой заказ")).suggestions == ()
    assert explain(trace) == before


def test_a_trace_holds_what_the_rules_looked_at() -> None:
    trace = assistant().trace("где мой заказ")
    assert trace.signals is not None
    assert [candidate.confidence for candidate in trace.signals.candidates] == [
        suggestion.confidence for suggestion in trace.suggestions
    ]
    assert [hit.article.id for hit in trace.hits] == [
        suggestion.article_id for suggestion in trace.suggestions
    ]
    assert route(trace.signals, trace.knowledge.thresholds) == (
        trace.triage.route,
        trace.triage.handoff_reason,
    )


def test_every_weight_of_the_search_is_explained() -> None:
    first = explain(assistant().trace("где мой заказ")).suggestions[0]
    assert {part.name for part in first.ranked_by} == {
        Weights.STORED_NAMES[field.name] for field in fields(Weights)
    }
    assert [part.name for part in first.sure_by] == list(FEATURES)
