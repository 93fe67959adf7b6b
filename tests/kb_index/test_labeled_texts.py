import numpy as np
import pytest

from kb_index import LabeledText
from kb_index.labeled_texts import DiscriminantScorer

CENTRE = np.zeros(8, dtype=np.float32)


def unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), dtype=np.float32)


def make_texts(n: int, seed: int = 0) -> tuple[list[LabeledText], np.ndarray]:
    """Two articles whose texts differ from each other in the second number alone, and widely in the first."""
    random = np.random.default_rng(seed)
    vectors = random.normal(0, 0.05, (n, 8))
    vectors[:, 0] = random.normal(0, 1, n)
    vectors[:, 1] += np.where(np.arange(n) % 2, 0.5, -0.5)
    return [LabeledText(text=str(i), right=("odd" if i % 2 else "even",)) for i in range(n)], unit(vectors)


def lda_score(scorer: DiscriminantScorer, vector: np.ndarray, text_sums: np.ndarray) -> np.ndarray:
    return scorer.lda_score(vector, ("even", "odd"), text_sums, np.ones(2, dtype=np.int64), centre=CENTRE)


def test_what_texts_of_one_article_differ_in_anyway_says_little() -> None:
    texts, vectors = make_texts(1000)
    text_sums = unit(np.array([[1, -0.1] + [0] * 6, [-1, 0.1] + [0] * 6]))
    vector = unit(np.array([1, 0.2] + [0] * 6))  # by cosine, the own text of "even" is far nearer
    assert text_sums[0] @ vector > text_sums[1] @ vector
    even, odd = lda_score(DiscriminantScorer.of(texts, vectors), vector, text_sums)
    assert odd > even


def test_few_texts_leave_all_directions_alike() -> None:
    texts, vectors = make_texts(4)
    precision = DiscriminantScorer.of(texts, vectors).precision * 8
    assert np.abs(precision / precision[0, 0] - np.eye(8)).max() < 0.1


def test_texts_without_a_right_article_and_unknown_articles_change_nothing() -> None:
    texts, vectors = make_texts(20)
    wrong = LabeledText(text="?", wrong=("even",))
    more = DiscriminantScorer.of([*texts, wrong], np.vstack([vectors, vectors[:1]]))
    once = DiscriminantScorer.of(texts, vectors)
    assert more.precision == pytest.approx(once.precision)
    assert more.counts.tolist() == once.counts.tolist()
    nobody = once.lda_score(vectors[0], ("new",), vectors[:1], np.ones(1, dtype=np.int64), centre=CENTRE)
    assert np.isfinite(nobody).all()


@pytest.mark.parametrize("n", [0, 1, 2])
def test_however_few_texts_and_however_equal_the_numbers_are_finite(n: int) -> None:
    texts, vectors = make_texts(2)
    scorer = DiscriminantScorer.of(texts[:1] * n, vectors[:1].repeat(n, axis=0))
    assert np.isfinite(scorer.precision).all()
    assert np.isfinite(lda_score(scorer, vectors[0], vectors)).all()


def test_in_many_dimensions_the_precision_is_the_inverse_covariance_too() -> None:
    texts, few = make_texts(7)
    vectors = np.hstack([few, np.zeros((7, 24), dtype=np.float32)])
    precision = DiscriminantScorer.of(texts, vectors).precision
    # The last dimensions do not vary, so the others are inverted as if they were all there is.
    apart = few - few.mean(axis=0)
    variance = ((apart**2).sum() + 1) / 8 / 32
    articles = [few[0::2], few[1::2]]
    within = sum((rows - rows.mean(axis=0)).T @ (rows - rows.mean(axis=0)) for rows in articles)
    covariance = (within + 200 * variance * np.eye(8)) / (7 - 2 + 200)
    assert precision[:8, :8] * 32 == pytest.approx(np.linalg.inv(covariance), rel=1e-4)
    assert precision[8:, 8:] * 32 == pytest.approx(np.eye(24) * (7 - 2 + 200) / 200 / variance, rel=1e-4)


def test_a_text_that_two_articles_answer_counts_half_for_each() -> None:
    _, vectors = make_texts(1)
    scorer = DiscriminantScorer.of([LabeledText(text="?", right=("odd", "even"))], vectors)
    assert scorer.counts.tolist() == [0.5, 0.5]
    assert scorer.sums == pytest.approx(np.vstack([vectors, vectors]) / 2)
