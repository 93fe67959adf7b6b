"""What is drawn by lot, and how often: only draws can say how good the bot is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import SystemRandom

from prompter.domain.conversation import Turn
from prompter.domain.evidence import Draw, Place, SampleKind
from prompter.domain.triage import Route, Triage

_random = SystemRandom()


@dataclass(frozen=True, kw_only=True)
class SamplingPolicy:
    """Probabilities, none of them 0: more while a topic collects evidence, fewer once it answers alone.

    `random` gives numbers that are spread evenly over [0, 1). `blind_later` is at most `audit_final`. Less
    sure turns than `from_confidence`, the laxest threshold that is ever tested, are left alone.
    """

    blind_collecting: float = 0.1  # of turns: answered without a look at the suggestions
    blind_later: float = 0.02
    double_review_collecting: float = 0.2  # of accepted suggestions: a second person judges them too
    double_review_later: float = 0.05
    audit_initial: float = 0.2  # of what the bot has answered alone
    audit_final: float = 0.05
    audit_half_life: float = 100.0  # after so many audits the share is half way down
    from_confidence: float = 0.0
    random: Callable[[], float] = field(default=_random.random, repr=False)

    def draw(
        self, triage: Triage, *, live: bool = False, audits: int = 0, alarmed: bool = False
    ) -> Draw | None:
        """Draw for a turn. None: the bot would not answer it alone, however sure it was.

        `live`: its topic answers alone; then `audits` were judged since, and `alarmed` says that customers
        are unhappy with it. Of a live topic, the sure turns are judged when an audit is drawn, the others
        when they are answered blind. Laxer thresholds are tested on both together, so only on as many of
        each as `blind_later` would draw.
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
        """The share of audits falls with their number; signals from customers bring it back up.

        >>> policy = SamplingPolicy()
        >>> policy.audit_share(0), policy.audit_share(100), round(policy.audit_share(10_000), 3)
        (0.2, 0.125, 0.05)
        """
        faded = 1.0 if alarmed else 0.5 ** (audits / self.audit_half_life)
        return self.audit_final + (self.audit_initial - self.audit_final) * faded

    def place(self) -> Place:
        """Where the bot's answer stands among two."""
        return Place.FIRST if self.random() < 0.5 else Place.SECOND


class NoSampling(SamplingPolicy):
    """Draws nothing: nobody judges how good the bot is."""

    def draw(self, *_: object, **__: object) -> None:
        return None


def sample_of(turn: Turn, *, right: bool | None) -> tuple[SampleKind | None, float | None]:
    """Say what an operator's turn was drawn for, now that the verdict is known, and how probable that was.

    Only a suggestion that counts as right can get a second judgement; the probability is that of one even
    where it was not drawn. None and None: no lot concerns the turn.
    """
    if turn.draw is None or turn.by_bot:
        return None, None
    if turn.blind:
        return SampleKind.BLIND, turn.draw.probability
    drawn = right is True and turn.draw.is_double_reviewed
    return SampleKind.SECOND if drawn else None, turn.draw.second_probability
