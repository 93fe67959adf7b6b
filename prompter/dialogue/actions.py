"""What may a dialogue engine ask us to do?  Answer, hand over, hear a rating, look an order up.

An engine that Sufler itself has asked says which turn it is about, and what was concluded about it: that is
given back, nothing is triaged twice, and the turn's own route decides who answers.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import structlog

from kb_index.templates import fields, fill
from prompter.common.clock import Clock, utc_now
from prompter.common.errors import NotFound
from prompter.common.safe_errors import describe_without_content
from prompter.domain.evidence import Signal
from prompter.domain.triage import HandoffReason, Route, Triage
from prompter.readiness.customer_feedback import SOON, note
from prompter.readiness.sampling import SamplingPolicy
from prompter.storage import Store

log = structlog.get_logger(__name__)

ORDER_NUMBER = "order_number"
HANDOFF = "sufler_handoff"  # a slot that says why an operator was called; none: nobody was
_ORDER_FORM = "validate_order_status_form"
_ORDER = re.compile(r"[0-9]{8}")
_BETWEEN_DIGITS = re.compile(r"[\s\-]")


class UnknownAction(NotFound):
    """No action of that name is ours."""


class OrdersUnavailable(Exception):
    """Orders cannot be looked up now; the message says why."""


class Orders(Protocol):
    """Where orders are looked up."""

    def state_of(self, number: str) -> str | None:
        """How an order stands, in words for its customer; None: there is no such order.

        Raises:
            OrdersUnavailable: nobody can tell now.
        """


@dataclass(frozen=True, kw_only=True)
class ActionCall:
    """What the engine knows when it calls an action."""

    action: str
    text: str = field(default="", repr=False)  # the customer's latest message
    intent: str = ""
    slots: Mapping[str, str] = field(default_factory=dict, repr=False)
    turn_id: int | None = None  # the turn that Sufler has asked the engine about; None: it has not
    seal: str = field(default="", repr=False)  # of that turn: whoever writes to the engine could name any


@dataclass(frozen=True, kw_only=True)
class Said:
    """One thing to say: a text, or a response of the engine's own with values for its fields."""

    text: str = field(default="", repr=False)
    response: str = ""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class ActionResult:
    """What comes of an action.

    `uses_triage`: what was concluded about the turn answers it. `handoff`: an operator does.
    """

    utterances: tuple[Said, ...] = ()
    slots: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    uses_triage: bool = False
    handoff: HandoffReason | None = None
    forgets: bool = False  # the engine goes on as if the message had not been written
    is_of_turn: bool = False  # Sufler has asked, and hears of the handoff itself


class Actions:
    """The actions that Sufler does for a dialogue engine; `triage` must know who may answer alone."""

    def __init__(
        self,
        store: Store,
        triage: Callable[[str], Triage],
        *,
        secret: str,
        orders: Orders | None = None,
        template_values: Mapping[str, str] | None = None,
        sampling: SamplingPolicy = SamplingPolicy(),  # noqa: B008 - frozen
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._triage = triage
        self._secret = secret
        self._orders = orders
        self._template_values = {"customer_name": "", **(template_values or {})}
        self._sampling = sampling
        self._clock = clock
        self._known: dict[str, Callable[[ActionCall], ActionResult]] = {
            "action_answer_faq": self._answer_faq,
            "action_default_fallback": self._fall_back,
            "action_handoff": self._handoff,
            "action_rate_answer": self._rate_answer,
            _ORDER_FORM: self._check_order_number,
            "action_order_status": self._order_status,
        }

    def run(self, asked: ActionCall) -> ActionResult:
        """Do what is asked.

        Raises:
            UnknownAction: it is none of ours.
        """
        action = self._known.get(asked.action)
        if action is None:
            raise UnknownAction(f"there is no action named {asked.action}: ours are {', '.join(self._known)}")
        if asked.turn_id is not None and not self._is_sealed(asked):
            log.warning("turn_without_a_seal", turn_id=asked.turn_id)
            asked = replace(asked, turn_id=None)
        return replace(action(asked), is_of_turn=asked.turn_id is not None)

    def _is_sealed(self, asked: ActionCall) -> bool:
        own = seal(self._secret, asked.turn_id or 0)
        return hmac.compare_digest(own.encode(), asked.seal.encode())

    def _answer_faq(self, asked: ActionCall) -> ActionResult:
        if asked.turn_id is not None:
            return ActionResult(uses_triage=True)
        triage = self._triage(asked.text)
        if triage.route is not Route.AUTOPILOT:
            return ActionResult(utterances=(_CALLED,), handoff=triage.handoff_reason)
        answer = fill(triage.suggestions[0].answer, self._template_values)
        if fields(answer):  # nobody here knows what they stand for
            return ActionResult(utterances=(_CALLED,), handoff=HandoffReason.POLICY)
        return ActionResult(utterances=(Said(text=answer),))

    def _fall_back(self, asked: ActionCall) -> ActionResult:
        return replace(self._answer_faq(asked), forgets=True)

    def _handoff(self, asked: ActionCall) -> ActionResult:
        return _handed_over(asked, HandoffReason.CUSTOMER_REQUEST)

    def _rate_answer(self, asked: ActionCall) -> ActionResult:
        if asked.slots.get(HANDOFF):  # nothing was answered: an operator is on the way
            return ActionResult(utterances=(_CALLED,), handoff=HandoffReason.CUSTOMER_REQUEST)
        helpful = asked.intent != "deny"
        if asked.turn_id is not None:
            self._note(asked.turn_id, Signal.THUMB_UP if helpful else Signal.THUMB_DOWN)
        if helpful:
            return ActionResult(utterances=(Said(response="utter_rated_helpful"),))
        return ActionResult(
            utterances=(Said(response="utter_rated_unhelpful"),), handoff=HandoffReason.CUSTOMER_REQUEST
        )

    def _note(self, turn_id: int, signal: Signal) -> None:
        """Keep what the customer thinks of the answer that the bot gave alone before this turn."""
        now = self._clock()
        with self._store.write() as tx:
            turn = tx.conversations.turn(turn_id)
            before = tx.conversations.last_answered_alone(turn, since=now - SOON) if turn else None
            if before is not None:
                note(tx, before, signal, self._sampling, now)

    def _check_order_number(self, asked: ActionCall) -> ActionResult:
        given = asked.slots.get(ORDER_NUMBER)
        if given is None:
            return ActionResult()
        number = _BETWEEN_DIGITS.sub("", given)
        if not _ORDER.fullmatch(number):
            return ActionResult(
                slots={ORDER_NUMBER: None}, utterances=(Said(response="utter_order_number_wrong"),)
            )
        if self._looked_up(number) == (True, None):
            return ActionResult(
                slots={ORDER_NUMBER: None}, utterances=(Said(response="utter_order_unknown"),)
            )
        return ActionResult(slots={ORDER_NUMBER: number})  # what nobody can look up now an operator will

    def _looked_up(self, number: str) -> tuple[bool, str | None]:
        """Whether orders can be looked up now, and how this one stands."""
        if self._orders is None:
            return False, None
        try:
            return True, self._orders.state_of(number)
        except OrdersUnavailable as error:
            log.error("orders_unavailable", error=describe_without_content(error))
            return False, None

    def _order_status(self, asked: ActionCall) -> ActionResult:
        number = asked.slots.get(ORDER_NUMBER, "")
        forgotten = {ORDER_NUMBER: None}  # the next order is another one
        _, state = self._looked_up(number)
        if state is None:
            return _handed_over(asked, HandoffReason.NO_ARTICLE, slots=forgotten)
        values = {ORDER_NUMBER: number, "order_state": state}
        return ActionResult(utterances=(Said(response="utter_order_status", values=values),), slots=forgotten)


def seal(secret: str, turn_id: int) -> str:
    """What shows that Sufler has asked about the turn."""
    return hmac.new(secret.encode(), f"turn {turn_id}".encode(), hashlib.sha256).hexdigest()


_CALLED = Said(response="utter_handoff_request")


def _handed_over(
    asked: ActionCall, reason: HandoffReason, *, slots: Mapping[str, str | None] | None = None
) -> ActionResult:
    """An operator answers; where Sufler has asked, it tells the customer itself."""
    utterances = () if asked.turn_id is not None else (_CALLED,)
    return ActionResult(utterances=utterances, handoff=reason, slots=slots or {})
