"""Split rows for training and testing, with a seed for everything random."""

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Sequence
from typing import TypeVar

import numpy as np

from evaluation.errors import TooFewRows
from evaluation.intents import Split
from evaluation.rows import Case, IntentRow

Row = TypeVar("Row")


def stratified_folds(rows: Sequence[IntentRow], k: int, *, seed: int) -> list[Split]:
    """Split into `k` folds with equal shares of each intent. Each fold is the test set once.

    An intent with a single example is unknown in the fold that tests it.

    Raises:
        TooFewRows: when no intent has `k` examples.
    """
    from sklearn.model_selection import StratifiedKFold

    max_rows = max(Counter(row.intent for row in rows).values())
    if max_rows < k:
        raise TooFewRows(f"{k} folds need an intent with at least {k} examples; the largest has {max_rows}")
    # Intents with fewer examples than folds are dealt out separately; scikit-learn would warn.
    counts = Counter(row.intent for row in rows)
    names = [row.intent for row in rows]
    folds: list[list[int]] = [[] for _ in range(k)]
    large = [number for number, name in enumerate(names) if counts[name] >= k]
    splitter = StratifiedKFold(n_splits=k, shuffle=True, random_state=seed)
    for fold, (_, places) in zip(folds, splitter.split(large, [names[row] for row in large]), strict=True):
        fold += [large[place] for place in places]
    small = [number for number, name in enumerate(names) if counts[name] < k]
    small = sorted(np.random.default_rng(seed).permutation(small).tolist(), key=lambda row: names[row])
    for place, row in enumerate(small):
        folds[place % k].append(row)
    splits = []
    for fold in folds:
        measured = set(fold)
        splits.append(
            Split(
                train=[row for number, row in enumerate(rows) if number not in measured],
                test=[row for number, row in enumerate(rows) if number in measured],
            )
        )
    return splits


def few_shots(rows: Sequence[IntentRow], n: int, *, seed: int) -> list[IntentRow]:
    """Draw `n` rows of each intent and of out of scope, or all if there are fewer. Larger `n` adds rows."""
    return _first_of_each(rows, [row.intent for row in rows], n, seed)


def draw_confirmed(cases: Sequence[Case], n: int, *, seed: int) -> list[Case]:
    """Draw `n` cases per article (the first of several), or all if there are fewer.

    Larger `n` adds cases to those drawn with a smaller one.
    """
    known = [case for case in cases if case.article_ids]
    return _first_of_each(known, [case.article_ids[0] for case in known], n, seed)


def with_noise(cases: Sequence[Case], share: float, *, article_ids: Collection[str], seed: int) -> list[Case]:
    """Replace the article of `share` of the cases that have one with a random wrong article.

    Raises:
        TooFewRows: when the knowledge base has no other article.
    """
    random = np.random.default_rng(seed)
    known = [number for number, case in enumerate(cases) if case.article_ids]
    chosen = set(random.permutation(known)[: round(share * len(known))].tolist())
    noisy = []
    for number, case in enumerate(cases):
        if number not in chosen:
            noisy.append(case)
            continue
        wrong = sorted(set(article_ids) - set(case.article_ids))
        if not wrong:
            raise TooFewRows("no wrong article can be drawn: every article of the base is right")
        noisy.append(Case(text=case.text, article_ids=(wrong[random.integers(len(wrong))],)))
    return noisy


def folds_of(cases: Sequence[Case], k: int, *, seed: int) -> list[tuple[list[Case], list[Case]]]:
    """Split at random into at most `k` folds: pairs of (training, held out)."""
    shuffled = [cases[row] for row in np.random.default_rng(seed).permutation(len(cases))]
    k = min(k, len(shuffled))
    return [
        ([case for place, case in enumerate(shuffled) if place % k != fold], shuffled[fold::k])
        for fold in range(k)
        if k > 1
    ]


def _first_of_each(rows: Sequence[Row], groups: Sequence[Hashable], n: int, seed: int) -> list[Row]:
    taken: dict[Hashable, int] = defaultdict(int)
    chosen = []
    for number in np.random.default_rng(seed).permutation(len(rows)).tolist():
        if taken[groups[number]] < n:
            taken[groups[number]] += 1
            chosen.append(number)
    return [rows[number] for number in sorted(chosen)]
