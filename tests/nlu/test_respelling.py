import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.respelling import respell
from nlu.respelling.keyboard import to_latin, to_russian
from nlu.respelling.transliteration import key_of_russian, keys_of_latin, letter_by_letter
from nlu.text import clean, detect_language

LETTERS = "абвгдежзийклмнопрстуфхцчшщъыьэюяё"
WORDS = st.sampled_from(
    ["rfr", "dthyenm", "njdfh", "t[fnm", ",eltn", "kak", "vernut'", "4to", "moi", "zakaz", "gde", "где",
    "мой",
     "iphone", "order", "the", "цруку", "ьн", "щквук", "123", "sx-4", "ok", "нет", "!", "/", "a/b", "-", "'"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("rfr dthyenm njdfh", "как вернуть товар"),
        ("rfr dthyenm njdfh&", "как вернуть товар?"),
        ("rjulf j,]zdzn crblre yf j,edm", "когда объявят скидку на обувь"),
        (",jkmit yt [jxe gjkexfnm gbcmvf", "больше не хочу получать письма"),
        ("'nj hfcghjlf;f?", "это распродажа?"),
        ("z kj;e cvjnhtnm? gjrf.", "я ложу смотреть? пока."),
        ("ljcnfdrf", "доставка"),
        ("gjvjubnt", "помогите"),
        ("to` yt ghbikj", "еще не пришло"),
        ("plhfdcndeqnt, ult vjq pfrfp", "здравствуйте, где мой заказ"),
    ],
)
def test_russian_in_the_latin_layout(text: str, meant: str) -> None:
    assert respell(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("цруку шы ьн щквук", "where is my order"),
        ("ш вщтэе лтщц рщц ещ зфн", "i don't know how to pay"),
        ("куегкт зщдшсн", "return policy"),
        ("ырщз", "shop"),
    ],
)
def test_english_in_the_russian_layout(text: str, meant: str) -> None:
    assert respell(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("kak vernut tovar", "как вернуть товар"),
        ("gde moi zakaz", "где мой заказ"),
        ("gde moy zakaz?", "где мой заказ?"),
        ("skolko stoit dostavka", "сколько стоит доставка"),
        ("4to delat', esli posylka poteryalas'", "что делать, если посылка потерялась"),
        ("xo4u vernut' den'gi", "хочу вернуть деньги"),
        ("mojno li pomenyat cvet", "можно ли поменять цвет"),
        ("ja zakazala tufli, kogda oni pridut", "я заказала туфли, когда они придут"),
        ("kakie u vas skidki na sapogi", "какие у вас скидки на сапоги"),
        ("eshche ne prishlo pis'mo s kodom", "еще не пришло письмо с кодом"),
        ("u menya ne rabotaet promokod", "у меня не работает промокод"),
        ("y menya ne rabotaet promokod", "у меня не работает промокод"),
        ("pochemu nel'zya oplatit' kartoy", "почему нельзя оплатить картой"),
        ("kto-nibud' tut est'?", "кто-нибудь тут есть?"),
        ("spasibo bolshoe", "спасибо большое"),
    ],
)
def test_russian_in_latin_letters(text: str, meant: str) -> None:
    assert respell(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("хочу dthyenm товар", "хочу вернуть товар"),
        ("где мой pfrfp", "где мой заказ"),
        ("rfr cltkfnm refund", "как сделать refund"),
        ("rfr dthyenm iphone 15", "как вернуть iphone 15"),
        ("pfrfp sx4-200 yt ghbitk", "заказ sx4-200 не пришел"),
        ("zakaz ab-123456 ne prishel", "заказ ab-123456 не пришел"),
        ("kak oformit refund", "как оформить refund"),
        ("gbie c fylhtz@severok.example? ytn jndtnf", "пишу с fylhtz@severok.example? нет ответа"),
    ],
)
def test_only_what_is_garbled_is_respelled(text: str, meant: str) -> None:
    assert respell(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "where is my order", "can i get a refund pls", "do u ship to kazan", "my cvv isnt accepted", "thx",
        "i dont see my reciept", "hi", "ok", "da", "net", "no", "sos", "xl", "pls", "faq", "sms", "otp",
        "¿dónde está mi pedido?", "donde esta mi pedido", "quiero devolver los zapatos",
        "no me llega el codigo",
        "où est ma commande", "comment retourner un article", "je n'ai pas recu mon colis", "c'est trop cher",
        "dov'è il mio ordine", "quanto costa la spedizione", "vorrei cambiare taglia",
        "non mi e arrivato niente",
        "kapan pesanan saya sampai", "bagaimana cara mengembalikan barang", "saya mau ganti alamat",
        "איפה ההזמנה שלי", "כמה עולה משלוח", "wo ist meine bestellung", "ich möchte die schuhe zurückgeben",
        "wann kommt mein paket an", "gdzie jest moje zamówienie", "gdzie jest moja paczka",
        "kako da vratim robu",
        "siparişim nerede", "onde está o meu pedido", "waar is mijn bestelling", "де моє замовлення",
        "як повернути товар", "къде е моята поръчка", "我的订单在哪里", "شحنتي وين",
        "где мой заказ", "как сделать refund за order", "пришел не тот iphone, хочу вернуть",
        "код cvc с карты",
        "wi-fi не работает", "кабель usb-c есть?", "купил airpods max и adidas ultraboost",
        "оплата через paypal",
        "ozon.ru не открывается", "пишу с support@severok.example", "промокод sale20 не принят", "rtx 4060",
        "артикул qwx-7712-b", "заказ № 48-1523", "galaxy s24 ultra", "ооо ромашка", "ок", "да", "че каво",
        "docker compose up -d", "error 404: not found", "c++", "+7 900 000-00-00", "👍", "???", "",
    ],
)  # fmt: skip
def test_what_was_meant_as_it_is_written_stays(text: str) -> None:
    assert respell(text) == text


@given(st.text(alphabet=LETTERS))
def test_a_layout_and_back_is_the_same(text: str) -> None:
    assert to_russian(to_latin(text)) == text


@given(st.lists(WORDS, max_size=8).map(" ".join))
def test_reading_what_was_read_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    assert len(respell(text.lower()).split()) == len(text.lower().split())


@pytest.mark.parametrize("text", ["rfr " * 5000, "ы" * 5000, "[" * 5000, "j" * 39, "cwxj" * 9])
def test_monstrous_texts_are_no_trouble(text: str) -> None:
    assert len(respell(text)) == len(text)


@pytest.mark.parametrize(
    ("spellings", "russian"),
    [
        (["schyot", "schet", "s4et"], "счет"),
        (["shchetka", "schetka", "shetka", "wetka"], "щетка"),
        (["zhizn", "jizn'"], "жизнь"),
        (["ob'yavlenie", "obyavlenie", "objavlenie", "obiavlenie"], "объявление"),
        (["tsena", "cena", "tzena"], "цена"),
        (["khochu", "hochu", "xo4u"], "хочу"),
        (["vozvraschenie", "vozvrashchenie", "vozvrashenie"], "возвращение"),
    ],
)
def test_spellings_of_one_word_have_its_key(spellings: list[str], russian: str) -> None:
    for spelling in spellings:
        assert key_of_russian(russian) in keys_of_latin(spelling), spelling


def test_unknown_words_are_read_letter_by_letter() -> None:
    assert letter_by_letter("severokovyj") == "североковый"


def test_the_language_is_that_of_what_was_meant() -> None:
    assert detect_language(clean("rfr dthyenm njdfh")) == "ru"
    assert detect_language(clean("цруку шы ьн щквук")) == "en"


def test_a_greeting_in_the_wrong_layout_is_one() -> None:
    assert clean("Ghbdtn! Rfr dthyenm njdfh&") == "как вернуть товар?"
    assert clean("PRIVET, GDE MOY ZAKAZ???") == "где мой заказ?"
