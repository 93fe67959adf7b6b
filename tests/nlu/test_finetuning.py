"""Fine-tuning teaches a real model invented words whose article only operators know."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from nlu.contrastive import Document, Example, Target, TrainingQuery, documents_of, masks, sharpness
from nlu.encoders.cosine_scaling import REFERENCE_WIDTH, on_one_scale, width
from nlu.encoders.sentence import METADATA, SentenceTransformersEncoder, finetuning_time, scale_factor_of
from nlu.errors import BadTrainingData, EncoderUnavailable
from nlu.finetuning import Epoch, FineTuned, FineTuningOptions, NotBetter, fine_tune, split
from nlu.model_folder import write_model
from tests.encoders import minilm_folder

SAID = ("ask about", "nobody explained", "we want", "cat chased by", "delayed by", "where is")
ARTICLES = {
    "velm": "Returning goods",
    "drosk": "Opening hours",
    "quibbet": "Paying by card",
    "farnow": "Delivery abroad",
    "zilph": "Lost passwords",
}
TARGETS = tuple(
    Target(id=word, questions=(title,), passage=f"{title}: see below.") for word, title in ARTICLES.items()
)
ASKED = tuple(
    TrainingQuery(text=f"{said} {word}", right=frozenset({word})) for word in ARTICLES for said in SAID
)
OPTIONS = FineTuningOptions(epochs=3, learning_rate=3e-4, held_out=0.3, seed=1)


@contextmanager
def no_bar(_what: str, _total: int | None) -> Iterator[Callable[[int], None]]:
    yield lambda _: None


def tune(
    out: Path,
    *,
    asked: tuple[TrainingQuery, ...] = ASKED,
    options: FineTuningOptions = OPTIONS,
    progress: Callable[[Epoch], None] = lambda _: None,
) -> FineTuned:
    return fine_tune(
        str(minilm_folder()), TARGETS, asked, out, options=options, bar=no_bar, progress=progress, threads=1
    )


def test_held_out_texts_are_left_nowhere_else() -> None:
    phrased = [replace(target, questions=(*target.questions, f"{target.id}?")) for target in TARGETS]
    kept, learned, held_out = split(phrased, ASKED, share=0.3, seed=1)
    n_free, n_titles = len(ASKED) + len(phrased), len(phrased)
    gone = {query.text for query in held_out}
    assert len(gone) == round(0.3 * n_free)
    assert gone.isdisjoint(ARTICLES.values())  # the articles' own questions
    assert gone.isdisjoint(text for target in kept for text in target.questions)
    assert gone.isdisjoint(query.text for query in learned)
    assert len(gone) + len(learned) == n_free + n_titles
    assert sum(len(target.questions) for target in kept) < 2 * n_titles  # some phrasings are held out too
    assert split(phrased, ASKED, share=0.3, seed=1)[2] == held_out
    assert split(phrased, ASKED, share=0.3, seed=2)[2] != held_out


def test_a_text_is_merged_from_all_that_is_known_of_it() -> None:
    asked = [
        TrainingQuery(text="both", right=frozenset({"velm"}), wrong=frozenset({"drosk"})),
        TrainingQuery(text="both", right=frozenset({"zilph"}), wrong=frozenset({"velm", "archived"})),
    ]
    _, learned, held_out = split(TARGETS, [*ASKED, *asked], share=0.3, seed=0)
    (both,) = [query for query in (*learned, *held_out) if query.text == "both"]
    assert both == TrainingQuery(text="both", right=frozenset({"velm", "zilph"}), wrong=frozenset({"drosk"}))


def test_too_few_texts_are_refused() -> None:
    with pytest.raises(BadTrainingData, match=r"at least 25 phrasings.*there are 6"):
        split(TARGETS, ASKED[:6], share=0.2, seed=0)


def test_what_is_right_too_is_never_a_negative() -> None:
    examples = [
        Example(
            asked=asked,
            positive=None if target is None else Document(target=target, text="+"),
            negative=Document(target=2, text="-"),
        )
        for asked, target in (
            (TrainingQuery(text="1", right=frozenset({"a"})), 0),
            (TrainingQuery(text="2", right=frozenset({"a", "b"})), 1),
            (TrainingQuery(text="3", right=frozenset(), wrong=frozenset({"c"})), None),
            (TrainingQuery(text="4", right=frozenset(), wrong=frozenset({"a", "b", "c"})), None),
        )
    ]
    documents = documents_of(examples)
    assert [(owner, document.target) for owner, document in documents] == [
        (0, 0), (1, 1), (None, 2), (None, 2), (None, 2), (None, 2)
    ]  # fmt: skip
    compared, good = masks(examples, documents, {"a": 0, "b": 1, "c": 2})
    assert compared.astype(int).tolist() == [
        [1, 1, 1, 1, 1, 1],
        [0, 1, 1, 1, 1, 1],  # a is right for it too
        [1, 1, 1, 1, 1, 1],
        [1, 1, 1, 1, 1, 1],
    ]
    assert good.astype(int).tolist() == [
        [1, 0, 0, 0, 0, 0],
        [0, 1, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],  # all but the rejected one
        [1, 1, 1, 1, 1, 1],  # nothing to learn
    ]


def test_sharpness_is_that_of_the_likelihood() -> None:
    # right three times in four with a lead of .1: log(3) / .1
    relevance = np.array([[0.1, 0.0]] * 4)
    right = np.array([[True, False]] * 3 + [[False, True]])
    assert sharpness(relevance, right) == pytest.approx(np.log(3) / 0.1, rel=0.03)
    assert sharpness(relevance, np.array([[True, False]] * 4)) > 300  # never wrong


def test_when_a_model_was_taught_is_noted_in_its_folder(tmp_path: Path) -> None:
    assert finetuning_time(str(tmp_path)) is None
    for text, moment in (
        ('{"created": "2026-03-02T09:00:00+00:00"}', datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ('{"created": "2026-03-02T09:00:00"}', None),  # of which zone?
        ('{"created": 7}', None),
        ("no json", None),
    ):
        (tmp_path / METADATA).write_text(text)
        assert finetuning_time(str(tmp_path)) == moment


@pytest.mark.parametrize("text", ["{}", "no json", '{"spread_factor": 0}', '{"spread_factor": "x"}'])
def test_damaged_notes_are_named(tmp_path: Path, text: str) -> None:
    assert scale_factor_of(str(tmp_path)) == 1
    (tmp_path / METADATA).write_text(text)
    with pytest.raises(EncoderUnavailable, match=METADATA):
        scale_factor_of(str(tmp_path))


def test_a_model_that_could_not_be_written_leaves_no_folder(tmp_path: Path) -> None:
    class Interrupted:
        def save(self, path: str, **_: object) -> None:
            Path(path).mkdir()
            (Path(path) / "half.safetensors").write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_model(Interrupted(), tmp_path / "model", {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_it_learns_what_it_was_not_shown(tmp_path: Path) -> None:
    heard: list[Epoch] = []
    done = tune(tmp_path / "model", progress=heard.append)
    assert done.after.mrr > done.before.mrr + 0.1
    assert heard == list(done.epochs)
    assert heard[-1].loss < heard[0].loss
    assert done.after == heard[done.best_epoch - 1].figures
    document = json.loads((tmp_path / "model" / METADATA).read_text())
    assert document["after"] == asdict(done.after)
    assert list(tmp_path.iterdir()) == [tmp_path / "model"]

    # the folder is the model of the best epoch, and an encoder like any other
    encoder = SentenceTransformersEncoder(str(tmp_path / "model"), threads=1)
    assert encoder.scale_factor == min(1.0, done.after.sharpness / done.before.sharpness)
    assert width(on_one_scale(encoder)) == pytest.approx(REFERENCE_WIDTH * encoder.scale_factor, rel=0.01)
    kept, _, held_out = split(TARGETS, ASKED, share=OPTIONS.held_out, seed=OPTIONS.seed)
    asking = encoder.encode([query.text for query in held_out], kind="query")
    relevance = asking @ encoder.encode([target.passage or "" for target in kept], kind="passage").T
    relevance += np.stack(
        [(asking @ encoder.encode(target.questions, kind="query").T).max(axis=1) for target in kept], axis=1
    )
    first = [
        kept[place].id in query.right for place, query in zip(relevance.argmax(axis=1), held_out, strict=True)
    ]
    assert np.mean(first) == pytest.approx(done.after.p_at_1)
    with pytest.raises(BadTrainingData, match="already exists"):
        tune(tmp_path / "model")


@pytest.mark.full
def test_equal_seeds_give_equal_models_and_rejections_push_away(tmp_path: Path) -> None:
    options = replace(OPTIONS, epochs=1)
    rejected = TrainingQuery(
        text="are you open in the evening", right=frozenset(), wrong=frozenset({"drosk"})
    )
    vectors = {}
    for name, asked in (("one", ASKED), ("same", ASKED), ("rejected", (*ASKED, rejected))):
        tune(tmp_path / name, asked=asked, options=options)
        encoder = SentenceTransformersEncoder(str(tmp_path / name), threads=1)
        vectors[name] = encoder.encode([rejected.text, ARTICLES["drosk"]], kind="query")
    assert (vectors["one"] == vectors["same"]).all()
    near, far = (float(vectors[name][0] @ vectors[name][1]) for name in ("one", "rejected"))
    assert far < near - 0.05


@pytest.mark.slow
def test_without_progress_it_stops_and_writes_nothing(tmp_path: Path) -> None:
    heard: list[Epoch] = []
    with pytest.raises(NotBetter, match="texts held out"):
        tune(
            tmp_path / "model", options=replace(OPTIONS, learning_rate=0.0, patience=1), progress=heard.append
        )
    assert len(heard) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_an_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    def interrupt(_: Epoch) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(tmp_path / "model", options=replace(OPTIONS, epochs=1), progress=interrupt)
    assert list(tmp_path.iterdir()) == []
