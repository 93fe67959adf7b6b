"""Weak passwords are refused."""

import pytest
from zxcvbn.matching import L33T_TABLE, enumerate_l33t_subs, relevant_l33t_subtable

from prompter.accounts.passwords import WeakPassword, _texts_to_score, check_password


@pytest.mark.parametrize(
    "password",
    """1234567890 0987654321 1111111111 aaaaaaaaaa abcdefghij qwertyuiop Qwertyuiop1 password123 Password123!
    P@ssw0rd2024 1q2w3e4r5t 1qaz2wsx3edc zaq12wsxcde3 qwerty123456 iloveyou123 administrator admin12345
    letmein1234 Welcome2024! sunshine123 football123 moscow2024 12.04.1985 sufler-admin Sufler2024!
    йцукенгшщз ЙЦУКЕНГШЩЗ фывапролджэ пароль12345 Пароль12345! gfhjkm12345 parol12345 привет12345 любовь12345
    наташа1985 спартак1922 москва2024 оператор123 поддержка1 солнышко2020
    QWERTYUIOP PASSWORD123""".split(),
)
def test_what_is_tried_first_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword, match="easily guessed"):
        check_password(password, "clara")


@pytest.mark.parametrize(
    "password", ["boris-petrov", "Boris.Petrov1", "petrov-boris!", "borispetrov2024", "vortep.sirob"]
)
def test_the_name_in_it_does_not_make_it_better(password: str) -> None:
    with pytest.raises(WeakPassword):
        check_password(password, "boris.petrov")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "kY3vQ9s0mF2xL8aT",
        "x7Kq9!mPz2",
        "мой кот ест только рыбу",
        "another good one",
        "ы" * 3 + " борщ на даче",
    ],
)
def test_what_nobody_guesses_is_taken(password: str) -> None:
    check_password(password, "clara")


@pytest.mark.parametrize("password", ["a" * 200, "1!i|7+" * 33, "12.04.1985" * 20, "йцукенгшщз" * 20])
def test_a_long_pattern_is_still_one(password: str) -> None:
    with pytest.raises(WeakPassword):
        check_password(password, "clara")


@pytest.mark.parametrize(
    "password",
    """безопасность безопасность1 преподаватель электричество здравствуй1 компьютер2024 гарантия2025
    Служба2025!! ЭЛЕКТРИЧЕСТВО иванпетров Иванов1990! Иванова.1990 ivanpetrov90 bezopasnost1 ,tpjgfcyjcnm
    компьютеркомпьютер Екатерина1991 environment electricity2 password-sufler password.password1
    dragon-monkey""".split(),
)
def test_one_word_or_name_with_digits_and_signs_is_no_password(password: str) -> None:
    with pytest.raises(WeakPassword, match="easily guessed"):
        check_password(password, "anna")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "лошадь скрепка батарея верно",
        "кофе и дождь ночью",
        "мама папа дом и река",
        "horse-battery",
    ],
)
def test_several_words_are_one(password: str) -> None:
    check_password(password, "anna")


@pytest.mark.parametrize(
    "password",
    [
        "a4@A4@8b(c{<e3g69h1i!|l1o0s5$t7+x%z2" * 2,
        "4@8({[<3691!|70$5+%2" * 10,
        "4@8{3691!7$+2" * 15,
        "1234567890" * 20,
        "йцук4@8({[<3691!|0$5+7%2хъжэбю" * 6,
    ],
)
def test_an_estimate_looks_few_texts_up(password: str) -> None:
    """zxcvbn looks up every part of a text once per reading of its signs as letters."""
    ways = 0
    for text in _texts_to_score(password):
        assert len(text) <= 24
        ways += len(enumerate_l33t_subs(relevant_l33t_subtable(text, L33T_TABLE)))
    assert ways <= 40
