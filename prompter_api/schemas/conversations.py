"""The queue, conversations, decisions and replies."""

from datetime import datetime

from pydantic import Field

from prompter.desk.decision import Action, Decision, DecisionReceipt
from prompter.desk.views import ConversationView, QueueItem
from prompter.domain.conversation import Author, MessageKind, OutboxState, TurnState
from prompter.domain.evidence import RejectReason, Verdict
from prompter.domain.triage import HandoffReason, Route
from prompter_api.schemas.common import MAX_ID, READABLE, ArticleId, Input, Output, Text

_CONFIDENCE = "Calibrated probability that the suggestion is right"


class CustomerOut(Output):
    id: int
    channel: str = Field(examples=["telegram"])
    name: str = Field(examples=["Ольга"])
    language: str | None = Field(examples=["ru"])
    source: str | None = Field(
        examples=["promo_42"], description="Where they came from: `start` of the link to the bot"
    )


class TurnOut(Output):
    """A customer's consecutive messages, answered together."""

    id: int
    conversation_id: int
    state: TurnState
    received_at: datetime
    last_message_id: int = Field(description="What to send as `seen_message_id` when it is the newest shown")
    utterance: str | None = Field(examples=["как вернуть товар"], description="As it was triaged first")
    question: str | None = Field(
        examples=["как вернуть товар\nзаказ 40018237"],
        description="With all that the customer has added while it waited",
    )
    intent: str | None = Field(examples=["topic:returns"])
    route: Route | None
    handoff_reason: HandoffReason | None
    model_version: str | None
    blind: bool = Field(description="Randomly sampled to be answered without suggestions")


class QueueItemOut(Output):
    """A turn that waits for an operator."""

    turn: TurnOut
    customer: CustomerOut
    confidence: float | None = Field(description=f"{_CONFIDENCE}, of the first one", examples=[0.93])

    @classmethod
    def of(cls, item: QueueItem) -> "QueueItemOut":
        return cls.model_validate(item)


class MessageOut(Output):
    """A customer's message. The file of an attachment stays with the messenger."""

    id: int
    turn_id: int
    kind: MessageKind = Field(description="Other than `text`: an attachment, which `text` describes")
    text: str
    file_name: str | None = Field(examples=["чек.pdf"])
    file_size: int | None = Field(examples=[81_920], description="Bytes")
    forwarded: bool
    received_at: datetime


class ReplyOut(Output):
    """A message to the customer, with its state of delivery."""

    id: int
    conversation_id: int
    turn_id: int | None
    decision_id: int | None
    author: Author
    operator_name: str | None = Field(examples=["anna"])
    text: str
    part: int = Field(description="1 is the first part of a long reply")
    first_part_id: int | None = Field(description="The first part of the same reply; null: this one")
    state: OutboxState = Field(description="unknown: it may have arrived, a person has to look")
    not_before: datetime
    attempts: int
    problem: str | None = Field(description="Why it has not arrived, or may not have")
    created_at: datetime
    sent_at: datetime | None
    settled_by: str | None = Field(
        examples=["anna"], description="Who sent it again or left it when it was in trouble"
    )
    settled_at: datetime | None


class SuggestionOut(Output):
    """A suggestion with its template fields filled in for this customer."""

    rank: int = Field(description="1 is the first")
    article_id: str = Field(
        examples=["returns-how"], description="`dialogue|NAME`: what a dialogue says, and no article"
    )
    question: str = Field(examples=["Как вернуть товар"])
    text: str = Field(examples=["Верните товар за 14 дней."])
    topic: str = Field(examples=["returns"])
    language: str = Field(examples=["ru"])
    similarity: float = Field(description="Cosine; 1.0 is identical")
    confidence: float = Field(description=_CONFIDENCE, examples=[0.93])


class ConversationOut(Output):
    """A conversation as an operator sees it.

    `questions` are the turns that wait for a reply, oldest first. `turn` is the chosen one of them, or the
    oldest.
    """

    id: int
    customer: CustomerOut
    messages: list[MessageOut]
    replies: list[ReplyOut]
    turn: TurnOut | None
    questions: list[TurnOut]
    suggestions: list[SuggestionOut] = Field(description="For `turn`")
    last_message_id: int = Field(description="What to send as `seen_message_id`")
    held: bool = Field(
        description="An operator has written lately: the bot answers nothing alone until it is given back"
    )

    @classmethod
    def of(cls, view: ConversationView) -> "ConversationOut":
        return cls(
            id=view.customer.conversation_id,
            customer=CustomerOut.model_validate(view.customer),
            messages=[MessageOut.model_validate(message) for message in view.messages],
            replies=[ReplyOut.model_validate(reply) for reply in view.replies],
            turn=TurnOut.model_validate(view.turn) if view.turn else None,
            questions=[TurnOut.model_validate(question) for question in view.questions],
            suggestions=[SuggestionOut.model_validate(suggestion) for suggestion in view.suggestions],
            last_message_id=view.last_message_id,
            held=view.held,
        )


class DecisionIn(Input):
    """The decision about a turn.

    `accept` needs `rank`. `edit` needs `rank` and `text`. `pick_other` needs `article_id`. `write_own` needs
    `text`. `reject` needs `reason`, and `text` if another reply is to be sent.
    """

    action: Action
    seen_message_id: int = Field(
        ge=0,
        le=MAX_ID,
        description="The customer's newest message on the screen: the guard against stale answers",
    )
    rank: int | None = Field(None, ge=1, le=100, examples=[1])
    article_id: ArticleId | None = Field(None, examples=["returns-how"])
    text: Text | None = Field(None, repr=False)
    reason: RejectReason | None = None
    send_anyway: bool = Field(False, description="Send although the customer has written again")

    def decision(self, turn_id: int, operator_id: int) -> Decision:
        return Decision(
            turn_id=turn_id,
            operator_id=operator_id,
            action=self.action,
            seen_message_id=self.seen_message_id,
            rank=self.rank,
            article_id=self.article_id,
            text=self.text,
            reason=self.reason,
            send_anyway=self.send_anyway,
        )


class DecidedOut(Output):
    """The decision was stored. The reply is sent at `undo_until`."""

    decision_id: int
    verdict: Verdict
    undo_until: datetime

    @classmethod
    def of(cls, decided: DecisionReceipt) -> "DecidedOut":
        return cls.model_validate(decided)


class NewMessage(Input):
    text: Text = Field(repr=False, examples=["Сейчас посмотрю."], json_schema_extra=READABLE)


class MessageAccepted(Output):
    """The message waits in the outbox. A long message is sent in several parts."""

    reply_id: int = Field(description="Of its first part")


class Settlement(Input):
    send_again: bool = Field(
        description="false: leave it. An unknown one counts as sent then, and the rest of its reply follows; "
        "a failed one is given up with the rest of its reply"
    )
