"""Read what other products export as JSON. The keys say which product it is, never the file's name.

intents.json                 `intents` with tag, patterns and responses
Zendesk Guide                `articles` with title, body and a section
Chatwoot                     `payload` of articles with title and content
Botpress                     `qnas` with questions and answers by language
QnA Maker, Azure Language    `qnaDocuments` (or `qnaList`, `Qnas`) with questions and an answer

Lists of objects that have only such names are read as anybody's (`kb_index.formats.json_file`), since the
objects may have other fields, which these products do not know.
Exports that hold no answers, or hold them in another file, are refused with the way to convert them.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from files.errors import BadFile
from kb_index.formats.records import Record, Value, Warn, slug_of

_Object = Mapping[str, Any]
_OF_ZENDESK = ("section_id", "html_url", "permission_group_id")
_OF_CHATWOOT = ("portal_id", "category_id", "associated_article_id", "views")


def records(path: Path, content: object, warn: Warn) -> Iterator[Record] | None:
    """Return the records of another product's export, or None if the JSON is none that is known.

    `warn` is called for whatever an article has no place for.

    Raises:
        BadFile: when the product is known but its file holds no answers.
    """

    def tell(problem: str) -> None:
        warn(f"{path}, {problem}")

    if isinstance(content, list):
        return _of_list(content, tell)
    if not isinstance(content, dict):
        return None
    if _looks_like(content.get("intents"), "patterns", "utterances", "text", "questions", beside="responses"):
        return _intents(content["intents"], tell)
    if _looks_like(content.get("articles"), *_OF_ZENDESK, beside="body"):
        return _help_center(content["articles"], _names_of(content.get("sections")), tell)
    if isinstance(content.get("article"), dict) and {"title", "body"} <= content["article"].keys():
        return _help_center([content["article"]], {}, tell)
    if _looks_like(content.get("payload"), "title", beside="content"):
        return _chatwoot(content["payload"], tell)
    if isinstance(content.get("qnas"), list):
        return _botpress(content["qnas"], tell)
    for container in (content, content.get("Assets"), content.get("assets"), content.get("knowledgeBase")):
        for key in ("qnaDocuments", "qnaList", "Qnas", "qnas", "qnaPairs"):
            if isinstance(container, dict) and isinstance(container.get(key), list):
                return _qna_maker(container[key], tell)
    _refuse_without_answers(path, content)
    return None


def _of_list(content: list[Any], tell: Warn) -> Iterator[Record] | None:
    if _looks_like(content, "patterns", beside="responses"):
        return _intents(content, tell)
    if _looks_like(content, *_OF_ZENDESK, beside="body"):
        return _help_center(content, {}, tell)
    if _looks_like(content, *_OF_CHATWOOT, beside="content"):
        return _chatwoot(content, tell)
    if _looks_like(content, "data", beside="id") and isinstance(content[0]["data"], dict):
        return _botpress(content, tell)
    return None


def _refuse_without_answers(path: Path, content: _Object) -> None:
    """Raise BadFile for files of products whose answers stand elsewhere."""
    convert = "put questions and answers into a table with the columns question and answer"
    if "dialog_nodes" in content and "intents" in content:
        raise BadFile(path, f"is a Watson Assistant workspace, whose answers depend on its dialog: {convert}")
    if {"luis_schema_version", "utterances"} <= content.keys():
        raise BadFile(path, f"is a LUIS application, which has intents but no answers: {convert}")
    if "rasa_nlu_data" in content:
        problem = (
            "is training data of Rasa 1, which has no answers: run `rasa data convert nlu`, and import the"
        )
        raise BadFile(path, f"{problem} project's folder")
    if {"name", "auto", "responses"} <= content.keys() and "userSays" not in content:
        problem = "is an intent of Dialogflow, whose examples stand in a file of their own"
        raise BadFile(path, f"{problem}: {convert}")


def _looks_like(content: object, *keys: str, beside: str) -> bool:
    """Return whether the first object of a list has one of the keys, and the key `beside`."""
    first = (
        next((item for item in content if isinstance(item, dict)), None)
        if isinstance(content, list)
        else None
    )
    return first is not None and beside in first and any(key in first for key in keys)


def _objects(items: Sequence[Any], tell: Warn) -> Iterator[tuple[int, _Object]]:
    for row, item in enumerate(items, start=1):
        if isinstance(item, dict):
            yield row, item
        else:
            tell(f"row {row}: is no object, left out")


def _intents(items: Sequence[Any], tell: Warn) -> Iterator[Record]:
    """Yield a record for each tag. Chat bots answer with any of the responses: the first is taken."""
    found: dict[str, Record] = {}
    for row, item in _objects(items, tell):
        tag = _text(_first(item, "tag", "intent", "name"))
        asked = _texts(_first(item, "patterns", "utterances", "questions", "text"))
        answers = _texts(item.get("responses"))
        if not asked or not answers:
            tell(f"row {row}: {tag[:60]!r} has no {'patterns' if not asked else 'responses'}, left out")
            continue
        if len(answers) > 1:
            tell(f"row {row}: {tag[:60]!r} has {len(answers)} responses, only the first is taken")
        article_id = _id(tag) or slug_of(asked[0])
        if article_id in found:
            before = found[article_id]
            tell(f"row {row}: the tag {tag[:60]!r} is that of row {before.row}: its patterns are added there")
            phrasings = [*_texts(before.values["phrasings"]), *asked]
            found[article_id] = replace(before, values={**before.values, "phrasings": phrasings})
            continue
        values = _values(article_id, asked[0], answers[0], phrasings=asked[1:])
        found[article_id] = Record(row=row, values=values)
    yield from found.values()


def _help_center(items: Sequence[Any], sections: Mapping[object, str], tell: Warn) -> Iterator[Record]:
    """Yield the articles of Zendesk Guide, whose bodies are HTML."""
    for row, item in _objects(items, tell):
        title = _text(item.get("title")) or _text(item.get("name"))
        if not title:
            tell(f"row {row}: the article has no title, left out")
            continue
        section = item.get("section_id")
        topic = sections.get(section) or (f"section {section}" if section is not None else None)
        status = (
            "draft" if item.get("draft") is True else "archived" if item.get("outdated") is True else None
        )
        yield Record(
            row=row,
            values={
                **_values(_text(item.get("id")), title, _text(item.get("body"))),
                "topic": topic,
                "language": _language(item.get("locale")),
                "status": status,
                "format": "html",
            },
        )


def _chatwoot(items: Sequence[Any], tell: Warn) -> Iterator[Record]:
    """Yield the articles of Chatwoot's help center, whose contents are Markdown."""
    for row, item in _objects(items, tell):
        title = _text(item.get("title"))
        if not title:
            tell(f"row {row}: the article has no title, left out")
            continue
        category = item.get("category")
        named = category if isinstance(category, dict) else {}
        yield Record(
            row=row,
            values={
                **_values(_text(item.get("id")), title, _text(item.get("content"))),
                "topic": _text(named.get("name")) or None,
                "language": _language(named.get("locale") or item.get("locale")),
                "status": _chatwoot_status(item.get("status")),
                "format": "markdown",
            },
        )


def _chatwoot_status(status: object) -> str | None:
    """Return the status. Chatwoot's API gives words, a dump of its database the numbers 0 to 2."""
    names = {0: "draft", 1: "published", 2: "archived"}
    if isinstance(status, int) and not isinstance(status, bool):
        return names.get(status, "draft")
    return (status if status in names.values() else "draft") if isinstance(status, str) else None


def _botpress(items: Sequence[Any], tell: Warn) -> Iterator[Record]:
    """Yield an article for each language of a question. A question that is switched off is a draft."""
    for row, item in _objects(items, tell):
        inner = item.get("data")
        data: _Object = inner if isinstance(inner, dict) else item
        asked, answered = data.get("questions"), data.get("answers") or data.get("answer")
        by_language = asked if isinstance(asked, dict) else {None: asked}
        kept = 0
        for language, questions in by_language.items():
            texts = _texts(questions)
            answers = _texts(answered.get(language) if isinstance(answered, dict) else answered)
            if not texts or not answers:
                continue
            if len(answers) > 1:
                tell(f"row {row}: {texts[0][:60]!r} has {len(answers)} answers, only the first is taken")
            article_id = _id(_text(item.get("id"))) or slug_of(texts[0])
            if kept:
                article_id += f"-{language}"
            kept += 1
            yield Record(
                row=row,
                values={
                    **_values(article_id, texts[0], answers[0], phrasings=texts[1:]),
                    "topic": next(iter(_texts(data.get("contexts") or data.get("category"))), None),
                    "language": _language(language),
                    "status": "draft" if data.get("enabled") is False else None,
                },
            )
        if not kept:
            why = "leads to a flow and" if data.get("redirectFlow") else "has no question or"
            tell(f"row {row}: {why} has no answer, left out")


def _qna_maker(items: Sequence[Any], tell: Warn) -> Iterator[Record]:
    """Yield the pairs of QnA Maker and Azure's question answering, whose answers are Markdown."""
    for row, item in _objects(items, tell):
        lower = {str(key).casefold(): value for key, value in item.items()}
        texts, answer = _texts(lower.get("questions")), _text(lower.get("answer"))
        if not texts:
            tell(f"row {row}: has no question, left out")
            continue
        article_id = lower.get("id", lower.get("qnaid"))
        yield Record(
            row=row,
            values={
                **_values(_id(_text(article_id)) or None, texts[0], answer, phrasings=texts[1:]),
                "status": None if answer else "draft",
                "format": "markdown",
            },
        )


def _values(
    article_id: str | None, question: str, answer: str, *, phrasings: Sequence[str] = ()
) -> dict[str, Value]:
    return {
        "id": article_id or None,
        "question": question,
        "answer": answer,
        "phrasings": list(dict.fromkeys(text for text in phrasings if text != question)),
    }


def _names_of(sections: object) -> dict[object, str]:
    if not isinstance(sections, list):
        return {}
    return {item.get("id"): _text(item.get("name")) for item in sections if isinstance(item, dict)}


def _first(item: _Object, *keys: str) -> object:
    return next((item[key] for key in keys if key in item), None)


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()


def _texts(value: object) -> list[str]:
    """Return the texts of a text or a list. Objects give their `text`, as in some exports of Dialogflow."""
    values: Iterable[object] = value if isinstance(value, list) else [value]
    getter: Callable[[object], object] = lambda item: item.get("text") if isinstance(item, dict) else item  # noqa: E731
    return [text for item in values if (text := _text(getter(item)))]


def _id(text: str) -> str:
    return re.sub(r"[\s|]+", "_", text)[:200]


def _language(value: object) -> str | None:
    """Return the language tag if it is one: Botpress and help centers allow any text."""
    text = _text(value).replace("_", "-")
    return text if re.fullmatch(r"[a-zA-Z]{2,3}(?:-[A-Za-z0-9]{2,8})?", text) else None
