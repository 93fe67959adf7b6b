"""Turn decisions into drafts: operators' answers show what the knowledge base lacks."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from kb_index import Article, ArticleSearch, Status
from kb_index.same_answers import answer_groups
from kb_index.templates import fill
from kb_index.text import normalize
from prompter.domain.drafts import Draft, Source
from prompter.domain.evidence import DeskTurn, RejectReason, Verdict
from prompter.domain.triage import HandoffReason
from prompter.knowledge.answer_change_mining import EditedTurn, mine_answer_changes
from prompter.knowledge.known_questions import KnownQuestions
from prompter.knowledge.question_mining import ObservedQuestion, new_articles, phrasings
from prompter.labels.from_verdicts import labels_from_verdict
from prompter.storage import Store
from prompter.suggestions.query_embedder import QueryEmbedder
from prompter.suggestions.routing import CONTROL_INTENTS
from prompter.text.cleaning import answer_text, asks_back, is_small_talk, question_text
from prompter.text.pii import MIN_TEAM_COUNT, contacts
from prompter.text.stopgaps import without_stopgaps

MIN_CONVERSATIONS = 2  # a single customer changes nothing
MIN_CONVERSATIONS_OF_HISTORY = 3
_UNANSWERED = (HandoffReason.NO_ARTICLE.value, HandoffReason.OUT_OF_SCOPE.value)
_ABOUT_THE_ANSWER = (RejectReason.OUTDATED, RejectReason.INCOMPLETE)
_NO_QUESTION = (RejectReason.NOT_A_QUESTION, RejectReason.TONE)
_SMALL_TALK = frozenset(
    {"greeting", "thanks", "goodbye", "bot_challenge", "affirm", "deny", "how_are_you", *CONTROL_INTENTS}
)
_SURE = 0.8  # probability from which an intent is trusted


def desk_turns(store: Store) -> list[DeskTurn]:
    """Return the turns from which proposals are made. See `DecisionRows.desk_turns`."""
    with store.read() as tx:
        return tx.decisions.desk_turns(unanswered=_UNANSWERED)


def drafts_of_decisions(
    turns: Sequence[DeskTurn],
    articles: Iterable[Article],
    embedder: QueryEmbedder,
    *,
    language: str,
    search: ArticleSearch | None = None,
    constants: Mapping[str, str] | None = None,
    min_conversations: int = MIN_CONVERSATIONS,
) -> list[Draft]:
    """Return all drafts that the current decisions support: phrasings, changed answers and new articles.

    `articles` are all that exist. Archived articles are ignored. `search` saves encoding the texts that
    it holds. `constants` are the settings' values of template fields.
    """
    values = dict(constants or {})
    current = [article for article in articles if article.status is not Status.ARCHIVED]
    keep = _contacts(turns, current, values)
    known = KnownQuestions(current, embedder, search)
    asked = [question for turn in turns if (question := _observe(turn, keep)) is not None]
    asked = with_same_answers(asked, current, values, keep=keep)
    return [
        *phrasings(asked, known, embedder, min_conversations=min_conversations),
        *_changes(turns, known, embedder, keep, values, min_conversations),
        *new_articles(
            select_unanswered(asked), known, embedder, min_conversations=min_conversations, language=language
        ),
    ]


def drafts_of_history(
    asked: Sequence[ObservedQuestion],
    articles: Iterable[Article],
    embedder: QueryEmbedder,
    *,
    language: str,
    search: ArticleSearch | None = None,
    constants: Mapping[str, str] | None = None,
    min_conversations: int = MIN_CONVERSATIONS_OF_HISTORY,
) -> list[Draft]:
    """Return the drafts from old chats: phrasings where an article has the answer, new articles elsewhere."""
    current = [article for article in articles if article.status is not Status.ARCHIVED]
    known = KnownQuestions(current, embedder, search)
    settled = with_same_answers(asked, current, dict(constants or {}))
    found = phrasings(settled, known, embedder, min_conversations=min_conversations, source=Source.HISTORY)
    return found + new_articles(
        select_unanswered(settled),
        known,
        embedder,
        min_conversations=min_conversations,
        source=Source.HISTORY,
        language=language,
    )


def select_unanswered(asked: Sequence[ObservedQuestion]) -> list[ObservedQuestion]:
    """Return questions that no article answered, without texts that were more often answered by one."""
    confirmed: dict[str, int] = defaultdict(int)
    open_ones: dict[str, int] = defaultdict(int)
    for question in asked:
        (confirmed if question.article_id else open_ones)[normalize(question.text)] += question.times
    return [
        question
        for question in asked
        if question.article_id is None
        and open_ones[normalize(question.text)] > confirmed[normalize(question.text)]
    ]


def with_same_answers(
    asked: Sequence[ObservedQuestion],
    articles: Sequence[Article],
    constants: Mapping[str, str],
    *,
    keep: Collection[str] = (),
) -> list[ObservedQuestion]:
    """Assign questions to an article if the operator's own text equals its answer: that confirms it."""
    unassigned_answers = sorted(
        {question.answer for question in asked if question.answer and question.article_id is None}
    )
    if not unassigned_answers:
        return list(asked)
    filled = [
        answer_text(fill(article.answer, {**constants, "customer_name": "", "ticket": ""}), keep=keep)
        for article in articles
    ]
    groups = answer_groups([*filled, *unassigned_answers]).tolist()
    article_of: dict[int, str] = {}
    for article, group in zip(articles, groups, strict=False):
        if article.answer.strip():
            article_of.setdefault(group, article.id)
    article_of_answer = {
        answer: article_of[group]
        for answer, group in zip(unassigned_answers, groups[len(filled) :], strict=True)
        if group in article_of
    }
    return [
        replace(question, article_id=article_of_answer[question.answer])
        if question.article_id is None and question.answer in article_of_answer
        else question
        for question in asked
    ]


def _observe(turn: DeskTurn, keep: Collection[str]) -> ObservedQuestion | None:
    text = question_text(turn.utterance, keep=keep)
    if not normalize(text) or is_small_talk(text) or _is_known_talk(turn):
        return None
    question = ObservedQuestion(
        text=text,
        turns=(turn.turn_id,),
        conversations=frozenset({turn.conversation_id}),
        operators=frozenset() if turn.operator_id is None else frozenset({turn.operator_id}),
    )
    if turn.verdict is None:
        return question
    right, wrong = labels_from_verdict(
        turn.verdict, reason=turn.reason, article_id=turn.article_id, offered=turn.offered
    )
    question = replace(question, article_id=right, wrong=wrong)
    if question.article_id is None:
        rejected = turn.verdict is Verdict.REJECTED and turn.reason not in (*_ABOUT_THE_ANSWER, *_NO_QUESTION)
        if not rejected and turn.verdict is not Verdict.WROTE_OWN:
            return None
        answer = answer_text(
            without_stopgaps(turn.sent_text or ""), customer_name=turn.customer_name, keep=keep
        )
        question = replace(question, answer="" if asks_back(answer) or is_small_talk(answer) else answer)
    return question


def _is_known_talk(turn: DeskTurn) -> bool:
    """Return whether the turn is confidently small talk.

    With few articles, every question resembles small talk a little.
    """
    return turn.intent in _SMALL_TALK and turn.intent_confidence >= _SURE


def _changes(
    turns: Sequence[DeskTurn],
    known: KnownQuestions,
    embedder: QueryEmbedder,
    keep: Collection[str],
    constants: Mapping[str, str],
    min_conversations: int,
) -> list[Draft]:
    edited: dict[str, list[EditedTurn]] = defaultdict(list)
    for turn in turns:
        article_id, suggested = turn.article_id, turn.suggested_text
        if turn.verdict is Verdict.REJECTED and turn.reason in _ABOUT_THE_ANSWER and turn.offered:
            article_id, suggested = turn.offered[0], turn.first_text
        elif turn.verdict is not Verdict.EDITED_SUBSTANTIVE:
            continue
        if (
            article_id not in known.articles
            or not suggested
            or not turn.sent_text
            or turn.operator_id is None
        ):
            continue
        edited[article_id or ""].append(
            EditedTurn(
                turn_id=turn.turn_id,
                conversation_id=turn.conversation_id,
                operator_id=turn.operator_id,
                utterance=question_text(turn.utterance, keep=keep),
                suggested=suggested,
                sent=turn.sent_text,
                values={
                    **constants,
                    "customer_name": turn.customer_name,
                    "ticket": f"№{turn.conversation_id}",
                },
            )
        )
    return [
        draft
        for article_id in sorted(edited)
        for draft in mine_answer_changes(
            known.articles[article_id],
            edited[article_id],
            embedder,
            min_conversations=min_conversations,
            keep=keep,
        )
    ]


def _contacts(
    turns: Sequence[DeskTurn], articles: Sequence[Article], constants: Mapping[str, str]
) -> frozenset[str]:
    """Return the team's own phones and addresses: those in articles, and those sent to many customers."""
    sent: dict[str, set[int]] = defaultdict(set)
    for turn in turns:
        for contact in contacts(turn.sent_text or ""):
            sent[contact].add(turn.conversation_id)
    team_contacts = [text for article in articles for text in contacts(article.answer)]
    team_contacts += [text for value in constants.values() for text in contacts(value)]
    return frozenset(
        [
            *team_contacts,
            *(number for number, conversations in sent.items() if len(conversations) >= MIN_TEAM_COUNT),
        ]
    )
