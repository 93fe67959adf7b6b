from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from nlu.classifier import IntentClassifier
from nlu.errors import BadTrainingData
from nlu.ngrams import NgramHasher
from tests.encoders import LetterEncoder

TEXTS = ["где мой заказ", "когда приедет заказ", "верните деньги", "хочу вернуть деньги"]
INTENTS = ["order", "order", "refund", "refund"]


def classifier(**settings: Any) -> IntentClassifier:
    return IntentClassifier(LetterEncoder(), **settings)


def test_it_finds_intents_it_has_seen_the_like_of() -> None:
    model = classifier().fit(TEXTS, INTENTS)
    assert model.predict(["а где заказ", "деньги верните"]).tolist() == ["order", "refund"]
    probabilities = model.predict_proba(["а где заказ"])
    assert probabilities.shape == (1, 2)
    assert probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_scikit_learns_promise() -> None:
    model = classifier(ridge=0.7)
    assert clone(model, safe=False).get_params()["ridge"] == 0.7
    assert model.fit(TEXTS, INTENTS) is model
    assert model.classes_.tolist() == ["order", "refund"]
    assert model.score(TEXTS, INTENTS) == 1.0


def test_vectors_may_be_handed_in_so_that_nothing_is_encoded_twice() -> None:
    encoder = LetterEncoder()
    vectors = encoder.encode(TEXTS, kind="query")
    expected = classifier().fit(TEXTS, INTENTS).predict_proba(["где"])
    encoder.encoded.clear()
    model = IntentClassifier(encoder).fit(TEXTS, INTENTS, vectors)
    assert model.predict_proba(["где"], encoder.encode(["где"], kind="query")) == pytest.approx(expected)
    assert encoder.encoded == ["order", "refund", "где"]  # the intents' names are read too


def test_one_text_and_many_texts_get_the_same_values() -> None:
    model = classifier().fit(TEXTS, INTENTS)
    asked = ["где заказ", "деньги", ""]
    many = model.predict_proba(asked)
    for row, text in enumerate(asked):
        vector = LetterEncoder().encode([text], kind="query")[0]
        prediction = model.model_.predict(vector, NgramHasher().analyze([text]))
        assert prediction.probabilities == pytest.approx(many[row], abs=1e-5)
        assert prediction.confidence == pytest.approx(float(many[row].max()), abs=1e-5)


def test_leave_one_out_values_are_those_of_leaving_one_out() -> None:
    from nlu.classifier import _solve

    random = np.random.default_rng(0)
    points = random.normal(size=(12, 3)).astype(np.float32)
    matrix, targets = points @ points.T, np.arange(12) % 3
    ridge = np.linspace(0.1, 0.6, 12, dtype=np.float32)  # some examples are surer than others
    _, held_out = _solve(np.tril(matrix).copy(), targets, 3, ridge)
    for row in range(12):
        rest = np.delete(np.arange(12), row)
        memberships = np.eye(3)[targets[rest]] - 1 / 3
        weights = np.linalg.solve(matrix[np.ix_(rest, rest)] + np.diag(ridge[rest]), memberships)
        assert held_out[row] == pytest.approx(matrix[row, rest] @ weights, abs=1e-3)


def test_one_example_per_intent_is_enough() -> None:
    model = classifier().fit(["где заказ", "верните деньги"], ["order", "refund"])
    assert model.predict(["деньги назад верните"]).tolist() == ["refund"]


def test_a_single_intent_is_always_the_answer() -> None:
    model = classifier().fit(["где заказ"], ["order"])
    assert model.predict_proba(["что угодно"]).tolist() == [[1.0]]
    prediction = model.model_.predict(
        LetterEncoder().encode(["где"], kind="query")[0], NgramHasher().analyze(["где"])
    )
    assert (prediction.intent, prediction.runner_up) == ("order", None)


def test_repetitions_and_contradictions_do_no_harm() -> None:
    once = classifier().fit(TEXTS, INTENTS).predict_proba(["где"])
    assert classifier().fit(TEXTS * 3, INTENTS * 3).predict_proba(["где"]) == pytest.approx(once, abs=1e-5)
    torn = classifier().fit(["да", "да", "нет"], ["a", "b", "b"]).predict_proba(["да"])
    assert torn[0, 0] == pytest.approx(0.5, abs=0.2)


def test_of_too_many_examples_small_intents_keep_theirs() -> None:
    texts = [f"заказ номер {'абвгд'[number % 5] * number}" for number in range(1, 40)] + ["деньги"]
    model = classifier(max_examples=10).fit(texts, ["order"] * 39 + ["refund"])
    assert len(model.model_.weights) == 10
    assert model.predict(["деньги"]).tolist() == ["refund"]


def test_what_it_cannot_learn_from() -> None:
    with pytest.raises(BadTrainingData, match="no training examples"):
        classifier().fit([], [])
    with pytest.raises(BadTrainingData, match="1 texts with 2 intents"):
        classifier().fit(["да"], ["a", "b"])


@pytest.mark.slow
def test_five_thousand_intents() -> None:
    texts = [f"{number:b}".replace("0", "а").replace("1", "б") for number in range(1, 1001)]
    model = classifier().fit(texts, [str(number) for number in range(1000)])
    assert model.predict(texts[:1]).tolist() == ["0"]


def test_scope_is_learned_from_examples_of_what_lies_outside() -> None:
    inside = [f"где мой заказ {letter}" for letter in "абвгдежзий"] + [
        f"верните деньги {x}" for x in "абвгдежзий"
    ]
    inside += [f"не работает сайт {x}" for x in "абвгдежзий"]
    intents = ["order"] * 10 + ["refund"] * 10 + ["site"] * 10
    outside = ["what is the weather", "sing a song", "tell me a joke", "who won the match"] * 3
    model = classifier().fit(inside, intents, outside=outside)
    known, unknown = model.predict_in_scope(["где же заказ", "tell a joke"])
    assert known > 0.5 > unknown


def test_the_name_of_an_intent_teaches_what_it_says() -> None:
    texts, named = ["aaa", "bbb"], ["про zzzz", "про yyyy"]
    model = classifier().fit(texts, named)
    assert model.predict(["zzzz", "yyyy"]).tolist() == named
    nameless = classifier().fit(texts, ["1", "2"]).predict_proba(["zzzz"])[0]
    assert nameless[0] == pytest.approx(nameless[1], abs=0.1)
