"""Find the topics, intents or articles with the most errors."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evaluation.estimates import Estimate, share
from evaluation.outcomes import ScoredCase

OUT_OF_SCOPE = "(out of scope)"
_MAX_CONFUSIONS = 3


@dataclass(frozen=True, kw_only=True)
class Group:
    """Rows that belong together, and the groups with which they were most often confused."""

    name: str
    n_wrong: int
    right: Estimate
    confusions: tuple[tuple[str, int], ...]  # name of the group suggested instead, and count


def worst_groups(outcomes: Sequence[ScoredCase], group_of: Callable[[str], str]) -> list[Group]:
    """Group by `group_of` the first right label. Groups with most wrong rows come first."""
    members: dict[str, list[ScoredCase]] = {}
    for outcome in outcomes:
        members.setdefault(group_of(outcome.right[0]) if outcome.right else OUT_OF_SCOPE, []).append(outcome)
    groups = []
    for name, rows in members.items():
        wrong = [row for row in rows if not row.is_right]
        right = share(len(rows) - len(wrong), len(rows))
        if not wrong or right is None:
            continue
        confused = Counter(
            group_of(outcome.suggested) if outcome.suggested else "(nothing)" for outcome in wrong
        )
        groups.append(
            Group(
                name=name,
                n_wrong=len(wrong),
                right=right,
                confusions=tuple(confused.most_common(_MAX_CONFUSIONS)),
            )
        )
    return sorted(groups, key=lambda group: (-group.n_wrong, group.right.value, group.name))
