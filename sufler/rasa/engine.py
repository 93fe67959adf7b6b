"""Rasa as the dialogue engine, through its REST channel, trackers and parser."""

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import structlog

from prompter.dialogue.engine import DialogueUnavailable, EngineReply, Question
from prompter.domain.dialogue import MessageCursor
from prompter.domain.triage import HandoffReason

_KEY = "sufler"  # the key in a message's metadata and in the answers of our own actions
_SLASHES = re.compile(r"^[\s/]+")
_FALLBACK = "nlu_fallback"  # the intent for "no intent matches"
_MAX_REPLY_LENGTH = 20_000  # characters
_PAUSE = 5.0  # seconds during which a parser that did not answer is not asked again

_log = structlog.get_logger(__name__)


class RasaEngine:
    """A client for a Rasa server of version 3.6. `timeout` is in seconds.

    Rasa's replies are read from the conversation's tracker: there they are still available after a restart,
    together with the active form and Rasa's confidence.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None,
        timeout: float,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        # Rasa accepts its token in the query only. httpx logs URLs, but below the level that is shown.
        self._client = httpx.Client(
            base_url=url.rstrip("/"),
            params={"token": token} if token else None,
            timeout=timeout,
            trust_env=False,
        )
        self._seconds = seconds
        self._silent_until = 0.0

    def ask(self, question: Question, *, after: int | None = None) -> EngineReply:
        if after is not None:
            tracked = [
                turn for turn in _tracked_turns(self._tracker(question.sender)) if not turn.is_taken_back
            ]
            unused = [turn for turn in tracked if turn.cursor is not None and turn.cursor.message_id > after]
            if unused and unused[-1].cursor == question.cursor:
                return _reply(unused[-1])
            self._add_events(question.sender, ["rewind"] * len(unused))
        messages = self._call(
            "POST",
            "/webhooks/rest/webhook",
            {
                "sender": question.sender,
                "message": _message(question.triage.utterance),
                "metadata": {_KEY: _metadata_of(question)},
            },
        )
        if not isinstance(messages, list):
            raise DialogueUnavailable("what answers is not Rasa")
        if not messages:
            raise DialogueUnavailable(
                "Rasa says nothing: one of its actions or components fails", is_down=False
            )
        tracked = [
            turn for turn in _tracked_turns(self._tracker(question.sender)) if turn.cursor == question.cursor
        ]
        if not tracked:
            raise DialogueUnavailable("Rasa's tracker does not hold what it was just told", is_down=False)
        return _reply(tracked[-1])

    def pause(self, sender: str, *, paused: bool) -> None:
        self._add_events(sender, ["pause" if paused else "resume"])

    def model(self) -> str:
        status = self._call("GET", "/status")
        model = status.get("model_id") if isinstance(status, dict) else None
        if not isinstance(model, str) or not model:
            raise DialogueUnavailable("what answers is not Rasa")
        return model

    def parse(self, text: str) -> dict[str, float]:
        """Return probabilities of intents, best first, or nothing if Rasa falls back or does not answer."""
        if self._seconds() < self._silent_until:
            return {}
        try:
            parsed = self._call("POST", "/model/parse", {"text": _message(text)})
            ranking = {
                str(intent["name"]): float(intent["confidence"]) for intent in parsed["intent_ranking"]
            }
            best = parsed["intent"]["name"]
        except DialogueUnavailable as error:
            self._silent_until = self._seconds() + _PAUSE
            _log.warning("rasa_does_not_parse", error=str(error))
            return {}
        except (KeyError, TypeError, ValueError):
            _log.warning("rasa_does_not_parse", error="Rasa's answer cannot be read")
            return {}
        return {} if best in (None, _FALLBACK) else ranking

    def _tracker(self, sender: str) -> Mapping[str, Any]:
        # ALL, as a dialogue may restart itself, and its reply then comes before the restart.
        tracker = self._call("GET", f"/conversations/{sender}/tracker", params={"include_events": "ALL"})
        if not isinstance(tracker, dict) or not isinstance(tracker.get("events"), list):
            raise DialogueUnavailable("what answers is not Rasa")
        return tracker

    def _add_events(self, sender: str, kinds: Sequence[str]) -> None:
        if kinds:
            events = [{"event": kind} for kind in kinds]
            self._call("POST", f"/conversations/{sender}/tracker/events", events)

    def _call(
        self, method: str, path: str, body: object = None, *, params: Mapping[str, str] | None = None
    ) -> Any:
        try:
            answer = self._client.request(method, path, json=body, params=params)
        except httpx.TimeoutException:
            raise DialogueUnavailable("Rasa does not answer in time") from None
        except httpx.HTTPError as error:
            raise DialogueUnavailable(f"Rasa cannot be reached: {type(error).__name__}") from None
        match answer.status_code:
            case httpx.codes.UNAUTHORIZED | httpx.codes.FORBIDDEN:
                raise DialogueUnavailable("Rasa refuses the token: set dialogue.token to its --auth-token")
            case httpx.codes.CONFLICT:
                raise DialogueUnavailable(
                    "Rasa has no model that it can use: train one with sufler rasa train"
                )
            case httpx.codes.NOT_FOUND:
                raise DialogueUnavailable(
                    "Rasa's API is off, or what answers is not Rasa: start it with --enable-api"
                )
        try:
            return answer.raise_for_status().json()
        except (httpx.HTTPStatusError, ValueError):
            raise DialogueUnavailable(
                f"Rasa answers something else, with status {answer.status_code}"
            ) from None


def _message(text: str) -> str:
    """Return the text without a leading slash, which Rasa would read as the start of an intent's name."""
    return _SLASHES.sub("", text).strip() or "-"


def _metadata_of(question: Question) -> dict[str, object]:
    """Build a message's metadata. It carries the triage, so that none is repeated or stored in between."""
    triage = question.triage
    return {
        "turn": question.cursor.turn_id,
        "message": question.cursor.message_id,
        "seal": question.seal,
        "triage": {
            "route": triage.route.value,
            "handoff_reason": triage.handoff_reason.value if triage.handoff_reason else None,
            "suggestions": [
                {
                    "article_id": suggestion.article_id,
                    "topic": suggestion.topic,
                    "confidence": suggestion.confidence,
                }
                for suggestion in triage.suggestions
            ],
        },
    }


@dataclass
class _TrackedTurn:
    """A customer's message in a tracker, with all events that followed."""

    cursor: MessageCursor | None
    parsed: Mapping[str, Any]
    model: str
    form_before: str | None
    events: list[Mapping[str, Any]]
    form: str | None = None
    is_taken_back: bool = False


def _reply(tracked: _TrackedTurn) -> EngineReply:
    """Return Rasa's reply to the message."""
    try:
        return _read(tracked)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise DialogueUnavailable("Rasa's answer cannot be read", is_down=False) from None


def _tracked_turns(tracker: Mapping[str, Any]) -> list[_TrackedTurn]:
    """Return the customer's messages in order."""
    tracked: list[_TrackedTurn] = []
    form: str | None = None
    for event in tracker["events"]:
        metadata = event.get("metadata") or {} if isinstance(event, dict) else None
        if not isinstance(metadata, dict):
            raise DialogueUnavailable("Rasa's tracker cannot be read", is_down=False)
        kind = event.get("event")
        if kind == "user":
            tracked.append(
                _TrackedTurn(
                    cursor=_cursor_of(metadata.get(_KEY)),
                    parsed=event.get("parse_data") or {},
                    model=str(metadata.get("model_id") or ""),
                    form_before=form,
                    form=form,
                    events=[],
                )
            )
        elif kind == "rewind":
            last = next((turn for turn in reversed(tracked) if not turn.is_taken_back), None)
            if last is not None:
                last.is_taken_back = True
                form = last.form = last.form_before
        elif kind == "active_loop":
            form = event.get("name")
        elif kind in ("restart", "session_started"):
            form = None
        if tracked:
            tracked[-1].events.append(event)
            tracked[-1].form = form
    return tracked


def _cursor_of(about: object) -> MessageCursor | None:
    if not isinstance(about, dict):
        return None
    turn, message = about.get("turn"), about.get("message")
    return (
        MessageCursor(turn_id=turn, message_id=message)
        if isinstance(turn, int) and isinstance(message, int)
        else None
    )


def _read(tracked: _TrackedTurn) -> EngineReply:
    """Read the reply, and let Python's own errors pass if the events are not of Rasa's shape."""
    bot_events = [event for event in tracked.events if event.get("event") == "bot"]
    payloads = [
        payload
        for event in bot_events
        if (payload := ((event.get("data") or {}).get("custom") or {}).get(_KEY))
    ]
    handoffs = [HandoffReason(payload["handoff"]) for payload in payloads if payload["handoff"]]
    texts = tuple(text for event in bot_events if (text := _text(event)))
    if sum(map(len, texts)) > _MAX_REPLY_LENGTH:
        raise ValueError("too long")
    if not texts and not payloads:
        raise DialogueUnavailable("Rasa's answer has no text", is_down=False)
    intent = tracked.parsed["intent"]
    return EngineReply(
        name=tracked.form or tracked.form_before or str(intent["name"]),
        texts=texts,
        confidence=min(1.0, max(0.0, float(intent["confidence"]))),
        model=tracked.model,
        form=tracked.form,
        uses_triage=any(payload["uses_triage"] for payload in payloads),
        handoff=handoffs[-1] if handoffs else None,
    )


def _text(event: Mapping[str, Any]) -> str:
    """Return a message of Rasa as text, as our messengers have no buttons for Rasa's intents."""
    data = event.get("data") or {}
    titles: Iterable[Any] = [*(data.get("buttons") or ()), *(data.get("quick_replies") or ())]
    buttons = (f"• {button['title']}" for button in titles)
    lines = [event.get("text"), *buttons, data.get("image"), data.get("attachment")]
    return "\n".join(line for line in lines if isinstance(line, str) and line).strip()
