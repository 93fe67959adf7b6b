from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path

import pytest

from kb_index import LabeledText, LabeledTexts
from nlu.artifacts import describe, load_version, save_version
from nlu.errors import IncompatibleModel
from nlu.reader import TextReader
from nlu.respelling.typos import Corrector
from prompter.suggestions.assistant import Assistant
from prompter.suggestions.ranker_training import RankerState, fit_ranker
from prompter.suggestions.serialization import part_of, ranker_state_of
from tests.encoders import LetterEncoder
from tests.fakes import START
from tests.prompter.suggestions.test_assistant import CONFIDENCE, assistant, knowledge

pytestmark = pytest.mark.slow

TODAY = date(2026, 3, 2)
VERDICTS = (
    LabeledText(text="бабки отдайте", right=("refund-when",)),
    LabeledText(text="отдайте бабки уже", right=("refund-when",)),
    LabeledText(text="как вернуть товар", right=("returns-how",)),
    LabeledText(text="где мой заказ", right=("order-where",), wrong=("returns-how",)),
)


def fit(
    *texts: LabeledText,
    corrector: Corrector | None = None,
    encoder: LetterEncoder | None = None,
    known: LabeledTexts | None = None,
) -> RankerState:
    base = knowledge()
    return fit_ranker(
        texts,
        reader=TextReader(encoder or LetterEncoder(), corrector=corrector),
        search=base.search,
        intents=base.intents,
        confidence=CONFIDENCE,
        on=TODAY,
        known=known,
    )


def with_learned(learned: RankerState | None) -> Assistant:
    known = knowledge()
    confidence = learned.confidence if learned else known.confidence
    return assistant(replace(known, learned=learned, confidence=confidence))


def test_a_confirmed_text_is_answered_with_its_article() -> None:
    assert with_learned(None).suggest("отдайте-ка бабки")[0].article_id != "refund-when"
    learned = fit(*VERDICTS)
    learned = replace(learned, weights=replace(learned.weights, weight_votes=20.0))
    assert with_learned(learned).suggest("отдайте-ка бабки")[0].article_id == "refund-when"


def test_right_suggestions_make_it_surer_and_wrong_ones_less_sure() -> None:
    asked = [f"как вернуть товар {number}" for number in "абвгдежзик"]
    right = fit(*(LabeledText(text=text, right=("returns-how",)) for text in asked))
    wrong = fit(*(LabeledText(text=text, wrong=("returns-how",)) for text in asked))
    assert wrong.confidence.bias < CONFIDENCE.bias < right.confidence.bias


def test_judged_texts_are_read_as_asked_ones_are() -> None:
    mistyped = replace(VERDICTS[0], text="бабкки отадйте")
    corrected = fit(mistyped, corrector=Corrector.of(text.text for text in VERDICTS))
    assert corrected.judged.texts == (mistyped,)  # kept as the customer wrote it
    assert corrected.judged.vectors().tolist() == fit(VERDICTS[0]).judged.vectors().tolist()
    assert fit(mistyped).judged.vectors().tolist() != corrected.judged.vectors().tolist()


def test_each_text_is_encoded_once() -> None:
    encoder = LetterEncoder()
    again = replace(VERDICTS[2], text="Как  вернуть товар", right=("refund-when",))
    learned = fit(*VERDICTS, again, encoder=encoder)
    assert sorted(encoder.encoded) == [
        "бабки отдайте",
        "где мой заказ",
        "как вернуть товар",
        "отдайте бабки уже",
    ]
    assert learned.judged.texts == (*VERDICTS, again)
    first, second = learned.judged.vectors()[[2, 4]].tolist()
    assert first == second


def test_texts_learned_before_are_not_encoded_again() -> None:
    before = ranker_state_of(part_of(fit(*VERDICTS[:2], VERDICTS[3]))).judged
    encoder = LetterEncoder()
    mistyped = replace(VERDICTS[0], text="бабкки отадйте")
    corrector = Corrector.of(text.text for text in VERDICTS)
    learned = fit(*VERDICTS[1:], mistyped, corrector=corrector, encoder=encoder, known=before)
    assert encoder.encoded == ["как вернуть товар"]
    assert learned.fingerprint == fit(*VERDICTS[1:], mistyped, corrector=corrector).fingerprint
    assert learned.judged.vectors().tolist() == fit(*VERDICTS[1:], VERDICTS[0]).judged.vectors().tolist()


def test_texts_corrected_otherwise_than_before_are_encoded_again() -> None:
    mistyped = replace(VERDICTS[0], text="бабкки отадйте")
    before, encoder = fit(mistyped).judged, LetterEncoder()
    fit(mistyped, corrector=Corrector.of(text.text for text in VERDICTS), encoder=encoder, known=before)
    assert encoder.encoded == ["бабки отдайте"]


def test_vectors_of_nobody_knows_what_are_not_used() -> None:
    before, encoder = fit(*VERDICTS).judged, LetterEncoder()
    fit(*VERDICTS, encoder=encoder, known=LabeledTexts(before.texts, before.vectors()))
    assert len(encoder.encoded) == len(VERDICTS)


@pytest.mark.parametrize(
    "texts",
    [
        (),
        VERDICTS[:1],
        (LabeledText(text="где мой заказ", wrong=("returns-how",)),),
        tuple(LabeledText(text=f"где мой заказ {letter}", right=("order-where",)) for letter in "абвгдежзик"),
        (LabeledText(text="где мой заказ", right=("long-gone",), wrong=("gone-too",)),),
        tuple(LabeledText(text="где мой заказ", right=(id_,)) for id_ in ("order-where", "returns-how")),
        tuple(LabeledText(text="где мой заказ", **{side: ("order-where",)}) for side in ("right", "wrong")),
        (LabeledText(text="где мой заказ", right=("order-where",), wrong=("order-where",)),),
        (LabeledText(text="где мой заказ"),),
    ],
    ids=["none", "one", "only wrong", "one article", "no such article", "contradicting", "right and wrong",
         "both at once", "no verdict"],
)  # fmt: skip
def test_whatever_was_judged_a_known_question_finds_its_article(texts: tuple[LabeledText, ...]) -> None:
    learned = fit(*texts)
    assert learned.judged.texts == texts
    suggestions = with_learned(learned).suggest("как вернуть товар")
    assert suggestions[0].article_id == "returns-how"
    assert all(0 < suggestion.confidence < 1 for suggestion in suggestions)


def test_a_thousand_texts_for_one_article_leave_the_others_findable() -> None:
    words = "забрать посылку доставка курьер привезти товар сегодня завтра дом адрес".split()
    learned = fit(
        *(
            LabeledText(text=" ".join((*three, "где")), right=("order-where",))
            for three in product(words, repeat=3)
        )
    )
    assert len(learned.judged) == 1000
    shop_assistant = with_learned(learned)
    assert shop_assistant.suggest("посылку где завтра")[0].article_id == "order-where"
    assert shop_assistant.suggest("как отменить заказ")[0].article_id == "order-cancel"


def test_progress_is_told_of_each_text() -> None:
    known = knowledge()
    told: list[int] = []
    fit_ranker(
        VERDICTS,
        reader=TextReader(LetterEncoder()),
        search=known.search,
        intents=known.intents,
        confidence=CONFIDENCE,
        on=TODAY,
        advance=told.append,
    )
    assert told == [1] * len(VERDICTS)


def test_nothing_learned_changes_nothing() -> None:
    nothing = fit(LabeledText(text="👍", right=("returns-how",)))
    assert with_learned(nothing).suggest("где мой заказ") == with_learned(None).suggest("где мой заказ")
    assert nothing.confidence == CONFIDENCE


def test_the_fingerprint_names_what_was_learned() -> None:
    assert fit(*VERDICTS).fingerprint == fit(*VERDICTS).fingerprint
    assert fit(*VERDICTS).fingerprint != fit(*VERDICTS[:3]).fingerprint


def test_it_is_the_same_after_a_restart(tmp_path: Path) -> None:
    learned = replace(fit(*VERDICTS), until=START)
    said = describe(reader_id="letters", data=learned.fingerprint, config={}, created=START)
    parts, _ = load_version(save_version({"learned": part_of(learned)}, said, tmp_path))
    loaded = ranker_state_of(parts["learned"])
    assert (loaded.fingerprint, loaded.until) == (learned.fingerprint, START)
    for text in ("отдайте-ка бабки", "как вернуть товар"):
        assert with_learned(loaded).suggest(text) == with_learned(learned).suggest(text)


def test_pieces_that_do_not_fit_are_refused() -> None:
    part = part_of(fit(*VERDICTS))
    for broken in (
        replace(part, values={**part.values, "weights": {}}),
        replace(part, arrays={**part.arrays, "vectors": part.arrays["vectors"][:1]}),
        replace(part, arrays={}),
    ):
        with pytest.raises(IncompatibleModel, match="what was learned lacks or garbles"):
            ranker_state_of(broken)
