"""The question of a conversation that waits for an operator when the customer writes on."""

from collections.abc import Sequence
from dataclasses import dataclass

from prompter.conversations.additions import Addition, addition_of
from prompter.domain.conversation import (
    Message,
    MessageKind,
    OfferedSuggestion,
    Turn,
    TurnState,
    wording_ids,
)
from prompter.domain.dialogue import is_dialogue
from prompter.storage import Transaction
from prompter.text.cleaning import is_small_talk


@dataclass(frozen=True, kw_only=True)
class OpenQuestion:
    """A waiting turn with its messages and the suggestions that operators see."""

    turn: Turn
    messages: Sequence[Message]
    suggestions: Sequence[OfferedSuggestion]

    @property
    def is_greeting(self) -> bool:
        """True if the customer has asked nothing yet, so that the next message is the question."""
        return is_small_talk(self.turn.question or "") and all(
            message.kind is MessageKind.TEXT for message in self.messages
        )

    def addition_of(self, messages: Sequence[Message]) -> Addition:
        """Return what these messages add to the question."""
        return addition_of(messages, earlier=self.messages)


def find_open_question(tx: Transaction, turn: Turn, messages: Sequence[Message]) -> OpenQuestion | None:
    """Return the waiting turn that the messages of an untriaged turn may belong to.

    It is the turn whose messages are reworded, or else the newest. A dialogue asks for the customer's next
    words itself, so nothing is added to its questions.
    """
    waiting = tx.conversations.conversation_turns(turn.conversation_id, TurnState.WAITING)
    if not waiting:
        return None
    dialogue = tx.dialogues.get(turn.conversation_id)
    if dialogue is not None and dialogue.form is not None:
        return None
    replaced = {message.replaces for message in messages} - {None}
    questions = (
        OpenQuestion(
            turn=waiting_turn,
            messages=tx.conversations.turn_messages(waiting_turn.id),
            suggestions=tx.conversations.shown_suggestions(waiting_turn.id),
        )
        for waiting_turn in reversed(waiting)
    )
    newest = next(questions)
    found = newest
    if replaced:
        found = next(
            (
                question
                for question in (newest, *questions)
                if not replaced.isdisjoint(wording_ids(question.messages))
            ),
            newest,
        )
    return None if any(is_dialogue(suggestion.article_id) for suggestion in found.suggestions) else found
