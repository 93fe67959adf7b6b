"""A shop whose topics can come to answer alone. The test controls the random sampling."""

from dataclasses import dataclass, field, replace
from functools import cached_property

from evaluation.change_detection import Detector
from evaluation.readiness import Rule
from kb_index import Article
from prompter.conversations.autopilot_gate import AutopilotGate, ReadinessGate
from prompter.desk.decision import Action
from prompter.dialogue.session import DialogueSessions
from prompter.domain.conversation import Author, Reply
from prompter.domain.evidence import Choice
from prompter.domain.readiness import LedgerTurn, Mode
from prompter.domain.triage import HandoffReason, Route
from prompter.readiness.service import Readiness
from prompter.readiness.topic_readiness import TopicReadiness
from tests.shipped import AUTOPILOT
from tests.shop import SURE, Shop

RULE = Rule(bar=0.6, alpha=0.05, thresholds=(0.9, 0.6))
ENOUGH = 10  # right answers in a row: (1 - 0.6^(n+1)) / ((n+1) 0.4 0.6^n) >= 1 / (0.8 * 0.05) first at n = 10


@dataclass
class GovernedShop(Shop):
    chat: str = ""
    mode: Mode = Mode.MANUAL
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    tested_together: tuple[str, ...] = ()
    model: str = "words-1"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.update_readiness()

    @cached_property
    def readiness(self) -> Readiness:
        return Readiness(
            self.store,
            rule=RULE,
            detector=Detector(bar=RULE.bar, threshold=20),
            mode=self.mode,
            groups=self.groups,
            tested_together=self.tested_together,
            clock=self.clock,
        )

    @cached_property
    def gate(self) -> AutopilotGate:
        rules = replace(AUTOPILOT, signatures={"ru": "Ответил бот."}, max_dialogue_answers=5)
        return ReadinessGate(self.readiness, rules)

    def update_readiness(self) -> bool:
        return self.readiness.run_once(self.model)

    def look_at_dialogues(self, *, after: float = 6) -> bool:
        """Advance the clock and poll the dialogue engine and the operators' actions."""
        assert isinstance(self.dialogue_sessions, DialogueSessions)
        self.clock.forward(after)
        return self.dialogue_sessions.run_once()

    def route(self, conversation_id: int) -> tuple[Route, HandoffReason | None]:
        turn = self.turn(conversation_id)
        assert turn.route is not None
        return Route(turn.route), HandoffReason(turn.handoff_reason) if turn.handoff_reason else None

    def move(self, article: Article, topic: str) -> None:
        """Move an article to another topic, in the base and in the assistant."""
        moved = replace(article, topic=topic)
        self.knowledge.import_articles([moved], changed_by="vera")
        self.assistant.articles = [
            moved if candidate.id == moved.id else candidate for candidate in self.assistant.articles
        ]

    def blind(self, *, right: bool = True, text: str = SURE, article_id: str = "returns-how") -> None:
        """Answer a turn blind, with the article that the bot had in mind or with another one."""
        conversation = self.ask(text, sampled=True)
        chosen = article_id if right else "refund-when"
        self.decide(conversation, Action.PICK_OTHER, article_id=chosen)

    def prove(self, turns: int = ENOUGH) -> None:
        """Collect enough evidence for the topic returns."""
        for _ in range(turns):
            self.blind()
        self.update_readiness()

    def go_live(self) -> None:
        self.prove()
        self.readiness.allow("returns", self.vera)

    def audit(self, *, right: bool, text: str = SURE) -> int:
        """Let the bot answer, sample the answer, and let Boris judge it. Return the turn."""
        conversation = self.ask(text, sampled=True)
        assert self.route(conversation)[0] is Route.AUTOPILOT
        self.judge(right=right)
        return self.turn(conversation).id

    def judge(self, *, right: bool) -> None:
        """Judge the review that has waited longest for Boris."""
        question = self.reviews.find_next(self.boris)
        assert question is not None
        answers = list(question.answers)
        own = answers.index("Верните товар за 14 дней.")
        choice = (Choice.FIRST, Choice.SECOND)[own] if right else Choice.NEITHER
        self.reviews.judge(question.review_id, choice, self.boris)

    def turns(self, topic: str) -> list[LedgerTurn]:
        """Return the ledger of the topic's running test."""
        with self.store.read() as tx:
            stored = tx.readiness.get(topic)
            assert stored is not None
            return tx.readiness.ledger((topic,), since=stored.test_began_at)

    def returns(self) -> TopicReadiness:
        return self.readiness.topic("returns")

    def bot_replies(self, conversation_id: int) -> list[Reply]:
        replies = self.desk.conversation(conversation_id).replies
        return [reply for reply in replies if reply.author is Author.BOT]
