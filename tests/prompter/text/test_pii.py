"""Personal data is masked and everything else kept, shown as tables and as properties."""

import re
import string
import subprocess
import sys
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompter.text.pii import contacts, mask

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        # phones
        ("мой телефон 8 (916) 123-45-67, жду", "мой телефон [phone], жду"),
        ("+7 916 123 45 67", "[phone]"),
        ("Пишите в вотсап +79161234567!", "Пишите в вотсап [phone]!"),
        ("89161234567 Анна", "[phone] Анна"),
        ("тел. 123-45-67", "тел. [phone]"),
        ("(495) 123-45-67", "[phone]"),
        ("call +44 20 7946 0958 please", "call [phone] please"),
        ("my number is (555) 123-4567", "my number is [phone]"),
        ("call me (555-123-4567)", "call me ([phone])"),
        ("+49 (0) 30 1234567", "[phone]"),
        ("+375 29 123-45-67", "[phone]"),
        ("375291234567", "[phone]"),
        ("8 777 123 45 67", "[phone]"),  # Kazakhstan
        ("мой вотсап 87771234567", "мой вотсап [phone]"),
        ("067 123 45 67", "[phone]"),
        ("020 7946 0958, ask for Ann", "[phone], ask for Ann"),
        ("030 1234567", "[phone]"),
        ("rappelez-moi au 06 12 34 56 78", "rappelez-moi au [phone]"),
        ("44 20 7946 0958", "[phone]"),
        ("00 44 20 7946 0958", "[phone]"),
        ("8 10 44 20 7946 0958", "[phone]"),
        ("+683 7012", "[phone]"),  # Niue
        ("+7 916 123 45 6", "[phone]"),  # mistyped
        ("+999 12 34 56 78", "[phone]"),  # no such country
        ("８９１６１２３４５６７", "[phone]"),
        # e-mails
        ("Ответьте на anna.petrova+shop@mail.ru.", "Ответьте на [email]."),
        ("письмо на иван@почта.рф не пришло", "письмо на [email] не пришло"),
        ("write to john@example.co.uk, please", "write to [email], please"),
        # cards
        ("карта 4111 1111 1111 1111 не проходит", "карта [card] не проходит"),
        ("paid with 5500-0000-0000-0004 twice", "paid with [card] twice"),
        ("4111111111111111", "[card]"),
        ("карта 4276 3800 1234 5678", "карта [number]"),  # mistyped, and still nobody's business
        # orders, contracts and other numbers
        ("Где заказ №48213?", "Где заказ №[number]?"),
        ("заказ № 4821 потерялся", "заказ № [number] потерялся"),
        ("заказ 48213 не едет", "заказ [number] не едет"),
        ("заказа номер 48213 нет", "заказа номер [number] нет"),
        ("по договору № 12-345/67 от 12.03.2026", "по договору № [number] от 12.03.2026"),
        ("трек RR123456789RU не ищется", "трек [number] не ищется"),
        ("where is order #12345", "where is order #[number]"),
        ("order 12345 is late", "order [number] is late"),
        ("order number: 12345", "order number: [number]"),
        ("my reference is ORD-2024-00123", "my reference is [number]"),
        ("ИНН 7707083893", "ИНН [number]"),
        ("ИНН 9705118142", "ИНН [number]"),  # might be a phone by its digits
        ("ИНН: 7707083893 г. Москва", "ИНН: [number] г. Москва"),
        ("ООО Ромашка 7707083893 г. Москва", "ООО Ромашка [number] г. Москва"),
        ("ИП 500100732259 г. Пермь", "ИП [number] г. Пермь"),
        ("ОГРН 1027700132195 г. Москва", "ОГРН [number] г. Москва"),
        ("СНИЛС 112-233-445 95 г. Москва", "СНИЛС [number] г. Москва"),
        ("112-233-445 95 мин", "[number] мин"),
        ("IBAN DE89 3704 0044 0532 0130 00", "IBAN [number]"),
        ("DE88 3704 0044 0532 0130 00", "[number]"),  # mistyped
        ("AT61 1904 3002 3457 3201 auch hier", "[number] auch hier"),
        ("NO93 8601 1117 947", "[number]"),
        ("to GB29NWBK60161331926819 please", "to [number] please"),
        ("AT611904300234573201@mail.ru", "[email]"),
        ("номер 123456789012", "номер [number]"),
        ("https://shop.example/orders/123456789", "https://shop.example/orders/[number]"),
    ],
)
def test_what_belongs_to_somebody_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "Доставка от 5 000 ₽ бесплатно, курьер — 349 ₽",
        "на сумму 12345 р. скидка 20%",
        "150000 рублей за 12 месяцев",
        "It is $1,200.50, or 99.99 EUR a month",
        "1 250 000",
        "от 5 000 – 10 000 рублей",
        "заказ на 5000 рублей",
        "заказ 3000 рублей отменили",
        "заказ от 3 000",
        "заказ 2 товаров в 2026 году",
        "an order of 20 items",
        "12.03.2026 с 10:00 до 18:00",
        "2026-03-12T10:30, 12/03/2026, 15-03-26",
        "10:00-18:00, 24/7",
        "в 2024-2025 годах",
        "за 14 дней, 1–3 дня, 10x15 см",
        "iPhone 15 128GB, COVID-19, ГОСТ 12345",
        "Обращение №7, пункт 3, кабинет #3",
        "1 2 3 4 5 6 7 8 9 10",
        "84 000 000 000 ₽ или +12 500 000 ₽",
        "375 000 000 000 сум",
        "43 501 576 238 тенге",
        "размеры 52 54 56 58 60 62, с 09.00-18.00 12 марта",
        "7 70 71 72 73 74",
        "1234567890 руб",
        "size EU42 does this come with free bag",
        "@severok_bot и собака@",
        "",
    ],
)
def test_prices_dates_and_quantities_stay(text: str) -> None:
    assert mask(text) == text


def test_the_shops_own_contacts_can_be_kept() -> None:
    answer = "Звоните 8 800 555-35-35 или пишите на Help@severok.example."
    assert contacts(answer) == ["78005553535", "help@severok.example"]
    assert mask(answer, keep=contacts(answer)) == answer
    assert mask("+7 800 555 35 35", keep=contacts(answer)) == "+7 800 555 35 35"
    assert mask("8 916 123-45-67 и 8 800 555-35-35", keep=contacts(answer)) == "[phone] и 8 800 555-35-35"


REGIONS = [
    phonenumbers.example_number_for_type(region, kind)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
]
FORMATS = phonenumbers.PhoneNumberFormat


@pytest.mark.parametrize("shape", [FORMATS.E164, FORMATS.INTERNATIONAL])
def test_no_phone_of_any_country_comes_through(shape: int) -> None:
    texts = [phonenumbers.format_number(number, shape) for number in REGIONS if number]
    assert len(texts) > 450
    assert {text: mask(f"Call me: {text}!") for text in texts} == dict.fromkeys(texts, "Call me: [phone]!")


def test_of_a_text_of_many_numbers_few_are_checked_and_the_rest_is_masked() -> None:
    numbers = [f"00 {first} {second} 10 20" for first in range(10, 20) for second in range(10, 30)]
    assert [mask(number) for number in numbers] == numbers  # no phone of any country begins so
    masked = mask("; ".join(numbers))
    assert masked.startswith("; ".join(numbers[:8]))
    assert masked.endswith("; ".join(["[phone]"] * 150))
    assert mask(masked) == masked


def test_help_does_not_read_the_worlds_numbering_plans() -> None:
    script = (
        "import sys\n"
        "from sufler.cli import main\n"
        "sys.argv = ['sufler', '--help']\n"
        "try:\n    main()\n"
        "except SystemExit:\n    print([name for name in sys.modules if name.split('.')[0] in "
        "('phonenumbers', 'stdnum', 'ijson')])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.splitlines()[-1] == "[]"


WORDS = st.sampled_from(["Где мой заказ", "позвоните мне", "call me", "где", "please", "…", "(см.", "—"])
DIGIT = st.sampled_from(string.digits)
PHONE_SHAPES = st.sampled_from(
    [
        "+7 9## ### ## ##",
        "8(9##)###-##-##",
        "89#########",
        "+79#########",
        "8-9##-###-##-##",
        "+1 (5##) 5##-####",
    ]
)
LOCAL = st.text(string.ascii_letters + string.digits, min_size=1, max_size=12)


@st.composite
def phones(draw: st.DrawFn) -> str:
    return "".join(draw(DIGIT) if sign == "#" else sign for sign in draw(PHONE_SHAPES))


@st.composite
def cards(draw: st.DrawFn) -> str:
    digits = [int(draw(DIGIT)) for _ in range(15)]
    digits[0] = draw(st.sampled_from([2, 4, 5]))
    total = sum(
        value * 2 - 9 * (value > 4) if place % 2 == 0 else value for place, value in enumerate(digits)
    )
    text = "".join(map(str, [*digits, -total % 10]))
    return draw(st.sampled_from(["", " ", "-"])).join(text[at : at + 4] for at in range(0, 16, 4))


@given(WORDS, phones(), WORDS)
def test_no_phone_comes_through(before: str, phone: str, after: str) -> None:
    assert mask(f"{before} {phone} {after}") == f"{before} [phone] {after}"


@given(WORDS, cards(), WORDS)
def test_no_card_comes_through(before: str, card: str, after: str) -> None:
    masked = mask(f"{before} {card} {after}")
    assert not re.search(r"\d", masked)
    assert masked.startswith(before)
    assert masked.endswith(after)


@given(WORDS, LOCAL, LOCAL, st.sampled_from(["ru", "com", "co.uk", "рф"]))
def test_no_address_comes_through(before: str, local: str, host: str, domain: str) -> None:
    assert mask(f"{before} {local}@{host}.{domain}, {before}") == f"{before} [email], {before}"


@given(st.text(max_size=80))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@given(st.text("0123456789 +-()./№#:заказ@a.ru", max_size=40))
def test_masking_twice_changes_nothing_more_where_there_is_much_to_mask(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@given(st.text("абвгдеё АБВ,.!?\n-abcXYZ", max_size=80))
def test_a_text_without_digits_and_addresses_stays(text: str) -> None:
    assert mask(text) == text


@given(st.integers(0, 9_999_999), st.sampled_from(["₽", "руб.", "рублей", "%", "€", "EUR", "USD"]))
def test_a_price_stays(amount: int, currency: str) -> None:
    for text in (
        f"{amount} {currency}",
        f"за {amount:,} {currency}".replace(",", " "),
        f"{amount}{currency}",
    ):
        assert mask(text) == text


@given(
    st.from_regex(r"[0-9]{6,25}", fullmatch=True), st.sampled_from(["код {}", "{}", "({})", "my code: {}."])
)
def test_a_long_run_of_digits_is_masked(digits: str, frame: str) -> None:
    assert not re.search(r"\d", mask(frame.format(digits)))
