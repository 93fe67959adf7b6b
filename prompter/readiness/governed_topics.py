"""Topics that the gate checks separately."""

from evaluation.gate import GatedTopic
from prompter.domain.readiness import ReadinessState
from prompter.readiness.service import Readiness


def governed_topics(readiness: Readiness) -> list[GatedTopic]:
    """Return topics on autopilot, with the margin that their evidence leaves, and topics that may go live."""
    return [
        GatedTopic(
            name=topic.name,
            topics=frozenset(topic.topics) - frozenset(topic.left_out),
            threshold=readiness.rule.thresholds[-1] if topic.threshold is None else topic.threshold,
            margin=topic.proved.interval.low - readiness.rule.bar
            if topic.proved is not None and topic.proved.interval is not None
            else 0.0,
            is_live=topic.state is ReadinessState.AUTOPILOT,
        )
        for topic in readiness.topics()
    ]
