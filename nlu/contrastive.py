"""What asks for what, and what a batch of it is pulled towards and pushed away from: pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a text can ask for, an article or an intent: texts that ask for it, cleaned, and what it says."""

    id: str
    questions: tuple[str, ...]
    passage: str | None = None


@dataclass(frozen=True, kw_only=True)
class TrainingQuery:
    """A text, cleaned, the ids of the targets that are right for it, and of those rejected for it."""

    text: str
    right: frozenset[str]
    wrong: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Document:
    """A text that a batch compares its texts with."""

    target: int  # place among the targets
    text: str


@dataclass(frozen=True, kw_only=True)
class Example:
    """A text with what it is pulled towards and what it is pushed away from."""

    asked: TrainingQuery
    positive: Document | None  # None: nobody knows what is right
    negative: Document | None


def documents_of(examples: Sequence[Example]) -> list[tuple[int | None, Document]]:
    """All documents of a batch; with a positive, the number of the example whose it is."""
    found: list[tuple[int | None, Document]] = [
        (row, one.positive) for row, one in enumerate(examples) if one.positive is not None
    ]
    return found + [(None, one.negative) for one in examples if one.negative is not None]


def masks(
    examples: Sequence[Example],
    documents: Sequence[tuple[int | None, Document]],
    place: Mapping[str, int],
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which documents count for which example, and which of those are good; shapes (examples, documents).

    For a text whose right targets are known, its own positive is good and what is wrong for it counts;
    what is right for it too does not. For a text of which we only know what was rejected, all count and
    all others are good: the rejected one must not come first. Where nothing is good, nothing is learned.
    """
    compared = np.ones((len(examples), len(documents)), dtype=bool)
    good = np.ones_like(compared)
    for row, example in enumerate(examples):
        right = {place[each] for each in example.asked.right}
        wrong = {place[each] for each in example.asked.wrong}
        for column, (owner, document) in enumerate(documents):
            if right:
                good[row, column] = owner == row
                compared[row, column] = owner == row or document.target not in right
            else:
                good[row, column] = document.target not in wrong
        if not good[row].any():
            good[row] = True
    return compared, good


def sharpness(relevance: npt.NDArray[np.floating[Any]], right: npt.NDArray[np.bool_]) -> float:
    """The factor, 1 to 1,000, with which the softmax of each row is likeliest to name what is right."""
    from scipy.special import logsumexp

    factors = np.geomspace(1, 1000, 121)
    likelihoods = [
        np.mean(
            logsumexp(np.where(right, factor * relevance, -np.inf), axis=1)
            - logsumexp(factor * relevance, axis=1)
        )
        for factor in factors
    ]
    return float(factors[int(np.argmax(likelihoods))])


def merged(targets: Sequence[Target], asked: Sequence[TrainingQuery]) -> dict[str, TrainingQuery]:
    """Every text once, with all that is known of it; what is right for it is not wrong for it."""
    known = {target.id for target in targets}
    right: dict[str, set[str]] = {}
    wrong: dict[str, set[str]] = {}
    for target in targets:
        for text in target.questions:
            right.setdefault(text, set()).add(target.id)
    for one in asked:
        right.setdefault(one.text, set()).update(one.right & known)
        wrong.setdefault(one.text, set()).update(one.wrong & known)
    found = {}
    for text, ids in right.items():
        one = TrainingQuery(text=text, right=frozenset(ids), wrong=frozenset(wrong.get(text, set()) - ids))
        if text and (one.right or one.wrong):
            found[text] = one
    return found


def texts_of(targets: Sequence[Target], learned: Sequence[TrainingQuery]) -> list[list[str]]:
    """For each target, the texts that ask for it and, as far as we know, for nothing else."""
    texts = [list(target.questions) for target in targets]
    place = {target.id: number for number, target in enumerate(targets)}
    for one in learned:
        for each in one.right if len(one.right) == 1 else ():
            if one.text not in texts[place[each]]:
                texts[place[each]].append(one.text)
    return texts
