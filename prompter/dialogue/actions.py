"""Actions that a dialogue engine may request: answer, hand over, rate an answer, check a form.

An engine that Sufler itself has asked names the turn, which is already triaged: that triage is
returned, nothing is triaged twice, and the turn's own route decides who answers.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import structlog

from kb_index.templates import fields, fill
from prompter.common.clock import Clock, utc_now
from prompter.common.errors import NotFound
from prompter.common.safe_errors import describe_without_content
from prompter.dialogue.forms import Lookup, LookupForm, LookupUnavailable
from prompter.domain.evidence import Signal
from prompter.domain.triage import HandoffReason, Route, Triage
from prompter.readiness.customer_feedback import SOON, note
from prompter.readiness.sampling import SamplingPolicy
from prompter.storage import Store

log = structlog.get_logger(__name__)

HANDOFF = "sufler_handoff"  # a slot that says why an operator was called; empty if nobody was


class UnknownAction(NotFound):
    """There is no action of that name."""


@dataclass(frozen=True, kw_only=True)
class ActionCall:
    """The engine's data at the moment it calls an action."""

    action: str
    text: str = field(default="", repr=False)  # the customer's latest message
    intent: str = ""
    slots: Mapping[str, str] = field(default_factory=dict, repr=False)
    turn_id: int | None = None  # the turn about which Sufler has asked the engine; None if it has not
    seal: str = field(default="", repr=False)  # of that turn: callers could name any turn


@dataclass(frozen=True, kw_only=True)
class BotUtterance:
    """Words of the bot: a text, or a response of the engine's own with values for its fields."""

    text: str = field(default="", repr=False)
    response: str = ""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class ActionResult:
    """The result of an action.

    `uses_triage` means that the turn's triage answers it, and `handoff` that an operator does.
    """

    utterances: tuple[BotUtterance, ...] = ()
    slots: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    uses_triage: bool = False
    handoff: HandoffReason | None = None
    forgets: bool = False  # the engine goes on as if the message had not been written
    is_of_turn: bool = False  # Sufler has asked, and learns of the handoff itself


class Actions:
    """The actions that Sufler runs for a dialogue engine. `triage` must know which topics may answer alone.

    The numbers that `forms` ask for are looked up with `lookup`. Without it, operators look them up.
    """

    def __init__(
        self,
        store: Store,
        triage: Callable[[str], Triage],
        *,
        secret: str,
        sampling: SamplingPolicy,
        forms: Sequence[LookupForm] = (),
        lookup: Lookup | None = None,
        template_values: Mapping[str, str] | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._triage = triage
        self._secret = secret
        self._lookup = lookup
        self._template_values = {"customer_name": "", **(template_values or {})}
        self._sampling = sampling
        self._clock = clock
        self._known: dict[str, Callable[[ActionCall], ActionResult]] = {
            "action_answer_faq": self._answer_faq,
            "action_default_fallback": self._fall_back,
            "action_handoff": self._handoff,
            "action_rate_answer": self._rate_answer,
        }
        for form in forms:
            self._known[form.validation] = partial(self._validate, form)
            self._known[form.action] = partial(self._look_up, form)

    def run(self, call: ActionCall) -> ActionResult:
        """Run the requested action.

        Raises:
            UnknownAction: when there is no action of that name.
        """
        action = self._known.get(call.action)
        if action is None:
            raise UnknownAction(f"there is no action named {call.action}: ours are {', '.join(self._known)}")
        if call.turn_id is not None and not self._is_sealed(call):
            log.warning("turn_without_a_seal", turn_id=call.turn_id)
            call = replace(call, turn_id=None)
        return replace(action(call), is_of_turn=call.turn_id is not None)

    def _is_sealed(self, call: ActionCall) -> bool:
        expected_seal = seal(self._secret, call.turn_id or 0)
        return hmac.compare_digest(expected_seal.encode(), call.seal.encode())

    def _answer_faq(self, call: ActionCall) -> ActionResult:
        if call.turn_id is not None:
            return ActionResult(uses_triage=True)
        triage = self._triage(call.text)
        if triage.route is not Route.AUTOPILOT:
            return ActionResult(utterances=(_HANDOFF_NOTICE,), handoff=triage.handoff_reason)
        answer = fill(triage.suggestions[0].answer, self._template_values)
        if fields(answer):  # nobody here knows their values
            return ActionResult(utterances=(_HANDOFF_NOTICE,), handoff=HandoffReason.POLICY)
        return ActionResult(utterances=(BotUtterance(text=answer),))

    def _fall_back(self, call: ActionCall) -> ActionResult:
        return replace(self._answer_faq(call), forgets=True)

    def _handoff(self, call: ActionCall) -> ActionResult:
        return _hand_over(call, HandoffReason.CUSTOMER_REQUEST)

    def _rate_answer(self, call: ActionCall) -> ActionResult:
        if call.slots.get(HANDOFF):  # there was no answer: an operator is on the way
            return ActionResult(utterances=(_HANDOFF_NOTICE,), handoff=HandoffReason.CUSTOMER_REQUEST)
        helpful = call.intent != "deny"
        if call.turn_id is not None:
            self._note(call.turn_id, Signal.THUMB_UP if helpful else Signal.THUMB_DOWN)
        if helpful:
            return ActionResult(utterances=(BotUtterance(response="utter_rated_helpful"),))
        return ActionResult(
            utterances=(BotUtterance(response="utter_rated_unhelpful"),),
            handoff=HandoffReason.CUSTOMER_REQUEST,
        )

    def _note(self, turn_id: int, signal: Signal) -> None:
        """Record the customer's rating of the automated reply before this turn."""
        now = self._clock()
        with self._store.write() as tx:
            turn = tx.conversations.turn(turn_id)
            before = tx.conversations.last_automated_reply(turn, since=now - SOON) if turn else None
            if before is not None:
                note(tx, before, signal, self._sampling, now)

    def _validate(self, form: LookupForm, call: ActionCall) -> ActionResult:
        number_text = call.slots.get(form.slot)
        if number_text is None:
            return ActionResult()
        number = form.number(number_text)
        if number is None:
            return ActionResult(slots={form.slot: None}, utterances=(BotUtterance(response=form.malformed),))
        if self._try_lookup(number) == (True, None):
            return ActionResult(slots={form.slot: None}, utterances=(BotUtterance(response=form.unknown),))
        return ActionResult(slots={form.slot: number})  # what cannot be looked up now goes to an operator

    def _try_lookup(self, number: str) -> tuple[bool, str | None]:
        """Return whether lookup works now, and the state of the item with this number."""
        if self._lookup is None:
            return False, None
        try:
            return True, self._lookup.state_of(number)
        except LookupUnavailable as error:
            log.error("lookup_unavailable", error=describe_without_content(error))
            return False, None

    def _look_up(self, form: LookupForm, call: ActionCall) -> ActionResult:
        number = call.slots.get(form.slot, "")
        forgotten = {form.slot: None}  # the next number is a new question
        _, state = self._try_lookup(number)
        if state is None:
            return _hand_over(call, HandoffReason.NO_ARTICLE, slots=forgotten)
        values = {form.slot: number, form.state: state}
        return ActionResult(utterances=(BotUtterance(response=form.found, values=values),), slots=forgotten)


def seal(secret: str, turn_id: int) -> str:
    """Return the proof that Sufler has asked about the turn."""
    return hmac.new(secret.encode(), f"turn {turn_id}".encode(), hashlib.sha256).hexdigest()


_HANDOFF_NOTICE = BotUtterance(response="utter_handoff_request")


def _hand_over(
    call: ActionCall, reason: HandoffReason, *, slots: Mapping[str, str | None] | None = None
) -> ActionResult:
    """Hand over to an operator. Sufler tells the customer itself if it has asked the engine."""
    utterances = () if call.turn_id is not None else (_HANDOFF_NOTICE,)
    return ActionResult(utterances=utterances, handoff=reason, slots=slots or {})
