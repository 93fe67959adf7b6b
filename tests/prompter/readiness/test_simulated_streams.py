"""Streams decided on the desk go live at the same label as in the simulator."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pytest

from evaluation.betting import Numbers as Labels
from evaluation.readiness import Rule
from evaluation.simulation import first_live
from prompter.accounts.service import Accounts
from prompter.conversations.intake import Reception
from prompter.conversations.triage_worker import Triager
from prompter.desk.decision import Action, Decision
from prompter.desk.service import Desk
from prompter.domain.account import Role
from prompter.domain.conversation import IncomingMessage
from prompter.domain.readiness import ReadinessState
from prompter.domain.triage import HandoffReason, Route, Suggestion, Triage
from prompter.knowledge.knowledge_base import KnowledgeBase
from prompter.readiness.sampling import SamplingPolicy
from prompter.readiness.service import Readiness
from prompter.storage import Store
from tests.fakes import FAST_HASHER, FakeClock, article

VERSIONS = 2  # of the model in each stream, which share the labels


class SureAssistant:
    """Suggests the article `right-7` for «вопрос 7»."""

    def triage(self, text: str) -> Triage:
        number = text.split()[1]
        suggestion = Suggestion(
            article_id=f"right-{number}",
            question=text,
            answer=f"right {number}",
            topic=f"topic {number}",
            language="ru",
            similarity=1.0,
            confidence=1.0,
        )
        return Triage(
            utterance=text,
            intent=None,
            intent_confidence=0.0,
            suggestions=(suggestion,),
            route=Route.SUGGEST,
            handoff_reason=HandoffReason.TOPIC_NOT_READY,
            model_version="sure",
        )


@dataclass
class Desks:
    """A desk on which every stream is a topic and every turn is sampled."""

    store: Store
    streams: int
    rule: Rule

    def __post_init__(self) -> None:
        self.clock = FakeClock()
        articles = [
            article(f"{kind}-{number}", f"вопрос {number}", f"{kind} {number}", topic=f"topic {number}")
            for number in range(self.streams)
            for kind in ("right", "wrong")
        ]
        KnowledgeBase(self.store, clock=self.clock).import_articles(articles, changed_by="test")
        sampling = SamplingPolicy(random=lambda: 0.0)
        self.reception = Reception(self.store, debounce=timedelta(0), max_wait=timedelta(0), clock=self.clock)
        self.triager = Triager(self.store, SureAssistant(), sampling=sampling, clock=self.clock)
        self.desk = Desk(self.store, sampling=sampling, clock=self.clock)
        self.readiness = Readiness(self.store, rule=self.rule, clock=self.clock)
        accounts = Accounts(self.store, hasher=FAST_HASHER, clock=self.clock)
        self.operator = accounts.add("anna", Role.OPERATOR, "correct horse battery").id

    def judge(self, number: int, label: int, *, right: bool) -> None:
        """Ask as a customer and answer blind as the operator, with the bot's article or another one."""
        message = IncomingMessage(
            channel="web", chat_id=f"{number}/{label}", external_id="1", text=f"вопрос {number}"
        )
        conversation = self.reception.receive(message).conversation_id
        self.clock.forward(1)
        self.triager.run_once()
        view = self.desk.conversation(conversation)
        assert view.turn is not None
        assert view.turn.blind
        self.desk.decide(
            Decision(
                turn_id=view.turn.id,
                operator_id=self.operator,
                action=Action.PICK_OTHER,
                seen_message_id=view.last_message_id,
                article_id=f"{'right' if right else 'wrong'}-{number}",
            )
        )

    def ready(self) -> list[str]:
        """Return the topics whose evidence allows them to answer alone."""
        with self.store.read() as tx:
            stored = tx.readiness.all().values()
        return [stored_topic.name for stored_topic in stored if stored_topic.state is ReadinessState.READY]


@pytest.mark.parametrize(
    ("streams", "labels", "bar"),  # a low bar needs few labels
    [
        pytest.param(40, 25, 0.5, id="small"),
        pytest.param(200, 40, 0.7, id="whole", marks=[pytest.mark.full, pytest.mark.timeout(900)]),
    ],
)
@pytest.mark.slow
def test_every_stream_goes_live_at_the_label_that_the_simulator_says(
    store: Store, streams: int, labels: int, bar: float
) -> None:
    rule = Rule(bar=bar)
    desks = Desks(store, streams, rule)
    random = np.random.default_rng(11)
    accuracy = random.choice([0.7, 0.9, 0.97], size=(streams, 1))
    right: Labels = (random.random((streams, labels)) < accuracy).astype(np.int64)
    live = np.full(streams, -1)
    for version, part in enumerate(np.array_split(np.arange(labels), VERSIONS)):
        desks.readiness.run_once(f"model {version}")
        for label in part.tolist():
            for number in np.flatnonzero(live < 0).tolist():
                desks.judge(number, label, right=bool(right[number, label]))
            desks.readiness.run_once(f"model {version}")
            for topic in desks.ready():
                number = int(topic.removeprefix("topic "))
                live[number] = label + 1 if live[number] < 0 else live[number]
    assert live.tolist() == first_live(right, VERSIONS, rule).tolist()
    assert streams / 10 < (live > 0).sum() < streams
