"""A new model is asked what was judged by lot before it came and after its data were cut."""

from collections.abc import Callable, Iterable, Mapping

from prompter.domain.dialogue import is_dialogue
from prompter.domain.readiness import LedgerTurn, ReplayedTurn
from prompter.domain.triage import Triage
from prompter.readiness.ledger import outcome


def replay(
    turns: Iterable[LedgerTurn], sent: Mapping[int, str], ask: Callable[[str], Triage]
) -> list[ReplayedTurn]:
    """Ask a model what customers have asked before.

    Only turns that were answered blind or audited, and judged: turns judged by lot train no model. The same
    article keeps its verdict, the one that the operator has `sent`, by turn, is right, any other is wrong.
    """
    found = []
    for turn in turns:
        _how, right = outcome(turn)
        if is_dialogue(turn.article_id):
            continue  # what a dialogue would have said depends on what was said before
        if not turn.tests or not (turn.blind or turn.by_bot) or right is None or not turn.utterance:
            continue
        triage = ask(turn.utterance)
        if triage.is_held_back:
            continue
        first = triage.suggestions[0]
        is_same = first.article_id == turn.article_id
        found.append(
            ReplayedTurn(
                turn_id=turn.id,
                topic=first.topic,
                article_id=first.article_id,
                confidence=first.confidence,
                right=right if is_same else first.article_id == sent.get(turn.id),
            )
        )
    return found
