"""Streams decided on the desk go live at the same label as in the simulator."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from evaluation.betting import Numbers as Labels
from evaluation.readiness import Rule
from evaluation.simulation import first_live
from prompter.desk.decision import Action
from prompter.domain.readiness import Mode, ReadinessState
from prompter.domain.triage import HandoffReason, Route, Suggestion, Triage
from prompter.readiness.service import Readiness
from prompter.storage import Store
from tests.fakes import article
from tests.shipped import DETECTOR, RULE, SAMPLING
from tests.shop import Shop

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


@dataclass(kw_only=True)
class SampledShop(Shop):
    """A shop in which every stream is a topic and every turn is sampled."""

    streams: int
    rule: Rule
    chat: str = ""

    def __post_init__(self) -> None:
        self.articles = [
            article(f"{kind}-{number}", f"вопрос {number}", f"{kind} {number}", topic=f"topic {number}")
            for number in range(self.streams)
            for kind in ("right", "wrong")
        ]
        super().__post_init__()
        self.sampling = replace(SAMPLING, random=lambda: 0.0)
        self.triager = self.worker(SureAssistant())
        self.readiness = Readiness(
            self.store, rule=self.rule, detector=DETECTOR, mode=Mode.MANUAL, clock=self.clock
        )

    def judge(self, number: int, *, right: bool) -> None:
        """Ask as a customer and answer blind as the operator, with the bot's article or another one."""
        conversation = self.ask(f"вопрос {number}")
        assert self.turn(conversation).blind
        chosen = f"{'right' if right else 'wrong'}-{number}"
        self.decide(conversation, Action.PICK_OTHER, article_id=chosen)

    def ready(self) -> list[str]:
        """Return the topics whose evidence allows them to answer alone."""
        with self.store.read() as tx:
            stored = tx.readiness.all().values()
        return [stored_topic.name for stored_topic in stored if stored_topic.state is ReadinessState.READY]


@pytest.mark.parametrize(
    ("streams", "labels", "bar"),  # a low bar needs few labels
    [
        pytest.param(16, 25, 0.5, id="small"),
        pytest.param(200, 40, 0.7, id="whole", marks=[pytest.mark.full, pytest.mark.timeout(900)]),
    ],
)
@pytest.mark.slow
def test_every_stream_goes_live_at_the_label_that_the_simulator_says(
    store: Store, streams: int, labels: int, bar: float
) -> None:
    rule = replace(RULE, bar=bar)
    shop = SampledShop(store, streams=streams, rule=rule)
    random = np.random.default_rng(11)
    accuracy = random.choice([0.7, 0.9, 0.97], size=(streams, 1))
    right: Labels = (random.random((streams, labels)) < accuracy).astype(np.int64)
    live = np.full(streams, -1)
    for version, part in enumerate(np.array_split(np.arange(labels), VERSIONS)):
        shop.readiness.run_once(f"model {version}")
        for label in part.tolist():
            for number in np.flatnonzero(live < 0).tolist():
                shop.judge(number, right=bool(right[number, label]))
            shop.readiness.run_once(f"model {version}")
            for topic in shop.ready():
                number = int(topic.removeprefix("topic "))
                live[number] = label + 1 if live[number] < 0 else live[number]
    assert live.tolist() == first_live(right, VERSIONS, rule).tolist()
    assert streams / 10 < (live > 0).sum() < streams
