"""The evidence of a topic's running test, turn by turn."""

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
    """A turn with its judgement. `right` is None until somebody has judged it.

    Until then `question` is None: a person who may still review the turn must not learn here what
    others have judged. `counts_as` is the turn's value in the test, or None if it is only an audit.
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
    """A customer's question in a turn that an event refers to."""

    conversation_id: int
    question: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class TopicEvidence:
    """The evidence of a topic's running test, in order of receipt.

    `questions` of articles by id, and `asked` by turn, cover everything that the pieces and the topic's
    events refer to and that still exists.
    """

    rule: Rule
    test_number: int
    turns: Sequence[LedgerTurn] = field(repr=False)  # those that the readiness test uses
    judged: Sequence[JudgedTurn] = field(repr=False)  # and the value of each
    pieces: Sequence[PieceOfEvidence] = field(repr=False)
    questions: Mapping[str, str] = field(repr=False)
    asked: Mapping[int, QuotedQuestion] = field(repr=False)

    def steps_at(self, bar: float) -> list[Step]:
        """Return the test's steps at another target accuracy.

        This needs no new test and does not weaken the running one: the confidence sequence holds for
        all targets at once.
        """
        return assess(self.judged, replace(self.rule, bar=bar), test_number=self.test_number)

    def sequence(self, threshold: float) -> list[Interval]:
        """Return the confidence sequence of the turns with at least this confidence."""
        sure = [turn for turn in self.judged if turn.confidence >= threshold]
        return confidence_sequence(sure, alpha=self.rule.spends(self.test_number))

    def receipt_time(self, step: Step) -> datetime | None:
        """Return when the turn that passed the step was received, or None if it has not passed."""
        if step.passed_after is None:
            return None
        sure = [turn.received_at for turn in self.turns if turn.confidence >= step.threshold]
        return sure[step.passed_after - 1]

    def reliability(self) -> list[Bin]:
        """Return the accuracy of judged turns by confidence bin."""
        return reliability_bins(*self._judged_values(), max_bins=6, min_rows=12)

    def risk_coverage(self) -> tuple[Floats, Floats]:
        """Return coverage of the judged turns, by falling confidence, and the share of wrong ones at each."""
        return risk_by_coverage(*self._judged_values())

    def _judged_values(self) -> tuple[Floats, Floats]:
        """Return confidences and values of the judged test turns.

        The expected value is the probability of being right. A sampled double review also represents
        the turns that were not sampled, so its value may be far below zero.
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
