"""Which passwords may be chosen."""

import pytest

from prompter.passwords import WeakPassword, check_password


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
