"""A reply is cut into messages that its channel can carry."""

import re

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from prompter.text.message_parts import MAX_UNITS, split_into_parts

LIMIT = MAX_UNITS["telegram"]
SIGNATURE = "— ответил бот"


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def letters(text: str) -> str:
    return "".join(text.split())


def test_signs_count_as_telegram_counts_them() -> None:
    assert [units(part) for part in split_into_parts("🎁" * 2049, "telegram")] == [4096, 2]
    assert split_into_parts("a" * 4096, "telegram") == ["a" * 4096]
    assert split_into_parts("🎁" * 5000, "web") == ["🎁" * 5000]
    assert split_into_parts(" \n ", "telegram") == []


@pytest.mark.parametrize("between", ["\n\n", "\n", ". "])
def test_the_best_place_near_the_limit_is_taken(between: str) -> None:
    better = {"\n\n": "слово\nслово. слово", "\n": "слово. слово", ". ": "слово слово"}[between]
    filler = " ".join([better] * 700)[:3000].rstrip(" .\n")
    first, second = split_into_parts(f"{filler}{between}{filler}", "telegram")
    assert (first, second) == (f"{filler}{between}".rstrip(), filler)


@pytest.mark.parametrize("character", ["👨‍👩‍👧‍👦", "🇷🇺", "é", "👍🏽", "한"])
def test_no_character_is_cut_apart(character: str) -> None:
    for part in split_into_parts(f"a{character * 4000}", "telegram"):
        assert set(regex.findall(r"\X", part)) <= {"a", character}


def test_a_link_is_kept_whole_if_it_fits_into_a_message() -> None:
    link = "https://shop.example/" + "a" * 300
    for text in (f"{'слово ' * 660}{link} конец", f"{'文' * 4000}{link}文"):
        assert any(link in part for part in split_into_parts(text, "telegram"))
    long_link = "https://shop.example/" + "a" * 5000
    assert "".join(split_into_parts(long_link, "telegram")) == long_link


@pytest.mark.parametrize("length", range(4060, 4100, 3))
def test_no_part_is_a_scrap_of_a_signature(length: int) -> None:
    sentence = "Это последнее предложение ответа."
    text = f"{'слово. ' * 700}"[: length - len(sentence) - 1] + f" {sentence}"
    parts = split_into_parts(f"{text}\n\n{SIGNATURE}", "telegram", signature=SIGNATURE)
    assert parts[-1].endswith(f"{sentence}\n\n{SIGNATURE}")
    own = split_into_parts(f"{text}\nС уважением,\nАнна", "telegram")
    assert sentence in own[-1]


def test_a_long_last_sentence_leaves_some_words_with_the_signature() -> None:
    text = f"{'слово ' * 682}\n\n{SIGNATURE}"
    *_, last = split_into_parts(text, "telegram", signature=SIGNATURE)
    assert re.fullmatch(rf"(слово ?){{20,}}\s+{SIGNATURE}", last)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["слово ", "🎁", ". ", "\n", "\n\n", "👨‍👩‍👧", "https://a.bc/d?e=f ", "x" * 90, "\u00a0"]
        ),
        max_size=900,
    )
)
def test_nothing_is_lost_and_every_part_can_be_sent(pieces: list[str]) -> None:
    text = f"{''.join(pieces)}\n\n{SIGNATURE}"
    parts = split_into_parts(text, "telegram", signature=SIGNATURE)
    assert letters("".join(parts)) == letters(text)
    assert all(part == part.strip() and 0 < units(part) <= LIMIT for part in parts)
