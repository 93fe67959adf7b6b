"""Emulate a Rasa 3.6 server on loopback, as far as Sufler uses it, including its failures.

    with RasaEmulator() as rasa:
        # the product runs with dialogue.url=rasa.url
        rasa.says["привет"] = [{"text": "Здравствуйте!"}]

It keeps trackers as Rasa does: user, bot and loop events; pause, resume and rewind; the model's id in every
event's metadata. A word in `asks` starts a form, in which any number is an answer. Texts that are not in
`says` are answered by the action `action_answer_faq`, at `actions` if that is set.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx

Json = dict[str, Any]
MODEL = "f9786544f7364631"


@dataclass
class RasaEmulator:
    token: str | None = None
    actions: str | None = None  # Sufler's action endpoint
    actions_token: str = ""
    model: str | None = MODEL  # None: there is none
    says: dict[str, list[Json]] = field(default_factory=dict)
    asks: dict[str, str] = field(default_factory=lambda: {"статус": "Какой номер?"})
    confidence: float = 0.9
    delay: float = 0.0  # seconds before any answer
    garbage: bytes | None = None  # instead of any answer
    restarts: str | None = None  # what is said to have the conversation begin anew
    is_mute: bool = False  # its actions fail: the REST channel answers []
    events: dict[str, list[Json]] = field(default_factory=dict)  # by sender
    messages: list[Json] = field(default_factory=list)  # as they came over the REST channel

    def __enter__(self) -> Self:
        emulator = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                emulator._serve(self, None)

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                emulator._serve(self, json.loads(self.rfile.read(length) or b"null"))

            def log_message(self, *_: object) -> None:
                pass

        self._locks: dict[str, threading.Lock] = {}  # one message of a conversation at a time
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def is_paused(self, sender: str) -> bool:
        kinds = [
            event["event"] for event in self.events.get(sender, []) if event["event"] in ("pause", "resume")
        ]
        return kinds[-1:] == ["pause"]

    def form(self, sender: str) -> str | None:
        """Return the form that waits for an answer, ignoring rewound events."""
        form, before = None, [None]
        for event in self.events.get(sender, []):
            match event["event"]:
                case "user":
                    before.append(form)
                case "active_loop":
                    form = event["name"]
                case "rewind":
                    form = before.pop()
                case "restart":
                    form, before = None, [None]
        return form

    # --- serving ----------------------------------------------------------------------------

    def _serve(self, request: BaseHTTPRequestHandler, body: Any) -> None:
        time.sleep(self.delay)
        address = urlsplit(request.path)
        status, answer = self._answer(address.path, parse_qs(address.query), body)
        content = self.garbage if self.garbage is not None else json.dumps(answer).encode()
        try:
            request.send_response(status)
            request.send_header("Content-Length", str(len(content)))
            request.end_headers()
            request.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):
            pass  # whoever asked has gone

    def _answer(self, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        if path == "/webhooks/rest/webhook":  # asks for no token, as the real one
            self.messages.append(body)
            return 200, self._hear(body) if self.model and not self.is_mute else []
        if self.token is not None and query.get("token") != [self.token]:
            return 401, {"reason": "NotAuthenticated"}
        if self.model is None:
            return 409, {"reason": "Conflict"}
        routes: dict[str, Callable[[], Any]] = {
            "/status": lambda: {"model_id": self.model, "model_file": "m.tar.gz"},
            "/model/parse": lambda: self._parse(body["text"]),
        }
        if path in routes:
            return 200, routes[path]()
        _, _, sender, *rest = path.split("/")
        if rest == ["tracker", "events"]:
            self._add(sender, *(body if isinstance(body, list) else [body]))
        events = self.events.get(sender, [])
        if query.get("include_events") != ["ALL"]:
            restarts = [place for place, event in enumerate(events) if event.get("event") == "restart"]
            events = events[restarts[-1] + 1 :] if restarts else events
        return (200, {"sender_id": sender, "events": events}) if rest else (404, {})

    def _add(self, sender: str, *events: Json) -> None:
        for event in events:
            metadata = {**event.get("metadata", {}), "model_id": self.model}
            self.events.setdefault(sender, []).append({**event, "metadata": metadata})

    def _parse(self, text: str) -> Json:
        if "оператор" in text:
            return _parse_data({"handoff_request": self.confidence, "greeting": 1 - self.confidence})
        if text in self.says:
            return _parse_data({text: self.confidence})
        name = "order_status" if text in self.asks else "faq"
        return _parse_data({name: self.confidence, "greeting": 1 - self.confidence})

    def _hear(self, body: Json) -> list[Json]:
        sender, text = body["sender"], body["message"]
        with self._locks.setdefault(sender, threading.Lock()):
            form = self.form(sender)
            self._add(
                sender,
                {
                    "event": "user",
                    "text": text,
                    "parse_data": self._parse(text),
                    "metadata": body.get("metadata") or {},
                },
            )
            if self.is_paused(sender):
                return []
            said = self._say(body, form)
            self._add(sender, *({"event": "bot", **_as_event(event)} for event in said))
            if text == self.restarts:
                self._add(sender, {"event": "restart"})
            return [{"recipient_id": sender, **event} for event in said]

    def _say(self, body: Json, form: str | None) -> list[Json]:
        sender, text = body["sender"], body["message"]
        if text in self.says:
            return self.says[text]
        if text in self.asks:
            self._add(sender, {"event": "active_loop", "name": "order_form"})
            return [{"text": self.asks[text]}]
        if form and text.isdigit():
            self._add(sender, {"event": "active_loop", "name": None})
            return [{"text": f"Заказ {text} едет."}]
        said = self._act(body)
        return [*said, {"text": next(iter(self.asks.values()))}] if form else said

    def _act(self, body: Json) -> list[Json]:
        if self.actions is None:
            return [{"custom": {"sufler": {"uses_triage": True, "handoff": None}}}]
        call = {
            "next_action": "action_answer_faq",
            "sender_id": body["sender"],
            "tracker": {
                "latest_message": {"text": body["message"], "metadata": body.get("metadata")},
                "slots": {},
            },
        }
        headers = {"X-Sufler-Token": f"token={self.actions_token}"}
        answer = httpx.post(self.actions, json=call, headers=headers, timeout=30, trust_env=False)
        found: list[Json] = answer.raise_for_status().json()["responses"]
        return [response for response in found if "custom" in response or "text" in response]


def _parse_data(ranking: dict[str, float]) -> Json:
    names = [{"name": name, "confidence": confidence} for name, confidence in ranking.items()]
    return {"intent": names[0], "intent_ranking": names, "entities": []}


def _as_event(said: Json) -> Json:
    data = {key: said.get(key) for key in ("buttons", "quick_replies", "image", "attachment", "custom")}
    return {"text": said.get("text"), "data": data}
