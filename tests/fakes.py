"""Working fakes: small enough to compute by hand, and real enough to use."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from kb_index import Article
from prompter.dialogue.engine import DialogueUnavailable, EngineReply, Question
from prompter.dialogue.forms import LookupUnavailable
from prompter.domain.dialogue import MessageCursor
from prompter.domain.triage import HandoffReason, Route, Suggestion, Triage
from prompter.suggestions.explanations import ExplainedSuggestion, Explanation, NearText, Part
from prompter_api.services import Embeddings

FAST_HASHER = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)])
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class FakeClock:
    """A clock that moves only on request."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Numbers:
    """Prepared random numbers. Without any, nothing is sampled."""

    prepared: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.prepared.pop(0) if self.prepared else 0.99


@dataclass
class WordAssistant:
    """Suggests the articles that share most words with the utterance. Confidence is the share."""

    articles: Sequence[Article]
    seen: list[str] = field(default_factory=list)
    version: str = "words-1"

    def suggest(self, text: str) -> tuple[Suggestion, ...]:
        words = set(text.lower().split())
        ranked = sorted(
            ((self._share(words, article), article) for article in self.articles),
            key=lambda pair: (-pair[0], pair[1].id),
        )
        return tuple(
            Suggestion(
                article_id=article.id,
                question=article.question,
                answer=article.answer,
                topic=article.topic,
                language=article.language,
                similarity=share,
                confidence=share,
            )
            for share, article in ranked[:3]
            if share > 0
        )

    def triage(self, text: str) -> Triage:
        self.seen.append(text)
        suggestions = self.suggest(text)
        return Triage(
            utterance=text,
            intent=f"topic:{suggestions[0].topic}" if suggestions else None,
            intent_confidence=suggestions[0].confidence if suggestions else 0.0,
            suggestions=suggestions,
            route=Route.SUGGEST if suggestions else Route.HANDOFF,
            handoff_reason=HandoffReason.TOPIC_NOT_READY if suggestions else HandoffReason.NO_ARTICLE,
            model_version=self.version,
        )

    @staticmethod
    def _share(words: set[str], article: Article) -> float:
        article_words = set(" ".join((article.question, *article.phrasings)).lower().split())
        return len(words & article_words) / max(1, len(words))


def explain(assistant: WordAssistant, text: str) -> Explanation:
    """Return the word assistant's explanation: one signal, the share of common words."""
    triage = assistant.triage(text)
    return Explanation(
        read_as=text.lower(),
        triage=triage,
        in_scope=0.9,
        suggestions=tuple(
            ExplainedSuggestion(
                suggestion=suggestion,
                relevance=4 * suggestion.confidence,
                probability=suggestion.confidence,
                ranked_by=(
                    Part(
                        name="on_words",
                        value=suggestion.confidence,
                        weight=4.0,
                        points=4 * suggestion.confidence,
                    ),
                ),
                sure_by=(
                    Part(name="lead", value=1.0, weight=suggestion.confidence, points=suggestion.confidence),
                ),
                nearest=NearText(text=suggestion.question, similarity=suggestion.confidence),
                shared_words=tuple(
                    word for word in suggestion.question.lower().split() if word in text.lower()
                ),
                confirmed=(),
            )
            for suggestion in triage.suggestions
        ),
    )


class FixedOrders:
    """A fixed set of orders that counts look-ups. While `broken`, look-ups fail."""

    def __init__(self, states: Mapping[str, str]) -> None:
        self.states = dict(states)
        self.broken = False

    def state_of(self, number: str) -> str | None:
        if self.broken:
            raise LookupUnavailable("the orders' service does not answer")
        return self.states.get(number)


NUMBER = "Напишите номер заказа."


@dataclass
class OrderDialogue:
    """A dialogue engine that asks for an order number, and otherwise defers to our triage.

    It remembers conversations as a real engine does. While `broken` it is unavailable. `says_nothing` makes
    only `say` fail.
    """

    name: str = "orders-1"
    confidence: float = 1.0
    adds: str = ""  # after every answer of an article
    broken: bool = False
    says_nothing: bool = False
    paused: dict[str, bool] = field(default_factory=dict)
    told: dict[str, list[tuple[Question, EngineReply]]] = field(default_factory=dict)
    taken_back: list[MessageCursor] = field(default_factory=list)
    before_reply: Callable[[], object] = lambda: None  # what happens while it thinks

    def ask(self, question: Question, *, after: int | None = None) -> EngineReply:
        self._check()
        told = self.told.setdefault(question.sender, [])
        assert not self.paused.get(question.sender)
        while after is not None and told and told[-1][0].cursor.message_id > after:
            if told[-1][0].cursor == question.cursor:
                return told[-1][1]
            self.taken_back.append(told.pop()[0].cursor)
        reply = self._reply(question.triage.utterance, told[-1][1].form if told else None)
        told.append((question, reply))
        self.before_reply()
        if self.says_nothing:
            raise DialogueUnavailable("it says nothing", is_down=False)
        return reply

    def _reply(self, text: str, form: str | None) -> EngineReply:
        reply = EngineReply(name="faq", confidence=self.confidence, model=self.name, uses_triage=True)
        about_order = replace(reply, name="order_form", uses_triage=False)
        reply = replace(reply, texts=(self.adds,) if self.adds else ())
        if "оператор" in text:
            return replace(reply, name="handoff", uses_triage=False, handoff=HandoffReason.CUSTOMER_REQUEST)
        if form and text.strip().isdigit():
            return replace(about_order, texts=(f"Заказ {text.strip()} едет.",))
        if form or "статус" in text:
            uses_triage = form is not None
            return replace(about_order, texts=(NUMBER,), form="order_form", uses_triage=uses_triage)
        return reply

    def pause(self, sender: str, *, paused: bool) -> None:
        self._check()
        self.paused[sender] = paused

    def model(self) -> str:
        self._check()
        return self.name

    def _check(self) -> None:
        if self.broken:
            raise DialogueUnavailable("it is not there")


def by_length(texts: Sequence[str]) -> Embeddings:
    """Return vectors that can be computed by hand: the number of characters, and 1."""
    return Embeddings(encoder="lengths-1", vectors=np.array([[len(t), 1] for t in texts], dtype=np.float32))


class BrokenAssistant:
    """A model that fails on every call."""

    def triage(self, text: str) -> Triage:
        raise RuntimeError(f"cannot think about {len(text)} characters")


def article(id: str, question: str, answer: str, *, topic: str = "orders", **more: object) -> Article:  # noqa: A002
    return Article(id=id, question=question, answer=answer, topic=topic, language="ru", **more)  # type: ignore[arg-type]


SHOP = (
    article("returns-how", "Как вернуть товар", "Верните товар за 14 дней.", topic="returns"),
    article(
        "refund-when", "Когда вернут деньги", "Деньги придут за 3 дня, {customer_name}.", topic="returns"
    ),
    article("order-where", "Где мой заказ", "Обращение {ticket}: проверьте раздел «Заказы»."),
    article("order-cancel", "Как отменить заказ", "Нажмите «Отменить»."),
)
