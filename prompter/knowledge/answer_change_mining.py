"""Find the changes that operators make to an article's answer, sentence by sentence."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kb_index import Article
from kb_index.clusters import clusters
from kb_index.near_texts import are_similar
from kb_index.templates import fields
from kb_index.text import normalize
from prompter.domain.drafts import MAX_TEXTS, Draft, GivenAnswer, Proof, ProposalKind, SeenText
from prompter.domain.evidence import Verdict
from prompter.suggestions.query_embedder import QueryEmbedder
from prompter.text.cleaning import answer_text, is_small_talk, with_field, without_name
from prompter.text.edits import classify_edit, facts, sentences, word_overlap
from prompter.text.pii import mask
from prompter.text.stopgaps import is_stopgap

_SAME_CHANGE = 0.8  # mean cosine of added sentences with the same numbers and negations
_REPLACES = 0.5  # share of words that a sentence and its replacement have in common
_SAME = (Verdict.ACCEPTED, Verdict.EDITED_COSMETIC)


@dataclass(frozen=True, kw_only=True)
class EditedTurn:
    """An article's answer as it was suggested, and as the operator sent it."""

    turn_id: int
    conversation_id: int
    operator_id: int
    utterance: str = field(repr=False)  # masked
    suggested: str = field(repr=False)
    sent: str = field(repr=False)
    values: Mapping[str, str] = field(repr=False)  # of template fields, for this customer


@dataclass(frozen=True, kw_only=True)
class _Change:
    """A sentence removed, added or replaced. `removed` is as the article has it."""

    removed: str | None
    added: str | None
    after: str | None  # the article's sentence after which `added` stands
    turn: EditedTurn


def mine_answer_changes(
    article: Article,
    turns: Iterable[EditedTurn],
    embedder: QueryEmbedder,
    *,
    min_conversations: int,
    keep: Collection[str] = (),
) -> list[Draft]:
    """Return the changes that operators made repeatedly, each with the whole resulting answer.

    Changes apply to the article's current answer: sentences that it already has are ignored, and so are
    changes of sentences that no longer exist. Promises to answer later change nothing. If a sentence was
    replaced in several ways, only the most frequent is proposed. Filled template fields are turned back
    where the answer has them.
    """
    article_sentences = sentences(article.answer)
    found = [change for turn in turns for change in _changes(article, article_sentences, turn, keep)]
    drafts = []
    taken: set[str | None] = set()
    for group in _group(found, embedder):
        conversations = {change.turn.conversation_id for change in group}
        removed = group[0].removed
        if len(conversations) < min_conversations or (removed is not None and removed in taken):
            continue
        taken.add(removed)
        drafts.append(_draft(article, group, conversations))
    return drafts


def _changes(
    article: Article, article_sentences: Sequence[str], turn: EditedTurn, keep: Collection[str]
) -> list[_Change]:
    before = sentences(_generalize(turn.suggested, article, turn.values))
    plain = _generalize(turn.sent, article, turn.values)
    if normalize(answer_text(turn.suggested)) == normalize(
        mask(turn.suggested)
    ):  # it has no greeting of its own
        plain = answer_text(plain, keep=keep)
    after = sentences(plain)
    known = set(map(normalize, before))
    promises = [sentence for sentence in after if is_stopgap(sentence) and normalize(sentence) not in known]
    after = [sentence for sentence in after if sentence not in promises]
    if promises and all(map(is_small_talk, after)):
        return []
    current = {normalize(mask(sentence)): sentence for sentence in article_sentences}
    left = list(before)
    kept: list[str | None] = []  # for each sent sentence, the article's sentence that it equals
    for sentence in after:
        same = next((change for change in left if classify_edit(mask(change), mask(sentence)) in _SAME), None)
        if same is not None:
            left.remove(same)
        kept.append(same)
    changes: list[tuple[str | None, str | None, str | None]] = []
    last: str | None = None
    for sentence, same in zip(after, kept, strict=True):
        if same is not None:
            last = same
            continue
        old = max(left, key=lambda change: word_overlap(change, sentence), default=None)
        if old is not None and word_overlap(old, sentence) >= _REPLACES:
            left.remove(old)
            changes.append((old, sentence, None))
        else:
            changes.append((None, sentence, last))
    if not promises:  # who promises an answer has left out what they do not know yet
        changes += [(old, None, None) for old in left]
    found = []
    for removed, added, behind in changes:
        current_sentence = current.get(normalize(mask(removed))) if removed is not None else None
        if removed is not None and current_sentence is None:
            continue
        added = mask(added, keep=keep) if added is not None else None
        if added is not None and any(are_similar(added, sentence) for sentence in article_sentences):
            continue
        found.append(
            _Change(
                removed=current_sentence,
                added=added,
                after=current.get(normalize(mask(behind))) if behind is not None else None,
                turn=turn,
            )
        )
    return found


def _generalize(text: str, article: Article, values: Mapping[str, str]) -> str:
    """Return the text with the article's template fields in place of their values."""
    names = fields(article.answer)
    for name in names:
        text = with_field(text, name, values.get(name, ""))
    return text if "customer_name" in names else without_name(text, values.get("customer_name", ""))


def _group(found: Sequence[_Change], embedder: QueryEmbedder) -> list[list[_Change]]:
    """Group equivalent changes, the most frequent group first."""
    buckets: dict[tuple[object, ...], list[_Change]] = defaultdict(list)
    for change in found:
        # Meaning alone does not tell "free" from "not free", nor three days from five.
        buckets[change.removed, None if change.added is None else facts(change.added)].append(change)
    groups = []
    for bucket in buckets.values():
        if bucket[0].added is None:
            groups.append(bucket)
            continue
        times: dict[str, list[_Change]] = defaultdict(list)
        for change in bucket:
            times[change.added or ""].append(change)
        texts = list(times)
        weights = [len(times[text]) for text in texts]
        for cluster in clusters(texts, embedder.embed(texts), weights=weights, near=_SAME_CHANGE):
            members = [cluster.centre, *(row for row in cluster.members if row != cluster.centre)]
            groups.append([change for row in members for change in times[texts[row]]])
    return sorted(
        groups,
        key=lambda group: (
            -len({change.turn.operator_id for change in group}),
            -len(group),
            group[0].turn.turn_id,
        ),
    )


def _draft(article: Article, group: Sequence[_Change], conversations: Collection[int]) -> Draft:
    first = group[0]
    turns = {change.turn.turn_id: change.turn for change in group}
    variants: dict[str, list[_Change]] = defaultdict(list)
    for change in group:
        if change.added is not None:
            variants[change.added].append(change)
    return Draft(
        kind=ProposalKind.CHANGED_ANSWER,
        article_id=article.id,
        question=article.question,
        answer=_apply(article.answer, first),
        base_answer=article.answer,
        topic=article.topic,
        language=article.language,
        proof=Proof(
            n_turns=len(turns),
            n_conversations=len(conversations),
            n_operators=len({turn.operator_id for turn in turns.values()}),
            texts=_texts(turn.utterance for turn in turns.values()),
            turns=tuple(sorted(turns))[-MAX_TEXTS:],
            answers=tuple(
                GivenAnswer(
                    text=text,
                    times=len(changes),
                    operators=len({change.turn.operator_id for change in changes}),
                )
                for text, changes in sorted(variants.items(), key=lambda item: (-len(item[1]), item[0]))[:5]
            ),
            added=(first.added,) if first.added is not None else (),
            removed=(first.removed,) if first.removed is not None else (),
        ),
    )


def _texts(utterances: Iterable[str]) -> tuple[SeenText, ...]:
    times: dict[str, int] = defaultdict(int)
    for text in utterances:
        times[text] += 1
    chosen = sorted(times, key=lambda text: (-times[text], text))[:MAX_TEXTS]
    return tuple(SeenText(text=text, times=times[text]) for text in chosen)


def _apply(answer: str, change: _Change) -> str:
    """Return the answer with the change applied and everything else unchanged."""
    if change.removed is not None:
        start = answer.index(change.removed)
        before, after = answer[:start], answer[start + len(change.removed) :]
        if change.added is not None:
            return before + change.added + after
        return re.sub(
            r"(?<![ \t])[ \t]+\n",
            "\n",
            (before.rstrip(" ") + after if not before else before + after.lstrip(" ")),
        ).strip()
    added = change.added or ""
    if change.after is None:
        return f"{answer.rstrip()} {added}"
    end = answer.index(change.after) + len(change.after)
    return f"{answer[:end]} {added}{answer[end:]}"
