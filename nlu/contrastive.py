"""Build contrastive batches: positives, negatives and masks for fine-tuning, as pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, kw_only=True)
class Target:
    """An article or intent that a text can ask for: the cleaned texts that ask for it, and its passage."""

    id: str
    questions: tuple[str, ...]
    passage: str | None = None


@dataclass(frozen=True, kw_only=True)
class TrainingQuery:
    """A cleaned text, the ids of its right targets, and the ids of targets rejected for it."""

    text: str
    right: frozenset[str]
    wrong: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Document:
    """A text with which the texts of a batch are compared."""

    target: int  # position among the targets
    text: str


@dataclass(frozen=True, kw_only=True)
class Example:
    """A text with its positive and negative documents."""

    asked: TrainingQuery
    positive: Document | None  # None: the right target is unknown
    negative: Document | None


def documents_of(examples: Sequence[Example]) -> list[tuple[int | None, Document]]:
    """Return all documents of a batch, and for each positive the number of its example."""
    found: list[tuple[int | None, Document]] = [
        (row, example.positive) for row, example in enumerate(examples) if example.positive is not None
    ]
    return found + [(None, example.negative) for example in examples if example.negative is not None]


def masks(
    examples: Sequence[Example],
    documents: Sequence[tuple[int | None, Document]],
    place: Mapping[str, int],
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return which documents count for each example, and which of them are good: (examples, documents).

    If a text's right targets are known, its own positive is good, wrong documents count, and further right
    documents do not. If only rejected targets are known, all documents count and all but the rejected ones
    are good: a rejected document must not come first. Without a good document nothing is learned.
    """
    compared = np.ones((len(examples), len(documents)), dtype=bool)
    good = np.ones_like(compared)
    for row, example in enumerate(examples):
        right = {place[target] for target in example.asked.right}
        wrong = {place[target] for target in example.asked.wrong}
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
    """Return the factor, 1 to 1,000, at which the softmax of each row is likeliest to name a right column."""
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


def merge_labels(targets: Sequence[Target], queries: Sequence[TrainingQuery]) -> dict[str, TrainingQuery]:
    """Merge the labels of equal texts. A target that is right for a text is never wrong for it."""
    known = {target.id for target in targets}
    right: dict[str, set[str]] = {}
    wrong: dict[str, set[str]] = {}
    for target in targets:
        for text in target.questions:
            right.setdefault(text, set()).add(target.id)
    for query in queries:
        right.setdefault(query.text, set()).update(query.right & known)
        wrong.setdefault(query.text, set()).update(query.wrong & known)
    found = {}
    for text, ids in right.items():
        query = TrainingQuery(text=text, right=frozenset(ids), wrong=frozenset(wrong.get(text, set()) - ids))
        if text and (query.right or query.wrong):
            found[text] = query
    return found


def texts_of(targets: Sequence[Target], queries: Sequence[TrainingQuery]) -> list[list[str]]:
    """Return for each target the texts known to ask for it and for no other target."""
    texts = [list(target.questions) for target in targets]
    place = {target.id: number for number, target in enumerate(targets)}
    for query in queries:
        for target_id in query.right if len(query.right) == 1 else ():
            if query.text not in texts[place[target_id]]:
                texts[place[target_id]].append(query.text)
    return texts
