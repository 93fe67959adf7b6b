"""List the answers that change between a version and the one it was measured against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from prompter.common.errors import NotFound
from prompter.domain.conversation import Turn
from prompter.domain.gate_record import ChangedSuggestion
from prompter.domain.model_version import StoredVersion
from prompter.storage import Store


@dataclass(frozen=True, kw_only=True)
class ChangedQuestion:
    """A question whose top suggestion changes. `before` and `after` are articles' questions, or None.

    The text is None if it is not kept: rows of a file, and customers who were erased.
    """

    text: str | None = field(repr=False)
    conversation_id: int | None
    before: str | None
    after: str | None
    was_right: bool | None  # None if nobody has judged it
    is_right: bool | None
    topic: str | None  # the topic that answers it alone


def what_changed(store: Store, version_id: str) -> tuple[StoredVersion, Sequence[ChangedQuestion]]:
    """Return the version and its report's questions, beginning with judged ones that turned wrong.

    Raises:
        NotFound: when there is no such version.
    """
    with store.read() as tx:
        version = tx.versions.get(version_id)
        if version is None:
            raise NotFound(f"there is no model version {version_id}")
        listed = version.report.changed
        turns = tx.conversations.turns({said.turn_id for said in listed if said.turn_id is not None})
        pins = {pin.id: pin.text for pin in tx.pins.all()}
        named = {article for said in listed for article in (said.before, said.after) if article}
        names = {article.id: article.question for article in tx.articles.get_many(named).values()}
    found = [_question(change, turns, pins, names) for change in listed]
    return version, sorted(found, key=lambda question: (question.is_right is None, question.is_right is True))


def _question(
    said: ChangedSuggestion, turns: Mapping[int, Turn], pins: Mapping[int, str], names: Mapping[str, str]
) -> ChangedQuestion:
    turn = None if said.turn_id is None else turns.get(said.turn_id)
    pinned = None if said.pin_id is None else pins.get(said.pin_id)
    before, after = (article and names.get(article, article) for article in (said.before, said.after))
    return ChangedQuestion(
        text=turn.utterance if turn else pinned,
        conversation_id=turn.conversation_id if turn else None,
        before=before,
        after=after,
        was_right=said.was_right,
        is_right=said.is_right,
        topic=said.topic,
    )
