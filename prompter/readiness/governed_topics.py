"""Which topics does the gate judge one by one?"""

from evaluation.gate import GatedTopic
from prompter.domain.readiness import ReadinessState
from prompter.readiness.service import Readiness


def governed_topics(readiness: Readiness) -> list[GatedTopic]:
    """The topics that answer alone, with the room that their evidence leaves, and those that may come to."""
    return [
        GatedTopic(
            name=one.name,
            topics=frozenset(one.topics) - frozenset(one.left_out),
            threshold=readiness.rule.thresholds[-1] if one.threshold is None else one.threshold,
            margin=one.proved.interval.low - readiness.rule.bar
            if one.proved is not None and one.proved.interval is not None
            else 0.0,
            is_live=one.state is ReadinessState.AUTOPILOT,
        )
        for one in readiness.topics()
    ]
