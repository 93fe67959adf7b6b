"""What would a version answer otherwise than the one that it was measured against?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prompter.errors import NotFound
from prompter.storage import Store, StoredVersion, Transaction


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
        rows = [_row(one) for one in version.report.get("changes", ())]
        rows += [_answered_alone(one) for one in version.report.get("changed_alone", ())]
        found = _read(tx, rows)
    return version, sorted(found, key=lambda one: (one.is_right is None, one.is_right is True))


@dataclass(frozen=True, kw_only=True)
class _Row:
    turn: int | None
    pin: int | None
    before: str | None
    after: str | None
    was_right: bool | None
    is_right: bool | None
    topic: str | None


def _row(said: Mapping[str, Any]) -> _Row:
    source, key = said["source"], said["key"]
    return _Row(
        turn=key if source == "verdict" else None,
        pin=key if source == "pinned" else None,
        before=said["before"],
        after=said["after"],
        was_right=said["was_right"],
        is_right=said["is_right"],
        topic=said["topic"],
    )


def _answered_alone(said: Mapping[str, Any]) -> _Row:
    return _Row(
        turn=said["turn"],
        pin=None,
        before=said["before"],
        after=said["after"],
        was_right=None,
        is_right=None,
        topic=said["topic"],
    )


def _read(tx: Transaction, rows: Sequence[_Row]) -> list[ChangedQuestion]:
    turns = tx.conversations.turns({row.turn for row in rows if row.turn is not None})
    pins = {pin.id: pin.text for pin in tx.pins.all()}
    named = {article for row in rows for article in (row.before, row.after) if article is not None}
    articles = {article.id: article.question for article in tx.articles.get_many(named).values()}

    def question(article_id: str | None) -> str | None:
        return None if article_id is None else articles.get(article_id, article_id)

    found = []
    for row in rows:
        turn = turns.get(row.turn) if row.turn is not None else None
        found.append(
            ChangedQuestion(
                text=turn.utterance if turn else pins.get(row.pin) if row.pin is not None else None,
                conversation_id=turn.conversation_id if turn else None,
                before=question(row.before),
                after=question(row.after),
                was_right=row.was_right,
                is_right=row.is_right,
                topic=row.topic,
            )
        )
    return found
