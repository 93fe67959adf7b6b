"""`check` finds the problems of a knowledge base and ignores harmless cases."""

import random
from datetime import date
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb_index.article import Article, Status
from kb_index.checks import Kind, Problem, Severity, check
from kb_index.near_texts import MAX_PAIRS, NEAR, near_pairs
from kb_index.text import normalize

FIELDS = frozenset({"customer_name", "ticket"})
RENEW = "Как продлить тариф на 100 рублей в личном кабинете?"


def article(
    article_id: str,
    question: str = "",
    answer: str = "Напишите нам в чат.",
    *,
    phrasings: tuple[str, ...] = (),
    language: str = "ru",
    status: Status = Status.PUBLISHED,
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> Article:
    return Article(
        id=article_id,
        question=question or f"вопрос {article_id}",
        answer=answer,
        topic="t",
        phrasings=phrasings,
        language=language,
        status=status,
        valid_from=valid_from,
        valid_until=valid_until,
    )


def problems_of(*articles: Article) -> list[tuple[Kind, Severity, tuple[str, ...]]]:
    problems = check(articles, known_fields=FIELDS)
    return [(problem.kind, problem.severity, problem.article_ids) for problem in problems]


def test_a_tidy_base_has_no_problems() -> None:
    assert (
        problems_of(article("1", "Как вернуть товар?"), article("2", "Сколько стоит доставка?", "{ticket}"))
        == []
    )
    assert problems_of() == []


@pytest.mark.parametrize(
    ("question", "other_question"),
    [
        ("Как вернуть товар?", "как вернуть  товар"),
        ("Где моё письмо с чеком?", "Где мое письмо с чеком"),
        ("Можно ли оплатить заказ картой при получении", "Можно ли оплатить заказы картой при получении"),
    ],
)
def test_nearly_the_same_question(question: str, other_question: str) -> None:
    first, second = article("1", question), article("2", "Совсем другое", phrasings=("и ещё", other_question))
    assert problems_of(first, second) == [(Kind.NEAR_DUPLICATE, Severity.WARNING, ("1", "2"))]
    second = article("2", other_question, "Никак.")
    assert problems_of(first, second) == [(Kind.CONFLICTING_ANSWERS, Severity.ERROR, ("1", "2"))]
    (problem,) = check([first, second], known_fields=FIELDS)
    assert problem.message.startswith(f"«{question}» (1) and «{' '.join(other_question.split())}» (2) ask")
    assert "but answer differently" in problem.message


@pytest.mark.parametrize(
    "second",
    [
        article("2", "Как продлить тариф на 200 рублей в личном кабинете?", "Никак."),
        article("2", "Как продлить тариф на 100 рублей в личном кабинете?", "No way.", language="en"),
        article("2", "Как продлить тариф на 100 рублей в личном кабинете?", "Нет.", status=Status.ARCHIVED),
        article(
            "2", "Как продлить тариф на 100 рублей в личном кабинете?", "Да.", valid_from=date(2026, 7, 2)
        ),
    ],
    ids=["another number", "another language", "archived", "valid at another time"],
)
def test_what_only_looks_like_the_same_question(second: Article) -> None:
    assert problems_of(article("1", RENEW, "Так.", valid_until=date(2026, 7, 1)), second) == []


def test_answers_that_differ_in_a_number_conflict() -> None:
    answer = "Вернуть товар можно в течение {} дней со дня получения, если он не был в употреблении."
    first, second = (
        article("1", "Срок возврата?", answer.format(14)),
        article("2", "срок возврата", answer.format(7)),
    )
    assert problems_of(first, second) == [(Kind.CONFLICTING_ANSWERS, Severity.ERROR, ("1", "2"))]


def test_a_draft_cannot_reach_a_customer() -> None:
    first = article("1", "Срок возврата?", "14 дней")
    second = article("2", "Срок возврата?", "7 дней", status=Status.DRAFT)
    assert problems_of(first, second) == [(Kind.CONFLICTING_ANSWERS, Severity.WARNING, ("1", "2"))]
    empty = article("3", "Срок возврата", "", status=Status.DRAFT)
    assert problems_of(first, empty) == [(Kind.EMPTY_ANSWER, Severity.WARNING, ("3",))]


@pytest.mark.parametrize(
    ("question", "other_question"),
    [
        ("Как вернуть тавар?", "Как вернуть товар?"),
        ("Скока стоит доствка по городу", "Скока стоит доставка по городу?"),
        ("How do I retrun a parcel", "how do I return a parcel"),
        ("Можно ли отменить заявку и вернуть денги", "Можно ли отменить заявку и вернуть деньги"),
    ],
)
def test_a_typing_error_hides_no_conflict(question: str, other_question: str) -> None:
    first, second = article("1", question, "За 14 дней."), article("2", other_question, "За 30 дней.")
    assert problems_of(first, second) == [(Kind.CONFLICTING_ANSWERS, Severity.ERROR, ("1", "2"))]


@pytest.mark.parametrize(
    ("question", "other_question"),
    [
        ("Как включить звук?", "Как выключить звук?"),
        ("Как войти в кабинет", "Как выйти в кабинет"),
        ("Где мой код", "Где мой год"),
        ("Тариф на 15 дней", "Тариф на 16 дней"),
    ],
)
def test_another_word_is_no_typing_error(question: str, other_question: str) -> None:
    assert problems_of(article("1", question, "Так."), article("2", other_question, "Иначе.")) == []


def test_phrasings_of_one_article_may_be_alike() -> None:
    assert (
        problems_of(article("1", "Как вернуть товар?", phrasings=("как вернуть товар", "как вернуть товары")))
        == []
    )


def test_many_copies_are_told_one_by_one() -> None:
    copies = [article(str(number), "Как вернуть товар?") for number in range(100)]
    assert len(problems_of(*copies)) == 99


def test_empty_answers_and_unknown_fields() -> None:
    problems = check(
        [
            article("empty", answer=" "),
            article("typo", answer="{custmer_name}, {ticket} {x y} {} {A}"),
            article("far", answer="{qqq}"),
        ],
        known_fields=FIELDS,
    )
    assert problems == [
        Problem(
            kind=Kind.EMPTY_ANSWER,
            severity=Severity.ERROR,
            article_ids=("empty",),
            message="«вопрос empty» (empty) has no answer: write one, or make it a draft",
        ),
        Problem(
            kind=Kind.UNKNOWN_FIELD,
            severity=Severity.ERROR,
            article_ids=("typo",),
            message="«вопрос typo» (typo) asks for {custmer_name}, which nothing fills in:"
            " did you mean {customer_name}?",
            field="custmer_name",
        ),
        Problem(
            kind=Kind.UNKNOWN_FIELD,
            severity=Severity.ERROR,
            article_ids=("far",),
            message="«вопрос far» (far) asks for {qqq}, which nothing fills in:"
            " known are {customer_name}, {ticket}",
            field="qqq",
        ),
    ]
    (problem,) = check([article("a", answer="{x}")], known_fields=frozenset())
    assert "no field is known" in problem.message


def test_vectors_find_what_letters_do_not() -> None:
    articles = [
        article("old", "не важно", status=Status.ARCHIVED),
        article("1", "Как вернуть товар?", "Так"),
        article("2", "Хочу отправить покупку обратно", "Иначе"),
        article("3", "Сколько стоит доставка?"),
        article("4", "How do I return it?", language="en"),
    ]
    vectors = np.array([[1, 0], [1, 0], [0.999, 0.0447], [0, 1], [1, 0]], np.float32)
    problems = check(articles, known_fields=FIELDS, vectors=vectors)
    assert [(problem.kind, problem.article_ids) for problem in problems] == [
        (Kind.CONFLICTING_ANSWERS, ("1", "2"))
    ]


def similarity(first: str, second: str) -> float:
    left, right = ({f" {text} "[start : start + 3] for start in range(len(text))} for text in (first, second))
    return len(left & right) / len(left | right)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(0, 40))
def test_near_pairs_are_those_of_brute_force(seed: int, size: int) -> None:
    rng = random.Random(seed)
    texts = list(
        dict.fromkeys(
            normalize("".join(rng.choices("аб ", k=rng.randint(1, 14)))) or "в" for _ in range(size)
        )
    )
    every = {
        (i, j): similarity(texts[i], texts[j])
        for i, j in combinations(range(len(texts)), 2)
        if similarity(texts[i], texts[j]) >= NEAR
    }
    pairs = {(i, j): value for i, j, value in near_pairs(texts, [0] * len(texts))}
    assert pairs.keys() <= every.keys()
    assert pairs == pytest.approx({pair: every[pair] for pair in pairs})
    for i in range(len(texts)):
        expected = sorted((value for pair, value in every.items() if pair[0] == i), reverse=True)
        told = sorted((value for pair, value in pairs.items() if pair[0] == i), reverse=True)
        assert told == pytest.approx(expected[:MAX_PAIRS])


def test_markup_in_answers_is_named() -> None:
    (problem,) = check([article("a", "Где?", answer="Жмите **тут** и <b>там</b>&nbsp;")], known_fields=FIELDS)
    assert (problem.kind, problem.severity, problem.article_ids) == (Kind.MARKUP, Severity.ERROR, ("a",))
    assert "«<b>», «&nbsp;», «**тут**»" in problem.message
