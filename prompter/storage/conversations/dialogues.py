"""The dialogue engine's position in each conversation, and the last message sent to it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update

from prompter.common.clock import SLACK
from prompter.domain.dialogue import MessageCursor, StoredDialogue
from prompter.storage.conversations.operator_control import operator_in_control
from prompter.storage.rows import Rows
from prompter.storage.tables import conversations, dialogues


class DialogueRows(Rows):
    def get(self, conversation_id: int) -> StoredDialogue | None:
        row = self._connection.execute(
            select(dialogues).where(dialogues.c.conversation_id == conversation_id)
        ).one_or_none()
        return None if row is None else _dialogue(row)

    def claim(
        self,
        conversation_id: int,
        cursor: MessageCursor,
        *,
        now: datetime,
        lease: timedelta,
        ends_after: timedelta,
        max_turns: int,
    ) -> StoredDialogue | None:
        """Claim the conversation for one question. Return None if another worker has claimed it.

        A new session begins after a silence of `ends_after`, and after `max_turns` when no form is open.
        """
        self._connection.execute(
            self._insert_new(
                dialogues,
                {
                    "conversation_id": conversation_id,
                    "session": 1,
                    "n_turns": 0,
                    "used_at": now,
                    "paused": False,
                },
            )
        )
        this_dialogue = dialogues.c.conversation_id == conversation_id
        asked = dialogues.c.asked_until
        set_back = asked > now + lease + SLACK  # the clock was set back: no question takes so long
        claimed = self._connection.execute(
            update(dialogues)
            .where(this_dialogue, asked.is_(None) | (asked <= now) | set_back)
            .values(asked_until=now + lease)
        )
        if claimed.rowcount == 0:
            return None
        found = _dialogue(self._connection.execute(select(dialogues).where(this_dialogue)).one())
        changes: dict[str, Any] = {
            "used_at": now,
            "told_turn_id": cursor.turn_id,
            "told_message_id": cursor.message_id,
        }
        if now - found.used_at >= ends_after or (found.n_turns >= max_turns and not found.form):
            anew: dict[str, Any] = {"session": found.session + 1, "n_turns": 0, "form": None, "paused": False}
            changes |= {**anew, "used_message_id": None}
            found = replace(found, **anew, unused_after=None)
        self._connection.execute(update(dialogues).where(this_dialogue).values(changes))
        return replace(found, used_at=now)

    def settle(self, conversation_id: int, cursor: MessageCursor, *, form: str | None) -> None:
        """Record that the reply is stored. `form` waits for the customer's next words."""
        self._connection.execute(
            update(dialogues)
            .where(*_is_unchanged(conversation_id, cursor))
            .values(
                used_message_id=cursor.message_id,
                form=form,
                n_turns=dialogues.c.n_turns + 1,
                told_turn_id=None,
                told_message_id=None,
                asked_until=None,
            )
        )

    def release(self, conversation_id: int, cursor: MessageCursor) -> None:
        """Release the conversation for other questions: there is no reply, or it is not used."""
        self._connection.execute(
            update(dialogues).where(*_is_unchanged(conversation_id, cursor)).values(asked_until=None)
        )

    def list_out_of_step(
        self, *, used_since: datetime, since: datetime, now: datetime
    ) -> list[tuple[StoredDialogue, bool]]:
        """Return sessions whose paused state is wrong, with the right state.

        An operator who has last written before `since` is no longer in control.
        """
        held = operator_in_control(since, now).label("held")
        rows = self._connection.execute(
            select(dialogues, held)
            .join(conversations, conversations.c.id == dialogues.c.conversation_id)
            .where(dialogues.c.used_at >= used_since, dialogues.c.paused != held)
            .order_by(dialogues.c.conversation_id)
        )
        return [(_dialogue(row), bool(row.held)) for row in rows]

    def set_paused(self, dialogue: StoredDialogue, paused: bool) -> None:
        self._connection.execute(
            update(dialogues)
            .where(
                dialogues.c.conversation_id == dialogue.conversation_id,
                dialogues.c.session == dialogue.session,
            )
            .values(paused=paused)
        )


def _dialogue(row: Row[Any]) -> StoredDialogue:
    return StoredDialogue(
        conversation_id=row.conversation_id,
        session=row.session,
        n_turns=row.n_turns,
        used_at=row.used_at,
        form=row.form,
        paused=row.paused,
        unused_after=None if row.told_turn_id is None else row.used_message_id or 0,
    )


def _is_unchanged(conversation_id: int, cursor: MessageCursor) -> tuple[ColumnElement[bool], ...]:
    """Return conditions for the dialogue, as long as the engine was sent nothing since."""
    return (
        dialogues.c.conversation_id == conversation_id,
        dialogues.c.told_turn_id == cursor.turn_id,
        dialogues.c.told_message_id == cursor.message_id,
    )
