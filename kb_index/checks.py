"""Find problems in a knowledge base that was read without errors: duplicates, conflicts, gaps and markup."""

import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from kb_index.answer_format import leftovers
from kb_index.article import Article, Status
from kb_index.near_texts import are_similar, find_nearest, misspelled_pairs, near_pairs
from kb_index.templates import fields
from kb_index.text import normalize

NEAR_VECTORS = 0.97  # cosine, 1.0 is identical
_BLOCK = 512  # rows of vectors compared at a time


class Kind(StrEnum):
    """The kind of a problem."""

    NEAR_DUPLICATE = "near_duplicate"
    CONFLICTING_ANSWERS = "conflicting_answers"
    EMPTY_ANSWER = "empty_answer"
    UNKNOWN_FIELD = "unknown_field"
    MARKUP = "markup"


class Severity(StrEnum):
    """The severity of a problem. An error can reach a customer, a warning asks for tidying up."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A problem to fix in one article, or between two articles that do not go together."""

    kind: Kind
    severity: Severity
    article_ids: tuple[str, ...]
    message: str
    field: str | None = None  # the template field that has no value


_Key = tuple[str, str]  # language, normal text


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """Two articles, by position, and the texts in which they ask nearly the same question."""

    first: int
    second: int
    similarity: float  # 1.0 is identical
    texts: tuple[str, str]


def check(
    articles: Iterable[Article],
    *,
    known_fields: frozenset[str],
    vectors: NDArray[np.float32] | None = None,
) -> list[Problem]:
    """Return the problems of a knowledge base, errors first. Archived articles are not checked.

    `known_fields` are the template fields that can be filled in. `vectors`, if given, has one row of
    unit length for every article, in the same order: articles whose vectors are nearly the same are
    also taken to ask the same question. 10,000 articles take a few seconds.
    """
    all_articles = list(articles)
    kept = [number for number, article in enumerate(all_articles) if article.status is not Status.ARCHIVED]
    checked = [all_articles[number] for number in kept]
    problems: list[Problem] = []
    for article in checked:
        problems += _article_problems(article, known_fields)
    for pair in _pairs(checked, None if vectors is None else vectors[kept]):
        first, second = checked[pair.first], checked[pair.second]
        # An empty answer is reported as such and does not also conflict with every other answer.
        comparable = bool(first.answer.strip()) == bool(second.answer.strip())
        if comparable and _share_a_day(first, second):
            problems.append(_pair_problem(pair, checked))
    return sorted(problems, key=lambda problem: (problem.severity, problem.kind))


def _article_problems(article: Article, known_fields: frozenset[str]) -> Iterator[Problem]:
    served = article.status is Status.PUBLISHED
    severity = Severity.ERROR if served else Severity.WARNING
    if not article.answer.strip():
        message = f"{_named(article)} has no answer: write one" + (", or make it a draft" if served else "")
        yield Problem(kind=Kind.EMPTY_ANSWER, severity=severity, article_ids=(article.id,), message=message)
    if found := [*leftovers(article.answer)]:
        shown = ", ".join(f"«{_shorten(piece)}»" for piece in found[:3])
        yield Problem(
            kind=Kind.MARKUP,
            severity=severity,
            article_ids=(article.id,),
            message=f"{_named(article)} shows markup to customers ({shown}): write it as plain text",
        )
    for field in fields(article.answer):
        if field in known_fields:
            continue
        near = difflib.get_close_matches(field, sorted(known_fields), n=1)
        advice = f"did you mean {{{near[0]}}}?" if near else _list_fields(known_fields)
        yield Problem(
            kind=Kind.UNKNOWN_FIELD,
            severity=severity,
            article_ids=(article.id,),
            message=f"{_named(article)} asks for {{{field}}}, which nothing fills in: {advice}",
            field=field,
        )


def _list_fields(known_fields: frozenset[str]) -> str:
    names = ", ".join(f"{{{name}}}" for name in sorted(known_fields))
    return f"known are {names}" if names else "no field is known"


def _pair_problem(pair: _Pair, articles: Sequence[Article]) -> Problem:
    first, second = articles[pair.first], articles[pair.second]
    same = are_similar(first.answer, second.answer)
    first_text, second_text = (f"«{_shorten(text)}»" for text in pair.texts)
    is_title = [text == article.question for text, article in zip(pair.texts, (first, second), strict=True)]
    if all(is_title):
        asked = f"{first_text} ({first.id}) and {second_text} ({second.id}) ask nearly the same"
    else:  # they ask it by a phrasing
        asked = f"{_named(first)} and {_named(second)} ask nearly the same"
        asked += f" ({first_text})" if first_text == second_text else f" ({first_text} and {second_text})"
    if same:
        ending = "and answer the same: merge them"
    else:
        ending = "but answer differently: keep one answer, or make the questions differ"
    both_served = first.status is Status.PUBLISHED and second.status is Status.PUBLISHED
    return Problem(
        kind=Kind.NEAR_DUPLICATE if same else Kind.CONFLICTING_ANSWERS,
        severity=Severity.ERROR if both_served and not same else Severity.WARNING,
        article_ids=(first.id, second.id),
        message=f"{asked} {ending}",
    )


def _share_a_day(first: Article, second: Article) -> bool:
    """Return True if both articles are valid on at least one common day."""
    starts = [day for day in (first.valid_from, second.valid_from) if day]
    ends = [day for day in (first.valid_until, second.valid_until) if day]
    return not starts or not ends or max(starts) <= min(ends)


def _pairs(articles: Sequence[Article], vectors: NDArray[np.float32] | None) -> list[_Pair]:
    """Return each pair of articles that ask nearly the same once, with the two most similar texts."""
    askers: dict[_Key, list[int]] = defaultdict(list)
    original: dict[_Key, str] = {}
    for number, article in enumerate(articles):
        for text in dict.fromkeys((article.question, *article.phrasings)):
            key = (_language(article), normalize(text))
            if key[1] and number not in askers[key][-1:]:
                askers[key].append(number)
                original.setdefault(key, text)
    found: list[_Pair] = []
    for key, positions in askers.items():
        texts = (original[key], original[key])
        for first, second in pairwise(positions):
            found.append(_Pair(first=first, second=second, similarity=1.0, texts=texts))
    keys = list(askers)
    texts_of_keys, languages = [text for _, text in keys], [language for language, _ in keys]
    # What is alike by letters comes first: a pair that is found twice keeps what it is told by.
    for i, j, similarity in chain(
        near_pairs(texts_of_keys, languages), misspelled_pairs(texts_of_keys, languages)
    ):
        first_key, second_key = keys[i], keys[j]
        first, second, texts = (
            askers[first_key][0],
            askers[second_key][0],
            (original[first_key], original[second_key]),
        )
        if first > second:
            first, second, texts = second, first, texts[::-1]
        found.append(_Pair(first=first, second=second, similarity=similarity, texts=texts))
    if vectors is not None:
        for first, second, similarity in _near_vectors(vectors):
            if _language(articles[first]) == _language(articles[second]):
                texts = (articles[first].question, articles[second].question)
                found.append(_Pair(first=first, second=second, similarity=similarity, texts=texts))
    best: dict[tuple[int, int], _Pair] = {}
    for pair in found:
        two = (pair.first, pair.second)
        if pair.first != pair.second and (two not in best or best[two].similarity < pair.similarity):
            best[two] = pair
    return sorted(best.values(), key=lambda pair: (pair.first, pair.second))


def _named(article: Article) -> str:
    return f"«{_shorten(article.question)}» ({article.id})"


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79] + "…"


def _language(article: Article) -> str:
    """Return the language without its region: regional variants share answers, languages do not."""
    return article.language.partition("-")[0]


def _near_vectors(vectors: NDArray[np.float32]) -> Iterator[tuple[int, int, float]]:
    """Yield all i < j with a cosine of at least `NEAR_VECTORS`, at most `MAX_PAIRS` nearest for each i."""
    for start in range(0, len(vectors), _BLOCK):
        cosines = vectors[start : start + _BLOCK] @ vectors.T
        rows, columns = np.nonzero(cosines >= NEAR_VECTORS)
        similarity = cosines[rows, columns]
        ahead = rows + start < columns
        yield from find_nearest(rows[ahead] + start, columns[ahead], similarity[ahead])
