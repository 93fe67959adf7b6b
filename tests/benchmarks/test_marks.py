"""Quality on open data does not fall below the figures in docs/benchmarks.md.

The 4-bit encoder rounds slightly differently on other processors: stack_test has given .880 and .882. So the
minimums here are a few rows below the targets.
"""

import pytest

from evaluation import Estimate, evaluate_intents, evaluate_retrieval, read_cases, read_intents
from evaluation.splits import with_noise
from kb_index.formats import read_articles
from nlu.encoders.caching import CachingEncoder
from prompter.models import builder
from prompter.models.encoder_factory import build_encoder
from sufler.benchmarking.adapters import EvaluatedAssistant, EvaluatedClassifier
from sufler.settings import load_settings
from tests.skips import BENCHMARK_DATA

pytestmark = [
    pytest.mark.slow,
    pytest.mark.benchmark_data,
    pytest.mark.skipif(not BENCHMARK_DATA.is_dir(), reason=f"no benchmark data in {BENCHMARK_DATA}"),
]


def value_of(estimate: Estimate | None) -> float:
    assert estimate is not None
    return estimate.value


@pytest.mark.parametrize(
    ("name", "accuracy"), [("hwu20_ru", 0.86), pytest.param("hwu64_small", 0.845, marks=pytest.mark.full)]
)
def test_intents(name: str, accuracy: float) -> None:
    settings = load_settings(None)
    report = evaluate_intents(
        read_intents(BENCHMARK_DATA / "intents" / f"{name}_train.csv"),
        read_intents(BENCHMARK_DATA / "intents" / f"{name}_test.csv"),
        EvaluatedClassifier(settings, build_encoder(settings.models)),
    )
    assert value_of(report.metrics["accuracy"]) >= accuracy


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "p_at_1", "hit_at_3"),
    [("covid", 0.82, 0.94), ("stack", 0.87, 0.96)],
)
def test_retrieval(name: str, p_at_1: float, hit_at_3: float) -> None:
    settings = load_settings(None)
    articles = list(read_articles(BENCHMARK_DATA / "faq" / f"{name}_kb.csv"))
    cases = read_cases(
        BENCHMARK_DATA / "faq" / f"{name}_test.csv", known_ids={article.id for article in articles}
    )
    report = evaluate_retrieval(cases, builder.build_assistant(settings.models, articles))
    assert value_of(report.metrics["p_at_1"]) >= p_at_1
    assert value_of(report.metrics["hit_at_3"]) >= hit_at_3
    assert value_of(report.metrics["ece"]) <= 0.04


@pytest.mark.full
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("name", "p_at_1"), [("covid", 0.89), ("stack", 0.965)])
def test_what_operators_confirm_teaches_even_if_a_tenth_is_wrong(name: str, p_at_1: float) -> None:
    settings = load_settings(None)
    articles = list(read_articles(BENCHMARK_DATA / "faq" / f"{name}_kb.csv"))
    ids = {article.id for article in articles}
    cases = read_cases(BENCHMARK_DATA / "faq" / f"{name}_test.csv", known_ids=ids)
    learn = read_cases(BENCHMARK_DATA / "faq" / f"{name}_learn.csv", known_ids=ids)
    base = EvaluatedAssistant(settings, articles, CachingEncoder(build_encoder(settings.models)))
    noisy = with_noise(learn, 0.1, article_ids=ids, seed=1)
    before, after, after_noise = (
        evaluate_retrieval(cases, base.learn_from(confirmed) if confirmed else base)
        for confirmed in ([], learn, noisy)
    )
    assert value_of(after.metrics["p_at_1"]) >= p_at_1
    assert value_of(after.metrics["ece"]) <= 0.04
    lift = value_of(after.metrics["p_at_1"]) - value_of(before.metrics["p_at_1"])
    assert value_of(after_noise.metrics["p_at_1"]) - value_of(before.metrics["p_at_1"]) >= 0.7 * lift
