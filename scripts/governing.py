"""A shop with some weeks of evidence, for pictures."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

from kb_index import Article
from prompter.common.clock import utc_now
from prompter.conversations.autopilot_gate import ReadinessGate
from prompter.desk.decision import Action
from prompter.domain.evidence import Choice, RejectReason
from prompter.domain.readiness import ReadinessState
from prompter.domain.triage import HandoffReason, Route, Suggestion, Triage
from sufler.bootstrap.services import autopilot_of
from sufler.settings import Settings
from tests.fakes import FakeClock
from tests.shipped import SAMPLING
from tests.shop import Shop

MODEL = "pictures"
_BEGAN = timedelta(days=24)
_TURNS_BETWEEN_LOOKS = 10


@dataclass(frozen=True, kw_only=True)
class Story:
    """The number of customers who ask about a topic, and the bot's accuracy before and after go-live."""

    turns: int
    right: float
    sure: float = 0.75  # share of turns with a confidence of at least .95
    allow: bool = False
    slips_to: float | None = None
    hold: bool = False


STORIES: Mapping[str, Story] = {
    "delivery": Story(turns=330, right=0.985, sure=0.8),
    "gift_cards": Story(turns=260, right=0.99, allow=True, hold=True),
    "order_status": Story(turns=420, right=0.985, allow=True),
    "payment": Story(turns=70, right=0.97),
    "promo": Story(turns=190, right=0.84, sure=0.6),
    "refunds": Story(turns=360, right=0.985, allow=True, slips_to=0.62),
    "returns": Story(turns=230, right=0.96),
}


@dataclass
class _Scripted:
    """Suggests a scripted article with a scripted confidence."""

    article: Article
    confidence: float = 0.0

    def triage(self, text: str) -> Triage:
        suggestion = Suggestion(
            article_id=self.article.id,
            question=self.article.question,
            answer=self.article.answer,
            topic=self.article.topic,
            language=self.article.language,
            similarity=self.confidence,
            confidence=self.confidence,
        )
        return Triage(
            utterance=text,
            intent=None,
            intent_confidence=0.0,
            suggestions=(suggestion,),
            route=Route.SUGGEST,
            handoff_reason=HandoffReason.TOPIC_NOT_READY,
            model_version=MODEL,
        )


@dataclass
class Governing(Shop):
    """Plays the stories of all topics in parallel, up to the present."""

    clock: FakeClock = field(default_factory=lambda: FakeClock(utc_now() - _BEGAN))
    undo: timedelta = timedelta(0)
    chat: str = ""
    random: Random = field(default_factory=lambda: Random(3))  # noqa: S311 - for pictures

    def __post_init__(self) -> None:
        super().__post_init__()
        # More random sampling than usual, so that a few hundred customers suffice.
        self.sampling = replace(
            SAMPLING,
            blind_collecting=0.3,
            blind_later=0.1,
            double_review_collecting=0.4,
            audit_initial=0.3,
            audit_final=0.2,
            random=self.random.random,
        )
        self.gate = ReadinessGate(self.readiness, autopilot_of(Settings()))
        self.scripted = _Scripted(article=self.articles[0])
        self.triager = self.worker(self.scripted)
        self.readiness.run_once(MODEL)

    def play(self) -> None:
        moments = sorted(
            ((number + self.random.random()) / story.turns, topic)
            for topic, story in STORIES.items()
            for number in range(story.turns)
        )
        began = self.clock.now
        for share, topic in moments:
            self.clock.now = max(self.clock.now, began + share * _BEGAN)
            self._govern_topic(topic, STORIES[topic])
        for topic, story in STORIES.items():
            if story.hold:
                self.readiness.hold(topic, self.vera)

    def _govern_topic(self, topic: str, story: Story) -> None:
        live = self._state(topic) is ReadinessState.AUTOPILOT
        articles = [
            candidate
            for candidate in self.articles
            if candidate.topic == topic and candidate.language == "ru" and "{" not in candidate.answer
        ]
        article = self.random.choice(articles)
        sure = self.random.random() < story.sure
        confidence = self.random.uniform(0.95, 0.995) if sure else self.random.uniform(0.6, 0.95)
        chance = story.slips_to if live and story.slips_to else story.right
        right = self.random.random() < chance - (0 if sure else 0.5 * (0.95 - confidence))
        self.scripted.article, self.scripted.confidence = article, confidence
        question = self.random.choice([article.question, *article.phrasings])
        self._answer(self.ask(question, name=""), article, articles, right=right)
        self._judge(article, right=right)
        if self.messages % _TURNS_BETWEEN_LOOKS:
            return
        self.readiness.run_once(MODEL)
        for name, plot in STORIES.items():
            if plot.allow and self._state(name) is ReadinessState.READY:
                self.readiness.allow(name, self.vera)

    def _state(self, topic: str) -> ReadinessState:
        with self.store.read() as tx:
            stored = tx.readiness.get(topic)
        return stored.state if stored else ReadinessState.COLLECTING

    def _answer(self, conversation: int, article: Article, articles: list[Article], *, right: bool) -> None:
        view = self.desk.conversation(conversation)
        if view.turn is None:
            return  # the bot has answered
        if view.turn.blind:
            other = next(candidate for candidate in articles if candidate.id != article.id)
            self.decide(conversation, Action.PICK_OTHER, article_id=(article if right else other).id)
        elif right:
            self.accept(conversation)
        else:
            self.decide(conversation, Action.REJECT, reason=RejectReason.WRONG_ARTICLE)

    def _judge(self, article: Article, *, right: bool) -> None:
        """Let Boris judge every turn that was sampled."""
        while (question := self.reviews.find_next(self.boris)) is not None:
            place = (Choice.FIRST, Choice.SECOND)[question.answers.index(article.answer)]
            self.reviews.judge(question.review_id, place if right else Choice.NEITHER, self.boris)
