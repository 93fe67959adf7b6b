from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kb_index import JudgedText
from nlu.errors import IncompatibleModel
from nlu.reader import TextReader
from nlu.respelling.typos import Corrector
from prompter.assistant import Assistant
from prompter.learned import Learned, learn
from prompter.learned_file import load_learned, save_learned
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
    return assistant(knowledge=replace(knowledge(), learned=learned))


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
    save_learned(learned, tmp_path / "learned.npz", reader_id="letters")
    save_learned(learned, tmp_path / "learned.npz", reader_id="letters")
    loaded = load_learned(tmp_path / "learned.npz", reader_id="letters")
    assert (loaded.fingerprint, loaded.until) == (learned.fingerprint, START)
    for text in ("отдайте-ка бабки", "как вернуть товар"):
        assert with_learned(loaded).suggest(text) == with_learned(learned).suggest(text)
    assert [path.name for path in tmp_path.iterdir()] == ["learned.npz"]


def test_what_is_missing_damaged_or_of_another_encoder_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "learned.npz"
    with pytest.raises(IncompatibleModel, match="nothing has been learned"):
        load_learned(file, reader_id="letters")
    save_learned(taught(*VERDICTS), file, reader_id="letters")
    with pytest.raises(IncompatibleModel, match="letters"):
        load_learned(file, reader_id="other")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(IncompatibleModel, match="damaged"):
        load_learned(file, reader_id="letters")
