from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kb_index import JudgedText
from nlu.artifacts import describe, load_version, save_version
from nlu.errors import IncompatibleModel
from nlu.reader import TextReader
from nlu.respelling.typos import Corrector
from prompter.assistant import Assistant
from prompter.learned import Learned, learn
from prompter.learned_file import learned_of, part_of
from tests.encoders import LetterEncoder
from tests.fakes import START
from tests.prompter.test_assistant import CONFIDENCE, assistant, knowledge

TODAY = date(2026, 3, 2)
VERDICTS = (
    JudgedText(text="бабки отдайте", right=("refund-when",)),
    JudgedText(text="отдайте бабки уже", right=("refund-when",)),
    JudgedText(text="как вернуть товар", right=("returns-how",)),
    JudgedText(text="где мой заказ", right=("order-where",), wrong=("returns-how",)),
)


def taught(*texts: JudgedText, corrector: Corrector | None = None) -> Learned:
    known = knowledge()
    return learn(
        texts,
        reader=TextReader(LetterEncoder(), corrector=corrector),
        search=known.search,
        intents=known.intents,
        confidence=CONFIDENCE,
        on=TODAY,
    )


def with_learned(learned: Learned | None) -> Assistant:
    known = knowledge()
    confidence = learned.confidence if learned else known.confidence
    return assistant(replace(known, learned=learned, confidence=confidence))


def test_a_confirmed_text_is_answered_with_its_article() -> None:
    assert with_learned(None).suggest("отдайте-ка бабки")[0].article_id != "refund-when"
    learned = taught(*VERDICTS)
    learned = replace(learned, weights=replace(learned.weights, on_votes=20.0))
    assert with_learned(learned).suggest("отдайте-ка бабки")[0].article_id == "refund-when"


def test_right_suggestions_make_it_surer_and_wrong_ones_less_sure() -> None:
    asked = [f"как вернуть товар {number}" for number in "абвгдежзик"]
    right = taught(*(JudgedText(text=text, right=("returns-how",)) for text in asked))
    wrong = taught(*(JudgedText(text=text, wrong=("returns-how",)) for text in asked))
    assert wrong.confidence.bias < CONFIDENCE.bias < right.confidence.bias


def test_judged_texts_are_read_as_asked_ones_are() -> None:
    mistyped = replace(VERDICTS[0], text="бабкки отадйте")
    corrected = taught(mistyped, corrector=Corrector.of(one.text for one in VERDICTS))
    assert corrected.judged.texts == (mistyped,)  # kept as the customer wrote it
    assert corrected.judged.vectors().tolist() == taught(VERDICTS[0]).judged.vectors().tolist()
    assert taught(mistyped).judged.vectors().tolist() != corrected.judged.vectors().tolist()


def test_nothing_learned_changes_nothing() -> None:
    nothing = taught(JudgedText(text="👍", right=("returns-how",)))
    assert with_learned(nothing).suggest("где мой заказ") == with_learned(None).suggest("где мой заказ")
    assert nothing.confidence == CONFIDENCE


def test_the_fingerprint_names_what_was_learned() -> None:
    assert taught(*VERDICTS).fingerprint == taught(*VERDICTS).fingerprint
    assert taught(*VERDICTS).fingerprint != taught(*VERDICTS[:3]).fingerprint


def test_it_is_the_same_after_a_restart(tmp_path: Path) -> None:
    learned = replace(taught(*VERDICTS), until=START)
    said = describe(reader_id="letters", data=learned.fingerprint, config={}, created=START)
    parts, _ = load_version(save_version({"learned": part_of(learned)}, said, tmp_path))
    loaded = learned_of(parts["learned"])
    assert (loaded.fingerprint, loaded.until) == (learned.fingerprint, START)
    for text in ("отдайте-ка бабки", "как вернуть товар"):
        assert with_learned(loaded).suggest(text) == with_learned(learned).suggest(text)


def test_pieces_that_do_not_fit_are_refused() -> None:
    part = part_of(taught(*VERDICTS))
    for broken in (
        replace(part, values={**part.values, "weights": {}}),
        replace(part, arrays={**part.arrays, "vectors": part.arrays["vectors"][:1]}),
        replace(part, arrays={}),
    ):
        with pytest.raises(IncompatibleModel, match="what was learned lacks or garbles"):
            learned_of(broken)
