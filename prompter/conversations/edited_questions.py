"""A question that its customer changes after it was answered."""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from kb_index.text import normalize
from prompter.domain.conversation import Message, Turn, TurnState, wording_ids
from prompter.domain.evidence import Verdict
from prompter.domain.triage import Route, Triage
from prompter.storage import Transaction
from prompter.text.edits import classify_edit

_TYPO = 90.0  # per cent of the letters that two wordings of the same question share


@dataclass(frozen=True, kw_only=True)
class EditedQuestion:
    """A closed turn with its messages, and `edits`, their new wordings in an open turn.

    `article_id` is the article that answered it, or None if an operator wrote the answer.
    """

    turn: Turn
    messages: Sequence[Message]
    edits: Sequence[Message]
    article_id: str | None

    @property
    def reworded(self) -> list[Message]:
        """The messages in their new wordings."""
        return [*self.messages, *self.edits]

    @property
    def is_changed(self) -> bool:
        """True if more than signs and letter case has changed, or another file is attached."""
        old, new = self._texts
        return self._has_other_file or normalize(old) != normalize(new)

    def is_answered_alike(self, triage: Triage) -> bool:
        """Return whether the new wording, which led to this triage, needs no other answer."""
        if self._has_other_file:
            return False
        if self.article_id is None:
            return self._is_typo()
        best = triage.suggestions[0].article_id if triage.suggestions else None
        return triage.route is not Route.HANDOFF and best == self.article_id

    @property
    def _texts(self) -> tuple[str, str]:
        return read_turn(self.messages), read_turn(self.reworded)

    @property
    def _has_other_file(self) -> bool:
        files = {(message.kind, message.file_name, message.file_size) for message in self.messages}
        return any(
            not edit.kind.is_mute and (edit.kind, edit.file_name, edit.file_size) not in files
            for edit in self.edits
        )

    def _is_typo(self) -> bool:
        old, new = self._texts
        is_substantive = classify_edit(old, new) is Verdict.EDITED_SUBSTANTIVE
        return not is_substantive and fuzz.ratio(normalize(old), normalize(new)) >= _TYPO


def find_edited_question(tx: Transaction, turn: Turn, messages: Sequence[Message]) -> EditedQuestion | None:
    """Return the closed turn that messages of an untriaged turn reword. If there are several, one of them."""
    for message in messages:
        if message.replaces is None:
            continue
        before = tx.conversations.last_wording(turn.conversation_id, message.replaces, but_turn_id=turn.id)
        closed = tx.conversations.turn(before.turn_id) if before is not None else None
        if closed is None or closed.state is not TurnState.CLOSED:
            continue
        known = tx.conversations.turn_messages(closed.id)
        ids = wording_ids(known)
        return EditedQuestion(
            turn=closed,
            messages=known,
            edits=[edit for edit in messages if edit.replaces in ids],
            article_id=_answer_of(tx, closed),
        )
    return None


def _answer_of(tx: Transaction, turn: Turn) -> str | None:
    if turn.is_automated:
        return tx.conversations.suggestions(turn.id)[0].article_id
    return tx.decisions.sent_articles([turn.id]).get(turn.id)


def read_turn(messages: Sequence[Message]) -> str:
    """Return the turn's text as the models see it: its messages in order, edits in place of the originals."""
    texts: dict[str, str] = {}
    originals: dict[str, str] = {}  # by external id of each wording
    for message in messages:
        original = message.external_id
        if message.replaces is not None:
            original = originals.get(message.replaces, message.replaces)
        originals[message.external_id] = original
        texts[original] = message.text
    return "\n".join(text for text in texts.values() if text.strip())
