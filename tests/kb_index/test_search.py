from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from kb_index import (
    Article,
    ArticleSearch,
    IncompatibleIndex,
    IndexNotBuilt,
    JudgedText,
    JudgedTexts,
    SearchConfig,
    Status,
)
from kb_index.lexical import LexicalIndex
from kb_index.saved import load_search, save_search
from nlu.ngrams import NgramHasher
from nlu.reader import TextReader
from tests.encoders import LetterEncoder

TODAY = date(2026, 3, 2)
CONFIG = SearchConfig(
    on_question=10,
    on_passage=5,
    on_words=5,
    on_characters=2,
    on_language=1,
    on_votes=3,
    neighbours=8,
    sharpness=2,
    ridge=0.3,
    longest_answer=100,
    candidates=10,
    most_postings=1000,
    ranked_closely=10,
    hnsw_above=1000,
)


def article(id: str, question: str, answer: str, *phrasings: str, **more: object) -> Article:  # noqa: A002
    fields: dict[str, object] = {"topic": "shop", "language": "ru", **more}
    return Article(id=id, question=question, answer=answer, phrasings=phrasings, **fields)  # type: ignore[arg-type]


SHOP = (
    article("returns", "Как вернуть товар", "Верните за 14 дней.", "хочу сдать обратно", "оформить возврат"),
    article("order", "Где мой заказ", "Смотрите раздел «Заказы».", "когда приедет посылка"),
    article("refund", "Когда вернут деньги", "Деньги придут за 3 дня."),
    article("draft", "Где мой заказ сейчас", "Не готово.", status=Status.DRAFT),
)


def build(articles: Sequence[Article] = SHOP, encoder: LetterEncoder | None = None) -> ArticleSearch:
    return ArticleSearch.build(articles, reader=TextReader(encoder or LetterEncoder()), config=CONFIG)


def ids(search: ArticleSearch, text: str, *, k: int = 3, language: str | None = None) -> list[str]:
    found = search.search(TextReader(LetterEncoder()).read(text), k, on=TODAY, language=language)
    return [hit.article.id for hit in found.hits]


@pytest.mark.parametrize(
    ("text", "first"),
    [("как вернуть товар?", "returns"), ("сдать обратно", "returns"), ("посылка когда приедет", "order")],
)
def test_questions_and_phrasings_find_their_article(text: str, first: str) -> None:
    assert ids(build(), text)[0] == first


def test_a_hit_says_how_near_it_is() -> None:
    utterance = TextReader(LetterEncoder()).read("Как вернуть товар")
    hits = build().search(utterance, 3, on=TODAY).hits
    assert hits[0].similarity == pytest.approx(1, abs=1e-5)
    assert hits[0].word_similarity == pytest.approx(1, abs=1e-5)
    assert hits[0].character_similarity == pytest.approx(1, abs=1e-5)
    assert sum(hit.probability for hit in hits) == pytest.approx(1, abs=1e-5)
    expected = 10 * hits[0].similarity + 5 * hits[0].passage_similarity + 5 + 2 + 3 * hits[0].vote
    assert hits[0].relevance == pytest.approx(expected, abs=1e-3)


def test_drafts_are_never_found() -> None:
    assert "draft" not in ids(build(), "Где мой заказ сейчас", k=10)


def test_expired_articles_are_not_hits_but_are_told_of() -> None:
    old = article("old", "Распродажа зимняя", "Скидка.", valid_until=date(2026, 3, 1))
    found = build([*SHOP, old]).search(TextReader(LetterEncoder()).read("распродажа зимняя"), 9, on=TODAY)
    assert found.expired is not None
    assert found.expired.article.id == "old"
    assert found.expired.probability > 0.5
    assert "old" not in [hit.article.id for hit in found.hits]
    assert (
        build([*SHOP, old])
        .search(TextReader(LetterEncoder()).read("распродажа зимняя"), 9, on=date(2026, 3, 1))
        .hits[0]
        .article.id
        == "old"
    )


def test_the_same_answer_counts_once() -> None:
    twin = article("returns-2", "Вернуть товар как", "верните  за 14 дней.")
    assert len([one for one in ids(build([*SHOP, twin]), "как вернуть товар", k=9) if "returns" in one]) == 1


def test_articles_in_the_customers_language_come_first() -> None:
    english = article("aaa-en", "ab cd", "One.", language="en")
    russian = article("zzz-ru", "cd ab", "Один.", language="ru")
    assert ids(build([english, russian]), "ab cd", language="ru")[0] == "aaa-en"  # word order counts for more
    same = article("zzz-ru", "ab cd", "Один.", language="ru")
    assert ids(build([english, same]), "ab cd", language="ru")[0] == "zzz-ru"
    assert ids(build([english, same]), "ab cd", language="en")[0] == "aaa-en"


def test_an_empty_base_was_not_built() -> None:
    with pytest.raises(IndexNotBuilt):
        ids(build([]), "где")
    with pytest.raises(IndexNotBuilt):
        ids(build(SHOP[3:]), "где")


def test_an_update_encodes_only_what_is_new() -> None:
    encoder = LetterEncoder()
    reader = TextReader(encoder)
    before = build(encoder=encoder)
    encoder.encoded.clear()
    changed = [SHOP[0], article("order", "Где мой заказ", "В пути.", "новая фраза")]
    after = ArticleSearch.build(changed, reader=reader, config=CONFIG, previous=before)
    assert encoder.encoded == ["новая фраза", "где мой заказ в пути."]
    fresh = build(changed)
    assert after.fingerprint == fresh.fingerprint != before.fingerprint
    assert ids(after, "новая фраза") == ids(fresh, "новая фраза")


def test_it_is_the_same_after_a_restart(tmp_path: Path) -> None:
    encoder = LetterEncoder()
    search = build(encoder=encoder)
    save_search(search, tmp_path / "index")
    save_search(search, tmp_path / "index")
    encoder.encoded.clear()
    loaded = load_search(tmp_path / "index", SHOP, reader=TextReader(encoder), config=CONFIG)
    assert encoder.encoded == []
    utterance = TextReader(LetterEncoder()).read("когда деньги")
    assert loaded.search(utterance, 3, on=TODAY) == search.search(utterance, 3, on=TODAY)
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_another_base_or_setting_is_refused(tmp_path: Path) -> None:
    reader = TextReader(LetterEncoder())
    save_search(build(), tmp_path / "index")
    with pytest.raises(IncompatibleIndex, match="other articles"):
        load_search(tmp_path / "index", SHOP[:2], reader=reader, config=CONFIG)
    with pytest.raises(IncompatibleIndex, match="no readable index"):
        load_search(tmp_path / "nowhere", SHOP, reader=reader, config=CONFIG)


@pytest.mark.parametrize(
    "name",
    ["manifest.json", "starts.npy", "questions/vectors.faiss", "words/postings.npy", "passages/ids.npy"],
)
def test_damage_is_noticed(tmp_path: Path, name: str) -> None:
    save_search(build(), tmp_path / "index")
    path = tmp_path / "index" / name
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(IncompatibleIndex):
        load_search(tmp_path / "index", SHOP, reader=TextReader(LetterEncoder()), config=CONFIG)


def test_lexical_similarities_are_tf_idf_cosines() -> None:
    texts, asked = ["a b", "a c d", "a"], "a c x"
    hasher = NgramHasher(word_pairs=False)
    index = LexicalIndex.build(hasher.analyze(texts).words)
    query = index.query(hasher.analyze([asked]).words)

    def rarity(held: int) -> float:
        return float(np.log(1 + (3 - held + 0.5) / (held + 0.5)))

    a, once, never = rarity(3), rarity(1), rarity(0)
    length = np.sqrt(a**2 + once**2 + never**2)
    expected = [
        a * a / (length * np.sqrt(a**2 + once**2)),
        (a * a + once * once) / (length * np.sqrt(a**2 + 2 * once**2)),
        a * a / (length * a),
    ]
    assert index.similarities(query, np.array([2, 0, 1])) == pytest.approx([expected[n] for n in (2, 0, 1)])
    assert index.candidates(query, 2, most_postings=100).tolist() == [1, 2]
    assert index.candidates(query, 2, most_postings=2).tolist() == [1]  # the common word is not followed


def judged(*texts: JudgedText) -> JudgedTexts:
    return JudgedTexts.build(texts, reader=TextReader(LetterEncoder()))


def first_of(text: str, taught: JudgedTexts | None) -> str:
    found = build().search(TextReader(LetterEncoder()).read(text), 3, on=TODAY, judged=taught)
    return found.hits[0].article.id


def test_texts_that_people_judged_vote() -> None:
    assert first_of("бабки отдайте", None) != "refund"
    assert first_of("бабки отдайте", judged(JudgedText(text="отдайте бабки", right=("refund",)))) == "refund"
    gone = judged(JudgedText(text="отдайте бабки", right=("long-gone",)))
    assert first_of("бабки отдайте", gone) == first_of("бабки отдайте", None)


def test_a_wrong_verdict_is_outvoted() -> None:
    texts = ("отдайте бабки", "бабки отдай", "отдай бабки")
    right = [JudgedText(text=text, right=("refund",)) for text in texts]
    wrong = JudgedText(text="бабки отдайте", right=("order",))
    utterance = TextReader(LetterEncoder()).read("бабки отдайте")
    alone = {
        hit.article.id: hit.vote for hit in build().search(utterance, 3, on=TODAY, judged=judged(wrong)).hits
    }
    taught = judged(*right, wrong)
    together = {
        hit.article.id: hit.vote for hit in build().search(utterance, 3, on=TODAY, judged=taught).hits
    }
    assert alone["order"] > alone["refund"]
    assert together["refund"] > together["order"]


def test_a_rejected_article_loses_votes() -> None:
    utterance = TextReader(LetterEncoder()).read("как вернуть товар")
    search = build()
    rejected = judged(JudgedText(text="как вернуть товар", wrong=("returns",)))
    before = {hit.article.id: hit.vote for hit in search.search(utterance, 9, on=TODAY).hits}
    after = {hit.article.id: hit.vote for hit in search.search(utterance, 9, on=TODAY, judged=rejected).hits}
    assert after["returns"] < before["returns"] - 0.3


def test_articles_that_say_the_same_share_their_votes() -> None:
    twin = article("returns-2", "Вернуть товар как", "Здравствуйте! Верните за 14 дней!")
    utterance = TextReader(LetterEncoder()).read("как вернуть товар")
    alone = build().search(utterance, 1, on=TODAY).hits[0]
    together = build([*SHOP, twin]).search(utterance, 1, on=TODAY).hits[0]
    assert together.vote > alone.vote
