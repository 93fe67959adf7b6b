"""Emulate the Telegram Bot API on loopback, including its failures.

    with TelegramEmulator() as telegram:
        # the product runs with base_url=telegram.base_url and token=telegram.token
        telegram.customer_says(7, "где мой заказ")
        telegram.wait_for(lambda: telegram.sent_to(7))

Its rules: updates stay until a higher offset is requested; a second getUpdates ends the first one
with 409; a chat must have been started by the customer before the bot may write to it; parameters come as
a form, as JSON or in the query; method names are case-insensitive.
"""

import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

Json = dict[str, Any]

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
_BOT = {"id": 110201543, "is_bot": True, "first_name": "Sufler", "username": "sufler_bot"}
_MAX_TEXT_LENGTH = 4096
_MAX_ANSWER_LENGTH = 200  # to a press, in characters
_MAX_DATA_LENGTH = 64  # of a button, in bytes
_PATIENCE = 30.0  # seconds that wait_for gives by default

FILE = {"file_id": "AgACAgI", "file_unique_id": "AQAD", "file_size": 1000}
_MEDIA: dict[str, Json] = {
    "photo": {"photo": [FILE | {"width": 90, "height": 90}, FILE | {"width": 800, "height": 800}]},
    "video": {"video": FILE | {"width": 640, "height": 480, "duration": 3}},
    "animation": {
        "animation": FILE | {"width": 640, "height": 480, "duration": 3},
        "document": FILE | {"mime_type": "video/mp4"},
    },
    "video_note": {"video_note": FILE | {"length": 240, "duration": 3}},
    "voice": {"voice": FILE | {"duration": 3}},
    "audio": {"audio": FILE | {"duration": 180}},
    "document": {"document": FILE | {"file_name": "чек.pdf", "mime_type": "application/pdf"}},
    "sticker": {
        "sticker": FILE
        | {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
    },
    "location": {"location": {"latitude": 55.75, "longitude": 37.61}},
    "venue": {
        "location": {"latitude": 55.75, "longitude": 37.61},
        "venue": {"location": {"latitude": 55.75, "longitude": 37.61}, "title": "Склад", "address": "Москва"},
    },
    "contact": {"contact": {"phone_number": "+70000000000", "first_name": "Ольга"}},
    "note": {"message_auto_delete_timer_changed": {"message_auto_delete_time": 60}},
    "dice": {"dice": {"emoji": "🎲", "value": 4}},
    "poll": {
        "poll": {
            "id": "1",
            "question": "Когда?",
            "options": [{"text": "Сейчас", "voter_count": 0}],
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": True,
            "type": "regular",
            "allows_multiple_answers": False,
        }
    },
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A failure of one request: answer `status`, or process it and lose the answer."""

    status: int | None = None
    description: str = ""
    parameters: Json = field(default_factory=dict)
    raw_body: bytes | None = None  # instead of a JSON answer: a proxy's page, half an answer
    accept: bool = False  # the method is carried out first
    close: bool = False  # the connection is closed without an answer
    delay_seconds: float = 0.0  # before the answer; the method has been carried out if `accept` is set

    @classmethod
    def too_many_requests(cls, retry_after: int) -> Self:
        return cls(
            status=429,
            description=f"Too Many Requests: retry after {retry_after}",
            parameters={"retry_after": retry_after},
        )

    @classmethod
    def server_error(cls, status: int = 500, *, accept: bool = False) -> Self:
        return cls(status=status, description="Internal Server Error", accept=accept)

    @classmethod
    def lost_answer(cls) -> Self:
        """Accept the request, then break the connection."""
        return cls(accept=True, close=True)

    @classmethod
    def slow(cls, seconds: float) -> Self:
        """Accept the request and answer late."""
        return cls(accept=True, delay_seconds=seconds)


@dataclass(frozen=True, kw_only=True)
class BotMessage:
    """A message that the bot has sent."""

    chat_id: int
    message_id: int
    text: str
    reply_markup: Json | None = None
    thread_id: int | None = None  # of the topic in the chat

    @property
    def buttons(self) -> dict[str, str]:
        """Return the data that the message's buttons send, by their labels."""
        rows = (self.reply_markup or {}).get("inline_keyboard", [])
        return {button["text"]: button["callback_data"] for row in rows for button in row}


@dataclass(frozen=True, kw_only=True)
class CustomerMessage:
    """A message from a customer."""

    chat_id: int
    message_id: int
    update_id: int


@dataclass(frozen=True, kw_only=True)
class ButtonPress:
    """A button pressed by a customer."""

    query_id: str
    update_id: int


@dataclass(frozen=True, kw_only=True)
class Call:
    """A received request."""

    method: str
    parameters: Json


class _ApiError(Exception):
    def __init__(self, status: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters


class TelegramEmulator:
    """The server, with methods for the customers' side. Thread-safe."""

    def __init__(self, *, token: str = TOKEN, port: int = 0) -> None:
        self.token = token
        self._changed = threading.Condition()
        self._updates: list[Json] = []
        self._all_updates: list[Json] = []
        self._again: list[Json] = []  # to be handed out once more, whatever has been confirmed
        self._confirmed: list[int] = []
        self._next_update = 870_000_001
        self._next_message: dict[int, int] = {}
        self._chats: set[int] = set()
        self._blocked: set[int] = set()
        self._sent: list[BotMessage] = []
        self._answers: dict[str, list[str]] = {}  # to presses, by query id
        self._calls: list[Call] = []
        self._faults: dict[str, deque[Fault]] = {}
        self._poll = 0  # number of the newest getUpdates
        self._webhook = False
        self._closing = threading.Event()
        self._port = port
        self._server = self._listen()

    # --- the server -------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """Return the Bot API's base URL, which the token follows directly."""
        return f"http://127.0.0.1:{self._port}/bot"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._closing.set()
        with self._changed:
            self._changed.notify_all()
        self._server.stop()

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """Refuse connections and cut open ones meanwhile. Afterwards the same port works again."""
        self._server.stop()
        try:
            yield
        finally:
            self._server = self._listen()

    def _listen(self) -> "_Server":
        server = _Server(self, self._port)
        self._port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return server

    # --- customers --------------------------------------------------------------------------

    def customer_says(self, chat_id: int, text: str, **fields: Any) -> CustomerMessage:
        """Send a private message. `fields` are added to, or replace those of, the Bot API's Message."""
        return self._message(chat_id, {"text": text} | fields)

    def customer_sends(self, chat_id: int, kind: str, **fields: Any) -> CustomerMessage:
        """Send a photo, voice, sticker ...: see _MEDIA. `caption` is one of the fields."""
        return self._message(chat_id, _MEDIA[kind] | fields)

    def customer_forwards(self, chat_id: int, text: str) -> CustomerMessage:
        origin = {"type": "hidden_user", "sender_user_name": "Кто-то", "date": int(time.time())}
        return self._message(chat_id, {"text": text, "forward_origin": origin})

    def customer_edits(
        self, message: CustomerMessage, text: str | None = None, **fields: Any
    ) -> CustomerMessage:
        edit: Json = {"message_id": message.message_id, "edit_date": int(time.time())}
        if text is not None:
            edit["text"] = text
        return self._message(message.chat_id, edit | fields, update="edited_message")

    def group_says(self, chat_id: int, text: str) -> CustomerMessage:
        chat = {"id": chat_id, "type": "supergroup", "title": "Соседи"}
        return self._message(chat_id, {"text": text, "chat": chat})

    def channel_posts(self, chat_id: int, text: str) -> CustomerMessage:
        chat = {"id": chat_id, "type": "channel", "title": "Новости"}
        return self._message(chat_id, {"text": text, "chat": chat}, update="channel_post")

    def customer_presses(self, chat_id: int, message_id: int, data: str, /, **fields: Any) -> ButtonPress:
        """Press a button under a bot message. `data` may be anything, as from a modified client.

        `fields` are added to the fields of the Bot API's CallbackQuery, or replace them.
        """
        with self._changed:
            chat = {"id": chat_id, "type": "private", "first_name": "Ольга"}
            query: Json = {
                "id": str(4_382_000_000_000_000_001 + len(self._answers)),
                "from": _customer(chat_id),
                "chat_instance": "-3788",
                "message": self._pressed_message(chat, message_id),
                "data": data,
            }
            self._answers[query["id"]] = []
            update_id = self.add_update({"callback_query": query | fields})
            return ButtonPress(query_id=query["id"], update_id=update_id)

    def deliver_again(self, message: CustomerMessage | ButtonPress) -> None:
        """Deliver an update again, although it has been confirmed."""
        with self._changed:
            update = next(update for update in self._all_updates if update["update_id"] == message.update_id)
            self._again.append(update)
            self._changed.notify_all()

    def add_update(self, update: Json) -> int:
        """Add any update without its update_id, and return the update_id."""
        with self._changed:
            update_id = self._next_update
            self._next_update += 1
            self._updates.append({"update_id": update_id} | update)
            self._all_updates.append(self._updates[-1])
            self._changed.notify_all()
            return update_id

    def block(self, chat_id: int) -> None:
        """Let the customer block the bot."""
        with self._changed:
            self._blocked.add(chat_id)

    def set_webhook(self, active: bool) -> None:
        with self._changed:
            self._webhook = active

    def _message(self, chat_id: int, fields: Json, *, update: str = "message") -> CustomerMessage:
        with self._changed:
            self._chats.add(chat_id)
            message: Json = {
                "message_id": fields.get("message_id") or self._new_message_id(chat_id),
                "date": int(time.time()),
                "chat": {"id": chat_id, "type": "private", "first_name": "Ольга"},
                "from": _customer(chat_id),
            }
            update_id = self.add_update({update: message | fields})
            return CustomerMessage(chat_id=chat_id, message_id=message["message_id"], update_id=update_id)

    def _pressed_message(self, chat: Json, message_id: int) -> Json:
        """Return the message as the bot sent it. A deleted message has only its id."""
        for sent in self._sent:
            if (sent.chat_id, sent.message_id) == (chat["id"], message_id):
                return _as_message(sent, chat)
        return {"message_id": message_id, "chat": chat, "date": 0}

    def _new_message_id(self, chat_id: int) -> int:
        message_id = self._next_message.get(chat_id, 1)
        self._next_message[chat_id] = message_id + 1
        return message_id

    # --- faults -----------------------------------------------------------------------------

    def fail_next(self, method: str, *faults: Fault) -> None:
        """Let the next calls of the method meet these faults, one per call, in order."""
        with self._changed:
            self._faults.setdefault(method.lower(), deque()).extend(faults)

    # --- looking ----------------------------------------------------------------------------

    def sent_to(self, chat_id: int) -> list[str]:
        """Return the texts that the bot has sent to a chat, oldest first."""
        with self._changed:
            return [sent.text for sent in self._sent if sent.chat_id == chat_id]

    @property
    def sent(self) -> list[BotMessage]:
        with self._changed:
            return list(self._sent)

    def answers_to(self, press: ButtonPress) -> list[str]:
        """Return the bot's answers to a button press. The button spins until the first answer."""
        with self._changed:
            return list(self._answers[press.query_id])

    @property
    def calls(self) -> list[Call]:
        """Return all requests of the bot."""
        with self._changed:
            return list(self._calls)

    def count(self, method: str) -> int:
        return sum(call.method == method.lower() for call in self.calls)

    def is_confirmed(self, message: CustomerMessage | ButtonPress) -> bool:
        """Return True if a higher offset has been requested."""
        with self._changed:
            return message.update_id in self._confirmed

    def wait_for(self, condition: Callable[[], object], *, seconds: float = _PATIENCE) -> None:
        """Wait until the condition holds. It is checked after every request and at short intervals."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError("what the test waits for has not come about")
            with self._changed:
                self._changed.wait(0.02)

    # --- methods ----------------------------------------------------------------------------

    def answer(self, token: str, method: str, parameters: Json) -> "_Answer":
        """Process a request and return the server's answer."""
        if token != self.token:
            return _Answer.error(401, "Unauthorized")
        with self._changed:
            self._calls.append(Call(method=method, parameters=parameters))
            faults = self._faults.get(method)
            fault = faults.popleft() if faults else None
            self._changed.notify_all()
        if fault is not None and not fault.accept:
            self._closing.wait(fault.delay_seconds)
            return _Answer.of_fault(fault)
        try:
            result = self._carry_out(method, parameters)
        except _ApiError as error:
            return _Answer.error(error.status, error.description, error.parameters)
        finally:
            with self._changed:
                self._changed.notify_all()
        if fault is not None:
            self._closing.wait(fault.delay_seconds)
            if fault.close or fault.status is not None or fault.raw_body is not None:
                return _Answer.of_fault(fault)
        return _Answer(status=200, body=_encode({"ok": True, "result": result}))

    def _carry_out(self, method: str, parameters: Json) -> Any:
        if method == "getme":
            return _BOT
        if method == "getupdates":
            return self._get_updates(parameters)
        if method == "sendmessage":
            return self._send_message(parameters)
        if method == "answercallbackquery":
            return self._answer_press(parameters)
        if method == "deletewebhook":
            self.set_webhook(active=False)
            return True
        raise _ApiError(404, "Not Found: method not found")

    def _get_updates(self, parameters: Json) -> list[Json]:
        offset = int(parameters.get("offset") or 0)
        limit = int(parameters.get("limit") or 100)
        wanted = parameters.get("allowed_updates") or []
        deadline = time.monotonic() + float(parameters.get("timeout") or 0)
        with self._changed:
            if self._webhook:
                raise _ApiError(
                    409,
                    "Conflict: can't use getUpdates method while webhook is active; "
                    "use deleteWebhook to delete the webhook first",
                )
            self._poll += 1
            poll = self._poll
            self._changed.notify_all()  # ends the poll before this one
            confirmed = [update for update in self._updates if update["update_id"] < offset]
            self._confirmed += [update["update_id"] for update in confirmed]
            self._updates = [update for update in self._updates if update["update_id"] >= offset]
            while True:
                if poll != self._poll:
                    raise _ApiError(
                        409,
                        "Conflict: terminated by other getUpdates request; "
                        "make sure that only one bot instance is running",
                    )
                ready = self._again + [
                    update for update in self._updates if not wanted or any(kind in update for kind in wanted)
                ]
                left = deadline - time.monotonic()
                if ready or left <= 0 or self._closing.is_set():
                    self._again = []
                    return ready[:limit]
                self._changed.wait(left)

    def _send_message(self, parameters: Json) -> Json:
        text = parameters.get("text") or ""
        try:
            chat_id = int(parameters["chat_id"])
        except (KeyError, ValueError):
            raise _ApiError(400, "Bad Request: chat_id is empty") from None
        with self._changed:
            if chat_id not in self._chats:
                raise _ApiError(400, "Bad Request: chat not found")
            if chat_id in self._blocked:
                raise _ApiError(403, "Forbidden: bot was blocked by the user")
            if not text.strip():
                raise _ApiError(400, "Bad Request: message text is empty")
            if len(text.encode("utf-16-le")) // 2 > _MAX_TEXT_LENGTH:
                raise _ApiError(400, "Bad Request: message is too long")
            sent = BotMessage(
                chat_id=chat_id,
                message_id=self._new_message_id(chat_id),
                text=text,
                reply_markup=_check_markup(parameters.get("reply_markup")),
                thread_id=int(parameters["message_thread_id"]) if "message_thread_id" in parameters else None,
            )
            self._sent.append(sent)
        return _as_message(sent, {"id": chat_id, "type": "private", "first_name": "Ольга"})

    def _answer_press(self, parameters: Json) -> bool:
        text = parameters.get("text") or ""
        if len(text) > _MAX_ANSWER_LENGTH:
            raise _ApiError(400, "Bad Request: MESSAGE_TOO_LONG")
        with self._changed:
            answers = self._answers.get(parameters.get("callback_query_id", ""))
            if answers is None:
                raise _ApiError(
                    400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
                )
            answers.append(text)
        return True


def _customer(chat_id: int) -> Json:
    return {
        "id": chat_id,
        "is_bot": False,
        "first_name": "Ольга",
        "last_name": "Петрова",
        "language_code": "ru",
    }


def _as_message(sent: BotMessage, chat: Json) -> Json:
    markup = {"reply_markup": sent.reply_markup} if sent.reply_markup else {}
    return {
        "message_id": sent.message_id,
        "date": int(time.time()),
        "chat": chat,
        "from": _BOT,
        "text": sent.text,
    } | markup


def _check_markup(markup: Json | None) -> Json | None:
    for row in (markup or {}).get("inline_keyboard", []):
        for button in row:
            if not button.get("text"):
                raise _ApiError(400, "Bad Request: text buttons are unallowed in the inline keyboard")
            if len(button.get("callback_data", "").encode()) > _MAX_DATA_LENGTH:
                raise _ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
    return markup


def _encode(value: Json) -> bytes:
    return json.dumps(value).encode()


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """An answer to a request. `status` None: the connection is closed instead."""

    status: int | None
    body: bytes = b""

    @classmethod
    def error(cls, status: int, description: str, parameters: Json | None = None) -> Self:
        body: Json = {"ok": False, "error_code": status, "description": description}
        if parameters:
            body["parameters"] = parameters
        return cls(status=status, body=_encode(body))

    @classmethod
    def of_fault(cls, fault: Fault) -> Self:
        if fault.close:
            return cls(status=None)
        if fault.raw_body is not None:
            return cls(status=fault.status or 200, body=fault.raw_body)
        return cls.error(fault.status or 500, fault.description, fault.parameters)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, emulator: TelegramEmulator, port: int) -> None:
        self.emulator = emulator
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect in the middle of a request."""

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        with self._lock:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # closed already


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Log nothing."""

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        token, _, method = url.path.removeprefix("/bot").partition("/")
        answer = self.server.emulator.answer(token, method.lower(), self._parameters(url.query, body))
        if answer.status is None:
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _parameters(self, query: str, body: bytes) -> Json:
        parameters: Json = dict(parse_qsl(query))
        if self.headers.get_content_type() == "application/json" and body:
            parameters |= json.loads(body)
        elif body:
            parameters |= dict(parse_qsl(body.decode(), keep_blank_values=True))
        for name in ("allowed_updates", "reply_markup"):
            if isinstance(parameters.get(name), str):
                parameters[name] = json.loads(parameters[name])
        return parameters
