"""A shop whose topics can come to answer alone. The test controls the random sampling."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from evaluation.change_detection import Detector
from evaluation.readiness import Rule
from kb_index import Article
from prompter.accounts.service import Accounts
from prompter.conversations.autopilot_gate import ReadinessGate
from prompter.conversations.intake import Reception
from prompter.conversations.triage_worker import Triager
from prompter.desk.decision import Action, Decision
from prompter.desk.service import Desk
from prompter.dialogue.engine import DialogueEngine
from prompter.dialogue.session import DialogueSessions, NoDialogue
from prompter.domain.account import Account, Role
from prompter.domain.conversation import Author, IncomingMessage, Reply, Turn
from prompter.domain.evidence import Choice
from prompter.domain.readiness import LedgerTurn, Mode
from prompter.domain.triage import HandoffReason, Route
from prompter.knowledge.knowledge_base import KnowledgeBase
from prompter.readiness.sampling import SamplingPolicy
from prompter.readiness.second_reviews import Reviews
from prompter.readiness.service import Readiness
from prompter.readiness.topic_readiness import TopicReadiness
from prompter.storage import Store
from tests.fakes import FAST_HASHER, SHOP, FakeClock, Numbers, WordAssistant
from tests.shipped import AUTOPILOT, SESSIONS

RULE = Rule(bar=0.6, alpha=0.05, thresholds=(0.9, 0.6))
ENOUGH = 10  # right answers in a row: (1 - 0.6^(n+1)) / ((n+1) 0.4 0.6^n) >= 1 / (0.8 * 0.05) first at n = 10
SURE, UNSURE = "как вернуть товар", "хочу как-то вернуть товар"  # confidence 1.0 and 0.5 for returns-how


@dataclass
class GovernedShop:
    store: Store
    mode: Mode = Mode.MANUAL
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    tested_together: tuple[str, ...] = ()
    model: str = "words-1"
    engine: DialogueEngine | None = None
    clock: FakeClock = field(default_factory=FakeClock)
    numbers: Numbers = field(default_factory=Numbers)
    messages: int = 0

    def __post_init__(self) -> None:
        clock = self.clock
        accounts = Accounts(self.store, hasher=FAST_HASHER, clock=clock)
        self.knowledge = KnowledgeBase(self.store, clock=clock)
        self.knowledge.import_articles(SHOP, changed_by="test")
        self.reception = Reception(self.store, debounce=timedelta(seconds=1), clock=clock)
        self.assistant = WordAssistant(SHOP)
        sampling = SamplingPolicy(random=self.numbers)
        self.readiness = Readiness(
            self.store,
            rule=RULE,
            detector=Detector(bar=RULE.bar, threshold=20),
            mode=self.mode,
            groups=self.groups,
            tested_together=self.tested_together,
            clock=clock,
        )
        self.sampling = sampling
        self.dialogue_sessions = (
            DialogueSessions(self.store, self.engine, seal="sealed {}".format, clock=clock, **SESSIONS)
            if self.engine
            else None
        )
        self.triager = self.another_worker()
        self.desk = Desk(self.store, sampling=sampling, clock=clock)
        self.reviews = Reviews(self.store, clock=clock)
        self.anna: Account = accounts.add("anna g", Role.OPERATOR, "correct horse battery")
        self.boris: Account = accounts.add("boris g", Role.OPERATOR, "battery horse correct")
        self.vera: Account = accounts.add("vera g", Role.SUPERVISOR, "horse battery correct")
        self.update_readiness()

    def another_worker(self) -> Triager:
        return Triager(
            self.store,
            self.assistant,
            sampling=self.sampling,
            gate=ReadinessGate(
                self.readiness,
                replace(AUTOPILOT, signatures={"ru": "Ответил бот."}, max_dialogue_answers=5),
            ),
            dialogue_sessions=self.dialogue_sessions or NoDialogue(),
            clock=self.clock,
        )

    def update_readiness(self) -> bool:
        return self.readiness.run_once(self.model)

    def ask(
        self, text: str = SURE, *, chat: str | None = None, falls: bool = False, second: bool = False
    ) -> int:
        """Ask as a customer, a new one unless `chat` is given. Return the conversation's id."""
        conversation_id = self.say(text, chat=chat)
        self.numbers.prepared = [0.0 if falls else 0.99, 0.0 if second else 0.99]
        self.clock.forward(2)
        self.triager.run_once()
        return conversation_id

    def say(self, text: str, *, chat: str | None = None) -> int:
        """Write as a customer who goes on writing. Return the conversation's id."""
        self.messages += 1
        message = IncomingMessage(
            channel="telegram",
            chat_id=chat or f"customer {self.messages}",
            external_id=str(self.messages),
            text=text,
        )
        return self.reception.receive(message).conversation_id

    def conversing_looks(self, *, after: float = 6) -> bool:
        """Advance the clock and poll the dialogue engine and the operators' actions."""
        assert self.dialogue_sessions is not None
        self.clock.forward(after)
        return self.dialogue_sessions.run_once()

    def turn(self, conversation_id: int) -> Turn:
        """Return the conversation's newest turn."""
        with self.store.read() as tx:
            found = tx.conversations.turn(tx.conversations.messages(conversation_id)[-1].turn_id)
        assert found is not None
        return found

    def route(self, conversation_id: int) -> tuple[Route, HandoffReason | None]:
        turn = self.turn(conversation_id)
        assert turn.route is not None
        return Route(turn.route), HandoffReason(turn.handoff_reason) if turn.handoff_reason else None

    def decide(self, conversation_id: int, action: Action, **fields: object) -> int:
        """Decide on the waiting turn as Anna, and return the decision's id."""
        view = self.desk.conversation(conversation_id)
        assert view.turn is not None
        return self.decide_turn(view.turn, view.last_message_id, action, **fields)

    def decide_turn(self, turn: Turn, seen_message_id: int, action: Action, **fields: object) -> int:
        decision = Decision(
            turn_id=turn.id,
            operator_id=self.anna.id,
            action=action,
            seen_message_id=seen_message_id,
            **fields,  # type: ignore[arg-type]
        )
        return self.desk.decide(decision).decision_id

    def move(self, article: Article, topic: str) -> None:
        """Move an article to another topic, in the base and in the assistant."""
        moved = replace(article, topic=topic)
        self.knowledge.import_articles([moved], changed_by="vera")
        self.assistant.articles = [
            moved if candidate.id == moved.id else candidate for candidate in self.assistant.articles
        ]

    def blind(self, *, right: bool = True, text: str = SURE, article_id: str = "returns-how") -> None:
        """Answer a turn blind, with the article that the bot had in mind or with another one."""
        conversation = self.ask(text, falls=True)
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

    def audited(self, *, right: bool, text: str = SURE) -> int:
        """Let the bot answer, sample the answer, and let Boris judge it. Return the turn."""
        conversation = self.ask(text, falls=True)
        assert self.route(conversation)[0] is Route.AUTOPILOT
        self.judge(right=right)
        return self.turn(conversation).id

    def judge(self, *, right: bool) -> None:
        """Judge the review that has waited longest for Boris."""
        question = self.reviews.next(self.boris)
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

    def said_by_bot(self, conversation_id: int) -> list[Reply]:
        replies = self.desk.conversation(conversation_id).replies
        return [reply for reply in replies if reply.author is Author.BOT]
