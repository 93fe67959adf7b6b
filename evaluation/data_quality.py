"""Warn about duplicates, conflicts and leakage in evaluation rows, but never repair them silently."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from evaluation.rows import Case, IntentRow

_EXAMPLES = 3


@dataclass(frozen=True, kw_only=True)
class DataWarning:
    """A kind of suspicious rows or labels: `count` of them, with the first few as `examples`."""

    problem: str
    count: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.problem}: {self.count}, such as {'; '.join(self.examples)}"


def warnings_of_training(rows: Sequence[IntentRow], *, oos_label: str | None = None) -> list[DataWarning]:
    """Check for texts under two intents, repeated rows, intents with one example, a single intent."""
    intents_of: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        intents_of[_key(row.text)].append(row.intent)
    torn = {text: sorted(set(names)) for text, names in intents_of.items() if len(set(names)) > 1}
    repeated = {
        f"{text!r} ({name})": count
        for text, names in intents_of.items()
        for name, count in Counter(names).items()
        if count > 1
    }
    sizes = Counter(row.intent for row in rows)
    known = [name for name in sizes if name != oos_label]
    return _warnings(
        ("texts that stand under several intents", [f"{t!r} ({', '.join(n)})" for t, n in torn.items()]),
        ("rows repeated word for word", list(repeated)),
        ("intents with one example only", [name for name, size in sizes.items() if size == 1]),
        ("a single intent, so that nothing can be mistaken", known if len(known) == 1 else []),
    )


def warnings_of_test(train: Sequence[IntentRow], test: Sequence[IntentRow]) -> list[DataWarning]:
    """Check for test texts that are also training texts, and for intents that are not in training."""
    learned, intents = {_key(row.text) for row in train}, {row.intent for row in train}
    seen = [repr(row.text) for row in test if _key(row.text) in learned]
    unknown = sorted({row.intent for row in test} - intents)
    return _warnings(
        ("test texts that stand in the training rows too", seen),
        ("intents of the test that no training row has", unknown),
    )


def warnings_of_cases(
    cases: Sequence[Case], learn: Sequence[Case], questions: Collection[str]
) -> list[DataWarning]:
    """Check for case texts that equal a confirmed question or a question of the knowledge base."""
    learned, asked = {_key(case.text) for case in learn}, {_key(text) for text in questions}
    return _warnings(
        (
            "cases that stand in the learned rows too",
            [repr(c.text) for c in cases if _key(c.text) in learned],
        ),
        ("cases that are a question of the base", [repr(c.text) for c in cases if _key(c.text) in asked]),
    )


def _key(text: str) -> str:
    return " ".join(text.lower().split())


def _warnings(*odd: tuple[str, list[str]]) -> list[DataWarning]:
    return [
        DataWarning(problem=problem, count=len(names), examples=tuple(names[:_EXAMPLES]))
        for problem, names in odd
        if names
    ]
