"""Simulated customers and operators, who use the running Sufler over HTTP as real ones do.

Customers ask held-out questions, each time with fresh typing errors, so never a text that was learned from.
Operators know the right answer and judge by it. One topic gets most of the questions, so that it gathers its
evidence in a minute or two. Some time after it has gone live, its articles stop being true, and nobody
updates the knowledge base. The rule of readiness is the same as in production.
"""

import csv
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import structlog

from evaluation.typos import with_typos
from kb_index import Article
from kb_index.templates import fields
from prompter.common.safe_errors import describe_without_content
from prompter.domain.evidence import Choice
from prompter.domain.readiness import ReadinessState

log = structlog.get_logger(__name__)

HERO = "warranty"  # gets most of the questions
_OTHERS = ("products", "order_status", "business")
_HERO_SHARE = 0.6
_SHARE_OF_TYPOS = 0.15  # share of the words
_MAX_WAITING = 40  # open turns; more customers would only wait
_MAX_REVIEWS = 5  # that an operator judges before the next look at the queue
_LIVE_SECONDS = 20.0  # seconds that the topic is on autopilot before its articles become wrong
_NEW_TRUTH = "Условия изменились, уточняю у коллег и вернусь с ответом."


@dataclass(frozen=True, kw_only=True)
class Question:
    text: str
    article_ids: frozenset[str]
    topic: str


@dataclass
class Truth:
    """The ground truth: which articles answer a question, and which topic is outdated."""

    articles: Mapping[str, Article]
    asked: dict[str, Question] = field(default_factory=dict)  # by the text that was sent
    outdated_topic: str | None = None

    def is_right(self, question: Question, article_id: str) -> bool:
        article = self.articles.get(article_id)
        if article is None or article.topic == self.outdated_topic:
            return False
        answers = {
            self.articles[candidate].answer
            for candidate in question.article_ids
            if candidate in self.articles
        }
        return article.answer in answers

    def is_right_answer(self, question: Question, text: str) -> bool:
        """Judge a text as it was sent or offered, with template fields filled in."""
        if text == _NEW_TRUTH:
            return question.topic == self.outdated_topic
        article_ids = (article for article in question.article_ids if self.is_right(question, article))
        return any(_is_filled(text.strip(), self.articles[article_id].answer) for article_id in article_ids)


def read_questions(path: Path, articles: Mapping[str, Article]) -> list[Question]:
    """Read the held-out questions that the knowledge base can answer."""
    with path.open(encoding="utf-8", newline="") as source:
        rows = [row for row in csv.DictReader(source) if row["article_id"]]
    return [
        Question(
            text=row["text"],
            article_ids=frozenset(row["article_id"].split("|")),
            topic=articles[row["article_id"].split("|")[0]].topic,
        )
        for row in rows
    ]


class Traffic:
    """Simulates customers and operators until it is stopped. `say` gets a report, line by line.

    `operator_tokens` are API tokens of operators. `supervisor_token` is only used for reading.
    """

    def __init__(
        self,
        questions: Sequence[Question],
        truth: Truth,
        *,
        operator_tokens: Sequence[str],
        supervisor_token: str,
        turns_per_second: float,
        say: Callable[[str], None],
        seed: int = 0,
    ) -> None:
        self._truth = truth
        self._operator_tokens = operator_tokens
        self._supervisor_token = supervisor_token
        self._pause = 1 / turns_per_second
        self._say = say
        self._random = np.random.default_rng(seed)
        self._hero = [question for question in questions if question.topic == HERO]
        self._others = [question for question in questions if question.topic in _OTHERS]
        self._stop = threading.Event()
        self._waiting = 0
        self._threads: list[threading.Thread] = []

    def start(self, url: str) -> None:
        work: list[Callable[[httpx.Client], None]] = [self._ask, self._watch]
        work += [self._operate(number) for number in range(len(self._operator_tokens))]
        tokens = [None, self._supervisor_token, *self._operator_tokens]
        for task, token in zip(work, tokens, strict=True):
            thread = threading.Thread(target=self._keep_on, args=(task, url, token), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=10)

    def _keep_on(self, work: Callable[[httpx.Client], None], url: str, token: str | None) -> None:
        """Repeat the work until stopped, even if the server is busy or shutting down."""
        headers = {"Authorization": f"Bearer {token}"} if token else {"Origin": url}
        with httpx.Client(base_url=url, headers=headers, timeout=30) as client:
            while not self._stop.is_set():
                try:
                    work(client)
                except httpx.HTTPError as error:
                    log.warning("simulated_traffic_failed", error=describe_without_content(error))
                    self._stop.wait(1.0)

    # --- customers --------------------------------------------------------------------------

    def _ask(self, client: httpx.Client) -> None:
        """Open the chat as a new customer and ask one question."""
        began = time.monotonic()
        if self._waiting < _MAX_WAITING:
            pool = self._hero if self._random.random() < _HERO_SHARE else self._others
            question = pool[int(self._random.integers(len(pool)))]
            text = with_typos(question.text, self._random, share=_SHARE_OF_TYPOS)
            self._truth.asked[text] = question
            client.cookies.clear()
            client.get("/chat").raise_for_status()
            client.post("/chat/messages", json={"id": str(uuid.uuid4()), "text": text}).raise_for_status()
        self._stop.wait(max(0.0, self._pause - (time.monotonic() - began)))

    # --- operators --------------------------------------------------------------------------

    def _operate(self, number: int) -> Callable[[httpx.Client], None]:
        def work(client: httpx.Client) -> None:
            queue = client.get("/api/queue").raise_for_status().json()
            self._waiting = len(queue)
            own_items = [item for item in queue if item["turn"]["id"] % len(self._operator_tokens) == number]
            for item in own_items[:10]:
                self._decide(client, item["turn"])
            n_judged = 0
            while n_judged < _MAX_REVIEWS and self._judge(client):
                n_judged += 1
            if not own_items and not n_judged:
                self._stop.wait(0.2)

        return work

    def _decide(self, client: httpx.Client, turn: Mapping[str, Any]) -> None:
        question = self._truth.asked.get(turn["utterance"] or "")
        view = client.get(f"/api/conversations/{turn['conversation_id']}").raise_for_status().json()
        if view["turn"] is None or view["turn"]["id"] != turn["id"]:
            return
        decision = self._decision(question, view)
        decision["seen_message_id"] = view["last_message_id"]
        answer = client.post(f"/api/turns/{turn['id']}/decision", json=decision)
        if answer.status_code != httpx.codes.CONFLICT:
            answer.raise_for_status()

    def _decision(self, question: Question | None, view: Mapping[str, Any]) -> dict[str, Any]:
        if question is None:  # a person who watches the demo has written
            return {"action": "write_own", "text": _NEW_TRUTH}
        offered = view["suggestions"]
        if offered and self._truth.is_right(question, offered[0]["article_id"]):
            return {"action": "accept", "rank": 1}
        right = [
            article for article in sorted(question.article_ids) if self._truth.is_right(question, article)
        ]
        if right and not fields(self._truth.articles[right[0]].answer):
            return {"action": "pick_other", "article_id": right[0]}
        if offered:
            return {"action": "reject", "reason": "outdated", "text": _NEW_TRUTH}
        return {"action": "write_own", "text": _NEW_TRUTH}

    def _judge(self, client: httpx.Client) -> bool:
        """Judge one review. Return False if there is none."""
        found = client.get("/api/reviews/next").raise_for_status().json()["next"]
        if found is None:
            return False
        question = self._truth.asked.get(found["question"])
        right = [
            question is not None and self._truth.is_right_answer(question, text) for text in found["answers"]
        ]
        choice = {(True, True): Choice.BOTH, (True, False): Choice.FIRST, (False, True): Choice.SECOND}.get(
            (right[0], right[-1] if len(right) > 1 else False), Choice.NEITHER
        )
        answer = client.post(f"/api/reviews/{found['review_id']}", json={"choice": choice.value})
        if answer.status_code != httpx.codes.CONFLICT:
            answer.raise_for_status()
        return True

    # --- reports ----------------------------------------------------------------------------

    def _watch(self, client: httpx.Client) -> None:
        """Report on the main topic, and make its articles wrong `_LIVE_SECONDS` seconds after its go-live."""
        last_state: tuple[str, int] | None = None
        live_since: float | None = None
        while not self._stop.is_set():
            topics = {
                topic["name"]: topic for topic in client.get("/api/readiness").raise_for_status().json()
            }
            hero = topics.get(HERO)
            if hero is not None:
                step = hero["steps"][-1]
                now = (hero["state"], step["n_by_lot"] // 10)
                if now != last_state:
                    last_state = now
                    self._say(_line(hero))
                if hero["state"] == ReadinessState.AUTOPILOT.value and live_since is None:
                    live_since = time.monotonic()
                long_enough = live_since is not None and time.monotonic() - live_since > _LIVE_SECONDS
                if long_enough and self._truth.outdated_topic is None:
                    self._truth.outdated_topic = HERO
                    self._say(f"The shop has changed its rules on {HERO}, but not its knowledge base.")
            self._stop.wait(2.0)


def _line(found: Mapping[str, Any]) -> str:
    step = found["steps"][-1]
    estimate = "–" if step["estimate"] is None else f"{step['estimate']:.0%}"
    low = "" if found["low"] is None else f", at least {found['low']:.0%}"
    audits = f", {found['audited_right']} of {found['audited']} audits right" if found["audited"] else ""
    sampled = f"{step['n_by_lot']} randomly sampled"
    return f"{found['name']}: {found['state']}; {sampled}, accuracy {estimate}{low}{audits}"


def _is_filled(text: str, answer: str) -> bool:
    """Tell whether the text is the answer with any values, or empty ones, for its template fields."""
    first, *rest = re.split(r"\{\w+\}", answer.strip())
    if not rest:
        return text == first
    last = rest.pop()
    if not text.startswith(first) or not text.endswith(last):
        return False
    end = len(text) - len(last)
    place = len(first)
    for piece in rest:
        found = text.find(piece, place, end)
        if found < 0:
            return False
        place = found + len(piece)
    return place <= end
