"""A shop on one store: customers who write, operators who decide, and a messenger that takes replies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache, cached_property
from typing import Any, Generic

from typing_extensions import TypeVar  # the standard one has no defaults before Python 3.13

from kb_index import Article
from prompter.accounts.service import Accounts
from prompter.common.clock import Clock
from prompter.conversations.autopilot_gate import AutopilotGate, NothingLive
from prompter.conversations.delivery import Deliveries, OutgoingMessage
from prompter.conversations.intake import Reception
from prompter.conversations.triage_worker import Triager, TurnAssistant, TurnDialogues
from prompter.desk.decision import Action, Decision, DecisionReceipt
from prompter.desk.service import Desk
from prompter.dialogue.engine import DialogueEngine
from prompter.dialogue.session import DialogueSessions, NoDialogue
from prompter.domain.account import Account, Role
from prompter.domain.conversation import IncomingMessage, MessageKind, OutboxState, Turn
from prompter.domain.evidence import Evidence
from prompter.domain.readiness import Mode
from prompter.knowledge.knowledge_base import KnowledgeBase
from prompter.knowledge.proposals import Proposals
from prompter.readiness.customer_feedback import Feedback
from prompter.readiness.sampling import SamplingPolicy
from prompter.readiness.second_reviews import Reviews
from prompter.readiness.service import Readiness
from prompter.storage import Store
from tests.fakes import FAST_HASHER, SHOP, FakeClock, Numbers, WordAssistant
from tests.shipped import AUTOPILOT, DETECTOR, DIALOGUES, RULE, SAMPLING, SETTINGS, WAITS

PASSWORD = "correct horse battery"
STAFF = {"anna": Role.OPERATOR, "boris": Role.OPERATOR, "vera": Role.SUPERVISOR}
SURE, UNSURE = "как вернуть товар", "хочу как-то вернуть товар"  # confidence 1.0 and 0.5 for returns-how


@cache
def _password_hash() -> str:
    return FAST_HASHER.hash(PASSWORD)


ClockT = TypeVar("ClockT", bound=Clock, default=FakeClock)


@dataclass
class Shop(Generic[ClockT]):
    """The core on one store. Subclasses and tests replace its parts before they are used.

    On a fake clock turns close after the shipped pause, for which `triage` waits. On the real clock they
    close at once. Shops on the same store share their accounts, and the password of all is PASSWORD.
    """

    store: Store
    clock: ClockT = field(default_factory=FakeClock)  # type: ignore[assignment]
    articles: Sequence[Article] = SHOP
    staff: Mapping[str, Role] = field(default_factory=STAFF.copy)
    undo: timedelta = WAITS.undo
    max_attempts: int = SETTINGS.delivery.max_attempts  # to deliver a reply
    max_untriaged: int | None = None
    chat: str = "7"  # of the customers. "" is a new customer for every message
    numbers: Numbers = field(default_factory=Numbers)  # for random sampling
    dialogue_sessions: TurnDialogues = field(default=NoDialogue(), init=False)
    messages: int = field(default=0, init=False)  # written by customers

    def __post_init__(self) -> None:
        self.knowledge.import_articles(self.articles, changed_by="test")
        self.people = self._hire()

    def _hire(self) -> dict[str, Account]:
        """Add the staff at once, without checking for each shop anew that the password is strong."""
        with self.store.write() as tx:
            known = {account.name for account in tx.accounts.all()}
            for name, role in self.staff.items():
                if name not in known:
                    tx.accounts.add(
                        name=name,
                        role=role,
                        password_hash=_password_hash(),
                        one_time_password=False,
                        now=self.clock(),
                    )
            people = {account.name: account for account in tx.accounts.all()}
        return {name: people[name] for name in self.staff}

    # --- parts ------------------------------------------------------------------------------

    @cached_property
    def accounts(self) -> Accounts:
        return Accounts(self.store, hasher=FAST_HASHER, clock=self.clock)

    @cached_property
    def knowledge(self) -> KnowledgeBase:
        return KnowledgeBase(self.store, clock=self.clock)

    @cached_property
    def reception(self) -> Reception:
        waits = isinstance(self.clock, FakeClock)
        return Reception(
            self.store,
            debounce=timedelta(seconds=SETTINGS.turns.debounce_seconds if waits else 0),
            max_wait=WAITS.turn if waits else timedelta(0),
            max_untriaged=self.max_untriaged,
            clock=self.clock,
        )

    @cached_property
    def assistant(self) -> WordAssistant:
        return WordAssistant(self.articles)

    @cached_property
    def sampling(self) -> SamplingPolicy:
        return replace(SAMPLING, random=self.numbers)

    @cached_property
    def gate(self) -> AutopilotGate:
        return NothingLive()

    @cached_property
    def triager(self) -> Triager:
        return self.worker(self.assistant)

    def worker(self, assistant: TurnAssistant) -> Triager:
        """Build a worker that triages with this assistant."""
        return Triager(
            self.store,
            assistant,
            language=SETTINGS.language,
            sampling=self.sampling,
            gate=self.gate,
            dialogue_sessions=self.dialogue_sessions,
            clock=self.clock,
        )

    @cached_property
    def desk(self) -> Desk:
        return Desk(
            self.store,
            undo=self.undo,
            sampling=self.sampling,
            operator_hold=AUTOPILOT.operator_hold,
            clock=self.clock,
        )

    @cached_property
    def deliveries(self) -> Deliveries:
        waits = replace(WAITS, undo=self.undo)
        return Deliveries(self.store, waits=waits, max_attempts=self.max_attempts, clock=self.clock)

    @cached_property
    def feedback(self) -> Feedback:
        return Feedback(self.store, sampling=self.sampling, language=SETTINGS.language, clock=self.clock)

    @cached_property
    def reviews(self) -> Reviews:
        return Reviews(self.store, clock=self.clock)

    @cached_property
    def readiness(self) -> Readiness:
        return Readiness(self.store, rule=RULE, detector=DETECTOR, mode=Mode.MANUAL, clock=self.clock)

    @cached_property
    def proposals(self) -> Proposals:
        return Proposals(self.store, clock=self.clock)

    # --- people -----------------------------------------------------------------------------

    @property
    def anna(self) -> Account:
        return self.people["anna"]

    @property
    def boris(self) -> Account:
        return self.people["boris"]

    @property
    def vera(self) -> Account:
        return self.people["vera"]

    # --- a conversation ---------------------------------------------------------------------

    def talk_through(self, engine: DialogueEngine) -> DialogueSessions:
        """Run all dialogues in an engine from now on."""
        self.dialogue_sessions = sessions = DialogueSessions(
            self.store, engine, seal="sealed {}".format, clock=self.clock, **DIALOGUES
        )
        self.triager = self.worker(self.assistant)
        return sessions

    def say(
        self,
        text: str = SURE,
        *,
        chat: str = "",
        name: str = "Ольга",
        kind: MessageKind = MessageKind.TEXT,
        channel: str = "telegram",
        forwarded: bool = False,
        replaces: str | None = None,
    ) -> int:
        """Write as a customer. Return the conversation's id. The message's external id is its number."""
        self.messages += 1
        message = IncomingMessage(
            channel=channel,
            chat_id=chat or self.chat or f"customer {self.messages}",
            external_id=str(self.messages),
            text=text,
            kind=kind,
            customer_name=name,
            forwarded=forwarded,
            replaces=replaces,
        )
        return self.reception.receive(message).conversation_id

    def triage(self) -> int:
        """Wait until the turns close, and triage them. Return their number."""
        if isinstance(self.clock, FakeClock):
            self.clock.forward(2)
        return self.triager.run_once()

    def ask(
        self,
        text: str = SURE,
        *,
        chat: str = "",
        name: str = "Ольга",
        channel: str = "telegram",
        sampled: bool = False,
        second: bool = False,
    ) -> int:
        """Write as a customer and triage the turn. Return the conversation's id.

        If `sampled`, the turn is answered blind, or audited where the bot answers alone. With `second`, an
        accepted suggestion is also judged by a second person.
        """
        conversation_id = self.say(text, chat=chat, name=name, channel=channel)
        if sampled or second:
            self.numbers.prepared = [0.0 if sampled else 0.99, 0.0 if second else 0.99]
        self.triage()
        if sampled or second:
            self.numbers.prepared = []  # a turn that is never sampled leaves them
        return conversation_id

    def turn(self, conversation_id: int) -> Turn:
        """Return the conversation's newest turn."""
        with self.store.read() as tx:
            turn = tx.conversations.turn(tx.conversations.messages(conversation_id)[-1].turn_id)
        assert turn is not None
        return turn

    def decision(self, conversation_id: int, action: Action, *, by: str = "anna", **fields: Any) -> Decision:
        """Return a decision on the turn that waits."""
        view = self.desk.conversation(conversation_id)
        assert view.turn is not None
        own: dict[str, Any] = {
            "turn_id": view.turn.id,
            "operator_id": self.people[by].id,
            "action": action,
            "seen_message_id": view.last_message_id,
        }
        return Decision(**(own | fields))

    def decide(
        self, conversation_id: int, action: Action, *, by: str = "anna", **fields: Any
    ) -> DecisionReceipt:
        """Decide on the turn that waits."""
        return self.desk.decide(self.decision(conversation_id, action, by=by, **fields))

    def accept(
        self, conversation_id: int, *, rank: int = 1, by: str = "anna", **fields: Any
    ) -> DecisionReceipt:
        """Send a suggestion unchanged, the first by default."""
        return self.decide(conversation_id, Action.ACCEPT, by=by, rank=rank, **fields)

    def evidence(self, conversation_id: int) -> list[Evidence]:
        """Return the evidence on the conversation's newest turn."""
        turn = self.turn(conversation_id)
        with self.store.read() as tx:
            return tx.decisions.evidence(turn.id)

    def write(self, conversation_id: int, *texts: str) -> None:
        """Write messages to the customer as Anna."""
        for text in texts:
            self.desk.write(conversation_id, text, self.anna)

    def deliver(self) -> list[OutgoingMessage]:
        """Let the messengers take every reply that may leave now."""
        messages = self.deliveries.claim(["telegram", "web"])
        for message in messages:
            self.deliveries.mark_sent(message, f"out-{message.id}")
        return messages

    def outbox(self, conversation_id: int) -> list[str]:
        """Return texts on their way to the customer, or sent."""
        replies = self.desk.conversation(conversation_id).replies
        return [reply.text for reply in replies if reply.state is not OutboxState.CANCELLED]
