# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy", "wordfreq>=3.1"]
# ///
"""Count words and letters for nlu/respelling, and write nlu/respelling/statistics.npz.

Run once by a developer, from the repository's root: `python scripts/learn_spelling.py`. Word frequencies
are those of wordfreq (data: CC BY-SA 4.0, see nlu/respelling/statistics.LICENSE) and of the shipped
knowledge base, which adds the words of shops; held-out texts are not read.
"""

import csv
import math
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import wordfreq

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from nlu.respelling.statistics import (  # noqa: E402
    LETTER_UNIT,
    NEIGHBOURS,
    ORDER,
    STATISTICS,
    WORD_UNIT,
    Alphabet,
    hash_of,
)
from nlu.respelling.transliteration import key_of_russian  # noqa: E402

SHARE_OF_SHOP = 0.05  # share of a word's frequency that comes from the shipped base
RUSSIAN_WORDS = 80_000
ENGLISH_WORDS = 40_000
OTHER_LATIN = {
    **dict.fromkeys(["es", "fr", "it", "de", "id", "pt"], 15_000),
    **dict.fromkeys(
        ["nl", "tr", "ro", "sv", "nb", "da", "fi", "hu", "ca", "lt", "lv", "ms", "fil", "vi"], 5_000
    ),
    **dict.fromkeys(NEIGHBOURS, 8_000),
}  # fmt: skip
OTHER_COST = 1.5  # nats: how much rarer texts in another language are than English texts
OTHER_CYRILLIC = dict.fromkeys(["uk", "bg", "mk"], 10_000)
TYPES_FOR_LETTERS = 100_000  # each word counts once, because the letters of rare words matter


def main() -> None:
    russian = frequencies("ru", Alphabet.RUSSIAN, words_of_shop("ru"))
    english = frequencies("en", Alphabet.LATIN, words_of_shop("en"))
    latin: dict[str, float] = top(english, ENGLISH_WORDS)
    languages = dict.fromkeys(latin, 1)
    for language, count in OTHER_LATIN.items():
        words_of_language = top(frequencies(language, Alphabet.LATIN), count)
        merge(latin, words_of_language, OTHER_COST)
        bit = 2 << NEIGHBOURS.index(language) if language in NEIGHBOURS else 1
        for word in words_of_language:
            languages[word] = languages.get(word, 0) | bit
    cyrillic = top(russian, RUSSIAN_WORDS)
    words = list(cyrillic)
    for language, count in OTHER_CYRILLIC.items():
        merge(cyrillic, top(frequencies(language, Alphabet.RUSSIAN), count), OTHER_COST)
    by_key: dict[int, int] = {}
    for number, word in enumerate(words):  # the most frequent word comes first
        by_key.setdefault(hash_of(key_of_russian(word)), number)
    keys = sorted(by_key)
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "words": np.frombuffer("\n".join(words).encode(), dtype=np.uint8),
        "word_costs": np.array([cost_of(russian[word]) for word in words], dtype=np.uint8),
        "keys": np.array(keys, dtype=np.uint32),
        "word_of_key": np.array([by_key[key] for key in keys], dtype=np.uint32),
        "russian_letters": letter_costs(russian, Alphabet.RUSSIAN),
        "english_letters": letter_costs(english, Alphabet.LATIN),
        "latin_letters": letter_costs(latin, Alphabet.LATIN),
    }
    for name, table in (("cyrillic", cyrillic), ("english", top(english, ENGLISH_WORDS)), ("latin", latin)):
        costs = {hash_of(word): cost_of(table[word]) for word in table}
        arrays[f"{name}_hashes"] = np.array(sorted(costs), dtype=np.uint32)
        arrays[f"{name}_costs"] = np.array([costs[key] for key in sorted(costs)], dtype=np.uint8)
    bits = {hash_of(word): mask for word, mask in languages.items()}
    arrays["latin_languages"] = np.array([bits[key] for key in sorted(bits)], dtype=np.uint8)
    np.savez_compressed(STATISTICS, **arrays)
    sys.stdout.write(
        f"{STATISTICS.name}: {STATISTICS.stat().st_size:,} bytes; {len(words):,} Russian words\n"
    )


def frequencies(language: str, alphabet: Alphabet, shop: Mapping[str, int] | None = None) -> dict[str, float]:
    """Return the share of each word, folded to the alphabet's letters, most frequent first."""
    total: Counter[str] = Counter()
    for word, frequency in wordfreq.get_frequency_dict(language, "best").items():
        folded = fold(word)
        if folded and alphabet.holds(folded):
            total[folded] += frequency
    if shop:
        shop_counts = {word: count for word, count in shop.items() if alphabet.holds(word)}
        for word, count in shop_counts.items():
            total[word] = (1 - SHARE_OF_SHOP) * total[word] + SHARE_OF_SHOP * count / sum(
                shop_counts.values()
            )
    return dict(total.most_common())


def fold(word: str) -> str:
    """Remove accents and apostrophes, and replace ё by е, as in the lookup of messages."""
    plain = unicodedata.normalize("NFKD", word.lower().replace("й", "\0")).replace("\0", "й")
    return "".join(c for c in plain if not unicodedata.combining(c) and c not in "'’").replace("ı", "i")


def words_of_shop(language: str) -> Counter[str]:
    """Count the words of all questions and answers, and of the phrasings in `language`.

    Russian phrasings may be in the wrong layout or in Latin letters on purpose, so they do not count as
    English.
    """
    with (ROOT / "training_data" / "kb.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    texts = [
        f"{row['question']} {row['answer']} {row['phrasings'] if row['language'] == language else ''}"
        for row in rows
    ]
    return Counter(fold(word) for word in re.findall(r"[a-z']+|[а-яё]+", " ".join(texts).lower()))


def top(table: Mapping[str, float], count: int) -> dict[str, float]:
    return dict(list(table.items())[:count])


def merge(into: dict[str, float], table: Mapping[str, float], cost: float) -> None:
    for word, frequency in table.items():
        into[word] = max(into.get(word, 0.0), frequency * math.exp(-cost))


def cost_of(frequency: float) -> int:
    return min(255, round(-math.log(frequency) / WORD_UNIT))


def letter_costs(table: Mapping[str, float], alphabet: Alphabet) -> npt.NDArray[np.uint8]:
    """Return -log P(letter | those before it), shape (size ** ORDER,).

    The probabilities use Witten-Bell smoothing over contexts.
    """
    size = alphabet.size
    codes = [
        [0] * (ORDER - 1) + [alphabet.codes[letter] for letter in word] + [0]
        for word in list(table)[:TYPES_FOR_LETTERS]
    ]
    probability = np.full(size, 1 / size)
    for order in range(1, ORDER + 1):
        counts = np.zeros(size**order)
        for word in codes:
            for end in range(ORDER - 1, len(word)):
                place = 0
                for code in word[end - order + 1 : end + 1]:
                    place = place * size + code
                counts[place] += 1
        counts = counts.reshape(-1, size)
        seen, kinds = counts.sum(axis=1, keepdims=True), (counts > 0).sum(axis=1, keepdims=True)
        shorter = np.tile(probability.reshape(-1, size), (len(counts) // max(1, probability.size // size), 1))
        probability = np.where(seen > 0, (counts + kinds * shorter) / np.maximum(seen + kinds, 1), shorter)
    return np.minimum(255, np.round(-np.log(probability.ravel()) / LETTER_UNIT)).astype(np.uint8)


if __name__ == "__main__":
    main()
