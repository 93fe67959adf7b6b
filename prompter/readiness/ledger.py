"""What the judgements of a turn amount to. Rules only."""

from collections.abc import Iterable
from enum import StrEnum

from evaluation.betting import RIGHT, WRONG, double_review_judgement
from evaluation.readiness import JudgedTurn
from prompter.domain.evidence import SampleKind, Verdict
from prompter.domain.readiness import LedgerTurn

_SECOND_OPINIONS = (Verdict.CONFIRMED, Verdict.REFUTED)


class JudgementMode(StrEnum):
    """What the person knew who judged a turn."""

    BLIND = "blind"  # not what the bot had in mind
    SECOND = "second"  # not what the first one had said
    AUDIT = "audit"  # not whose answer it was: the bot gave it alone
    SHOWN = "shown"  # everything: the operator saw the suggestion


def judged_turns(turns: Iterable[LedgerTurn]) -> list[JudgedTurn]:
    """The turns on which readiness is tested, in their order. What nobody has decided yet counts as wrong."""
    return [_judged(turn) for turn in turns if turn.tests]


def audits(turns: Iterable[LedgerTurn]) -> list[tuple[LedgerTurn, bool]]:
    """The audited answers of the bot with their last judgement, without those not judged yet."""
    judged = [
        (turn, [row for row in turn.rows if row.lot is SampleKind.AUDIT]) for turn in turns if turn.by_bot
    ]
    return [(turn, rows[-1].right is True) for turn, rows in judged if rows]


def _judged(turn: LedgerTurn) -> JudgedTurn:
    if turn.by_bot:
        judged = audits([turn])
        right = any(kind for _, kind in judged)
        return JudgedTurn(
            confidence=turn.confidence,
            judgement=RIGHT if right else WRONG,
            by_lot=True,
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
        by_lot=turn.blind or drawn,
        is_open=_is_open(turn),
    )


def _is_open(turn: LedgerTurn) -> bool:
    """Whether nobody has decided, or no longer has, or a second person still has to say."""
    last = turn.rows[-1] if turn.rows else None
    return last is None or last.right is None or (last.verdict is Verdict.UNDECIDED and turn.is_waiting)


def first_and_second(turn: LedgerTurn) -> tuple[bool, bool, bool]:
    """Does the last decision find the suggestion right, has a second person confirmed it, were they asked?

    An own answer that a second person has settled counts as that person says.
    """
    right = confirmed = drawn = False
    for row in turn.rows:
        if row.lot is SampleKind.SECOND and row.verdict in _SECOND_OPINIONS:
            confirmed = row.right is True
        else:
            right, confirmed, drawn = row.right is True, False, row.lot is SampleKind.SECOND
    return right, confirmed, drawn


def is_judged_by_lot(turn: LedgerTurn) -> bool:
    """Whether the turn was drawn, for whatever, and somebody has judged it."""
    return any(row.lot is not None for row in turn.rows)


def is_evidence(turn: LedgerTurn) -> bool:
    """Whether the turn counts for anything: where readiness is tested, or as an audit."""
    return turn.tests or bool(audits([turn]))


def outcome(turn: LedgerTurn) -> tuple[JudgementMode, bool | None]:
    """How a turn is or will be judged, and whether the bot was right; None: nobody has said yet."""
    if turn.by_bot:
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
