"""Find questions that an article should cover, and the answers that operators gave."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from kb_index import Article
from kb_index.clusters import central, clusters
from kb_index.near_texts import near_pairs
from kb_index.same_answers import answer_groups
from kb_index.text import normalize
from nlu.encoders.encoder import Vectors
from nlu.text import detect_language
from prompter.domain.drafts import (
    MAX_ANSWERS,
    MAX_PHRASING_LENGTH,
    MAX_TEXTS,
    Draft,
    GivenAnswer,
    Proof,
    ProposalKind,
    SeenText,
    Source,
)
from prompter.knowledge.known_questions import KnownQuestions
from prompter.suggestions.query_embedder import QueryEmbedder

GENERAL_TOPIC = "general"
COVERED_AT = 0.85  # cosine to one of an article's texts from which the article covers the text
_OTHERS = 0.92  # cosine to a text confirmed for another article from which the two contradict each other
_LINKED = 0.45  # mean cosine from which questions with the same answer belong to one article
_TOPIC_NEAR = 0.5  # cosine to an article's text from which its topic is a useful guess
_AGAIN = 2  # average times that a question was asked, before clusters are split by answers
_ALWAYS = 0.9  # share of them that got the question's most frequent answer
_LINKING_WORDS = 6  # of an answer that is no stock phrase


@dataclass(frozen=True, kw_only=True)
class ObservedQuestion:
    """A question, masked and on one line, asked `times` times.

    `article_id` answers it, as a person confirmed, and articles in `wrong` do not. `answer` is an
    operator's own without personal data, empty if there was none. Conversations are counted by their
    ids.
    """

    text: str = field(repr=False)
    times: int = 1
    turns: tuple[int, ...] = ()
    conversations: frozenset[int]
    operators: frozenset[int] = frozenset()
    article_id: str | None = None
    wrong: tuple[str, ...] = ()
    answer: str = field(default="", repr=False)


class _TextGroup:
    """All questions of one text: the same words, ignoring case and punctuation."""

    def __init__(self) -> None:
        self.spellings: Counter[str] = Counter()
        self.asked: list[ObservedQuestion] = []

    def add(self, asked: ObservedQuestion) -> None:
        self.spellings[asked.text] += asked.times
        self.asked.append(asked)

    @property
    def text(self) -> str:
        return min(self.spellings, key=lambda text: (-self.spellings[text], text))

    @property
    def times(self) -> int:
        return self.spellings.total()


def group_by_text(asked: Iterable[ObservedQuestion]) -> dict[str, _TextGroup]:
    """Group questions by the normal form of their text."""
    found: dict[str, _TextGroup] = defaultdict(_TextGroup)
    for question in asked:
        found[normalize(question.text) or question.text].add(question)
    return found


def phrasings(
    asked: Sequence[ObservedQuestion],
    known: KnownQuestions,
    embedder: QueryEmbedder,
    *,
    min_conversations: int,
    source: Source = Source.DESK,
) -> list[Draft]:
    """Return phrasings of articles' questions that people confirmed and the articles do not cover.

    Contradicting verdicts propose nothing: a text has to be confirmed for the article at least twice as
    often as against it.
    """
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    against: dict[str, Counter[str]] = defaultdict(Counter)
    confirmed: dict[str, list[ObservedQuestion]] = defaultdict(list)
    for question in asked:
        key = normalize(question.text)
        for wrong_id in question.wrong:
            against[key][wrong_id] += question.times
        if question.article_id in known.articles and key and len(question.text) <= MAX_PHRASING_LENGTH:
            votes[key][question.article_id or ""] += question.times
            confirmed[question.article_id or ""].append(question)

    def is_agreed(key: str, article_id: str) -> bool:
        votes_for_others = votes[key].total() - votes[key][article_id]
        return votes[key][article_id] >= 2 * (votes_for_others + against[key][article_id])

    texts = {
        article_id: {
            key: group for key, group in group_by_text(questions).items() if is_agreed(key, article_id)
        }
        for article_id, questions in confirmed.items()
    }
    flat = [(article_id, text) for article_id in sorted(texts) for text in texts[article_id].values()]
    vectors = embedder.embed([group.text for _, group in flat])
    owner = np.array([article_id for article_id, _ in flat])
    drafts = []
    for article_id in sorted(texts):
        rows = np.flatnonzero(owner == article_id)
        new = _find_unknown(article_id, [flat[row][1] for row in rows.tolist()], vectors[rows], known)
        rows = rows[new]
        words = [flat[row][1] for row in rows.tolist()]
        found = clusters([word.text for word in words], vectors[rows], weights=[word.times for word in words])
        for cluster in found:
            members = [words[row] for row in cluster.members]
            centre = vectors[rows[cluster.centre]]
            rival = (owner != article_id) & (vectors @ centre >= _OTHERS)
            weight = sum(member.times for member in members)
            if 2 * sum(flat[row][1].times for row in np.flatnonzero(rival).tolist()) > weight:
                continue
            draft = _draft(
                members, words[cluster.centre].text, source=source, article=known.articles[article_id]
            )
            if draft.proof.n_conversations >= min_conversations:
                drafts.append(draft)
    return drafts


def _find_unknown(
    article_id: str, words: Sequence[_TextGroup], vectors: Vectors, known: KnownQuestions
) -> list[int]:
    near = (vectors @ known.vectors(article_id).T).max(axis=1, initial=0.0)
    has = known.normalized_texts(article_id)
    return [
        row for row, word in enumerate(words) if near[row] < COVERED_AT and normalize(word.text) not in has
    ]


def new_articles(
    asked: Sequence[ObservedQuestion],
    known: KnownQuestions,
    embedder: QueryEmbedder,
    *,
    min_conversations: int,
    language: str,
    source: Source = Source.DESK,
) -> list[Draft]:
    """Cluster questions that no article answers, and name each cluster by its most central text.

    Questions with the same meaning are clustered, and so are questions that got the same answer of some
    length, unless they have nothing in common. The proposed answer is the one that most operators gave.
    """
    words = list(group_by_text(asked).values())
    vectors = embedder.embed([word.text for word in words])
    near, owner = known.find_nearest(vectors)
    rows = [row for row in range(len(words)) if near[row] < COVERED_AT]
    words, vectors = [words[row] for row in rows], vectors[rows]
    near, owner = near[rows], [owner[row] for row in rows]
    if not words:
        return []
    weights = [word.times for word in words]
    parts = [
        list(cluster.members) for cluster in clusters([word.text for word in words], vectors, weights=weights)
    ]
    drafts = []
    linked = _link_clusters(parts, words, vectors, weights)
    for part in (group for cluster in linked for group in _split_cluster(cluster, words, min_conversations)):
        members = [words[row] for row in part]
        named = [group for group in part if len(words[group].text) <= MAX_PHRASING_LENGTH] or part
        centre = named[
            central([words[row].text for row in named], vectors[named], [weights[row] for row in named])
        ]
        closest = max(part, key=lambda row: (float(near[row]), -row))
        topic = (
            known.articles[owner[closest]].topic
            if near[closest] >= _TOPIC_NEAR and owner[closest]
            else GENERAL_TOPIC
        )
        draft = _draft(
            members,
            words[centre].text,
            source=source,
            topic=topic,
            language=detect_language(words[centre].text) or language,
        )
        if draft.proof.n_conversations >= min_conversations:
            drafts.append(draft)
    return drafts


def _link_clusters(
    parts: Sequence[list[int]], words: Sequence[_TextGroup], vectors: Vectors, weights: Sequence[int]
) -> list[list[int]]:
    """Join clusters whose questions got the same answer, if their meanings are similar."""
    part_of = {row: number for number, part in enumerate(parts) for row in part}
    answers = [
        (row, question.answer)
        for row, heard_of in enumerate(words)
        for question in heard_of.asked
        if len(normalize(question.answer).split()) >= _LINKING_WORDS
    ]
    means = np.array(
        [np.average(vectors[part], axis=0, weights=[weights[row] for row in part]) for part in parts]
    )
    groups: dict[int, set[int]] = defaultdict(set)
    for (row, _), group in zip(answers, _number_answers([answer for _, answer in answers]), strict=True):
        groups[group].add(part_of[row])
    root = list(range(len(parts)))

    def find(number: int) -> int:
        while root[number] != number:
            number = root[number]
        return number

    for numbers in groups.values():
        heaviest, *lighter_numbers = sorted(
            numbers, key=lambda number: (-sum(weights[row] for row in parts[number]), number)
        )
        for lighter in lighter_numbers:
            if float(means[heaviest] @ means[lighter]) >= _LINKED:
                low, high = sorted((find(heaviest), find(lighter)))
                root[high] = low
    joined: dict[int, list[int]] = defaultdict(list)
    for number, part in enumerate(parts):
        joined[find(number)] += part
    return [sorted(part) for part in joined.values()]


def _split_cluster(part: list[int], words: Sequence[_TextGroup], min_conversations: int) -> list[list[int]]:
    """Split a cluster whose questions were asked often and got different answers, each always its own.

    If one question got several answers, operators only worded them differently.
    """
    answered = [
        (row, question)
        for row in part
        for question in words[row].asked
        if len(normalize(question.answer).split()) >= _LINKING_WORDS
    ]
    groups_by_row: dict[int, Counter[int]] = defaultdict(Counter)
    for (row, question), group in zip(
        answered, _number_answers([question.answer for _, question in answered]), strict=True
    ):
        groups_by_row[row][group] += question.times
    group_of = {row: groups.most_common(1)[0][0] for row, groups in groups_by_row.items()}
    times = sum(groups.total() for groups in groups_by_row.values())
    agreed = sum(groups[group_of[row]] for row, groups in groups_by_row.items())
    if times < _AGAIN * len(groups_by_row) or agreed < _ALWAYS * times:
        return [part]
    rows: dict[int, list[int]] = defaultdict(list)
    for row, group in group_of.items():
        rows[group].append(row)
    large = [
        group
        for group in rows.values()
        if len(
            {number for row in group for question in words[row].asked for number in question.conversations}
        )
        >= min_conversations
    ]
    if len(large) < 2:
        return [part]
    large.sort(key=lambda group: (-sum(words[row].times for row in group), group))
    rest = [row for row in part if not any(row in group for group in large)]
    return [sorted([*large[0], *rest]), *large[1:]]


def _number_answers(answers: Sequence[str]) -> list[int]:
    """Number the answers so that equal and nearly equal texts share a number."""
    distinct = list(dict.fromkeys(answers))
    place = {answer: number for number, answer in enumerate(distinct)}
    root = answer_groups(distinct).tolist()

    def find(number: int) -> int:
        while root[number] != number:
            number = root[number]
        return number

    texts = [normalize(answer) for answer in distinct]
    for first, second, _ in near_pairs(texts, [""] * len(texts)):
        low, high = sorted((find(first), find(second)))
        root[high] = low
    return [find(place[answer]) for answer in answers]


def _draft(
    members: Sequence[_TextGroup],
    name: str,
    *,
    source: Source,
    article: Article | None = None,
    topic: str = "",
    language: str = "",
) -> Draft:
    asked = [question for member in members for question in member.asked]
    answers = _answers(asked)
    texts = sorted(members, key=lambda group: (-group.times, group.text))[:MAX_TEXTS]
    return Draft(
        kind=ProposalKind.PHRASING if article else ProposalKind.NEW_ARTICLE,
        source=source,
        article_id=article.id if article else None,
        question=name,
        answer="" if article or not answers else answers[0].text,
        topic=article.topic if article else topic,
        language=article.language if article else language,
        proof=Proof(
            n_turns=sum(question.times for question in asked),
            n_conversations=len(frozenset[int]().union(*(question.conversations for question in asked))),
            n_operators=len(frozenset[int]().union(*(question.operators for question in asked))),
            texts=tuple(SeenText(text=text.text, times=text.times) for text in texts),
            turns=tuple(sorted({turn for question in asked for turn in question.turns}))[-MAX_TEXTS:],
            answers=() if article else answers,
        ),
    )


def _answers(asked: Sequence[ObservedQuestion]) -> tuple[GivenAnswer, ...]:
    """Return the operators' answers grouped by content, those that most operators gave first.

    An answer in which something was masked was written for one customer, so others precede it.
    """
    answered = [question for question in asked if question.answer]
    groups: dict[int, list[ObservedQuestion]] = defaultdict(list)
    for question, group in zip(
        answered, _number_answers([question.answer for question in answered]), strict=True
    ):
        groups[group].append(question)
    found = []
    for members in groups.values():
        spellings: Counter[str] = Counter()
        for member in members:
            spellings[member.answer] += member.times
        found.append(
            GivenAnswer(
                text=min(spellings, key=lambda text: (_is_masked(text), -spellings[text], text)),
                times=spellings.total(),
                operators=len(frozenset[int]().union(*(member.operators for member in members))),
            )
        )
    found.sort(key=lambda answer: (_is_masked(answer.text), -answer.operators, -answer.times, answer.text))
    return tuple(found[:MAX_ANSWERS])


def _is_masked(text: str) -> bool:
    return any(sign in text for sign in ("[phone]", "[email]", "[card]", "[number]"))
