"""Changes of the knowledge base that decisions and old chats suggest. Values only."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from kb_index.text import normalize

MAX_TEXTS = 300  # distinct texts, and turns, kept in a proposal
MAX_ANSWERS = 5
MAX_PHRASINGS = 50  # of a new article
MAX_PHRASING_LENGTH = 300  # characters; longer texts tell a story


class ProposalKind(StrEnum):
    """The kind of a proposal."""

    PHRASING = "phrasing"  # an alternative phrasing of an article's question
    CHANGED_ANSWER = "changed_answer"
    NEW_ARTICLE = "new_article"


class Source(StrEnum):
    """The origin of a proposal."""

    DESK = "desk"  # decisions of operators
    HISTORY = "history"  # imported chats


@dataclass(frozen=True, kw_only=True)
class GivenAnswer:
    """An answer that operators gave, without a customer's personal details, and how often."""

    text: str = field(repr=False)
    times: int
    operators: int


@dataclass(frozen=True, kw_only=True)
class SeenText:
    """A text that customers wrote, masked, and how often."""

    text: str = field(repr=False)
    times: int


@dataclass(frozen=True, kw_only=True)
class Proof:
    """The customer examples behind a proposal.

    `texts` are customers' texts, most frequent first. `added` and `removed` are sentences of a changed
    answer. `turns` are ids, empty if the proposal comes from history. At most `MAX_TEXTS` of each are
    kept, while the counts include all.
    """

    n_turns: int
    n_conversations: int
    n_operators: int
    texts: tuple[SeenText, ...] = ()
    turns: tuple[int, ...] = ()
    answers: tuple[GivenAnswer, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A proposal before anybody has seen it.

    `question` is the proposed phrasing, or the article's question for a changed answer. `answer` is the
    whole proposed answer, empty if nobody has given one. `base_answer` is the answer that it changes.
    """

    kind: ProposalKind
    source: Source = Source.DESK
    article_id: str | None = None  # None for a new article
    question: str = field(repr=False)
    answer: str = field(default="", repr=False)
    topic: str
    language: str
    base_answer: str | None = field(default=None, repr=False)
    proof: Proof


def merge_proofs(first: Proof, second: Proof) -> Proof:
    """Combine the evidence of two proposals, counting shared turns once.

    Without turns the larger number is taken, as the same chats may have been read twice.
    """
    shared = len(set(first.turns) & set(second.turns))
    apart = not shared and bool(first.turns or second.turns)

    def combine(first_times: int, second_times: int) -> int:
        return first_times + second_times if apart else max(first_times, second_times)

    times = {seen_text.text: seen_text.times for seen_text in first.texts}
    for seen_text in second.texts:
        times[seen_text.text] = combine(times.get(seen_text.text, 0), seen_text.times)
    answers = {answer.text: answer for answer in first.answers}
    for answer in second.answers:
        before = answers.get(answer.text)
        answers[answer.text] = replace(
            answer,
            times=combine(before.times if before else 0, answer.times),
            operators=max(before.operators if before else 0, answer.operators),
        )
    turns = tuple(dict.fromkeys((*first.turns, *second.turns)))
    n_turns = max(combine(first.n_turns, second.n_turns), len(turns))
    return Proof(
        n_turns=n_turns,
        n_conversations=combine(first.n_conversations, second.n_conversations),
        n_operators=max(first.n_operators, second.n_operators),
        texts=tuple(
            SeenText(text=text, times=times[text])
            for text in sorted(times, key=lambda text: -times[text])[:MAX_TEXTS]
        ),
        turns=turns[-MAX_TEXTS:],  # the newest turns are the likeliest to occur again
        answers=tuple(
            sorted(answers.values(), key=lambda answer: (-answer.operators, -answer.times, answer.text))
        )[:MAX_ANSWERS],
        added=tuple(dict.fromkeys((*first.added, *second.added)))[:MAX_ANSWERS],
        removed=tuple(dict.fromkeys((*first.removed, *second.removed)))[:MAX_ANSWERS],
    )


def phrasings_of(question: str, texts: Iterable[str]) -> tuple[str, ...]:
    """Return the texts that are alternative phrasings of the question, each once."""
    known = {normalize(question)}
    chosen = []
    for text in texts:
        key = normalize(text)
        if key and key not in known and len(text) <= MAX_PHRASING_LENGTH:
            known.add(key)
            chosen.append(" ".join(text.split()))
    return tuple(chosen[:MAX_PHRASINGS])
