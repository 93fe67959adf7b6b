"""Find out which column of a table holds which field of an article.

A column is known by the field's own name, by names that other people give it in Russian or English, or by
such a name among words that change nothing ("Текст вопроса", "FAQ question", "ответ_оператора"). Where
several columns would do, the name further ahead in its list wins. Other columns are passed over.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from files.errors import BadFile
from kb_index.formats.text import clean_line

FIELDS = (
    "id",
    "question",
    "answer",
    "topic",
    "phrasings",
    "language",
    "status",
    "valid_from",
    "valid_until",
)
OPTIONAL = ("format", "marks")  # of the answer; known by these very names, written only where needed
REQUIRED = ("question", "answer")
MAX_ROWS_ABOVE_HEADER = 50
DRAFT_FLAGS = frozenset({"draft", "is draft"})  # columns of yes and no instead of a status
PUBLISHED_FLAGS = frozenset({"published", "is published", "опубликовано", "active", "is active", "активно"})

_NAMES: Mapping[str, Sequence[str]] = {
    "id": "id|ид|код|qna id|faq id|article id|identifier|external id|slug".split("|"),
    "question": (
        "question|вопрос|questions|вопросы|q|вопроса|query|запрос|prompt|title|заголовок|heading|utterance"
        "|instruction|input|faq|питання|frage|pregunta|pergunta|domanda|pytanie|soru"
    ).split("|"),
    "answer": (
        "answer|ответ|answers|ответы|a|ans|ответа|response|responses|reply|replies|solution|resolution"
        "|решение|body|content|содержание|text|текст|completion|output|html|відповідь|antwort|respuesta|resposta"
        "|reponse|réponse|risposta|odpowiedź|cevap"
    ).split("|"),
    "topic": (
        "topic|тема|раздел|категория|category|section|рубрика|группа|group|theme|topics|categories|разделы|категорія|розділ"
        "|категории|темы|subject|department|отдел|tag|тег|метка|label|intent|class|kategorie|categoria|categoría"
        "|catégorie|kategoria"
    ).split("|"),
    "phrasings": (
        "phrasings|формулировки|варианты вопроса|варианты вопросов|варианты|другие формулировки"
        "|похожие вопросы|синонимы|alternative questions|alternate questions|similar questions"
        "|alternative phrasings|question variants|variants|variations|paraphrases|also asked|also asked as"
        "|synonyms|utterances|training phrases|patterns|examples"
    ).split("|"),
    "language": "language|язык|lang|locale|язык статьи".split("|"),
    "status": (
        "status|статус|состояние|draft|is draft|published|is published|опубликовано|active|is active|активно"
    ).split("|"),
    "valid_from": "valid from|действует с|начало действия|starts at|start date".split("|"),
    "valid_until": (
        "valid until|действует до|действует по|valid to|окончание действия|expires|end date"
    ).split("|"),
}
_RANKS = {
    field: {name: rank for rank, name in reversed([*enumerate(names)])} for field, names in _NAMES.items()
}
_EXACT = {name: (field, rank) for field, names in _RANKS.items() for name, rank in names.items()}
# Words beside a name that do not change what the column holds
_FILLERS = frozenset(
    "text текст full полный полная short краткий the of on in на en eng english ru rus russian рус "
    "англ русском английском faq чаво user users пользователя customer customers клиента клиентов "
    "client покупателя visitor посетителя оператора операторов агента agent support поддержки bot "
    "бота сайта сайт site our наш official официальный main основной основная html статьи article "
    "item entry s типовой типовые частый частые frequent common готовый готовые шаблон template "
    "standard стандартный suggested final original canonical".split()
)
_OF_THE_QUESTION = frozenset("вопроса вопросов question questions".split())
_INTERPRETED = frozenset({"question", "answer", "topic"})  # fields that names among other words may mean
_CAMEL = re.compile(r"(?<=[a-zа-яё0-9])(?=[A-ZА-ЯЁ])")
_MAX_NAME_CHARS = 100
_N_NAMES_TOLD = 12
_FUZZY = 100  # added to the rank of a name among other words


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The columns of a table: the field by the position of its column, and the columns passed over."""

    fields: Mapping[int, str]
    names: Mapping[str, str]  # the column's own name by its field
    ignored: Mapping[int, str]  # the column's own name by its position; "" has none


@lru_cache(maxsize=4096)
def words_of(name: str) -> str:
    """Return the words of a column's name in lower case.

    >>> words_of("QnaId"), words_of(" Ответ_оператора: ")
    ('qna id', 'ответ оператора')
    """
    tidy = _CAMEL.sub(" ", clean_line(name[:_MAX_NAME_CHARS]))
    if clean_line(name).isupper():
        tidy = clean_line(name[:_MAX_NAME_CHARS])
    return " ".join(re.findall(r"[^\W_]+", tidy.casefold().replace("ё", "е")))


@lru_cache(maxsize=4096)
def field_of(name: str) -> tuple[str, int] | None:
    """Return the field that a column's name means and its rank, 0 for the best name. None if unknown.

    >>> field_of("Вопрос"), field_of("Категория вопроса"), field_of("Question ID"), field_of("Дата ответа")
    (('question', 1), ('topic', 103), ('id', 100), None)
    """
    if (tidy := clean_line(name[:_MAX_NAME_CHARS]).casefold()) in OPTIONAL:
        return tidy, 0
    words = words_of(name)
    if words in _EXACT:
        return _EXACT[words]
    parts = set(words.split())
    found = []
    for field, ranks in _RANKS.items():
        fillers = _FILLERS | _OF_THE_QUESTION if field in {"topic", "phrasings", "id"} else _FILLERS
        heads = [word for word in parts if word in ranks and (len(word) > 1 or field not in _INTERPRETED)]
        rest = parts - set(heads)
        if heads and rest <= fillers:
            best = min(ranks[head] for head in heads)
            found.append((len(rest), best, field))
    if not found:
        return None
    _, rank, field = min(found)
    return field, _FUZZY + rank


def resolve(path: Path, header: Sequence[str], by_hand: Mapping[str, str], *, row: int) -> Columns:
    """Return the columns that a header names.

    `by_hand` are columns by field as the user gave them: a name, a number (1 is the first) or the letters
    of a spreadsheet; "" means that no column holds the field.

    Raises:
        BadFile: when a column given by hand is not there, or two columns have the same name of a field.
    """
    fields: dict[int, str] = {}
    for field, column in by_hand.items():
        if column:
            fields[_position(path, header, column, row=row)] = field
    best: dict[str, tuple[int, int]] = {}  # rank and position by field
    for position, name in enumerate(header):
        known = field_of(name) if name.strip() else None
        if known is None or position in fields or known[0] in by_hand:
            continue
        field, rank = known
        if field not in best or rank < best[field][0]:
            best[field] = rank, position
        elif rank == best[field][0] < _FUZZY:
            problem = (
                "the column comes twice: rename or remove one of them, or name the right one by --columns"
            )
            raise BadFile(path, problem, row=row, column=clean_line(name)[:60])
    fields |= {position: field for field, (_, position) in best.items()}
    return Columns(
        fields=dict(sorted(fields.items())),
        names={fields[position]: clean_line(header[position]) for position in sorted(fields)},
        ignored={
            position: clean_line(name)[:60] for position, name in enumerate(header) if position not in fields
        },
    )


def find_header(
    path: Path, rows: Sequence[tuple[int, Sequence[str]]], by_hand: Mapping[str, str]
) -> tuple[int, Columns]:
    """Return the number of rows up to the header's end, and the columns. 0 rows: there is no header.

    The header is the first row that names a question and an answer, so titles may stand above it. A table
    without one is read if question and answer are given by hand as numbers or letters.

    Raises:
        BadFile: when no row is the header; the error says what is missing and what to do.
    """
    first_error: BadFile | None = None
    for n_above, (row, cells) in enumerate(rows):
        if not is_header(cells, by_hand):
            continue
        try:
            return n_above + 1, resolve(path, cells, by_hand, row=row)
        except BadFile as error:
            first_error = first_error or error
    if first_error is not None:
        raise first_error
    if rows and all(_is_place(by_hand.get(field, "")) for field in REQUIRED):
        row, cells = rows[0]
        columns = resolve(path, [""] * len(cells), by_hand, row=row)
        return 0, columns
    raise _no_header(path, rows)


def is_header(cells: Sequence[str], by_hand: Mapping[str, str]) -> bool:
    """Return whether a row names a question and an answer, or the columns that the user gave for them."""
    known = {found[0] for cell in cells if cell.strip() and (found := field_of(cell))}
    given = {field for field, column in by_hand.items() if column}
    if not {*REQUIRED} <= known | given:
        return False
    words = {words_of(cell) for cell in cells}
    names = [words_of(column) for field in given if not _is_place(column := by_hand[field])]
    return all(name in words for name in names) if names else bool(known)


def _is_place(column: str) -> bool:
    return column.isdecimal() or (column.isascii() and column.isupper() and len(column) <= 2)


def _position(path: Path, header: Sequence[str], column: str, *, row: int) -> int:
    """Return the position of a column that the user named."""
    wanted = words_of(column)
    for position, name in enumerate(header):
        if wanted and words_of(name) == wanted:
            return position
    if _is_place(column):
        place = int(column) if column.isdecimal() else _number_of(column)
        if 1 <= place <= len(header):
            return place - 1
    raise BadFile(path, f"there is no such column: it has {_listed(header)}", row=row, column=column[:60])


def _number_of(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


def _listed(header: Sequence[str]) -> str:
    names = [clean_line(name)[:40] for name in header if name.strip()]
    if not names:
        return f"{len(header)} columns without names"
    more = ", …" if len(names) > _N_NAMES_TOLD else ""
    return ", ".join(map(repr, names[:_N_NAMES_TOLD])) + more


def _no_header(path: Path, rows: Sequence[tuple[int, Sequence[str]]]) -> BadFile:
    """Return the error for a table in whose first rows no header was found."""
    row, cells = max(rows, key=lambda numbered: _n_known(numbered[1]), default=(1, [""]))
    known = {found[0] for cell in cells if (found := field_of(cell))}
    missing = next((field for field in REQUIRED if field not in known), REQUIRED[0])
    if known:
        unknown = [cell for cell in cells if cell.strip() and not field_of(cell)]
        for cell in unknown:
            near = difflib.get_close_matches(words_of(cell), _RANKS[missing], n=1, cutoff=0.75)
            if near and len(words_of(cell)) > 2:
                problem = f"there is no such field, did you mean {near[0]!r}? Rename it, or add --columns"
                return BadFile(path, f"{problem} {missing}=«column»", row=row, column=clean_line(cell)[:60])
        problem = f"the column {missing} is missing: the table has {_listed(cells)}; rename the right one"
        return BadFile(path, f"{problem}, or add --columns {missing}=«its name»", row=row)
    if rows:
        row, cells = rows[0]
    problem = (
        f"the column question is missing: no row names columns for question and answer ({_listed(cells)})"
    )
    advice = "write «question» and «answer» above them, or say which they are: --columns 1=question,2=answer"
    return BadFile(path, f"{problem}; {advice}", row=row)


def _n_known(cells: Sequence[str]) -> int:
    return sum(field_of(cell) is not None for cell in cells if cell.strip())


def require_field(path: Path, name: str, *, row: int) -> str:
    """Return the field with this very name.

    Raises:
        BadFile: when no field has this name; the error suggests the most similar name.
    """
    tidy = clean_line(name).casefold()
    if tidy in FIELDS + OPTIONAL:
        return tidy
    near = difflib.get_close_matches(tidy, FIELDS, n=1)
    advice = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(FIELDS)}"
    raise BadFile(path, f"there is no such field, {advice}", row=row, column=clean_line(name)[:60])


def suggestion(name: str) -> str:
    """Return the optional field that a column passed over may have meant, or ""."""
    words = words_of(name)
    near = difflib.get_close_matches(words, [names[0] for names in _NAMES.values()], n=1, cutoff=0.8)
    return near[0].replace(" ", "_") if near and len(words) > 3 else ""


def parse_columns(text: str) -> Iterator[tuple[str, str]]:
    """Yield field and column of a text such as `question=Вопрос клиента,answer=2` or `1=question`.

    Raises:
        ValueError: when a part names no field; the message says how to write it.
    """
    for part in filter(None, (part.strip() for part in text.split(","))):
        left, equals, right = (piece.strip() for piece in part.partition("="))
        if equals and left.casefold() in FIELDS + OPTIONAL:
            yield left.casefold(), right
        elif equals and right.casefold() in FIELDS + OPTIONAL:
            yield right.casefold(), left
        else:
            known = ", ".join(FIELDS + OPTIONAL)
            raise ValueError(f"{part[:60]!r} maps no field: write question=«column»; fields are {known}")
