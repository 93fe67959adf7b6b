"""Tell authors and internal notes by the words of exports, in Russian and English."""

import re

from prompter.knowledge.chat_history.message import Speaker

_DIRECTIONS = {
    Speaker.CUSTOMER: "incoming inbound in received входящее входящий входящая вх",
    Speaker.OPERATOR: "outgoing outbound out sent исходящее исходящий исходящая исх",
}
_ROLES = {
    Speaker.CUSTOMER: "customer client user visitor guest contact requester enduser end_user consumer lead "
    "buyer "
    "клиент клиентка покупатель пользователь гость посетитель заказчик заявитель абонент контакт",
    Speaker.OPERATOR: "operator agent support manager admin administrator employee staff assignee consultant "
    "specialist helpdesk seller shop оператор агент поддержка техподдержка саппорт менеджер сотрудник админ "
    "администратор консультант специалист продавец магазин",
    Speaker.BOT: "bot assistant system auto robot agent_bot agentbot chatbot template trigger "
    "бот чатбот чат_бот система автоответчик робот ассистент",
}
_SPEAKER_OF_DIRECTION = {name: speaker for speaker, names in _DIRECTIONS.items() for name in names.split()}
_SPEAKER_OF_ROLE = {name: speaker for speaker, names in _ROLES.items() for name in names.split()}
_INTERNAL = re.compile(
    r"notes?|internal\w*|private\w*|hidden|whispers?|confidential"
    r"|(?:внутренн|приватн|скрыт|закрыт|служебн)\w*|заметк[аиуе]|примечани[ея]|коллег|коллегам|сотрудников|сотрудникам|своих|не|not|no|non"
)
_PUBLIC = re.compile(
    r"public\w*|external|visible|open|all|everyone|customers?|clients?|users?|(?:публичн|открыт|внешн)\w*|всем?|клиент\w*"
)
_SERVICE = frozenset("2 activity event service log status join leave joined left событие служебное".split())
_YES = frozenset("true 1 yes y t да д истина +".split())
_NO = frozenset("false 0 no n f нет н ложь - none null".split())


def fold(text: str) -> str:
    """Return the text in small letters, with one underscore for spaces and hyphens.

    >>> fold(" End-user "), fold("isPrivate"), fold("Тип сообщения")
    ('end_user', 'is_private', 'тип_сообщения')
    """
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text.strip().strip("\"'").strip())
    return re.sub(r"[\s_-]+", "_", text.casefold())


def speaker_of_direction(text: str) -> Speaker | None:
    """Return who wrote what came in or went out.

    >>> str(speaker_of_direction("Incoming")), speaker_of_direction("note")
    ('customer', None)
    """
    words = fold(text).split("_")
    return _SPEAKER_OF_DIRECTION.get(words[0]) if len(words) <= 2 else None


def speaker_of(text: str) -> Speaker | None:
    """Return who an author is, by a word for a role that may have a number or a name behind it.

    >>> str(speaker_of("Посетитель")), str(speaker_of("Agent #3")), speaker_of("Ольга")
    ('customer', 'operator', None)
    """
    folded = fold(text)
    direct = _SPEAKER_OF_ROLE.get(folded) or _SPEAKER_OF_DIRECTION.get(folded)
    if direct is not None:
        return direct
    words = re.findall(r"[^\W\d_]+", folded)
    if len(words) > 1 and (words[0], words[1]) in {("служба", "поддержки"), ("чат", "бот"), ("end", "user")}:
        return Speaker.OPERATOR if words[0] == "служба" else _SPEAKER_OF_ROLE["_".join(words[:2])]
    return _SPEAKER_OF_ROLE.get(words[0]) if words else None


def is_internal(text: str) -> bool:
    """Return whether a word for a kind of message names a note for colleagues.

    >>> is_internal("Internal note"), is_internal("comment_internal"), is_internal("outgoing")
    (True, True, False)
    """
    return any(map(_INTERNAL.fullmatch, re.findall(r"[^\W_]+", fold(text))))


def is_internal_author(text: str) -> bool:
    """Return whether an author is none, but the name of a note. Names of people only look like one.

    >>> is_internal_author("Internal note"), is_internal_author("Private Ryan")
    (True, False)
    """
    return all(map(_INTERNAL.fullmatch, re.findall(r"[^\W_]+", fold(text)) or [""]))


def is_visible_to_customers(text: str) -> bool:
    """Return whether a visibility includes customers. Words that are not known do not.

    >>> is_visible_to_customers("Всем"), is_visible_to_customers("Только сотрудникам")
    (True, False)
    """
    words = re.findall(r"[^\W_]+", fold(text))
    return any(map(_PUBLIC.fullmatch, words)) and not any(map(_INTERNAL.fullmatch, words))


def is_service(text: str) -> bool:
    """Return whether a word for a kind of message names an event that nobody wrote. Chatwoot's is 2."""
    return fold(text).split("_")[0] in _SERVICE


def truth(value: object) -> bool | None:
    """Return what a cell says, None if it says neither yes nor no.

    >>> truth("да"), truth(False), truth(""), truth("maybe")
    (True, False, False, None)
    """
    if isinstance(value, bool) or value is None:
        return bool(value)
    folded = fold(str(value))
    if not folded or folded in _NO:
        return False
    return True if folded in _YES else None
