"""Random sampling of turns for blind answers, double review and audits.

Only a random sample estimates accuracy without bias.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import SystemRandom

from prompter.domain.conversation import Turn
from prompter.domain.evidence import Draw, Place, SampleKind
from prompter.domain.triage import Route, Triage

_random = SystemRandom()


@dataclass(frozen=True, kw_only=True)
class SamplingPolicy:
    """Sampling probabilities, all above 0: higher while a topic collects evidence, lower once it is live.

    `random` returns uniform numbers in [0, 1). `blind_later` is at most `audit_final`. Turns below the
    confidence `from_confidence`, the lowest threshold that is ever tested, are never sampled.
    """

    blind_collecting: float  # of turns: answered without seeing suggestions
    blind_later: float
    double_review_collecting: float  # of accepted suggestions: also judged by a second person
    double_review_later: float
    audit_initial: float  # of automated replies
    audit_final: float
    audit_half_life: float  # number of audits after which the share is halfway down
    from_confidence: float
    random: Callable[[], float] = field(default=_random.random, repr=False)

    def draw(
        self, triage: Triage, *, live: bool = False, audits: int = 0, alarmed: bool = False
    ) -> Draw | None:
        """Draw for a turn. Return None if the bot would not answer it alone at any confidence.

        `live` means that its topic answers alone, `audits` how many were judged since, and `alarmed`
        that customers are unhappy with it. In a live topic, turns above the threshold are judged when
        audited, and the others when answered blind. Lower thresholds are tested on both together, so
        only on as many of each as `blind_later` would draw.
        """
        if triage.is_held_back or triage.suggestions[0].confidence < self.from_confidence:
            return None
        number, second_number = self.random(), self.random()
        if not live:
            probability, second = self.blind_collecting, self.double_review_collecting
        elif triage.route is Route.AUTOPILOT:
            probability, second = self.audit_share(audits, alarmed=alarmed), self.double_review_later
        else:
            probability, second = self.blind_later, self.double_review_later
        return Draw(
            uniform=number,
            probability=probability,
            second_uniform=second_number,
            second_probability=second,
            counts_as_evidence=not live or number < self.blind_later,
        )

    def audit_share(self, audits: int, *, alarmed: bool = False) -> float:
        """Return the audited share, which falls with the number of audits and rises again on an alarm.

        >>> policy = SamplingPolicy(
        ...     blind_collecting=0.1,
        ...     blind_later=0.02,
        ...     double_review_collecting=0.2,
        ...     double_review_later=0.05,
        ...     audit_initial=0.2,
        ...     audit_final=0.05,
        ...     audit_half_life=100,
        ...     from_confidence=0.5,
        ... )
        >>> policy.audit_share(0), policy.audit_share(100), round(policy.audit_share(10_000), 3)
        (0.2, 0.125, 0.05)
        """
        faded = 1.0 if alarmed else 0.5 ** (audits / self.audit_half_life)
        return self.audit_final + (self.audit_initial - self.audit_final) * faded

    def place(self) -> Place:
        """Return the bot's random position among two answers."""
        return Place.FIRST if self.random() < 0.5 else Place.SECOND


def sample_of(turn: Turn, *, right: bool | None) -> tuple[SampleKind | None, float | None]:
    """Return the sample to which an operator's judged turn belongs, and its probability.

    Only a suggestion that counts as right can get a double review. The probability is returned even if
    the turn was not drawn. None and None mean that no sample concerns the turn.
    """
    if turn.draw is None or turn.is_automated:
        return None, None
    if turn.blind:
        return SampleKind.BLIND, turn.draw.probability
    drawn = right is True and turn.draw.is_double_reviewed
    return SampleKind.SECOND if drawn else None, turn.draw.second_probability
