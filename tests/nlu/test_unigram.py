"""Texts are tokenized into pieces, with hand-made vocabularies."""

import pytest

from nlu.encoders.unigram import UnigramTokenizer

PIECES = {"<unk>": 0.0, "▁": -3.0, "a": -3.0, "b": -3.0, "ab": -4.0, "▁ab": -8.0, "▁a": -4.0, "ba": -9.0}


@pytest.fixture
def tokenizer() -> UnigramTokenizer:
    return UnigramTokenizer(
        list(PIECES), list(PIECES.values()), replacements={0xC4: "a", 0x09: " ", 0x01: ""}, unknown=0
    )


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("ab", ["▁", "ab"]),  # -7 against -7 of "▁a", "b" and -8 of "▁ab": of equals, the first one found
        ("aab", ["▁a", "ab"]),
        ("bab", ["▁", "b", "ab"]),
        ("a  b", ["▁a", "▁", "b"]),
        (" a", ["▁a"]),
        ("a ", ["▁a", "▁"]),
        ("", ["▁"]),
        ("Ä\t\x01b", ["▁a", "▁", "b"]),
        ("xa", ["▁", "<unk>", "a"]),
        ("xx", ["▁", "<unk>", "<unk>"]),
        ("<unk>", ["▁", *["<unk>"] * 5]),
        ("ab" * 40, ["▁", *["ab"] * 40]),
    ],
)
def test_the_likeliest_pieces_are_found(tokenizer: UnigramTokenizer, text: str, pieces: list[str]) -> None:
    assert [list(PIECES)[number] for number in tokenizer.encode(text)] == pieces
