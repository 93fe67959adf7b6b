from hypothesis import given
from hypothesis import strategies as st

from nlu.ngrams import Grams, NgramHasher

WORDS = st.text("abcя ", max_size=20)


def bags(grams: Grams) -> list[set[int]]:
    return [set(grams.buckets[a:b].tolist()) for a, b in zip(grams.starts, grams.starts[1:], strict=False)]


def test_shared_words_and_pairs_share_buckets() -> None:
    three_words, two_words, other = bags(
        NgramHasher().analyze(["как вернуть товар", "как вернуть", "где заказ"]).words
    )
    assert two_words < three_words
    assert (len(three_words), len(two_words)) == (5, 3)  # three words and two pairs; two words and one pair
    assert not three_words & other


def test_character_ngrams_stay_inside_words() -> None:
    grams = bags(NgramHasher(min_length=2, max_length=3).analyze(["ab", "b", "a b"]).characters)
    # " a" "ab" "b " " ab" "ab "; " b" "b " " b "; " a" "a " " a " and those of b
    assert [len(bag) for bag in grams] == [5, 3, 6]
    assert grams[1] < grams[2]


@given(st.lists(WORDS, max_size=6))
def test_a_text_has_the_same_buckets_alone_and_in_company(texts: list[str]) -> None:
    hasher = NgramHasher()
    together = hasher.analyze(texts)
    for row, text in enumerate(texts):
        alone = hasher.analyze([text])
        assert bags(alone.words)[0] == bags(together.words)[row]
        assert bags(alone.characters)[0] == bags(together.characters)[row]


def test_many_texts_are_analyzed_in_chunks_alike() -> None:
    texts = [f"слово {number}" for number in range(4100)]
    assert (
        bags(NgramHasher().analyze(texts).words)[4099] == bags(NgramHasher().analyze(texts[4099:]).words)[0]
    )
