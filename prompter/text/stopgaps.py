"""Promises to answer later, which an operator writes while a customer waits. They are no answers.

A promise speaks of the operator: "I'll check and get back", «уточню и вернусь». A request to the customer
(«уточните номер») and what the company always does (“we check the parcel before we send it”, “if …, we ask
the bank”) are none. Verbs in the plural are promises only with a word for coming back or for asking
colleagues.
"""

import re

from prompter.text.edits import sentences

_I_FIND_OUT = (
    r"уточню|уточняю|выясню|выясняю|узнаю|проверю|проверяю|спрошу|поинтересуюсь|разберусь|разбираюсь|посмотрю"
    r"|гляну|отвечу|отпишусь|перезвоню|свяжусь|сообщу|передам|передаю|переключаю|переключу|перевожу|переведу"
    r"|уточнюю|з['’ʼ]?ясую|з['’ʼ]?ясовую|дізнаюс[яь]|перевірю|перевіряю|запитаю|подивлюс[яь]|відпишус[яь]"
    r"|зателефоную|передзвоню|повідомлю|перемикаю|переведу|переводжу"
)
_WE_FIND_OUT = (
    r"уточним|уточняем|выясним|выясняем|узна[её]м|проверим|проверяем|спросим|разбер[её]мся|разбираемся|посмотрим"
    r"|передадим|переда[её]м|передал[аи]?|уточнил[аи]?"
    r"|уточнимо|уточнюємо|з['’ʼ]?ясуємо|з['’ʼ]?ясовуємо|дізнаємос[яь]|перевіримо|перевіряємо|запитаємо|передамо"
    r"|передал[аи]|передав"
)
_BACK = (
    r"ожидайте|подождите|зачекайте|верн(?:усь|[её]мся)|с\s+ответом|дам\s+знать|дадим\s+знать|отпиш\w+|напиш(?:у|ем)|сообщ(?:у|им)|ответим|отвечу"
    r"|перезвоним|свяжемся|у\s+коллег\w*|коллегам|у\s+(?:специалист|руковод|менеджер|склад|поставщик|логист|юрист)\w*"
    r"|(?:специалист|руковод|менеджер|ответственн)(?:ам|у|ому|ым|ству)"
    r"|поверн(?:усь|уся|емось|емося)|з\s+відповіддю|дам\w*\s+знати|повідомимо|зателефонуємо|відповімо"
    r"|у\s+колег|колегам|у\s+(?:фахівц|спеціаліст|керівн|менеджер)\w*|(?:фахівц|спеціаліст|менеджер)(?:ям|ю|у|ам)"
)
_WAIT = (
    r"(?:дайте\s+(?:мне\s+)?)?(?:(?:подождите|ожидайте|оставайтесь|обождите|зачекайте|почекайте|чекайте)\W+(?:пожалуйста|будь\s+ласка)?\W*)?"
    r"(?:ещ[её]\s+|буквально\s+|ще\s+)?(?:одну|1|пару|минут\w*|секунд\w*|минуточк\w*|секундочк\w*|момент\w*|немного"
    r"|на\s+(?:линии|связи)|хвилин\w*|хвилиночк\w*|трохи|мить)"
    r"(?:\s+(?:минут\w*|секунд\w*|минуточк\w*|секундочк\w*|момент\w*|хвилин\w*|времени|часу))?"
    r"(?:\W+(?:пожалуйста|будь\s+ласка))?"
    r"|(?:подождите|ожидайте|зачекайте|почекайте)(?:\W+(?:пожалуйста|будь\s+ласка))?(?:\s+(?:ответа|відповіді)(?:\s+\w+){0,2})?"
)
_ENGLISH = (
    r"\b(?:i(?:['’]ll|\s+will|\s+am\s+going\s+to|['’]m\s+going\s+to)|let\s+me|allow\s+me\s+to)\s+(?:just\s+|quickly\s+|go\s+)?"
    r"(?:and\s+)?(?:(?:double[\s-]?)?check|find\s+out|look\s+into|ask|clarify|confirm|verify|investigate|get\s+back"
    r"|come\s+back|follow\s+up|see\s+(?:what|if|whether)|let\s+you\s+know|update\s+you|pass|forward|transfer|escalate"
    r"|take\s+a\s+look|have\s+a\s+look)\b"
    r"|\b(?:i['’]m|i\s+am|we['’]re|we\s+are)\s+(?:just\s+|still\s+|currently\s+)?(?:checking|asking|looking\s+into|clarifying"
    r"|verifying|investigating|finding\s+out|forwarding\s+your|transferring\s+you|passing)\b"
    r"|\b(?:we(?:['’]ll|\s+will)|someone\s+will|(?:a|my|our)\s+(?:colleague|specialist|team\s*mate)\s+will|and)\s+"
    r"(?:get|come)\s+back\s+to\s+you\b"
    r"|\bget\s+back\s+to\s+you\s+(?:shortly|soon|later|asap|as\s+soon)\b"
    r"|\b(?:i|we)(?:['’]ve|\s+have)?\s+(?:passed|forwarded|escalated|asked)\b.*\b(?:colleagues?|team|specialists?|department"
    r"|manager|warehouse)\b"
    r"|\bwe(?:['’]ll|\s+will)\s+(?:check|clarify|find\s+out|ask|look\s+into)\b.*\b(?:colleagues?|team|specialists?"
    r"|department|warehouse|back|let\s+you\s+know|update\s+you)\b"
)
_WAIT_ENGLISH = (
    r"(?:please\s+)?(?:one|just\s+a|a|give\s+me\s+a|hold\s+on\s+(?:a|one)|wait\s+a)\s+(?:moment|second|sec|minute|min)"
    r"(?:\W+please)?|(?:please\s+)?(?:hold\s+on|bear\s+with\s+me|stand\s+by|hold)(?:\W+please)?"
)
_SOMEBODY_WILL = (
    r"\bс\s+вами\s+(?:\w+\s+){0,3}свяж(?:утся|ется|емся)\b(?!.*\b(?:после|если|когда)\b)"
    r"|\b(?:мне|нам)\s+(?:нужно|надо|необходимо|потрібно|треба)\s+(?:уточн|провер|перевір|узна|дізна|посмотр|выясн)"
    r"|\b(?:нужно|надо|потрібно|треба)\s+(?:уточн|провер|перевір|узна|дізна)\w+.*\b(?:подождите|ожидайте|зачекайте)\b"
    r"|\bпередал[аи]?\s+(?:ваш\w*|вопрос\w*|заявк\w|обращени\w|информаци\w|запрос\w*)"
    r"|\b(?:i\s+|we\s+)?need\s+to\s+(?:check|ask|clarify|confirm)\b.*\bwith\s+(?:my|our|the)\b|\A\W*looking\s+into\s+(?:this|it)"
    r"|\b(?:specialist|colleague|agent|manager)\s+will\s+(?:contact|call|get\s+in\s+touch\s+with)\s+you\s+(?:soon|shortly)"
)
_PASSED_ON = (
    r"\b(?:ваш\w*\s+)?(?:вопрос|обращени\w|запрос|сообщени\w|информаци\w|питання|звернення|запит)\s+(?:уже\s+|вже\s+)?"
    r"(?:передан\w*|направлен\w*|переслан\w*|надіслан\w*)"
)
_PROMISE = re.compile(
    rf"\b(?:{_I_FIND_OUT})\b|\b(?:{_WE_FIND_OUT})\b.*?(?:\b(?:{_BACK})\b)"
    rf"|\bверн(?:усь|[её]мся)\s+(?:к\s+вам|с\s+(?:ответом|информацией)|чуть\s+позже|позже|как\s+только)"
    rf"|\bповерн(?:усь|уся|емось|емося)\s+(?:до\s+вас|з\s+(?:відповіддю|інформацією)|пізніше)"
    rf"|\bда(?:м|дим)\s+(?:вам\s+)?зна(?:ть|ти)\b|{_SOMEBODY_WILL}|{_PASSED_ON}|{_ENGLISH}",
    re.IGNORECASE | re.DOTALL,
)
_WAITING = re.compile(rf"\W*(?:{_WAIT}|{_WAIT_ENGLISH})\W*", re.IGNORECASE)
_FOR_CUSTOMERS = re.compile(  # verbs of the operator inside a question or a quotation of the customer's
    r"\b(?:как|где|когда|як|де|коли|если|if|how|when)\s+(?:я\s+|i\s+)?(?:узнаю|дізнаюс[яь]|проверю|перевірю)\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"\W*(?:если|когда|после|якщо|коли|після|if|when|once|after|in\s+case)\b", re.IGNORECASE
)
_SAYS_IT = re.compile(r":\s+\S")  # what was promised follows
_MAX_LENGTH = 300  # characters; a longer sentence says more than that one will ask


def is_stopgap(sentence: str) -> bool:
    """Return whether a sentence only promises an answer or asks for patience.

    >>> is_stopgap("Уточню и вернусь с ответом."), is_stopgap("I'll check and get back to you")
    (True, True)
    >>> is_stopgap("Уточните номер заказа в личном кабинете."), is_stopgap("We check every parcel.")
    (False, False)
    """
    if len(sentence) > _MAX_LENGTH:
        return False
    if _WAITING.fullmatch(sentence) is not None:
        return True
    promise = _PROMISE.search(sentence)
    if promise is None or _CONDITION.match(sentence) or _FOR_CUSTOMERS.search(sentence):
        return False
    return _SAYS_IT.search(sentence, promise.start()) is None


def without_stopgaps(text: str) -> str:
    """Return the text without its stop-gaps, empty if nothing else is in it.

    >>> without_stopgaps("Минутку, пожалуйста. Доставка стоит 300 рублей.")
    'Доставка стоит 300 рублей.'
    """
    found = [sentence for sentence in sentences(text) if is_stopgap(sentence)]
    if not found:
        return text
    for sentence in found:
        text = text.replace(sentence, "", 1)
    return "\n".join(line for line in (" ".join(line.split()) for line in text.splitlines()) if line).strip()
