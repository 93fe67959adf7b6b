"""The desk: operators' queue, conversations and decisions."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from kb_index import Article, Status
from kb_index.marks import Mark
from kb_index.templates import fill
from prompter.accounts.roles import has_role
from prompter.common.clock import Clock, is_over, utc_now
from prompter.common.errors import (
    AlreadyDecided,
    CustomerWroteAgain,
    Forbidden,
    InvalidDecision,
    NotFound,
    TooLateToUndo,
    UnfilledField,
)
from prompter.desk.decision import Action, Decision, DecisionReceipt, counts_as_right
from prompter.desk.views import (
    ConversationView,
    DeskSnapshot,
    DeskViews,
    QueueItem,
    Workload,
    visible_suggestions,
)
from prompter.domain.account import Account, Role
from prompter.domain.conversation import (
    Author,
    Customer,
    OfferedSuggestion,
    OutboxState,
    Reply,
    Turn,
    TurnState,
)
from prompter.domain.evidence import ReviewKind, SampleKind, StoredDecision, Verdict
from prompter.readiness.sampling import SamplingPolicy, sample_of
from prompter.readiness.second_reviews import request_review
from prompter.storage import Conflict, Store, Transaction
from prompter.text.edits import classify_edit
from prompter.text.message_parts import split_into_parts
from prompter.text.template_fields import fill_marks, template_values, unfilled_fields

T = TypeVar("T")
_MAX_REPLY_LENGTH = 20_000  # characters
_MAX_FOUND = 100  # articles among which those with the text in their question come first


class Desk:
    """The use cases of operators. Each is one transaction."""

    def __init__(
        self,
        store: Store,
        *,
        undo: timedelta,
        sampling: SamplingPolicy,
        operator_hold: timedelta,
        template_values: Mapping[str, str] | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._undo = undo
        self._operator_hold = operator_hold
        self._sampling = sampling
        self._template_values = dict(template_values or {})
        self._clock = clock

    # --- looking ----------------------------------------------------------------------------

    def snapshot(
        self, account: Account, conversation_id: int | None = None, *, turn_id: int | None = None
    ) -> DeskSnapshot:
        """Return an operator's screen at one moment, with the parts that only supervisors see.

        `turn_id` chooses among several waiting questions of the conversation.
        """
        with self._store.read() as tx:
            return self._views(tx).snapshot(account, conversation_id, turn_id)

    def queue(self) -> list[QueueItem]:
        """Return the turns that wait for an operator, longest wait first."""
        with self._store.read() as tx:
            return self._views(tx).queue()

    def workload(self) -> Workload:
        with self._store.read() as tx:
            return self._views(tx).workload()

    def conversation(self, conversation_id: int, *, turn_id: int | None = None) -> ConversationView:
        """Return a conversation's messages and replies, and the turn to decide on.

        `turn_id` chooses among several waiting questions. By default it is the oldest.

        Raises:
            NotFound: when there is no such conversation.
        """
        with self._store.read() as tx:
            return _require(self._views(tx).conversation(conversation_id, turn_id), "conversation")

    def _views(self, tx: Transaction) -> DeskViews:
        return DeskViews(tx, now=self._clock(), operator_hold=self._operator_hold)

    def turn(self, turn_id: int) -> tuple[Turn, list[OfferedSuggestion], StoredDecision | None]:
        """Return a turn, its visible suggestions and the decision in force, if there is one."""
        with self._store.read() as tx:
            turn = _require(tx.conversations.turn(turn_id), "turn")
            return turn, visible_suggestions(tx, turn), tx.decisions.find_live(turn_id)

    def find_articles(self, text: str, *, similar: Sequence[str] = (), limit: int = 10) -> list[Article]:
        """Find published articles for an operator who needs another answer.

        First come those with the text in their question, then those in `similar`: ids of articles that
        answer such a question, best first. Last come those with the text in their answer.
        """
        words = text.strip().casefold()
        with self._store.read() as tx:
            containing = tx.articles.find(words, limit=_MAX_FOUND) if words else []
            by_id = tx.articles.get_many(similar)
        asking = [article for article in containing if words in article.question.casefold()]
        near = [by_id[key] for key in similar if key in by_id and by_id[key].status is Status.PUBLISHED]
        # Articles that answer the question must not be crowded out by those that share a common word.
        found = {article.id: article for article in (*asking[: limit // 2], *near, *asking, *containing)}
        return list(found.values())[:limit]

    def filled_answer(self, conversation_id: int, article_id: str) -> str:
        """Return the article's answer as this customer would read it."""
        with self._store.read() as tx:
            customer = _require(tx.conversations.customer(conversation_id), "conversation")
            article = _require(tx.articles.get_many([article_id]).get(article_id), "article")
            return self._fill(article.answer, customer)

    # --- deciding ---------------------------------------------------------------------------

    def decide(self, decision: Decision) -> DecisionReceipt:
        """Store a decision: the reply goes into the outbox, the verdict into the evidence.

        Raises:
            NotFound: when there is no such turn, suggestion or article.
            AlreadyDecided: when another operator was faster.
            CustomerWroteAgain: when there is a message that the operator has not seen.
            InvalidDecision: when the text cannot be sent as it is.
        """
        try:
            return self._decide(decision)
        except Conflict as error:
            raise AlreadyDecided("another operator has just answered this customer") from error

    def _decide(self, decision: Decision) -> DecisionReceipt:
        now = self._clock()
        with self._store.write() as tx:
            turn = _require(tx.conversations.turn(decision.turn_id), "turn")
            customer = _require(tx.conversations.customer(turn.conversation_id), "conversation")
            self._check_open(tx, turn, decision)
            if turn.blind and decision.action is Action.REJECT:
                raise InvalidDecision("this turn is answered without suggestions: there is none to reject")
            offered = tx.conversations.suggestions(turn.id)
            shown = visible_suggestions(tx, turn)
            first = _top_suggestion(offered)
            used = self._find_used(tx, decision, shown, customer)
            verdict = _verdict(decision, used)
            text = decision.text if decision.text is not None else used.text if used else None
            sent = _check_text(text, customer)
            decision_id = tx.decisions.add(
                turn_id=turn.id,
                operator_id=decision.operator_id,
                verdict=verdict,
                reason=decision.reason,
                rank=used.rank if used else None,
                article_id=used.article_id if used else None,
                suggested_text=used.text if used else None,
                sent_text=sent,
                now=now,
            )
            if not tx.conversations.close_turn(turn.id):
                raise Conflict("the turn has been closed in the meantime")
            undo_until = now + self._undo
            if sent is not None:
                tx.outbox.add(
                    conversation_id=turn.conversation_id,
                    turn_id=turn.id,
                    decision_id=decision_id,
                    operator_id=decision.operator_id,
                    parts=split_into_parts(sent, customer.channel),
                    author=Author.OPERATOR,
                    not_before=undo_until,
                    now=now,
                    marks=self._marks_of(tx, used, customer),
                )
            right = counts_as_right(
                verdict,
                rank=used.rank if used and shown == offered else None,
                article_id=used.article_id if used else None,
                answer=used.text if used else None,
                first=first,
                changed=_is_substantive_edit(used, sent),
            )
            lot, probability = sample_of(turn, right=right)
            tx.decisions.add_evidence(
                turn,
                first,
                decision_id=decision_id,
                verdict=verdict,
                right=right,
                operator_id=decision.operator_id,
                now=now,
                lot=lot,
                lot_probability=probability,
            )
            kind = _to_review(turn, lot, right)
            if kind is not None:
                request_review(
                    tx,
                    turn,
                    offered,
                    kind=kind,
                    decision_id=decision_id,
                    sent=sent,
                    excluded_account_id=decision.operator_id,
                    bot_position=self._sampling.place(),
                    now=now,
                )
        return DecisionReceipt(decision_id=decision_id, verdict=verdict, undo_until=undo_until)

    def _add_undecided(
        self, tx: Transaction, turn: Turn, decision_id: int, operator_id: int, now: datetime
    ) -> None:
        lot, probability = sample_of(turn, right=False)
        tx.decisions.add_evidence(
            turn,
            _top_suggestion(tx.conversations.suggestions(turn.id)),
            decision_id=decision_id,
            verdict=Verdict.UNDECIDED,
            right=False,
            operator_id=operator_id,
            now=now,
            lot=lot,
            lot_probability=probability,
        )

    def _check_open(self, tx: Transaction, turn: Turn, decision: Decision) -> None:
        if turn.state is TurnState.OPEN:
            raise InvalidDecision("the customer is still writing; the turn is not on the desk yet")
        if turn.state is TurnState.CLOSED:
            decided = tx.decisions.find_live(turn.id)
            who = f"{decided.operator_name} has already answered" if decided else "this is already answered"
            raise AlreadyDecided(who)
        newest = tx.conversations.last_message_id(turn.conversation_id)
        if newest > decision.seen_message_id and not decision.send_anyway:
            raise CustomerWroteAgain("the customer has written again: read it before you send")

    def _find_used(
        self, tx: Transaction, decision: Decision, offered: list[OfferedSuggestion], customer: Customer
    ) -> "_Used | None":
        """Return the suggestion or article that the operator used, or None for a text of their own."""
        if decision.action in (Action.ACCEPT, Action.EDIT):
            for suggestion in offered:
                if suggestion.rank == decision.rank:
                    return _Used(rank=suggestion.rank, article_id=suggestion.article_id, text=suggestion.text)
            raise NotFound(f"this turn has no suggestion number {decision.rank}")
        if decision.action is Action.PICK_OTHER and decision.article_id is not None:
            article = _require(
                tx.articles.get_many([decision.article_id]).get(decision.article_id), "article"
            )
            return _Used(rank=None, article_id=article.id, text=self._fill(article.answer, customer))
        return None

    def _marks_of(self, tx: Transaction, used: "_Used | None", customer: Customer) -> tuple[Mark, ...]:
        """Return the marks of the article that the operator used. Words that were changed have none."""
        article = tx.articles.get_many([used.article_id]).get(used.article_id) if used else None
        if article is None:
            return ()
        return fill_marks(article.marks, template_values(customer, self._template_values))

    def _fill(self, answer: str, customer: Customer) -> str:
        return fill(answer, template_values(customer, self._template_values))

    def mark_answered(self, turn_id: int, account: Account) -> None:
        """Close a question that the last reply to another question of the conversation has answered, too.

        Undoing that reply brings the question back.

        Raises:
            NotFound: when there is no such turn.
            AlreadyDecided: when it does not wait any more.
            InvalidDecision: when no operator has answered a question of this conversation yet.
        """
        now = self._clock()
        with self._store.write() as tx:
            turn = _require(tx.conversations.turn(turn_id), "turn")
            last = tx.decisions.find_last(turn.conversation_id)
            if last is None:
                raise InvalidDecision("nothing has been answered in this conversation yet")
            if not tx.conversations.close_with(turn_id, answered_with=last.turn_id):
                raise AlreadyDecided("this is already answered")
            self._add_undecided(tx, turn, last.id, account.id, now)

    def undo(self, decision_id: int, account: Account) -> None:
        """Undo a decision whose reply has not left, so that the turn waits again.

        Raises:
            NotFound: when there is no such decision.
            Forbidden: when it is another operator's, and the account is not a supervisor's.
            TooLateToUndo: when the reply has left, or the decision was undone before.
        """
        now = self._clock()
        with self._store.write() as tx:
            decision = _require(tx.decisions.get(decision_id), "decision")
            if decision.operator_id != account.id and not has_role(account, Role.SUPERVISOR):
                raise Forbidden("only the operator who decided, or a supervisor, can undo this")
            parts = tx.outbox.of_decision(decision_id)
            # Replies leave the outbox on time, even if the clock was set in the meantime.
            if not parts and is_over(decision.decided_at + self._undo, now, max_wait=self._undo):
                raise TooLateToUndo("the reply has already been sent")
            if tx.outbox.cancel_decision(decision_id, now) < len(parts):
                raise TooLateToUndo("the reply has already been sent")
            if not tx.decisions.supersede(decision_id, now):
                raise TooLateToUndo("this has already been undone")
            tx.conversations.reopen_turn(decision.turn_id)
            tx.reviews.cancel_decision(decision_id, now)
            turn = _require(tx.conversations.turn(decision.turn_id), "turn")
            self._add_undecided(tx, turn, decision_id, account.id, now)

    def write(self, conversation_id: int, text: str, account: Account) -> int:
        """Send a message that answers no turn, and return its id in the outbox."""
        now = self._clock()
        with self._store.write() as tx:
            customer = _require(tx.conversations.customer(conversation_id), "conversation")
            checked = _check_text(text, customer)
            if checked is None:
                raise InvalidDecision("there is nothing to send")
            return tx.outbox.add(
                conversation_id=conversation_id,
                parts=split_into_parts(checked, customer.channel),
                author=Author.OPERATOR,
                operator_id=account.id,
                not_before=now,
                now=now,
            )[0]

    def return_to_bot(self, conversation_id: int) -> None:
        """End the operator's control, so that the bot may answer again and its dialogue goes on.

        Raises:
            NotFound: when there is no such conversation.
        """
        with self._store.write() as tx:
            _require(tx.conversations.customer(conversation_id), "conversation")
            tx.conversations.return_to_bot(conversation_id, self._clock())

    # --- replies whose delivery is in doubt ---------------------------------------------------

    def undelivered_replies(self) -> list[Reply]:
        """Return the replies that failed or whose delivery is not confirmed."""
        with self._store.read() as tx:
            return self._views(tx).undelivered_replies()

    def resolve_delivery(self, reply_id: int, account: Account, *, send_again: bool) -> None:
        """Send an undelivered reply again or leave it, and record who decided.

        If it is left, a reply with unknown delivery counts as sent, and a failed reply as cancelled. The
        rest of a reply in several parts follows in the first case and is cancelled in the second.

        Raises:
            NotFound: when there is no such reply, or its delivery is not in doubt (any more).
        """
        now = self._clock()
        with self._store.write() as tx:
            reply = _require(tx.outbox.get(reply_id), "reply")
            if reply.state is OutboxState.UNKNOWN:
                new_state = OutboxState.SENT
            elif reply.state is OutboxState.FAILED:
                new_state = OutboxState.CANCELLED
            else:
                raise NotFound("the delivery of this reply has already been settled")
            state = OutboxState.PENDING if send_again else new_state
            if not tx.outbox.settle(
                reply_id,
                reply.state,
                state,
                not_before=now if send_again else None,
                attempts=0 if send_again else None,
                settled_by=account.id,
                settled_at=now,
            ):
                raise NotFound("the delivery of this reply has already been settled")
            if state is OutboxState.CANCELLED:
                tx.outbox.cancel_rest(reply, account.id, now)


@dataclass(frozen=True, kw_only=True)
class _Used:
    rank: int | None
    article_id: str
    text: str


def _verdict(decision: Decision, used: _Used | None) -> Verdict:
    if decision.action is Action.REJECT:
        return Verdict.REJECTED
    if decision.action is Action.WRITE_OWN or used is None:
        return Verdict.WROTE_OWN
    if decision.action is Action.PICK_OTHER:
        return Verdict.PICKED_OTHER
    return classify_edit(used.text, decision.text if decision.text is not None else used.text)


def _is_substantive_edit(used: _Used | None, sent: str | None) -> bool:
    return (
        used is not None and sent is not None and classify_edit(used.text, sent) is Verdict.EDITED_SUBSTANTIVE
    )


def _check_text(text: str | None, customer: Customer) -> str | None:
    text = re.sub(r"\r\n?", "\n", text or "").replace("\x00", "").strip()
    if not text:
        return None
    if len(text) > _MAX_REPLY_LENGTH:
        raise InvalidDecision(f"the reply is longer than {_MAX_REPLY_LENGTH} characters")
    if unfilled := unfilled_fields(text, customer):
        raise UnfilledField(unfilled[0])
    return text


def _to_review(turn: Turn, lot: SampleKind | None, right: bool | None) -> ReviewKind | None:
    """Return why a second person has to review the turn, or None if nobody has to."""
    if turn.draw is None or turn.is_automated:
        return None
    if right is None:
        return ReviewKind.SETTLE
    return ReviewKind.SECOND if lot is SampleKind.SECOND else None


def _top_suggestion(offered: list[OfferedSuggestion]) -> OfferedSuggestion | None:
    return offered[0] if offered else None


def _require(value: T | None, noun: str) -> T:
    if value is None:
        raise NotFound(f"there is no such {noun}")
    return value
