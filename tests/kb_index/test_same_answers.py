import pytest

from kb_index.same_answers import answer_groups

LONG = "Верните товар в любой пункт выдачи за 14 дней."


@pytest.mark.parametrize(
    "other",
    [
        "верните  товар в любой пункт выдачи — за 14 дней!",
        "Здравствуйте! Верните товар в любой пункт выдачи за 14 дней.",
        "{customer_name}, верните товар в любой пункт выдачи за 14 дней.",
        "Пожалуйста, верните товар в любой пункт выдачи за 14 дней.",
        "Верните товар в любом пункт выдачи за 14 дней.".replace("любом пункт", "любой пунктик"),
    ],
)
def test_answers_that_say_the_same_are_one_group(other: str) -> None:
    assert answer_groups(["Другое дело.", LONG, other]).tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    "other",
    [
        "Верните товар в любой пункт выдачи за 15 дней.",
        "Не верните товар в любой пункт выдачи за 14 дней.",
        "Смотрите товар в любой пункт выдачи за 14 дней.",
        "Верните товар в любой пункт выдачи за 14 дней. Деньги придут за три.",
        "Верните пункт в любой товар выдачи за 14 дней.",
    ],
)
def test_another_number_a_no_or_another_thing_is_another_answer(other: str) -> None:
    assert answer_groups([LONG, other]).tolist() == [0, 1]


def test_short_answers_must_be_equal_and_empty_ones_stand_alone() -> None:
    assert answer_groups(["Да.", "Нет.", "да", "", "", "?!", "?!"]).tolist() == [0, 1, 0, 3, 4, 5, 5]


def test_chains_are_one_group() -> None:
    answers = [
        LONG,
        "Вы верните товар в любой пункт выдачи за 14 дней",
        "Вы верните товары в любой пункт выдачи за 14 дней",
    ]
    assert answer_groups(answers).tolist() == [0, 0, 0]
