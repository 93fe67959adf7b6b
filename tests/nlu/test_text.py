import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.text import MAX_LENGTH, clean, detect_language, looks_empty
from tests.adversarial import KINDS

PIECES = st.sampled_from(
    ["Здравствуйте", "привет", "hi there, ", "подскажите пожалуйста", "https://a.b/c", "\n", " ", "!!!",
     "?!?!", "ё", "\u200b", "С уважением, Иван", "Sent from my iPhone", "> quoted", "-- ", "ооооо",
     "№ 5", "½", "\ud800", "İ", "👍"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Здравствуйте!! Подскажите, пожалуйста, где мой ЗАКАЗ???", "где мой заказ?"),
        ("hi there, where is my order", "where is my order"),
        ("Добрый день!", "добрый день!"),
        ("Привет, бот", "привет, бот"),
        ("привет, где заказ", "где заказ"),
        ("Доставка приш\u200bла\u00ad,   но ещё не вся", "доставка пришла, но еще не вся"),
        ("не открывается https://shop.example/x?y=1 совсем", "не открывается совсем"),
        ("Где возврат?\n\nС уважением,\nИван Петров", "где возврат"),
        ("Order 5 is late. Sent from my iPhone", "order 5 is late"),
        ("С уважением, Иван", "с уважением, иван"),
        ("Ооооочень долго", "очень долго"),
        ("заказ № 15 за ½ цены", "заказ № 15 за ½ цены"),
        ("ﬁle ｆｕｌｌ", "file full"),
        ("за́мок", "замок"),
        ("\x00\x01\u200b", ""),
        ("", ""),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(st.text() | st.lists(PIECES | st.text(max_size=5), max_size=12).map("".join))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


def test_a_megabyte_is_no_trouble() -> None:
    assert clean("привет как дела " * 70_000) == clean("привет как дела " * 256)


@pytest.mark.parametrize("kind", list(KINDS))
def test_what_grows_is_cut_again(kind: str) -> None:
    assert len(clean(KINDS[kind](6_000))) <= MAX_LENGTH


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("где заказ\n\n\n > старое\n\n> письмо \n>ещё\n\nответьте", "где заказ ответьте"),
        ("> только\n> письмо", "> только > письмо"),
        ("где заказ.\n \n\n--  \nИван", "где заказ."),
        ("где заказ.\n \n-- Иван", "где заказ. - иван"),
        ("где заказ \n\n\nС уважением,\nИван", "где заказ"),
        ("где заказ! \n\nС уважением,\nИван", "где заказ"),
        ("\n" * 4000 + "где заказ", "где заказ"),
    ],
)
def test_quotes_and_signatures_among_empty_lines(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("text", "empty"), [("👍", True), ("", True), ("?", True), ("да", False), ("5", False)]
)
def test_looks_empty(text: str, empty: bool) -> None:
    assert looks_empty(clean(text)) is empty


@pytest.mark.parametrize(
    ("text", "language"), [("где заказ", "ru"), ("where", "en"), ("мой iphone сломан", "ru"), ("15", None)]
)
def test_detect_language(text: str, language: str | None) -> None:
    assert detect_language(text) == language
