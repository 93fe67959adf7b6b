from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest

from kb_index import Article, ArticleSearch, SearchConfig
from nlu.classifier import IntentClassifier
from nlu.reader import TextReader
from nlu.respelling.typos import Corrector
from prompter.domain.triage import HandoffReason, Route
from prompter.suggestions.assistant import Assistant, AssistantState
from prompter.suggestions.confidence import ConfidenceModel
from prompter.suggestions.routing import Thresholds
from tests.encoders import LetterEncoder
from tests.fakes import SHOP

CONFIG = SearchConfig(
    weight_question=10, weight_passage=5, weight_words=5, weight_characters=2, weight_language=1,
    weight_votes=3, neighbours=8, sharpness=2, ridge=0.3, judged_neighbours=8, judged_ridge=0.3,
    max_answer_length=100, candidates=10, max_postings=1000, rerank_top_k=10, hnsw_above=1000,
)  # fmt: skip
THRESHOLDS = Thresholds(control_at=0.5, suggest_at=0.25, ambiguous_from=0.47, in_scope_at=0.5)
CONFIDENCE = ConfidenceModel(bias=-1, weight_lead=1, weight_vote=2, weight_in_scope=0, weight_phrasings=0)
EXAMPLES = {"позовите человека": "handoff_request", "оператора": "handoff_request", "привет": "greeting"}


def knowledge(articles: Sequence[Article] = SHOP, version: str = "1") -> AssistantState:
    encoder = LetterEncoder()
    search = ArticleSearch.build(articles, reader=TextReader(encoder), config=CONFIG)
    texts = [*EXAMPLES, *(article.question for article in articles)]
    intents = [*EXAMPLES.values(), *(f"topic:{article.topic}" for article in articles)]
    model = IntentClassifier(encoder).fit(texts, intents).model_
    # four intents with an example or two are too few to learn the scope from
    scope = replace(model.scope, bias=5.0)
    return AssistantState(
        reader=TextReader(encoder),
        search=search,
        intents=replace(model, scope=scope),
        confidence=CONFIDENCE,
        thresholds=THRESHOLDS,
        show_at=0.0,
        version=version,
        model="m",
    )


def assistant(known: AssistantState | None = None, *, max_suggestions: int = 3) -> Assistant:
    return Assistant(
        knowledge=known or knowledge(),
        max_suggestions=max_suggestions,
        today=lambda: date(2026, 3, 2),
    )


def with_reader(encoder: LetterEncoder, *, corrector: Corrector | None = None) -> Assistant:
    return assistant(replace(knowledge(), reader=TextReader(encoder, corrector=corrector)))


def test_a_known_question_gets_its_answer() -> None:
    triage = assistant().triage("Здравствуйте! Как вернуть товар??")
    assert triage.suggestions[0].article_id == "returns-how"
    assert triage.suggestions[0].answer == "Верните товар за 14 дней."
    assert triage.suggestions[0].confidence > triage.suggestions[1].confidence
    assert (triage.route, triage.handoff_reason) == (Route.SUGGEST, HandoffReason.TOPIC_NOT_READY)
    assert triage.intent == "topic:returns"
    assert triage.utterance == "Здравствуйте! Как вернуть товар??"
    assert triage.model_version == "1"


def test_whoever_asks_for_a_human_gets_one() -> None:
    triage = assistant().triage("позовите человека")
    assert (triage.route, triage.handoff_reason) == (Route.HANDOFF, HandoffReason.CUSTOMER_REQUEST)


@pytest.mark.parametrize("text", ["", "👍👍", "\u200b\u200d", "?!", "\x00\x01", "https://example.org/a"])
def test_nothing_to_understand_goes_to_an_operator(text: str) -> None:
    triage = assistant().triage(text)
    assert (triage.route, triage.handoff_reason) == (Route.HANDOFF, HandoffReason.OUT_OF_SCOPE)
    assert triage.suggestions == ()
    assert assistant().suggest(text) == ()


@pytest.mark.parametrize("text", ["слово " * 170_000, "\u202eתורזחה", "\ud800где", "🙂 где заказ", "\x00где"])
def test_odd_texts_are_triaged(text: str) -> None:
    assert assistant().triage(text).model_version == "1"


def test_an_utterance_is_encoded_once() -> None:
    encoder = LetterEncoder()
    with_reader(encoder).triage("где мой заказ")
    assert encoder.encoded == ["где мой заказ"]


def test_typos_are_read_as_what_was_meant_and_kept_as_they_were_written() -> None:
    corrector = Corrector.of(article.question for article in SHOP)
    encoder = LetterEncoder()
    shop_assistant = with_reader(encoder, corrector=corrector)
    triage = shop_assistant.triage("где мой заакз")
    assert encoder.encoded == ["где мой заказ"]
    assert triage.utterance == "где мой заакз"
    assert triage.suggestions == assistant().triage("где мой заказ").suggestions
    assert shop_assistant.suggest("как вренуть товарр") == assistant().suggest("как вернуть товар")


def test_only_so_many_suggestions_and_none_that_is_hopeless() -> None:
    assert len(assistant(max_suggestions=2).triage("как вернуть товар").suggestions) == 2
    shown = assistant(replace(knowledge(), show_at=0.5)).triage("как вернуть товар").suggestions
    assert [suggestion.article_id for suggestion in shown] == ["returns-how"]


def test_without_articles_it_still_listens() -> None:
    empty = replace(knowledge([]), intents=None)
    triage = assistant(empty).triage("где мой заказ")
    assert (triage.route, triage.handoff_reason) == (Route.HANDOFF, HandoffReason.NO_ARTICLE)
    assert triage.intent is None


def test_knowledge_is_replaced_under_way() -> None:
    shop_assistant = assistant()
    with ThreadPoolExecutor(4) as pool:
        before = [pool.submit(shop_assistant.triage, "где мой заказ") for _ in range(8)]
        shop_assistant.replace_knowledge(knowledge(SHOP[:2], version="2"))
        assert {future.result().model_version for future in before} <= {"1", "2"}
    after = shop_assistant.triage("где мой заказ")
    assert after.model_version == "2"
    assert {suggestion.article_id for suggestion in after.suggestions} <= {"returns-how", "refund-when"}
