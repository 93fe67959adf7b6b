from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from kb_index import ArticleSearch, Weights
from nlu.reader import TextReader
from prompter.suggestions.ranking_weights import Ranking, fit_weights, rerank
from tests.encoders import LetterEncoder
from tests.fakes import SHOP
from tests.prompter.suggestions.test_assistant import CONFIG

PRIOR = Weights(
    weight_question=10,
    weight_passage=5,
    weight_words=2,
    weight_characters=1,
    weight_language=1,
    weight_votes=3,
    weight_lda=1,
)


def rankings(n: int, truth: Weights) -> list[Ranking]:
    """Generate rankings of ten hits, with the right hit drawn by the softmax of relevance under `truth`."""
    random = np.random.default_rng(0)
    weights = np.array(
        [
            truth.weight_question,
            truth.weight_passage,
            truth.weight_words,
            truth.weight_characters,
            truth.weight_votes,
            truth.weight_lda,
        ]
    )
    drawn = []
    for _ in range(n):
        signals = random.uniform(0, 1, (10, 6))
        relevance = signals @ weights
        odds = np.exp(relevance - relevance.max())
        right = random.choice(10, p=odds / odds.sum())
        drawn.append(Ranking(signals=signals, offset=np.zeros(10), is_right=np.arange(10) == right))
    return drawn


def test_without_verdicts_the_weights_stay() -> None:
    assert fit_weights([], PRIOR, strength=10) == PRIOR
    none_right = replace(rankings(1, PRIOR)[0], is_right=np.zeros(10, dtype=np.bool_))
    assert fit_weights([none_right], PRIOR, strength=10) == PRIOR


def test_verdicts_move_the_weights_to_what_tells_right_from_wrong() -> None:
    truth = replace(PRIOR, weight_votes=9.0, weight_question=2.0)
    fitted = fit_weights(rankings(3000, truth), PRIOR, strength=10)
    assert fitted.weight_votes == pytest.approx(9, rel=0.1)
    assert fitted.weight_question == pytest.approx(2, abs=0.5)
    few = fit_weights(rankings(5, truth), PRIOR, strength=10)
    assert abs(few.weight_votes - 3) < abs(fitted.weight_votes - 3)


def test_what_tells_nothing_gets_no_weight_but_never_a_negative_one() -> None:
    contrary = replace(PRIOR, weight_words=-4.0)
    assert fit_weights(rankings(2000, contrary), PRIOR, strength=10).weight_words == 0


def test_hits_reranked_are_what_a_search_with_those_weights_finds() -> None:
    reader = TextReader(LetterEncoder())
    search = ArticleSearch.build(SHOP, reader=reader, config=CONFIG)
    utterance = reader.read("когда мне вернут заказ")
    new = replace(PRIOR, weight_question=1, weight_words=30)
    before = search.search(utterance, 4, on=date(2026, 3, 2)).hits
    after = search.search(utterance, 4, on=date(2026, 3, 2), weights=new).hits
    ours = rerank(before, CONFIG, new)
    assert [hit.article.id for hit in ours] == [hit.article.id for hit in after]
    assert [hit.article.id for hit in ours] != [hit.article.id for hit in before]
    assert [hit.relevance for hit in ours] == pytest.approx([hit.relevance for hit in after], abs=1e-5)
    assert [hit.probability for hit in ours] == pytest.approx([hit.probability for hit in after], abs=1e-5)
    assert rerank((), CONFIG, new) == ()
