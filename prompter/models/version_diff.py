"""What would a version answer otherwise than the one that it was measured against?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prompter.common.errors import NotFound
from prompter.domain.conversation import Turn
from prompter.domain.model_version import StoredVersion
from prompter.storage import Store


@dataclass(frozen=True, kw_only=True)
class ChangedQuestion:
    """A question whose first suggestion differs; articles by their question, None: nothing was suggested.

    The text is None where it is not kept: rows of a file, and customers who were erased.
    """

    text: str | None = field(repr=False)
    conversation_id: int | None
    before: str | None
    after: str | None
    was_right: bool | None  # None: nobody has judged it
    is_right: bool | None
    topic: str | None  # that answers it alone


def what_changed(store: Store, version_id: str) -> tuple[StoredVersion, Sequence[ChangedQuestion]]:
    """The version and the questions that its report lists: first what was judged and turned wrong.

    Raises:
        NotFound: there is no such version.
    """
    with store.read() as tx:
        version = tx.versions.get(version_id)
        if version is None:
            raise NotFound(f"there is no model version {version_id}")
        listed = [*version.report.get("changes", ()), *version.report.get("changed_alone", ())]
        turns = tx.conversations.turns({turn for change in listed if (turn := _turn_of(change)) is not None})
        pins = {pin.id: pin.text for pin in tx.pins.all()}
        named = {article for change in listed for article in (change["before"], change["after"]) if article}
        names = {article.id: article.question for article in tx.articles.get_many(named).values()}
    found = [_question(change, turns, pins, names) for change in listed]
    return version, sorted(found, key=lambda question: (question.is_right is None, question.is_right is True))


def _turn_of(change: Mapping[str, Any]) -> int | None:
    """The turn that a line of the report is about: an answer given alone names it, a verdict is one."""
    found: int | None = change.get("turn", change["key"] if change.get("source") == "verdict" else None)
    return found


def _question(
    change: Mapping[str, Any], turns: Mapping[int, Turn], pins: Mapping[int, str], names: Mapping[str, str]
) -> ChangedQuestion:
    number = _turn_of(change)
    turn = None if number is None else turns.get(number)
    pinned = pins.get(change["key"]) if change.get("source") == "pinned" else None
    before, after = (change[name] and names.get(change[name], change[name]) for name in ("before", "after"))
    return ChangedQuestion(
        text=turn.utterance if turn else pinned,
        conversation_id=turn.conversation_id if turn else None,
        before=before,
        after=after,
        was_right=change.get("was_right"),
        is_right=change.get("is_right"),
        topic=change["topic"],
    )
