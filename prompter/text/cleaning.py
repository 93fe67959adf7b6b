"""Clean people's texts for storage: remove greeting, name, signature and personal data."""

import re
from collections.abc import Collection

from kb_index.templates import fill
from kb_index.text import normalize
from nlu.text import without_greeting
from prompter.text.pii import mask

_NAME = r"[A-ZА-ЯЁ][\w'’-]+(?:\s+[A-ZА-ЯЁ][\w'’-]+){0,2}"
_HELLO = (
    r"(?i:здравствуйте|здравствуй|добр(?:ый|ого|ое)\s+(?:день|дня|вечер|вечера|утро|утра|времени\s+суток)|приветствую"
    r"|привет|hello|hi|hey|good\s+(?:morning|afternoon|evening|day)|dear|уважаем(?:ый|ая|ые))"
)
_OPENING = re.compile(
    rf"^\W*(?:{_NAME},?\s+)?{_HELLO}\b(?:[\s,]+(?:клиент\w*|customer|{_NAME}|\{{customer_name\}})(?=\s*(?:[!.,;:\n—–-]|$)))?[\s!.,;:)—–-]*"
)
# Only the first of the spaces before a phrase can begin a match: a thousand empty lines count as one.
_START = r"(?:\A\s*+|{mark}\s*+|(?<!\s)[^\S\n]*+\n\s*+)"
_SIGNATURE = re.compile(
    _START.format(mark="[.!?…]")
    + r"(?:с\s+уважением|с\s+наилучшими|(?:best|kind|warm|many)\s+regards|regards,|sincerely|yours)"
    r"\b.{0,200}\Z",
    re.IGNORECASE | re.DOTALL,
)
_CLOSING = re.compile(
    _START.format(mark="(?<=[.!?…])")
    + r"(?:всего\s+(?:вам\s+)?(?:доброго|хорошего|наилучшего)|(?:хорошего|приятного|отличного|доброго)"
    r"\s+(?:вам\s+)?(?:дня|вечера|настроения)|(?:всегда\s+)?рад[аы]?\s+(?:вам\s+)?помочь|обращайтесь|спасибо\s+за\s+(?:обращение"
    r"|ожидание)|have\s+a\s+(?:nice|good|great|lovely)\s+(?:day|evening)|thank\s+you\s+for\s+(?:contacting|waiting)"
    r"|is\s+there\s+anything\s+else|(?:can|могу)\s+(?:i|ли)\s+(?:help|чем)|glad\s+to\s+help|let\s+(?:me|us)\s+know\s+if"
    r"|если\s+(?:у\s+вас\s+)?(?:остались|останутся|будут|появятся|возникнут)\s+(?:ещ[её]\s+)?вопросы)[^.!?\n]*+[.!?…)]*+\s*+\Z",
    re.IGNORECASE,
)
_ASKS_BACK = re.compile(
    r"(?<!\W)[^\w?]*+\?\W*+\Z|\b(?:уточните|подскажите|напишите|пришлите|сообщите|назовите|укажите|please\s+(?:send|tell|provide|share)"
    r"|could\s+you|can\s+you)\b",
    re.IGNORECASE,
)
_FEW_WORDS = 12  # maximum length of an answer that asks back; a longer one also answers
_SMALL_TALK = frozenset(
    """здравствуйте здравствуй здрасьте привет приветик приветствую добрый доброе доброго день дня вечер
    вечера утро утра ночи времени суток хай ку спасибо спс спасибки благодарю благодарен благодарна
    большое огромное вам тебе вас за помощь ответ быстрый ок окей оки ага угу да нет не ну хорошо ладно
    понял поняла понятно ясно отлично супер класс круто все всё пока до свидания всего хорошего доброго и
    а о ой пожалуйста пож плиз буду знать жду подожду ау алло вы тут здесь есть кто нибудь кто-нибудь бот
    оператор девушка уже сейчас тогда так точно верно именно хм ммм мм эм hello hi hey good morning
    afternoon evening thanks thank you thx ty so much very many ok okay k yes no yep nope sure fine great
    cool nice perfect got it i see bye goodbye see please welcome the for your help a lot there anyone
    start ви дякую дуже агов будь ласка чекаю anybody there are you still waiting hey""".split()
)


def question_text(text: str, *, keep: Collection[str] = ()) -> str:
    """Return a customer's text on one line, masked and without the greeting.

    >>> question_text("Добрый день!\\nПодскажите, где заказ №48213?")
    'где заказ №[number]?'
    """
    return " ".join(mask(without_greeting(" ".join(text.split())), keep=keep).split())


def is_small_talk(text: str) -> bool:
    """Return whether the text asks nothing: greetings, thanks, "ok", signs alone.

    >>> is_small_talk("Ок, спасибо большое!"), is_small_talk("ок, а где заказ")
    (True, False)
    """
    return all(word in _SMALL_TALK or word.isdigit() for word in normalize(text).split())


def answer_text(text: str, *, customer_name: str = "", keep: Collection[str] = ()) -> str:
    """Return an operator's text without parts for one customer: greeting, name, signature, personal data.

    >>> answer_text("Ольга, добрый день! Вернём за 3 дня, Ольга. Хорошего вечера!", customer_name="Ольга")
    'Вернём за 3 дня.'
    """
    text = _OPENING.sub("", text.strip())
    while (shorter := _CLOSING.sub("", _SIGNATURE.sub(_its_end, text)).strip()) != text:
        text = shorter
    text = mask(without_name(text, customer_name), keep=keep)
    return text[:1].upper() + text[1:]


def _its_end(match: re.Match[str]) -> str:
    """Return the punctuation that ended the sentence before a signature."""
    return match[0][:1].strip() if match[0][:1] in ".!?…" else ""


def without_name(text: str, name: str) -> str:
    """Return the text without the customer's name and its comma."""
    named = with_field(text, "customer_name", name)
    return text if named == text else fill(named, {"customer_name": ""})


def with_field(text: str, field: str, value: str) -> str:
    """Replace a field's value by the field."""
    value = value.strip()
    if len(value) < 2:
        return text
    return re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "{" + field + "}", text)


def asks_back(text: str) -> bool:
    """Return whether the operator only asks for details, which is no answer yet.

    >>> asks_back("Уточните, пожалуйста, номер заказа"), asks_back("Вернём деньги за 3 дня.")
    (True, False)
    """
    return len(normalize(text).split()) < _FEW_WORDS and bool(_ASKS_BACK.search(text))
