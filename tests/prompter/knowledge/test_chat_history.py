"""Exports of messengers and desks are read as conversations, without notes for colleagues."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from kb_index import BadFile
from prompter.knowledge.chat_history import (
    HistoryFormat,
    HistoryMessage,
    Omission,
    ReadReport,
    Speaker,
    UnknownOperators,
    count_authors,
    read_history,
)
from prompter.knowledge.chat_history.times import seconds_of

CUSTOMER, OPERATOR, BOT = Speaker.CUSTOMER, Speaker.OPERATOR, Speaker.BOT
ASKED, ANSWERED = "Сколько едет чайник?", "Два дня."
START = seconds_of("2026-04-01T10:00:00")


def read(
    path: Path,
    content: object,
    *,
    operators: Sequence[str] = (),
    history_format: HistoryFormat = HistoryFormat.AUTO,
) -> tuple[list[tuple[Speaker, str]], dict[str, int]]:
    """Write a file, read it, and return who said what, with the numbers of what was passed over."""
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    report = ReadReport()
    messages = list(read_history(path, operators=operators, history_format=history_format, report=report))
    said = [(message.speaker, message.text) for message in messages]
    return said, {kind.value: count for kind, count in report.passed_over.items() if count}


# --- Telegram Desktop -----------------------------------------------------------------------------


def telegram(author: int, text: object, minute: int = 0, **more: object) -> dict[str, Any]:
    return {
        "id": minute,
        "type": "message",
        "date": f"2026-04-01T10:{minute:02}:00",
        "date_unixtime": str(int(START) + 60 * minute),
        "from": f"Имя {author}",
        "from_id": f"user{author}",
        "text": text,
        **more,
    }


CHAT = [
    telegram(70, ASKED),
    {
        "id": 1,
        "type": "service",
        "date": "2026-04-01T10:00:30",
        "actor": "Имя 8",
        "action": "phone_call",
        "text": "",
    },
    telegram(70, "", 1, photo="(File not included.)"),
    telegram(8, ["Два ", {"type": "bold", "text": "дня"}, "."], 2),
]


def test_the_contact_of_a_personal_chat_is_the_customer(tmp_path: Path) -> None:
    head = {"name": "Имя 70", "type": "personal_chat", "id": 70}
    expected = (
        [(CUSTOMER, ASKED), (OPERATOR, ANSWERED)],
        {"service_messages": 1, "messages_without_text": 1},
    )
    assert read(tmp_path / "a.json", {**head, "messages": CHAT}) == expected
    assert read(tmp_path / "a.json", {"messages": CHAT, **head}) == expected  # in any order of keys


def test_operators_are_named_by_id_or_name(tmp_path: Path) -> None:
    group = {"name": "Группа", "type": "private_group", "id": 1, "messages": CHAT}
    for operators in (["user8"], ["имя 8"], ["user8", "Никто"]):
        assert read(tmp_path / "a.json", group, operators=operators)[0] == [
            (CUSTOMER, ASKED),
            (OPERATOR, ANSWERED),
        ]
    with pytest.raises(UnknownOperators, match="row 1: does not say"):
        read(tmp_path / "a.json", group)
    with pytest.raises(BadFile, match="nobody wrote anything under the names"):
        read(tmp_path / "a.json", group, operators=["user99"])
    assert count_authors(tmp_path / "a.json") == {("user70", "Имя 70"): 1, ("user8", "Имя 8"): 1}


def test_everything_that_an_account_exports(tmp_path: Path) -> None:
    export = {
        "about": "Here is the data you requested.",
        "personal_information": {"user_id": 8, "first_name": "Имя 8"},
        "contacts": {"list": [{"first_name": "Имя 70", "phone_number": "0"}]},
        "chats": {
            "about": "This page lists all chats.",
            "list": [
                {"name": "Имя 70", "type": "personal_chat", "id": 70, "messages": CHAT},
                {"type": "saved_messages", "id": 8, "messages": [telegram(8, "Клиент 70 скандалит")]},
                {"name": "Новости", "type": "public_channel", "id": 5, "messages": [telegram(8, "Скидки!")]},
                {
                    "name": "Имя 71",
                    "messages": [telegram(71, "А кофе?", 5)],
                    "type": "personal_chat",
                    "id": 71,
                },
            ],
        },
    }
    said, passed_over = read(tmp_path / "result.json", export)
    assert said == [(CUSTOMER, ASKED), (OPERATOR, ANSWERED), (CUSTOMER, "А кофе?")]
    assert passed_over == {
        "service_messages": 1,
        "messages_without_text": 1,
        "internal_notes": 1,
        "channel_posts": 1,
    }
    assert [message.conversation for message in read_history(tmp_path / "result.json")] == [
        "telegram 70",
        "telegram 70",
        "telegram 71",
    ]


# --- WhatsApp ---------------------------------------------------------------------------------------

ANDROID = f"""01.04.2026, 09:59 - Сообщения и звонки защищены сквозным шифрованием. Подробнее
01.04.2026, 10:00 - Ольга: {ASKED}
это срочно: жду
01.04.2026, 10:01 - Ольга: <Без медиафайлов>
01.04.2026, 10:02 - Мир чая: {ANSWERED}
01.04.2026, 10:03 - Мир чая: IMG-20260401-WA0003.jpg (файл добавлен)
Вот он
"""
IOS = f"""[01.04.26, 9:59:00] Мир чая: \u200eMessages and calls are end-to-end encrypted.
[01.04.26, 10:00:00] ~\u00a0Ольга: {ASKED}
это срочно: жду
\u200e[01.04.26, 10:01:00] Ольга: \u200eimage omitted
[01.04.26, 10:02:00] Мир чая: {ANSWERED} \u200e<This message was edited>
\u200e[01.04.26, 10:03:00] Мир чая: \u200eIMG-3.jpg (file attached)
Вот он
"""
AMERICAN = f"""4/1/26, 9:59\u202fAM - Messages and calls are end-to-end encrypted.
4/1/26, 10:00\u202fAM - Ольга: {ASKED}
это срочно: жду
4/1/26, 10:01\u202fAM - Ольга: <Media omitted>
4/1/26, 1:02\u202fPM - Мир чая: {ANSWERED}
4/13/26, 1:03\u202fPM - Мир чая: Вот он
"""


@pytest.mark.parametrize("content", [ANDROID, IOS, AMERICAN])
def test_a_chat_of_whatsapp(tmp_path: Path, content: str) -> None:
    said, passed_over = read(tmp_path / "chat.txt", content, operators=["Мир чая"])
    assert said == [(CUSTOMER, f"{ASKED}\nэто срочно: жду"), (OPERATOR, ANSWERED), (OPERATOR, "Вот он")]
    assert sum(passed_over.values()) == 2
    times = [message.time for message in read_history(tmp_path / "chat.txt", operators=["Мир чая"])]
    assert times[0] == START
    assert times == sorted(times)


def test_names_that_are_roles_say_who_is_who(tmp_path: Path) -> None:
    chat = ANDROID.replace("Мир чая", "Поддержка")
    assert read(tmp_path / "chat.txt", chat)[0][0][0] is CUSTOMER
    with pytest.raises(UnknownOperators) as caught:
        read(tmp_path / "chat.txt", ANDROID)
    assert not {"Ольга", "Мир чая", ASKED} & set(caught.value.problem.split())
    assert "Ольга" not in str(caught.value)


# --- desks -------------------------------------------------------------------------------------------


def chatwoot(kind: int, text: str, **more: object) -> dict[str, object]:
    return {
        "id": 1,
        "content": text,
        "message_type": kind,
        "created_at": int(START),
        "private": False,
        **more,
    }


WOOT = [
    chatwoot(0, ASKED, sender={"type": "contact", "name": "Ольга"}),
    chatwoot(2, "Conversation was assigned"),
    chatwoot(1, "Ольга уже жаловалась", private=True, sender={"type": "user", "name": "Пётр"}),
    chatwoot(1, ANSWERED, sender={"type": "user", "name": "Пётр"}),
]


@pytest.mark.parametrize(
    "content",
    [
        {
            "meta": {"contact": {"name": "Ольга"}},
            "payload": [{**message, "conversation_id": 4} for message in WOOT],
        },
        {"data": {"meta": {}, "payload": [{"id": 4, "messages": WOOT}]}},
        [{"messages": WOOT, "id": 4}],
    ],
)
def test_chatwoot(tmp_path: Path, content: object) -> None:
    expected = [(CUSTOMER, ASKED), (OPERATOR, ANSWERED)], {"internal_notes": 1, "service_messages": 1}
    assert read(tmp_path / "a.json", content) == expected
    assert {message.conversation for message in read_history(tmp_path / "a.json")} == {"4"}


def comment(author: int, text: str, **more: object) -> dict[str, object]:
    return {"author_id": author, "body": text, "public": True, "created_at": "2026-04-01T10:00:00Z", **more}


TICKET = {
    "id": 4,
    "comments": [
        comment(100, ASKED),
        comment(5, "Проверить склад", public=False),
        comment(5, "x", body=None, html_body="<p>Два <b>дня</b>.</p>"),
    ],
    "requester_id": 100,
}


@pytest.mark.parametrize("content", [TICKET, [TICKET], {"tickets": [TICKET], "count": 1}, {"ticket": TICKET}])
def test_zendesk_tickets(tmp_path: Path, content: object) -> None:
    said, passed_over = read(tmp_path / "a.json", content)
    assert [(speaker, "".join(text.split())) for speaker, text in said] == [
        (CUSTOMER, "".join(ASKED.split())),
        (OPERATOR, "Двадня."),
    ]
    assert passed_over == {"internal_notes": 1}


def test_zendesk_chats_and_tickets_without_comments(tmp_path: Path) -> None:
    chat = {
        "id": "c1",
        "visitor": {"name": "Ольга"},
        "history": [
            {"type": "chat.memberjoin", "name": "Ольга", "timestamp": "2026-04-01T09:59:00Z"},
            {"type": "chat.msg", "sender_type": "Visitor", "msg": ASKED, "timestamp": "2026-04-01T10:00:00Z"},
            {"type": "chat.msg", "nick": "agent:17", "msg": ANSWERED, "timestamp": "2026-04-01T10:01:00Z"},
        ],
    }
    expected = [(CUSTOMER, ASKED), (OPERATOR, ANSWERED)], {"service_messages": 1}
    assert read(tmp_path / "a.jsonl", json.dumps(chat)) == expected
    with pytest.raises(BadFile, match="export it with comments"):
        read(tmp_path / "a.json", [{"id": 1, "requester_id": 2, "subject": "Чайник"}])


JIVO = [
    {"type": "visitor", "message": ASKED, "timestamp": int(START)},
    {"type": "note", "message": "Ольга уже жаловалась", "timestamp": int(START) + 1},
    {"type": "agent", "agent_id": 3, "message": ANSWERED, "timestamp": int(START) + 2},
]


@pytest.mark.parametrize(
    "content",
    [
        {
            "event_name": "chat_finished",
            "chat_id": 4,
            "visitor": {"name": "Ольга"},
            "chat": {"messages": JIVO},
        },
        [{"chat_id": 4, "visitor": {"name": "Ольга"}, "agents": [{"id": 3}], "messages": JIVO}],
        {"chats": [{"id": 4, "visitor": {"name": "Ольга"}, "messages": JIVO}]},
    ],
)
def test_jivo(tmp_path: Path, content: object) -> None:
    assert read(tmp_path / "a.json", content) == (
        [(CUSTOMER, ASKED), (OPERATOR, ANSWERED)],
        {"internal_notes": 1},
    )
    assert {message.conversation for message in read_history(tmp_path / "a.json")} == {"4"}


# --- tables ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        (
            f"Дата;Время;Номер обращения;Кто;Сообщение\n01.04.2026;10:00;4;Посетитель 17;{ASKED}\n"
            f"01.04.2026;10:01;4;Оператор Пётр;{ANSWERED}\n"
        ),
        (
            f"conversation_id,message_type,content,created_at\n4,incoming,{ASKED},2026-04-01 10:00:00 UTC\n"
            f"4,outgoing,{ANSWERED},2026-04-01 13:01:00 +0300\n"
        ),
        (
            f"text,senderType,direction,sentAt,ticket,\n{ASKED},User,inbound,04/01/2026 10:00 AM,4,\n"
            f"{ANSWERED},User,outbound,04/01/2026 10:01 AM,4,\n"
        ),
        (
            f"Направление\tТекст\tДата и время\tЧат\nвходящее\t{ASKED}\t1 апреля 2026 г. 10:00\t4\n"
            f"исходящее\t{ANSWERED}\t1 апреля 2026 г. 10:01\t4\n"
        ),
        f"author,time,text\ncustomer,2026-04-01T10:00,{ASKED}\nagent,2026-04-01T10:01Z,{ANSWERED}\n",
    ],
)
def test_columns_roles_and_times_of_others(tmp_path: Path, content: str) -> None:
    assert read(tmp_path / "a.csv", content)[0] == [(CUSTOMER, ASKED), (OPERATOR, ANSWERED)]
    (first, second) = read_history(tmp_path / "a.csv")
    assert (first.time, second.time) == (START, START + 60)
    assert first.conversation == second.conversation


NOTE = "Скандалистка вредная"


@pytest.mark.parametrize(
    ("column", "on", "off"),
    [
        ("private", "true", "false"),
        ("is_internal", "1", "0"),
        ("public", "no", "yes"),
        ("Внутренняя заметка", "да", "нет"),
        ("Приватно", "Да", ""),
        ("visibility", "internal", "public"),
        ("message_type", "private_note", "outgoing"),
        ("type", "Internal note", "reply"),
        ("Тип", "Заметка", "Сообщение"),
        ("Видимость", "Внутренний комментарий", "Публичный"),
        ("visibility", "team", "customer"),
        ("Видимость", "Не видно клиенту", "Видно клиенту"),
        ("Видимость", "Только сотрудникам", "Всем"),
        ("type", "comment_internal", "comment"),
        ("public", "", "TRUE"),
    ],
)
def test_a_note_for_colleagues_never_leaves(tmp_path: Path, column: str, on: str, off: str) -> None:
    said, passed_over = read(
        tmp_path / "a.csv",
        f"chat,author,time,text,{column}\n4,client,1,{ASKED},{off if off != 'outgoing' else 'incoming'}\n"
        f"4,agent,2,{NOTE},{on}\n4,agent,3,{ANSWERED},{off}\n",
    )
    assert said == [(CUSTOMER, ASKED), (OPERATOR, ANSWERED)]
    assert passed_over == {"internal_notes": 1}


def test_a_note_by_its_author_or_an_unclear_mark(tmp_path: Path) -> None:
    rows = f"chat,author,time,text\n4,client,1,{ASKED}\n4,internal note,2,{NOTE}\n"
    assert read(tmp_path / "a.csv", rows) == ([(CUSTOMER, ASKED)], {"internal_notes": 1})
    with pytest.raises(BadFile, match="row 2, column private: says neither yes nor no") as caught:
        read(tmp_path / "a.csv", f"chat,author,time,text,private\n4,agent,1,{NOTE},maybe\n")
    assert NOTE not in str(caught.value)


def test_people_of_the_team_are_no_notes(tmp_path: Path) -> None:
    rows = f"chat,role,author,time,text\n4,client,Note Smith,1,{ASKED}\n4,staff,Private Ryan,2,{ANSWERED}\n"
    assert read(tmp_path / "a.csv", rows) == ([(CUSTOMER, ASKED), (OPERATOR, ANSWERED)], {})


def test_authors_by_name_need_the_operators(tmp_path: Path) -> None:
    rows = f"chat,author,time,text\n4,Ольга,1,{ASKED}\n4,Пётр,2,{ANSWERED}\n4,bot,3,Оцените нас\n"
    assert read(tmp_path / "a.csv", rows, operators=["Пётр"])[0] == [
        (CUSTOMER, ASKED),
        (OPERATOR, ANSWERED),
        (BOT, "Оцените нас"),
    ]
    with pytest.raises(UnknownOperators, match="row 2"):
        read(tmp_path / "a.csv", rows)


def test_operators_where_the_file_says_who_they_are(tmp_path: Path) -> None:
    rows = f"chat,author,time,text\n4,client,1,{ASKED}\n4,agent,2,{ANSWERED}\n"
    assert read(tmp_path / "a.csv", rows, operators=["Пётр"])[0] == [(CUSTOMER, ASKED), (OPERATOR, ANSWERED)]


def test_conversations_that_hold_their_messages(tmp_path: Path) -> None:
    messages = [
        {"author": "customer", "time": 1, "text": ASKED},
        {"author": "operator", "time": 2, "text": ANSWERED},
    ]
    content = {
        "exported": "2026-04-01",
        "conversations": [{"messages": messages, "id": 4}, {"id": 5, "messages": messages}],
    }
    read(tmp_path / "a.json", content)
    assert [(message.conversation, message.text) for message in read_history(tmp_path / "a.json")] == [
        ("4", ASKED),
        ("4", ANSWERED),
        ("5", ASKED),
        ("5", ANSWERED),
    ]


def test_a_folder_of_files(tmp_path: Path) -> None:
    folder = tmp_path / "chats"
    folder.mkdir()
    for name in ("one", "two"):
        (folder / f"{name}.txt").write_text(ANDROID.replace("Мир чая", "Поддержка"), encoding="utf-8")
    (folder / "photo.jpg").write_bytes(b"\xff")
    report = ReadReport()
    messages: list[HistoryMessage] = list(read_history(folder, report=report))
    assert len({message.conversation for message in messages}) == 2
    assert (report.formats, report.passed_over[Omission.FILE]) == ({"whatsapp": 2}, 1)
    for file in folder.glob("*.txt"):
        file.unlink()
    with pytest.raises(BadFile, match="holds no file that ends in"):
        list(read_history(folder))


@pytest.mark.parametrize(
    ("name", "content", "history_format", "problem"),
    [
        ("a.json", {"messages": [5]}, HistoryFormat.TELEGRAM, "row 1: must be a message"),
        ("a.json", {"about": "x"}, HistoryFormat.TELEGRAM, "holds no chat of Telegram"),
        (
            "a.json",
            {"messages": [{"text": NOTE, "from_id": "user1", "date": NOTE}]},
            HistoryFormat.TELEGRAM,
            "no time",
        ),
        (
            "a.json",
            {"messages": [{"text": NOTE, "date": "1"}]},
            HistoryFormat.TELEGRAM,
            "column from_id: is missing",
        ),
        (
            "a.json",
            f'{{"messages": [{{"from_id": 1, "text": "{NOTE}"',
            HistoryFormat.TELEGRAM,
            "not valid JSON",
        ),
        ("a.json", [[NOTE]], HistoryFormat.ZENDESK, "row 1: must be an object"),
        ("a.txt", f"31.02.2026, 10:00 - Клиент: {NOTE}", HistoryFormat.AUTO, "row 1: begins with a date"),
        ("a.txt", f"Просто текст: {NOTE}", HistoryFormat.AUTO, "is no chat of WhatsApp"),
        ("a.csv", f"chat,author,time,text\n4,{NOTE},1,hi", HistoryFormat.AUTO, "does not say whether"),
        ("a.csv", f"chat,author,time,text\n4,client,{NOTE},hi", HistoryFormat.AUTO, "is no time"),
    ],
)
def test_an_error_names_the_place_and_nobody(
    tmp_path: Path, name: str, content: object, history_format: HistoryFormat, problem: str
) -> None:
    with pytest.raises(BadFile) as caught:
        read(tmp_path / name, content, history_format=history_format)
    assert problem in str(caught.value)
    assert NOTE.split()[0] not in str(caught.value)
