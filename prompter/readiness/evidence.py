"""What speaks for a topic, and what against it: the judged turns of its running test, one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from evaluation.betting import Floats
from evaluation.readiness import Interval, JudgedTurn, Rule, Step, assess, confidence_sequence
from evaluation.reliability import Bin, reliability_bins
from evaluation.selective import risk_by_coverage
from prompter.domain.dialogue import dialogue_name, is_dialogue
from prompter.domain.readiness import LedgerTurn, ReadinessEvent
from prompter.readiness.ledger import JudgementMode, is_evidence, judged_turns, outcome
from prompter.storage import Transaction


@dataclass(frozen=True, kw_only=True)
class PieceOfEvidence:
    """One turn, and what came of it; `right` None: nobody has said yet.

    Until then its `question` is None: whoever may still be asked about it must not learn here what
    others have said of it. `counts_as` is what it counts in the test, None: it is an audit only.
    """

    turn_id: int
    conversation_id: int
    received_at: datetime
    question: str | None = field(repr=False)
    article_id: str
    confidence: float
    how: JudgementMode
    right: bool | None
    counts_as: float | None


@dataclass(frozen=True, kw_only=True)
class QuotedQuestion:
    """What a customer asked in a turn that an event names."""

    conversation_id: int
    question: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class TopicEvidence:
    """The evidence of a topic's running test, in order of receipt.

    `questions` of articles by id, and `asked` by turn, are of everything that the pieces and the topic's
    events name and that still exists.
    """

    rule: Rule
    test_number: int
    turns: Sequence[LedgerTurn] = field(repr=False)  # on which readiness is tested,
    judged: Sequence[JudgedTurn] = field(repr=False)  # and what each counts
    pieces: Sequence[PieceOfEvidence] = field(repr=False)
    questions: Mapping[str, str] = field(repr=False)
    asked: Mapping[int, QuotedQuestion] = field(repr=False)

    def steps_at(self, bar: float) -> list[Step]:
        """Where the test would stand with another bar.

        No new test is needed for that, and nothing is spoilt by asking: the confidence sequence holds for
        all bars at once.
        """
        return assess(self.judged, replace(self.rule, bar=bar), test_number=self.test_number)

    def sequence(self, threshold: float) -> list[Interval]:
        """The confidence sequence of the turns from this confidence on."""
        sure = [turn for turn in self.judged if turn.confidence >= threshold]
        return confidence_sequence(sure, alpha=self.rule.spends(self.test_number))

    def received_at(self, step: Step) -> datetime | None:
        """When the turn came in with which the step was passed; None: it was not."""
        if step.passed_after is None:
            return None
        sure = [turn.received_at for turn in self.turns if turn.confidence >= step.threshold]
        return sure[step.passed_after - 1]

    def reliability(self) -> list[Bin]:
        """What the confidence has said, and what was right, of the turns that were judged."""
        return reliability_bins(*self._settled(), max_bins=6, min_rows=12)

    def risk_coverage(self) -> tuple[Floats, Floats]:
        """Shares of the judged turns, surest first, and how many of each are wrong."""
        return risk_by_coverage(*self._settled())

    def _settled(self) -> tuple[Floats, Floats]:
        """Confidences of the tested turns that were judged, and what each counts.

        What they count is on the average the probability of being right; a second judgement that was
        drawn stands for those that were not, and may count far less than nothing.
        """
        settled = [
            (piece.confidence, piece.counts_as)
            for piece in self.pieces
            if piece.right is not None and piece.counts_as is not None
        ]
        table = np.array(settled, dtype=np.float64).reshape(-1, 2)
        return table[:, 0], table[:, 1]


def evidence_of(
    tx: Transaction,
    ledger: Sequence[LedgerTurn],
    events: Sequence[ReadinessEvent],
    *,
    rule: Rule,
    test_number: int,
) -> TopicEvidence:
    """Put together what the turns and events of a topic say."""
    turns = [turn for turn in ledger if turn.tests]
    judged = judged_turns(turns)
    counts_as = {
        turn.id: judged_turn.judgement.value for turn, judged_turn in zip(turns, judged, strict=True)
    }
    pieces = [_piece(turn, counts_as.get(turn.id)) for turn in ledger if is_evidence(turn)]
    articles = {turn.article_id for turn in ledger}
    articles.update(article for event in events for article in event.facts.articles)
    wrong = {number for event in events for number in event.facts.wrong_turns}
    return TopicEvidence(
        rule=rule,
        test_number=test_number,
        turns=turns,
        judged=judged,
        pieces=pieces,
        questions={article.id: article.question for article in tx.articles.get_many(articles).values()}
        | {article: dialogue_name(article) for article in articles if is_dialogue(article)},
        asked={
            turn.id: QuotedQuestion(conversation_id=turn.conversation_id, question=turn.utterance)
            for turn in tx.conversations.turns(wrong).values()
        },
    )


def _piece(turn: LedgerTurn, counts_as: float | None) -> PieceOfEvidence:
    how, right = outcome(turn)
    return PieceOfEvidence(
        turn_id=turn.id,
        conversation_id=turn.conversation_id,
        received_at=turn.received_at,
        question=None if right is None else turn.utterance,
        article_id=turn.article_id,
        confidence=turn.confidence,
        how=how,
        right=right,
        counts_as=counts_as,
    )
