"""Ask a new model about randomly sampled turns that were judged after its training data ended."""

from collections.abc import Callable, Iterable, Mapping

from prompter.domain.dialogue import is_dialogue
from prompter.domain.readiness import LedgerTurn, ReplayedTurn
from prompter.domain.triage import Triage
from prompter.readiness.ledger import outcome


def replay(
    turns: Iterable[LedgerTurn], sent: Mapping[int, str], ask: Callable[[str], Triage]
) -> list[ReplayedTurn]:
    """Ask a model the questions of earlier turns.

    Only judged turns that were answered blind or audited are used: sampled turns train no model. The
    same article keeps its verdict. The article that the operator `sent`, by turn, is right, and any
    other is wrong.
    """
    found = []
    for turn in turns:
        _how, right = outcome(turn)
        if is_dialogue(turn.article_id):
            continue  # a dialogue's reply depends on the messages before
        if not turn.tests or not (turn.blind or turn.is_automated) or right is None or not turn.utterance:
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
