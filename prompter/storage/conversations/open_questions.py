"""Questions that wait while their customers write on."""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, select, update

from prompter.domain.conversation import OfferedSuggestion, Turn, TurnState
from prompter.storage.conversations.turns import IS_OPEN, TurnRows
from prompter.storage.tables import dialogues, later_suggestions, messages, turns


class OpenQuestionRows(TurnRows):
    """Additions to waiting turns, and their suggestions."""

    def join(self, turn: Turn, *, to: int, full_text: str) -> bool:
        """Add the messages of an open turn to the waiting turn `to`, whose whole text is `full_text` then.

        The open turn is deleted. Return False and change nothing if one of the two has changed since.
        """
        if not self._lock_unchanged(turn):
            return False
        changed = self._connection.execute(
            update(turns)
            .where(turns.c.id == to, turns.c.state == TurnState.WAITING.value)
            .values(last_message_id=turn.last_message_id, full_text=full_text)
        )
        if changed.rowcount == 0:
            return False
        self._connection.execute(update(messages).where(messages.c.turn_id == turn.id).values(turn_id=to))
        self._delete(turn.id, heir=to)
        return True

    def attach(self, turn: Turn, message_ids: Collection[int], *, to: int) -> bool:
        """Move messages of an open turn to the closed turn `to`, and delete the open turn if none is left.

        Return False and change nothing if the open turn has changed since.
        """
        if not self._lock_unchanged(turn):
            return False
        self._connection.execute(
            update(messages)
            .where(messages.c.turn_id == turn.id, messages.c.id.in_(message_ids))
            .values(turn_id=to)
        )
        rest = select(messages.c.id).where(messages.c.turn_id == turn.id).limit(1)
        if self._connection.scalar(rest) is None:
            self._delete(turn.id, heir=to)
        return True

    def _lock_unchanged(self, turn: Turn) -> bool:
        """Lock an open turn. Return False if it has changed since it was read."""
        is_current = (turns.c.id == turn.id) & IS_OPEN & (turns.c.last_message_id == turn.last_message_id)
        return self._connection.scalar(select(turns.c.id).where(is_current).with_for_update()) is not None

    def _delete(self, turn_id: int, *, heir: int) -> None:
        """Delete a turn without messages. A dialogue that names it names the turn `heir` from now on."""
        self._connection.execute(
            update(dialogues).where(dialogues.c.told_turn_id == turn_id).values(told_turn_id=heir)
        )
        self._connection.execute(delete(turns).where(turns.c.id == turn_id))

    def replace_shown_suggestions(self, turn_id: int, offered: Sequence[OfferedSuggestion]) -> None:
        """Show these suggestions from now on. Those of the first triage stay evidence."""
        self._connection.execute(delete(later_suggestions).where(later_suggestions.c.turn_id == turn_id))
        self._add_suggestions(later_suggestions, offered)

    def close_greeting(self, turn_id: int) -> None:
        """Close a waiting turn that asked nothing, as the customer has asked now. It is no evidence."""
        self._connection.execute(
            update(turns)
            .where(turns.c.id == turn_id, turns.c.state == TurnState.WAITING.value)
            .values(
                state=TurnState.CLOSED.value,
                lot_number=None,
                lot_probability=None,
                second_number=None,
                second_probability=None,
                blind=False,
                tests=False,
            )
        )

    def close_with(self, turn_id: int, *, answered_with: int) -> bool:
        """Close a waiting turn that the reply to another one answers. Return False if it was not waiting."""
        changed = self._connection.execute(
            update(turns)
            .where(turns.c.id == turn_id, turns.c.state == TurnState.WAITING.value)
            .values(state=TurnState.CLOSED.value, answered_with=answered_with)
        )
        return changed.rowcount == 1
