"""Exports of other products are read by their keys, or named with the way to convert them."""

import json
from pathlib import Path

import pytest

from kb_index.article import Article, Status
from kb_index.errors import BadFile
from kb_index.formats import read_articles


def read(tmp_path: Path, content: object) -> tuple[list[Article], list[str]]:
    path = tmp_path / "export.json"
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    warnings: list[str] = []
    return list(read_articles(path, on_warning=warnings.append)), warnings


def test_tags_patterns_and_responses(tmp_path: Path) -> None:
    articles, warnings = read(
        tmp_path,
        {
            "intents": [
                {"tag": "чай и кофе", "patterns": ["есть чай", "есть кофе"], "responses": ["Есть.", "Да."]},
                {"tag": "fallback", "patterns": [], "responses": ["Не понял."]},
                {"tag": "чай и кофе", "patterns": ["налейте чаю"], "responses": ["Есть."]},
            ]
        },
    )
    (article,) = articles
    assert (article.id, article.question, article.answer) == ("чай_и_кофе", "есть чай", "Есть.")
    assert article.phrasings == ("есть кофе", "налейте чаю")
    assert [warning.partition(", ")[2] for warning in warnings] == [
        "row 1: 'чай и кофе' has 2 responses, only the first is taken",
        "row 2: 'fallback' has no patterns, left out",
        "row 3: the tag 'чай и кофе' is that of row 1: its patterns are added there",
    ]


def test_zendesk_guide(tmp_path: Path) -> None:
    base = {"locale": "en-us", "section_id": 7, "draft": False}
    articles, warnings = read(
        tmp_path,
        {
            "articles": [
                {**base, "id": 1, "title": "Where?", "body": "<p>See <a href='https://a.test/m'>map</a></p>"},
                {**base, "id": 2, "title": "Later", "body": None, "draft": True},
                {**base, "id": 3, "title": "", "body": "x"},
            ],
            "sections": [{"id": 7, "name": "Shops"}],
        },
    )
    assert [
        (article.id, article.topic, article.language, article.status, article.answer) for article in articles
    ] == [
        ("1", "Shops", "en-us", Status.PUBLISHED, "See map (https://a.test/m)"),
        ("2", "Shops", "en-us", Status.DRAFT, ""),
    ]
    assert warnings[0].endswith("row 3: the article has no title, left out")


def test_chatwoot(tmp_path: Path) -> None:
    articles, _ = read(
        tmp_path,
        {
            "payload": [
                {
                    "id": 5,
                    "title": "Где?",
                    "content": "**Тут**",
                    "status": "published",
                    "category": {"name": "Адреса", "locale": "ru"},
                },
                {"id": 6, "title": "Куда?", "content": "Там", "status": "draft"},
                {"id": 8, "title": "Зачем?", "content": "Так", "status": 2},
            ],
            "meta": {"articles_count": 3},
        },
    )
    assert [(article.id, article.topic, article.answer, article.status.value) for article in articles] == [
        ("5", "Адреса", "Тут", "published"),
        ("6", "general", "Там", "draft"),
        ("8", "general", "Так", "archived"),
    ]


def test_botpress(tmp_path: Path) -> None:
    data = {"contexts": ["shop"], "enabled": True, "action": "text"}
    texts = {
        "questions": {"en": ["Where?", "Where are you"], "ru": ["Где?"]},
        "answers": {"en": ["Here"], "ru": ["Тут"]},
    }
    articles, warnings = read(
        tmp_path,
        {
            "qnas": [
                {"id": "a1", "data": {**data, **texts}},
                {
                    "id": "a2",
                    "data": {**data, "questions": ["Who?"], "answers": ["We", "Us"], "enabled": False},
                },
                {
                    "id": "a3",
                    "data": {
                        **data,
                        "questions": {"en": ["Go?"]},
                        "answers": {"en": []},
                        "redirectFlow": "x",
                    },
                },
            ]
        },
    )
    assert [
        (article.id, article.topic, article.question, article.answer, article.status.value)
        for article in articles
    ] == [
        ("a1", "shop", "Where?", "Here", "published"),
        ("a1-ru", "shop", "Где?", "Тут", "published"),
        ("a2", "shop", "Who?", "We", "draft"),
    ]
    assert articles[0].phrasings == ("Where are you",)
    assert [warning.partition(", ")[2] for warning in warnings] == [
        "row 2: 'Who?' has 2 answers, only the first is taken",
        "row 3: leads to a flow and has no answer, left out",
    ]


@pytest.mark.parametrize(
    "content",
    [
        {"qnaDocuments": [{"id": 4, "answer": "**Here**", "questions": ["Where?", "Which place?"]}]},
        {"Assets": {"Qnas": [{"Id": 4, "Answer": "Here", "Questions": ["Where?", "Which place?"]}]}},
    ],
)
def test_qna_maker(tmp_path: Path, content: object) -> None:
    (article,), _ = read(tmp_path, content)
    assert (article.id, article.question, article.answer) == ("4", "Where?", "Here")
    assert article.phrasings == ("Which place?",)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({"intents": [], "dialog_nodes": []}, "is a Watson Assistant workspace.*put questions and answers"),
        ({"luis_schema_version": "7", "utterances": []}, "is a LUIS application"),
        ({"rasa_nlu_data": {}}, "is training data of Rasa 1.*rasa data convert nlu"),
        ({"id": "1", "name": "a", "auto": True, "responses": []}, "is an intent of Dialogflow"),
    ],
)
def test_files_without_answers_are_named(tmp_path: Path, content: object, problem: str) -> None:
    with pytest.raises(BadFile, match=problem):
        read(tmp_path, content)


def test_our_own_lists_are_read_as_before(tmp_path: Path) -> None:
    (article,), warnings = read(tmp_path, {"articles": [{"question": "Where?", "answer": "Here"}]})
    assert (article.question, article.answer, warnings) == ("Where?", "Here", [])
