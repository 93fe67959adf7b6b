"""Chat histories are imported: files in every format, pairs, and bounded memory."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from kb_index import BadFile
from prompter.domain.drafts import ProposalKind, Source
from prompter.knowledge import chat_history_import as module
from prompter.knowledge.chat_history import HistoryMessage, Speaker, count_hint, read_history
from prompter.knowledge.chat_history.json_items import json_items
from prompter.knowledge.chat_history_import import History, mine_history
from prompter.knowledge.draft_generation import drafts_of_history
from prompter.knowledge.question_mining import ObservedQuestion
from prompter.suggestions.query_embedder import QueryEmbedder
from tests.fakes import SHOP

CHAT = [
    HistoryMessage("a", Speaker.CUSTOMER, 1772443800.0, "Здравствуйте! Где заказ?"),
    HistoryMessage("a", Speaker.OPERATOR, 1772443860.0, "В пути; «завтра», не раньше\nждите"),
]
ROWS = [
    {"conversation": "a", "author": "customer", "time": "2026-03-02T09:30:00", "text": CHAT[0].text},
    {"conversation": "a", "author": "operator", "time": "2026-03-02T09:31:00", "text": CHAT[1].text},
]
HI = '{"chat": 1, "author": "user", "time": 1, "text": "hi"}'


def write(path: Path, rows: Sequence[Mapping[str, object]] = ROWS, delimiter: str = ",") -> Path:
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]), delimiter=delimiter)
            writer.writeheader()
            writer.writerows(rows)
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    else:
        path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["chat.csv", "chat.json", "chat.jsonl"])
def test_every_format_holds_the_same(tmp_path: Path, name: str) -> None:
    assert list(read_history(write(tmp_path / name))) == CHAT


def test_names_and_times_in_other_words(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {
            "Дата": "02.03.2026 09:30",
            "Чат": "a",
            "Автор": "Клиент",
            "Сообщение": CHAT[0].text,
            "Город": "Пермь",
        },
        {"Дата": "1772443860", "Чат": "a", "Автор": "Поддержка", "Сообщение": CHAT[1].text, "Город": ""},
    ]
    assert list(read_history(write(tmp_path / "chat.csv", rows, delimiter=";"))) == CHAT
    other = [
        {"chat-id": "a", "from": "User", "timestamp": 1772443800000, "body": CHAT[0].text},
        {"chat-id": "a", "from": "agent", "timestamp": "2026-03-02T12:31:00+03:00", "body": CHAT[1].text},
        {"chat-id": "a", "from": "bot", "timestamp": "2026-03-02 09:32", "body": None},
    ]
    path = tmp_path / "chat.json"
    path.write_text(json.dumps({"messages": other}), encoding="utf-8")
    found = list(read_history(path))
    assert found[:2] == CHAT
    assert found[2] == HistoryMessage("a", Speaker.BOT, 1772443920.0, "")


def test_numbers_of_a_json_array_keep_their_digits(tmp_path: Path) -> None:
    path = tmp_path / "chat.json"
    big = 2**63 - 1
    row = f'{{"chat": {big}, "author": "user", "time": %s, "text": "hi"}}'
    path.write_text(f"[{row % '1.7724438e9'}, {row % '1772443800.25'}]", encoding="utf-8")
    assert [(message.conversation, message.time) for message in read_history(path)] == [
        (str(big), 1772443800.0),
        (str(big), 1772443800.25),
    ]


def test_a_large_array_is_read_piece_by_piece(tmp_path: Path) -> None:
    path = write(tmp_path / "chat.json")
    assert [item for _, item in json_items(path, lists=(), chunk=7)] == ROWS


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.csv", "chat,author,time,text\n1,customer,1,hi\n1,alien,1,hi", "row 3: does not say whether"),
        ("a.csv", "chat,author,time,text\n1,customer,soon,hi", "row 2, column time: is no time"),
        ("a.csv", "chat,author,time,text\n,customer,1,hi", "row 2, column conversation"),
        ("a.csv", "chat,author,time,text\n1,customer,hi", "row 2: has 3 cells"),
        ("a.csv", "chat,author,text\n1,customer,hi", "row 1, column time"),
        ("a.csv", "chat,ticket,author,time,text\n1,2,customer,1,hi", "row 1, column conversation"),
        ("a.csv", 'chat,author,time,text\n1,customer,1,"hi', "row 2"),
        ("a.csv", "chat,author,time,text\n", "contains no messages"),
        ("a.csv", "", "contains no messages"),
        ("a.jsonl", f'{HI}\n{{"chat": 1}}', "row 2, column author"),
        ("a.jsonl", '{"chat": 1, "author": "user", "time": 1, "text": 5}', "row 1, column text"),
        ("a.jsonl", '{"chat": 1,', "row 1: is not valid JSON"),
        ("a.jsonl", "[1]", "row 1: must be an object"),
        ("a.json", f'[{HI}, {{"chat"', "row 2: is not valid JSON"),
        ("a.json", f'[{HI}', "row 2: is not valid JSON"),
        ("a.json", f'[{HI}, 7]', "row 2: must be an object"),
        ("a.json", '{"chats": []}', "contains no messages"),
        ("a.json", '{"people": []}', "must be a list"),
        ("a.json", f'[{HI}, oops, {HI}]', "row 2: is not valid JSON"),
        ("a.json", f'[{HI} {HI}]', "row 2: is not valid JSON"),
        ("a.json", f'[{HI}, {{"chat": {"[" * 20_000}', "row 2: is not valid JSON: lists and objects nested"),
        ("a.json", f'[{HI}, {{"chat": {"9" * 20_000}}}]', "row 2: is not valid JSON"),
        ("a.json", f'[{HI}, {{"time": 1e99999999999999999999}}]', "row 2: is not valid JSON"),
        ("a.json", f'[{HI}, {{"chat": NaN}}]', "row 2: is not valid JSON"),
        ("a.json", f'{{"messages": [{HI}, 7]}}', "row 2: must be an object"),
        ("a.json", '{"messages": 7}', "must be a list"),
        ("a.json", "", "must be a list"),
        ("a.json", "[]", "contains no messages"),
        ("a.txt", "hi", "is no chat of WhatsApp"),
        ("a.doc", "hi", "unknown file extension"),
        ("a.zip", "hi", "unpack it first"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_row_and_column(
    tmp_path: Path, name: str, content: str, problem: str
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadFile) as caught:
        list(read_history(path))
    assert problem in str(caught.value)
    assert str(path) in str(caught.value)
    assert "hi" not in caught.value.problem.split()  # nobody's words stand in an error


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for name in ("none.csv", "none.json", "none.jsonl"):
        with pytest.raises(BadFile, match="cannot be read"):
            list(read_history(tmp_path / name))
        (tmp_path / name).write_bytes(b"\xff\xfe1\x00")
        with pytest.raises(BadFile, match="UTF"):
            list(read_history(tmp_path / name))
    assert count_hint(write(tmp_path / "c.jsonl")) == 1
    assert count_hint(write(tmp_path / "c.json")) is None


# --- questions and answers ----------------------------------------------------------------------


def talk(*lines: str, chat: str = "a", start: int = 0) -> list[HistoryMessage]:
    """Parse lines `c: …` of a customer, `o: …` of an operator and `b: …` of the bot, one per second."""
    speakers = {"c": Speaker.CUSTOMER, "o": Speaker.OPERATOR, "b": Speaker.BOT}
    return [
        HistoryMessage(chat, speakers[line[0]], start + second, line[3:]) for second, line in enumerate(lines)
    ]


def pairs(history: History) -> list[tuple[str, int, str]]:
    return [(question.text, question.times, question.answer) for question in history.asked]


def test_a_question_is_followed_by_its_answer() -> None:
    chat = talk(
        "o: Здравствуйте, чем помочь?",
        "c: Добрый день!",
        "c: хочу вернуть",
        "c: заказ 48213",
        "b: Перевожу на оператора",
        "o: Здравствуйте, Ольга!",
        "o: Верните за 14 дней.",
        "o: Всего доброго!",
        "c: ок, спасибо",
        "o: Пожалуйста",
        "c: а деньги когда",
        "o: Уточните номер заказа",
        "c: 48213",
        "o: За 3 дня.",
    )
    assert pairs(mine_history(chat)) == [
        ("а деньги когда", 1, ""),
        ("хочу вернуть заказ [number]", 1, "Верните за 14 дней."),
    ]


def test_conversations_interleave_in_any_order_of_time() -> None:
    first = talk("c: где заказ", "o: В пути.", "c: а чек", "o: В почте.", chat="1")
    second = talk("c: Где заказ?!", "o: В пути.", chat="2")
    expected = [("где заказ", 2, "В пути."), ("а чек", 1, "В почте.")]
    mixed = [first[0], second[0], first[1], second[1], *first[2:]]
    for order in (mixed, sorted(first + second, key=lambda message: -message.time)):
        found = mine_history(order)
        assert sorted((text.lower().strip("?!"), n, answer) for text, n, answer in pairs(found)) == sorted(
            expected
        )
        assert (found.n_messages, found.n_conversations, found.n_questions) == (6, 2, 2)


def test_a_contact_that_many_were_sent_is_the_teams() -> None:
    chats = [
        talk("c: куда звонить", f"o: 8 800 555-35-35, а Ольге {number}123456@mail.ru", chat=str(number))
        for number in range(5)
    ]
    assert pairs(mine_history(message for chat in chats for message in chat)) == [
        ("куда звонить", 3, "[phone], а Ольге [email]"),
        ("куда звонить", 2, "8 800 555-35-35, а Ольге [email]"),
    ]


def test_memory_is_bounded_and_what_is_frequent_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_QUESTIONS", 50)
    monkeypatch.setattr(module, "MAX_WAITING", 10)
    monkeypatch.setattr(module, "MAX_CLUSTERED", 3)

    def chats() -> Iterator[HistoryMessage]:
        for number in range(600):
            yield from talk(
                f"c: вопрос {'абв'[number % 3] * 4} важный", "o: Верните за неделю.", chat=f"x{number}"
            )
            yield from talk(
                f"c: редкость {chr(1072 + number % 32)}{chr(1072 + number // 32)}", chat=f"y{number}"
            )

    told: list[int] = []
    found = mine_history(chats(), progress=told.append)
    assert sorted(pairs(found)) == [
        (f"вопрос {letter * 4} важный", 200, "Верните за неделю.") for letter in "абв"
    ]
    assert sum(told) == found.n_messages == 1800
    assert found.n_questions <= 50


def observe(text: str, answer: str = "", times: int = 3) -> ObservedQuestion:
    return ObservedQuestion(text=text, times=times, answer=answer, conversations=frozenset(range(times)))


def test_what_articles_answer_becomes_phrasings_and_the_rest_new_articles() -> None:
    from nlu.reader import TextReader
    from tests.prompter.knowledge.test_draft_generation import WordsEncoder

    drafts = drafts_of_history(
        [
            observe("хочу сдать обратно чайник", "Верните товар за 14 дней!"),
            observe("перечислят ли обратно", "Деньги придут за 3 дня"),
            observe("можно оплатить картой", "Да, при получении картой."),
            observe("как вернуть товар", "Ваш вопрос передан."),  # an article knows it
            observe("что-то редкое", "Ответ.", times=1),
        ],
        SHOP,
        QueryEmbedder(TextReader(WordsEncoder())),
        language="ru",
    )
    assert [
        (draft.kind, draft.article_id, draft.question, draft.answer, draft.source) for draft in drafts
    ] == [
        (ProposalKind.PHRASING, "refund-when", "перечислят ли обратно", "", Source.HISTORY),
        (ProposalKind.PHRASING, "returns-how", "хочу сдать обратно чайник", "", Source.HISTORY),
        (
            ProposalKind.NEW_ARTICLE,
            None,
            "можно оплатить картой",
            "Да, при получении картой.",
            Source.HISTORY,
        ),
    ]


@pytest.mark.slow
def test_empty_rows_count_only_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = "1,customer,1,'-v' prints\n" + ",,,\n" * 600_000
    path.write_text("chat,author,time,text\n" + rows * 2, encoding="utf-8")
    assert [message.text for message in read_history(path)] == ["'-v' prints"] * 2
