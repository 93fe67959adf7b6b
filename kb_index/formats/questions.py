"""Find the questions in a text that does not mark them as headings.

`split` knows lines in bold («**Как вернуть?**»), numbered questions, `Q:` and `A:` («Вопрос:», «Ответ:»),
tables of two columns, and lines that end in a question mark. Texts are those of
`kb_index.markup.TextBuilder`, with its characters for marks.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from kb_index.formats.records import Record, Warn, slug_of
from kb_index.markup import BOLD, BOLD_END, CELL, plain

_MAX_QUESTION = 300  # characters
_QUESTION_END = re.compile(r"[?？][)»\"”!:…\s]*$")
_QUESTION_WORD = re.compile(
    r"(?:как|какая|какие|какой|какое|каким|какую|кто|кому|что|чем|где|куда|откуда|когда|почему|зачем|сколько|"
    r"можно ли|нужно ли|надо ли|есть ли|могу ли|смогу ли|нужна ли|"
    r"how|what|what's|where|when|why|who|which|can i|can you|do i|do you|is there|is it|are there|should i)"
    r"\s+\w",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w")
_LEAD = re.compile(r"\s{0,20}(?:(?:[-•]|\d{1,3}[.)])\s+)?")
_NUMBER = re.compile(r"\s{0,20}\d{1,3}[.)]\s")
_ASKED = re.compile(
    r"(?:(?:question|вопрос)\s?\d{0,3}\s?[:.)—–-]|[qв]\s?\d{0,3}\s?[:.)])\s*(?=\S)", re.IGNORECASE
)
_ANSWERED = re.compile(r"(?:(?:answer|ответ)\s?\d{0,3}\s?[:.)—–-]|[aао]\s?\d{0,3}\s?[:.)])\s*", re.IGNORECASE)
_DECORATION = re.compile(r"^[\s+＋▶►▸›❓❔✚•➤➜→#]{1,20}|[\s＋▼▾▶►▸›✚⌄→]{1,20}$")
_SIGNS_AFTER = re.compile(r"(?<=[?？])[\s+\-–—»×✕]{1,20}$")
_ITEM_NUMBER = re.compile(r"^\d{1,3}(?:[.)]\s|\ufe0f?\u20e3)\s{0,5}")
_ASKED_HEADERS = frozenset("вопрос вопросы question questions q".split())
_ANSWERED_HEADERS = frozenset("ответ ответы answer answers a".split())
_MAX_ASKED_INSIDE = 3  # lines that end in a question mark in one answer


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question and its answer, which may hold the characters that stand for marks."""

    text: str
    answer: str


_Line = tuple[str, str]  # the question that begins there, if any, and what the line says further


def is_question(text: str) -> bool:
    """Return whether a line or heading reads as a question.

    >>> is_question("Как вернуть товар"), is_question("Возврат"), is_question("Refunds?")
    (True, False, True)
    """
    return bool(_QUESTION_END.search(text[-20:]) or _QUESTION_WORD.match(text))


def clean_question(text: str) -> str:
    """Return the question without its number, the letter Q and the signs that pages draw around it.

    >>> clean_question("Q: Where is it?"), clean_question("2) Когда? +"), clean_question("«Да» или «нет»?")
    ('Where is it?', 'Когда?', '«Да» или «нет»?')
    """
    tidy = _SIGNS_AFTER.sub("", _DECORATION.sub("", text)).strip()
    if "«" not in tidy:
        tidy = tidy.rstrip("» ")
    if is_question(tidy):
        label = _ASKED.match(tidy)
        tidy = tidy[label.end() :] if label else _ITEM_NUMBER.sub("", tidy)
    return tidy.strip() or text


def split(text: str, *, titles: bool = False) -> tuple[str, list[Question]]:
    """Return the text before the first question, and the questions.

    With `titles`, lines in bold are taken as questions even if they do not read as such.
    """
    lines = text.split("\n")
    if not titles:
        is_marked = BOLD in text or CELL in text or "?" in text
        if not is_marked and not any(_ASKED.match(_words(line)) for line in lines):
            return text, []
    if found := _rows_of_table(lines):
        return "", found
    ways: list[Callable[[str], _Line | None]] = [_bold_question, _numbered_question]
    if _has_labels(lines):
        return _cut(lines, _labelled_question, is_answer=_ANSWERED)
    before, found = _cut(lines, lambda line: next(filter(None, (way(line) for way in ways)), None))
    if found:
        return before, found
    before, found = _cut(lines, _lone_question)
    if len(found) > 1:
        return before, found
    if titles:
        before, found = _cut(lines, _bold_line)
        if len(found) > 1 and not before:
            return before, found
    return text, []


def count_asked(text: str) -> int:
    """Count the lines that read as questions."""
    return sum(map(_reads_as_question, text.split("\n")))


def warn_of_questions_inside(records: Sequence[Record], warn: Warn) -> Iterator[Record]:
    """Pass the records on, and warn of each whose answer seems to hold several articles."""
    for record in records:
        answer = record.values.get("answer")
        n_asked = count_asked(answer) if isinstance(answer, str) else 0
        if n_asked >= _MAX_ASKED_INSIDE:
            question = str(record.values.get("question"))
            warn(
                f"row {record.row}: 1 article with {n_asked} questions inside? The answer to "
                f"{question[:60]!r} has {n_asked} lines that end in a question mark: make them headings"
            )
        yield record


def tidy(records: Sequence[Record]) -> list[Record]:
    """Clean the questions, and let each have an id, as a page has none to give.

    The id is derived from the question as it is written. Those that ask the same under different topics are
    articles of their own, whose ids are derived from the topic as well.
    """
    return [_cleaned(record) for record in _by_topic(records)]


def _cleaned(record: Record) -> Record:
    written = str(record.values.get("question"))
    question = clean_question(written)
    if question == written:
        return record
    values = {**record.values, "question": question}
    return replace(record, values=values, slug=record.slug or slug_of(written))


def _by_topic(records: Sequence[Record]) -> list[Record]:
    """Give ids to records that ask the same under different topics, so that each is an article.

    All other ids are derived from the question alone.
    """
    topics: dict[str, set[str]] = {}
    for record in records:
        topics.setdefault(slug_of(str(record.values.get("question"))), set()).add(_topic(record))
    return [
        replace(record, slug=slug_of(f"{_topic(record)} {record.values.get('question')}"))
        if not record.values.get("id") and len(topics[slug_of(str(record.values.get("question")))]) > 1
        else record
        for record in records
    ]


def _topic(record: Record) -> str:
    return str(record.values.get("topic") or "").casefold().strip()


def _words(line: str) -> str:
    return plain(_LEAD.sub("", plain(line), count=1))


def _reads_as_question(line: str) -> bool:
    return len(line) <= _MAX_QUESTION and "?" in line and bool(_QUESTION_END.search(plain(line)))


def _bold_question(line: str) -> _Line | None:
    found = _bold_line(line, alone=False)
    return found if found is not None and is_question(found[0]) else None


def _bold_line(line: str, *, alone: bool = True) -> _Line | None:
    """Return the words in bold with which the line begins, and the rest of it."""
    start = _LEAD.match(line)
    rest = line[start.end() :] if start else line
    if not rest.startswith(BOLD) or BOLD_END not in rest or len(rest) > 10 * _MAX_QUESTION:
        return None
    words, _, after = rest.partition(BOLD_END)
    question = plain(words).strip().removesuffix(":").strip()
    if not question or len(question) > _MAX_QUESTION or (alone and plain(after).strip(" :")):
        return None
    return question, after.lstrip(" :—–")


def _numbered_question(line: str) -> _Line | None:
    return (_words(line), "") if _NUMBER.match(line) and _reads_as_question(line) else None


def _lone_question(line: str) -> _Line | None:
    return (_words(line), "") if _reads_as_question(line) else None


def _labelled_question(line: str) -> _Line | None:
    words = _words(line)
    found = _ASKED.match(words)
    if found is None:
        return None
    question, *answer = re.split(r"\s(?=(?:A|О|Answer|Ответ):\s)", words[found.end() :], maxsplit=1)
    return question.strip(), "".join(answer)


def _has_labels(lines: Sequence[str]) -> bool:
    """Return whether some line begins with «Вопрос:» and a later one with «Ответ:»."""
    has_question = False
    for line in lines:
        words = _words(line) if len(line) < 10 * _MAX_QUESTION else ""
        if _ASKED.match(words):
            has_question = True
            if _labelled_question(line) != (words, "") and re.search(r"\s(?:A|О|Answer|Ответ):\s", words):
                return True
        elif has_question and _ANSWERED.match(words):
            return True
    return False


def _cut(
    lines: Sequence[str], question_in: Callable[[str], _Line | None], is_answer: re.Pattern[str] | None = None
) -> tuple[str, list[Question]]:
    """Cut the lines at the questions. A question that nothing follows is none, but an entry of a list."""
    before: list[str] = []
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        begun = question_in(line)
        if begun is not None:
            found.append((begun[0], [begun[1]]))
        else:
            (found[-1][1] if found else before).append(line)
    questions = []
    for text, answer_lines in found:
        answer = _dedent(answer_lines)
        if is_answer is not None:
            answer = _without_label(answer, is_answer)
        if _WORD.search(plain(answer)):
            questions.append(Question(text=text, answer=answer))
    return plain("\n".join(before)), questions


def _without_label(answer: str, label: re.Pattern[str]) -> str:
    """Remove «Ответ:» before an answer, which may be in bold."""
    starts_bold = answer.startswith(BOLD)
    found = label.match(answer, 1 if starts_bold else 0)
    if found is None:
        return answer
    rest = answer[found.end() :]
    return (BOLD + rest if not rest.startswith(BOLD_END) else rest[1:].lstrip()) if starts_bold else rest


def _dedent(lines: Sequence[str]) -> str:
    kept = [line for line in lines if line.strip()]
    indents = [len(line) - len(line.lstrip(" ")) for line in kept if line != lines[0]]
    margin = min(indents, default=0)
    first, *further = lines
    return "\n".join([first, *(line[margin:] for line in further)]).strip()


def _rows_of_table(lines: Sequence[str]) -> list[Question]:
    """Return the rows of a table whose first column holds questions and whose second holds answers."""
    rows = [line.split(CELL) for line in lines if CELL in line]
    if len(rows) < 2 or any(len(row) != 2 for row in rows):
        return []
    header, *others = [[plain(cell) for cell in row] for row in rows]
    has_header = header[0].casefold() in _ASKED_HEADERS and header[1].casefold() in _ANSWERED_HEADERS
    texts = others if has_header else [header, *others]
    if not has_header and 2 * sum(is_question(question) for question, _ in texts) < len(texts):
        return []
    first = 1 if has_header or not is_question(header[0]) else 0
    return [
        Question(text=plain(question), answer=answer.strip())
        for question, answer in rows[first:]
        if plain(question) and plain(answer)
    ]
