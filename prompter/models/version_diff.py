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


def diff_version(store: Store, version_id: str) -> tuple[StoredVersion, Sequence[ChangedQuestion]]:
    """Return the version and its report's questions, beginning with judged ones that turned wrong.

    Raises:
        NotFound: when there is no such version.
    """
    with store.read() as tx:
        version = tx.versions.get(version_id)
        if version is None:
            raise NotFound(f"there is no model version {version_id}")
        listed = version.report.all_changes
        turns = tx.conversations.turns({change.turn_id for change in listed if change.turn_id is not None})
        pins = {pin.id: pin.text for pin in tx.pins.all()}
        named = {article for change in listed for article in (change.before, change.after) if article}
        names = {article.id: article.question for article in tx.articles.get_many(named).values()}
    found = [_question(change, turns, pins, names) for change in listed]
    return version, sorted(found, key=lambda question: (question.is_right is None, question.is_right is True))


def _question(
    change: ChangedSuggestion, turns: Mapping[int, Turn], pins: Mapping[int, str], names: Mapping[str, str]
) -> ChangedQuestion:
    turn = None if change.turn_id is None else turns.get(change.turn_id)
    pinned = None if change.pin_id is None else pins.get(change.pin_id)
    before, after = (article and names.get(article, article) for article in (change.before, change.after))
    return ChangedQuestion(
        text=turn.utterance if turn else pinned,
        conversation_id=turn.conversation_id if turn else None,
        before=before,
        after=after,
        was_right=change.was_right,
        is_right=change.is_right,
        topic=change.topic,
    )
