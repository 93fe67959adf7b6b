"""Combine the judgements of a turn. Rules only."""

from collections.abc import Iterable
from enum import StrEnum

from evaluation.betting import RIGHT, WRONG, double_review_judgement
from evaluation.readiness import JudgedTurn
from prompter.domain.evidence import SampleKind, Verdict
from prompter.domain.readiness import LedgerTurn

_SECOND_OPINIONS = (Verdict.CONFIRMED, Verdict.REFUTED)


class JudgementMode(StrEnum):
    """The judge's knowledge at the time of judging."""

    BLIND = "blind"  # did not know the suggestions
    SECOND = "second"  # did not know the first verdict
    AUDIT = "audit"  # did not know the author: it was an automated reply
    SHOWN = "shown"  # knew everything: the operator saw the suggestion


def judged_turns(turns: Iterable[LedgerTurn]) -> list[JudgedTurn]:
    """Return the turns of the readiness test in their order. An undecided turn counts as wrong."""
    return [_judge(turn) for turn in turns if turn.tests]


def audits(turns: Iterable[LedgerTurn]) -> list[tuple[LedgerTurn, bool]]:
    """Return audited replies with their last judgement, without those not judged yet."""
    judged = [
        (turn, [row for row in turn.rows if row.lot is SampleKind.AUDIT])
        for turn in turns
        if turn.is_automated
    ]
    return [(turn, rows[-1].right is True) for turn, rows in judged if rows]


def _judge(turn: LedgerTurn) -> JudgedTurn:
    if turn.is_automated:
        judged = audits([turn])
        right = any(kind for _, kind in judged)
        return JudgedTurn(
            confidence=turn.confidence,
            judgement=RIGHT if right else WRONG,
            is_sampled=True,
            is_open=not judged,
        )
    right, confirmed, drawn = first_and_second(turn)
    if turn.blind:
        judgement = RIGHT if right else WRONG
    else:
        refuted = drawn and not confirmed
        judgement = double_review_judgement(
            accepted=right, refuted=refuted, probability=turn.second_probability
        )
    return JudgedTurn(
        confidence=turn.confidence,
        judgement=judgement,
        is_sampled=turn.blind or drawn,
        is_open=_is_open(turn),
    )


def _is_open(turn: LedgerTurn) -> bool:
    """Return whether the turn is undecided, its decision was undone, or a second person has yet to judge."""
    last = turn.rows[-1] if turn.rows else None
    return last is None or last.right is None or (last.verdict is Verdict.UNDECIDED and turn.is_waiting)


def first_and_second(turn: LedgerTurn) -> tuple[bool, bool, bool]:
    """Return whether the last decision is right, was confirmed by a second person, and was drawn for that.

    If a second person has settled an operator's own answer, their judgement counts.
    """
    right = confirmed = drawn = False
    for row in turn.rows:
        if row.lot is SampleKind.SECOND and row.verdict in _SECOND_OPINIONS:
            confirmed = row.right is True
        else:
            right, confirmed, drawn = row.right is True, False, row.lot is SampleKind.SECOND
    return right, confirmed, drawn


def is_sampled(turn: LedgerTurn) -> bool:
    """Return whether the turn was randomly sampled for any purpose, and has been judged."""
    return any(row.lot is not None for row in turn.rows)


def is_evidence(turn: LedgerTurn) -> bool:
    """Return whether the turn counts in the readiness test or as an audit."""
    return turn.tests or bool(audits([turn]))


def outcome(turn: LedgerTurn) -> tuple[JudgementMode, bool | None]:
    """Return how a turn is judged, and whether the bot was right, or None if nobody has judged it yet."""
    if turn.is_automated:
        judged = audits([turn])
        return JudgementMode.AUDIT, judged[-1][1] if judged else None
    last = turn.rows[-1] if turn.rows else None
    right = None if last is None or last.verdict is Verdict.UNDECIDED else last.right
    if turn.blind:
        return JudgementMode.BLIND, right
    _right, _confirmed, drawn = first_and_second(turn)
    if not drawn:
        return JudgementMode.SHOWN, right
    return JudgementMode.SECOND, right if last is not None and last.verdict in _SECOND_OPINIONS else None
