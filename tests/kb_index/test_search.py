import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb_index import (
    Article,
    ArticleSearch,
    IncompatibleIndex,
    IndexNotBuilt,
    LabeledText,
    LabeledTexts,
    SearchConfig,
    Status,
)
from kb_index.lexical import LexicalIndex
from kb_index.persistence import load_search, save_search
from nlu.ngrams import NgramHasher
from nlu.reader import TextReader
from tests.encoders import LetterEncoder

TODAY = date(2026, 3, 2)
CONFIG = SearchConfig(
    weight_question=10,
    weight_passage=5,
    weight_words=5,
    weight_characters=2,
    weight_language=1,
    weight_votes=3,
    neighbours=8,
    sharpness=2,
    ridge=0.3,
    judged_neighbours=8,
    judged_ridge=0.3,
    max_answer_length=100,
    candidates=10,
    max_postings=1000,
    rerank_top_k=10,
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
    assert len([id_ for id_ in ids(build([*SHOP, twin]), "как вернуть товар", k=9) if "returns" in id_]) == 1


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


def test_other_models_or_settings_are_refused(tmp_path: Path) -> None:
    reader = TextReader(LetterEncoder())
    save_search(build(), tmp_path / "index")
    with pytest.raises(IncompatibleIndex, match="other models or settings"):
        load_search(tmp_path / "index", SHOP, reader=reader, config=replace(CONFIG, max_answer_length=99))
    with pytest.raises(IncompatibleIndex, match="no readable index"):
        load_search(tmp_path / "nowhere", SHOP, reader=reader, config=CONFIG)


def test_a_base_that_changed_meanwhile_is_brought_up_to_date(tmp_path: Path) -> None:
    articles = many(120)
    save_search(build(articles), tmp_path / "index")
    changed = [*articles[1:119], replace(articles[119], phrasings=("совсем новая фраза",))]
    encoder = LetterEncoder()
    reader = TextReader(encoder)
    loaded = load_search(tmp_path / "index", changed, reader=reader, config=CONFIG)
    assert [candidate.id for candidate in loaded.articles] == [article.id for article in changed[:-1]]
    assert_equal_results(loaded, build(changed[:-1]))
    search = ArticleSearch.build(changed, reader=reader, config=CONFIG, previous=loaded)
    assert len(encoder.encoded) == 3  # the changed article's question, phrasing and passage
    assert search.contents.has_layers
    assert_equal_results(search, build(changed))
    with pytest.raises(ValueError, match="on top"):
        save_search(search, tmp_path / "index")


@pytest.mark.parametrize("damage", ["cut", "one bit", "gone"])
def test_damage_to_any_file_is_noticed(tmp_path: Path, damage: str) -> None:
    reader, folder = TextReader(LetterEncoder()), tmp_path / "index"
    save_search(build(), folder)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 20
    for path in files:
        content = path.read_bytes()
        if damage == "cut":
            path.write_bytes(content[: len(content) // 2])
        elif damage == "one bit":
            middle = len(content) // 2
            path.write_bytes(content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :])
        else:
            path.unlink()
        with pytest.raises(IncompatibleIndex, match="index"):
            load_search(folder, SHOP, reader=reader, config=CONFIG)
        path.write_bytes(content)
    assert load_search(folder, SHOP, reader=reader, config=CONFIG).articles == build().articles


_SAVE_AND_DIE = """
import os, sys
from pathlib import Path
from kb_index.persistence import save_search
from tests.kb_index.test_search import SHOP, build

def die_at(step, folder):
    def count(event, args):
        nonlocal step
        if event in ("open", "os.mkdir", "os.rename", "os.rmdir", "os.remove") and folder in str(args[0]):
            step -= 1
            if step < 0:
                os._exit(9)
    sys.addaudithook(count)

search = build(SHOP[:2])
for step in sys.argv[2:]:
    folder = Path(sys.argv[1]) / step
    if not (child := os.fork()):
        die_at(int(step), str(folder))
        save_search(search, folder / "index")
        os._exit(0)
    os.waitpid(child, 0)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_process_killed_while_saving_leaves_the_old_index_or_the_new_one(tmp_path: Path) -> None:
    """The process is killed before every fifth disk operation. Between the two renames there is no index."""
    reader, seen = TextReader(LetterEncoder()), []
    steps = [*range(0, 130, 5), 10_000]
    for step in steps:
        save_search(build(), tmp_path / str(step) / "index")
    subprocess.run([sys.executable, "-c", _SAVE_AND_DIE, tmp_path, *map(str, steps)], check=True)
    for step in steps:
        folder, found = tmp_path / str(step) / "index", None
        if folder.exists():  # then it is whole
            found = [
                candidate.id for candidate in load_search(folder, SHOP, reader=reader, config=CONFIG).articles
            ]
        save_search(build(), folder)  # what was left behind is in nobody's way
        assert load_search(folder, SHOP, reader=reader, config=CONFIG).articles == build().articles
        seen.append(found)
    old, new = ["order", "refund", "returns"], ["order", "returns"]
    assert seen[0] == old
    assert seen[-1] == new
    assert all(ids in (old, new, None) for ids in seen)
    assert new in seen[:-1]  # killed after the renames, while it tidied up


def many(n: int, seed: int = 0) -> list[Article]:
    """Build articles with shared words, three phrasings each, and every third answer used twice."""
    random = np.random.default_rng(seed)
    words = (
        "заказ возврат оплата карта адрес курьер размер скидка чек бонус магазин склад вход пароль".split()
    )

    def text() -> str:
        return " ".join(words[int(place)] for place in random.integers(0, len(words), 4))

    return [
        article(
            f"a{number:03}", text(), f"Ответ {number // 2 if number % 3 else number}.", text(), text(), text()
        )
        for number in range(n)
    ]


# No cut among equals: which of them is left out may change with the order of the rows.
EVERYTHING = replace(CONFIG, candidates=1000, rerank_top_k=1000, neighbours=1000, hnsw_above=150)
ASKED = ("заказ возврат карта", "новое слово пароль")


def assert_equal_results(first: ArticleSearch, second: ArticleSearch) -> None:
    """Check that results are equal, except for the rarities and the centre in layers."""
    exact = not first.contents.has_layers
    reader = TextReader(LetterEncoder())
    assert first.fingerprint == second.fingerprint
    assert len(first) == len(second)
    for text in ASKED:
        left, right = (search.search(reader.read(text), 1000, on=TODAY).hits for search in (first, second))
        by_id = {hit.article.id: hit for hit in right}
        shared = [hit for hit in left if hit.article.id in by_id]
        assert len(left) == len(right)
        # Of articles with the same answer the best is shown; which that is may change with the weights
        assert len(shared) >= (1 if exact else 0.8) * len(right)
        for hit in shared:
            twin = by_id[hit.article.id]
            assert hit.article == twin.article
            assert hit.similarity == pytest.approx(twin.similarity, abs=1e-3)
            assert hit.passage_similarity == pytest.approx(twin.passage_similarity, abs=1e-3)
            slack = 1e-3 if exact else 0.1
            assert hit.word_similarity == pytest.approx(twin.word_similarity, abs=slack)
            assert hit.character_similarity == pytest.approx(twin.character_similarity, abs=slack)
            assert hit.vote == pytest.approx(twin.vote, abs=slack)
            assert hit.relevance == pytest.approx(twin.relevance, abs=20 * slack)


CHANGES = st.lists(
    st.lists(
        st.tuples(st.sampled_from(["phrasing", "answer", "remove", "add", "draft"]), st.integers(0, 59)),
        max_size=8,
    ),
    max_size=3,
)


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(CHANGES)
def test_any_history_of_changes_ends_like_an_index_built_anew(history: list[list[tuple[str, int]]]) -> None:
    articles = {article.id: article for article in many(60)}
    reader = TextReader(LetterEncoder())
    search = ArticleSearch.build(articles.values(), reader=reader, config=EVERYTHING)
    spare = many(60, seed=1)
    for changes in history:
        for kind, number in changes:
            name = f"a{number:03}"
            if kind == "add":
                articles[f"n{number:03}"] = replace(spare[number], id=f"n{number:03}")
            elif kind == "remove":
                articles.pop(name, None)
            elif name in articles:
                old = articles[name]
                articles[name] = {
                    "phrasing": replace(old, phrasings=(*old.phrasings, f"новое слово {number}")),
                    "answer": replace(old, answer=f"Другой ответ {number}."),
                    "draft": replace(old, status=Status.DRAFT),
                }[kind]
        before = search
        found = before.search(reader.read(ASKED[0]), 5, on=TODAY)
        search = ArticleSearch.build(articles.values(), reader=reader, config=EVERYTHING, previous=before)
        assert before.search(reader.read(ASKED[0]), 5, on=TODAY) == found  # readers are not disturbed
        assert_equal_results(search, ArticleSearch.build(articles.values(), reader=reader, config=EVERYTHING))


@pytest.mark.slow
def test_a_small_change_lies_on_top_and_many_are_merged() -> None:
    articles, reader = many(100), TextReader(LetterEncoder())
    search = ArticleSearch.build(articles, reader=reader, config=EVERYTHING)
    assert ArticleSearch.build(articles, reader=reader, config=EVERYTHING, previous=search) is search
    layers = []
    for number in range(12):
        articles[number] = replace(articles[number], answer=f"Свой {number}.", phrasings=("новая фраза",))
        search = ArticleSearch.build(articles, reader=reader, config=EVERYTHING, previous=search)
        layers.append(search.contents.has_layers)
        assert ids(search, "новая фраза", k=20).count(articles[number].id) == 1
    assert layers[0]
    assert not all(layers)
    assert "questions hnsw" in search.choice
    assert "passages flat" in search.choice


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
    assert index.candidates(query, 2, max_postings=100).tolist() == [1, 2]
    assert index.candidates(query, 2, max_postings=2).tolist() == [1]  # the common word is not followed


def label_texts(*texts: LabeledText) -> LabeledTexts:
    return LabeledTexts.build(texts, reader=TextReader(LetterEncoder()))


def first_of(text: str, taught: LabeledTexts | None) -> str:
    found = build().search(TextReader(LetterEncoder()).read(text), 3, on=TODAY, judged=taught)
    return found.hits[0].article.id


def test_texts_that_people_judged_vote() -> None:
    assert first_of("бабки отдайте", None) != "refund"
    assert (
        first_of("бабки отдайте", label_texts(LabeledText(text="отдайте бабки", right=("refund",))))
        == "refund"
    )
    gone = label_texts(LabeledText(text="отдайте бабки", right=("long-gone",)))
    assert first_of("бабки отдайте", gone) == first_of("бабки отдайте", None)


def test_a_wrong_verdict_is_outvoted() -> None:
    texts = ("отдайте бабки", "бабки отдай", "отдай бабки")
    right = [LabeledText(text=text, right=("refund",)) for text in texts]
    wrong = LabeledText(text="бабки отдайте", right=("order",))
    utterance = TextReader(LetterEncoder()).read("бабки отдайте")
    alone = {
        hit.article.id: hit.vote
        for hit in build().search(utterance, 3, on=TODAY, judged=label_texts(wrong)).hits
    }
    taught = label_texts(*right, wrong)
    together = {
        hit.article.id: hit.vote for hit in build().search(utterance, 3, on=TODAY, judged=taught).hits
    }
    assert alone["order"] > alone["refund"]
    assert together["refund"] > together["order"]


def test_where_texts_were_judged_more_of_them_vote_and_only_there() -> None:
    texts = ("отдайте бабки", "бабки отдай", "отдай бабки", "бабки отдайте")
    taught = label_texts(*(LabeledText(text=text, right=("refund",)) for text in texts))
    utterance = TextReader(LetterEncoder()).read("бабки отдайте уже")

    def votes(
        taught: LabeledTexts | None, judged_neighbours: int = 8, judged_ridge: float = 0.3
    ) -> dict[str, float]:
        config = replace(CONFIG, neighbours=1, judged_neighbours=judged_neighbours, judged_ridge=judged_ridge)
        search = ArticleSearch.build(SHOP, reader=TextReader(LetterEncoder()), config=config)
        hits = search.search(utterance, 9, on=TODAY, judged=taught).hits
        return {hit.article.id: hit.vote for hit in hits}

    assert votes(taught, judged_neighbours=4)["refund"] > votes(taught, judged_neighbours=1)["refund"]
    assert votes(taught, judged_ridge=2.0)["refund"] < votes(taught, judged_ridge=0.1)["refund"]
    assert votes(None, judged_neighbours=4, judged_ridge=2.0) == votes(None)
    assert votes(label_texts(), judged_neighbours=4, judged_ridge=2.0) == votes(None)


def test_a_rejected_article_loses_votes() -> None:
    utterance = TextReader(LetterEncoder()).read("как вернуть товар")
    search = build()
    rejected = label_texts(LabeledText(text="как вернуть товар", wrong=("returns",)))
    before = {hit.article.id: hit.vote for hit in search.search(utterance, 9, on=TODAY).hits}
    after = {hit.article.id: hit.vote for hit in search.search(utterance, 9, on=TODAY, judged=rejected).hits}
    assert after["returns"] < before["returns"] - 0.3


def test_articles_that_say_the_same_share_their_votes() -> None:
    twin = article("returns-2", "Вернуть товар как", "Здравствуйте! Верните за 14 дней!")
    utterance = TextReader(LetterEncoder()).read("как вернуть товар")
    alone = build().search(utterance, 1, on=TODAY).hits[0]
    together = build([*SHOP, twin]).search(utterance, 1, on=TODAY).hits[0]
    assert together.vote > alone.vote


def test_the_nearest_texts_vote_however_few_articles_are_weighed() -> None:
    words = ("кот", "пёс", "лис", "ёж", "уж", "рак", "жук", "шмель")
    zoo = [
        article(f"{word}-{other}", f"{word} и {other}", f"{word}{other}") for word in words for other in words
    ]
    utterance = TextReader(LetterEncoder()).read("кот и лис")

    def votes(candidates: int) -> dict[str, float]:
        config = replace(CONFIG, candidates=candidates, neighbours=30)
        search = ArticleSearch.build(zoo, reader=TextReader(LetterEncoder()), config=config)
        return {hit.article.id: hit.vote for hit in search.search(utterance, 5, on=TODAY).hits}

    assert votes(3) == pytest.approx(votes(60), abs=0.005)  # equally near texts change places
