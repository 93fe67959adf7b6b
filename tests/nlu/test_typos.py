import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.reader import TextReader
from nlu.respelling.known_words import is_known, likeliest_word, reads_worse
from nlu.respelling.typos import Corrector
from tests.encoders import LetterEncoder

BASE = (
    "Как оформить возврат и вернуть товар?",
    "Сколько стоит доставка Северком до пункта выдачи?",
    "Возврат возможен за 14 дней. Возврат бесплатный.",
    "Где моя посылка? Её привезёт курьер.",
    "How do I reset the password of my Northpeak account?",
    "Please contact our customer support. Shipping is free; shopping is fun.",
)
CORRECTOR = Corrector.of(BASE)
WORDS = st.sampled_from(
    ["возрват", "доставк", "посылкка", "password", "passwrod", "северкомм", "qwrtzxcv", "sx-4", "a@b.cd",
     "nrothpeak", "не", "где", "принтер", "возв", "suport,", "(account)", "shpping", "оформлятььь", "grüße",
     "ё", "-", "1й"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("как офромить возврат", "как оформить возврат"),  # neighbours swapped
        ("сколко стоит доставка", "сколько стоит доставка"),  # a letter missing
        ("ккурьер привезет посылку?", "курьер привезет посылку?"),  # doubled
        ("бесплптный возврат", "бесплатный возврат"),  # a neighbouring key
        ("бсеплатнный возврат", "бесплатный возврат"),  # two slips in a long word
        ("(возрват), посылкка!", "(возврат), посылка!"),
        ("my acount passwrod", "my account password"),
        ("custmoer suppotr", "customer support"),
        ("reset northpaek", "reset northpeak"),
        ("вренуть/возрват", "вернуть/возврат"),
    ],
)
def test_the_words_of_the_base_are_recognised(text: str, meant: str) -> None:
    assert CORRECTOR.correct(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "как оформить возврат и вернуть товар?",
        "северком, northpeak",  # the base's own names
        "доставки, возврата, посылкой",  # other forms are words
        "принтер, смартфон, телевизор",
        "versand und bezahlung, por favor",  # so are words of other languages
        "возвр где моч",  # too short to tell, or two slips in a short word
        "вов",
        "возрват1 воз2рват sx-4",  # codes
        "info@passwrod.com passwrod.com/acount www.passwrod.com #возрват @acount /passwrod a_passwrod",
        "it's o'acount пароль-passwrod",
        "заблокируй",  # two letters away from nothing that it could be
        "пароль: возврат:пароьл",
        "поїздкка",  # Ukrainian: there is no list of words
        "",
    ],
)
def test_other_texts_stay(text: str) -> None:
    assert CORRECTOR.correct(text) == text


def test_two_slips_have_to_look_like_slips() -> None:
    corrector = Corrector.of(["забронируй столик", "unpaid bills were replied"])
    assert corrector.correct("забрронриуй") == "забронируй"
    assert corrector.correct("заблокируй") == "заблокируй"
    assert corrector.correct("unreplied") == "unreplied"


def test_the_nearer_word_wins_and_then_the_more_frequent_one() -> None:
    corrector = Corrector.of(["shipping shopping shopping", "shippingly", "возвраты"])
    assert corrector.correct("shpping") == "shopping"
    assert Corrector.of(["shipping shipping shopping"]).correct("shpping") == "shipping"
    assert corrector.correct("shippinf") == "shipping"
    assert Corrector.of(["shipping shopping"]).correct("shpping") == "shipping"  # the first by letters


def test_next_come_words_that_everybody_uses() -> None:
    assert CORRECTOR.correct("телеыизор не включаетсся") == "телевизор не включается"
    assert CORRECTOR.correct("transactoin") == "transaction"
    assert CORRECTOR.correct("сенкс") == "сенкс"  # short ones may well be meant


def test_a_base_of_nothing_still_knows_languages() -> None:
    nothing = Corrector.of([])
    assert nothing.correct("возрват посылкки qwrtzxcv 👍") == "возврат посылки qwrtzxcv 👍"
    assert nothing.correct("") == ""


def test_words_are_learned_however_they_are_written() -> None:
    corrector = Corrector.of(
        ["ПРИВЕЗЁТ Nоrthpeak", "се\u00adвер\u00adок,«Звё\u0301здный»", "«Йодль» й".replace("й", "и\u0306")]
    )
    assert corrector.correct("привзеет северрок звзедный") == "привезет северок звездный"
    assert corrector.correct("северок") == "северок"


def test_a_very_long_text_is_read_only_so_far() -> None:
    text = "возрват " * 2500
    corrected = CORRECTOR.correct(text)
    assert corrected.startswith("возврат " * 200)
    assert corrected.endswith("возрват " * 2300)
    assert CORRECTOR.correct("возрват," * 2500) == "возрват," * 2500


@given(st.lists(WORDS, max_size=8).map(" ".join))
def test_correcting_twice_changes_nothing_more(text: str) -> None:
    once = CORRECTOR.correct(text)
    assert CORRECTOR.correct(once) == once
    assert len(once.split()) == len(text.split())


@given(st.text(max_size=60))
def test_any_text_can_be_corrected(text: str) -> None:
    assert isinstance(CORRECTOR.correct(text.lower()), str)


def test_equal_words_have_equal_fingerprints() -> None:
    assert Corrector.of(BASE).fingerprint == Corrector.of(reversed(BASE)).fingerprint
    assert Corrector.of(BASE[1:]).fingerprint != CORRECTOR.fingerprint


def test_a_reader_corrects_only_where_it_is_told_to() -> None:
    reader = TextReader(LetterEncoder())
    assert reader.read("Возрват!").text == "возрват!"
    assert reader.with_corrector(CORRECTOR).read("Возрват!").text == "возврат!"
    assert reader.with_corrector(CORRECTOR).with_corrector(None).read("Возрват!").text == "возрват!"
    assert reader.with_corrector(CORRECTOR).id == reader.id


def test_garbled_words_are_respelled_before_they_are_corrected() -> None:
    reader = TextReader(LetterEncoder()).with_corrector(CORRECTOR)
    assert reader.read("rfr dthyenm gjcskkre").text == "как вернуть посылку"


def test_words_of_languages() -> None:
    assert [is_known(word) for word in ("посылка", "посылкка", "parcel", "parcell", "straße")] == [
        True, False, True, False, True,
    ]  # fmt: skip
    assert likeliest_word("посылкка") == "посылка"
    assert likeliest_word("straße") is None
    assert likeliest_word("qwrtzxcv") is None
    assert reads_worse("посылкка", "посылка", by=1)
    assert not reads_worse("посылка", "посылкка", by=1)
    assert not reads_worse("strasse", "straße", by=1)
