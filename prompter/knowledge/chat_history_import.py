"""Find the customers' questions and the operators' answers in old chats.

The messages come one by one (`chat_history` reads them). A bounded number waits until its conversations are
complete, so conversations may interleave and need not be in order of time. Questions are counted by
lossy counting (Manku & Motwani, VLDB 2002): when there are too many distinct questions, the rarest are
dropped.
"""

import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from kb_index.text import normalize
from prompter.knowledge.chat_history import HistoryMessage, Speaker
from prompter.knowledge.question_mining import ObservedQuestion
from prompter.text.cleaning import answer_text, asks_back, is_small_talk, question_text
from prompter.text.pii import MIN_TEAM_COUNT, contacts
from prompter.text.stopgaps import without_stopgaps

MAX_QUESTIONS = 40_000  # distinct questions counted at a time
MAX_CLUSTERED = 20_000  # the most frequent questions, from which proposals are made
MAX_WAITING = 50_000  # messages of conversations that may go on
_MAX_CONVERSATION_LENGTH = 200  # messages sorted together
_MAX_QUESTION_LENGTH = 500
_MAX_ANSWERS = 4  # distinct answers kept of a question
_MAX_CONVERSATIONS = 20  # kept of a question
_MAX_CLEANED = 1_000
_MAX_CONTACTS = 10_000


@dataclass(kw_only=True)
class _Counted:
    text: str
    times: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    conversations: set[int] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class History:
    """The questions in a file of chats, most frequent first, and the amounts read.

    A conversation that goes on after tens of thousands of other messages counts as a new one.
    """

    asked: tuple[ObservedQuestion, ...] = field(repr=False)
    n_messages: int
    n_conversations: int
    n_questions: int  # distinct questions that were kept


def mine_history(
    messages: Iterable[HistoryMessage], *, progress: Callable[[int], None] = lambda _: None
) -> History:
    """Pair questions with the answers that followed, and count them.

    A question is a run of customer messages, and its answer the run of operator messages after it.
    Greetings, thanks, "ok" and promises to answer later are dropped, personal data masked. Memory does
    not depend on the number of messages.
    """
    waiting: OrderedDict[str, list[HistoryMessage]] = OrderedDict()
    questions = _Questions()
    n_waiting = n_messages = n_conversations = 0
    for message in messages:
        n_messages += 1
        if n_messages % 1000 == 0:
            progress(1000)
        if message.conversation not in waiting:
            waiting[message.conversation] = []
            n_conversations += 1
        conversation = waiting[message.conversation]
        conversation.append(message)
        n_waiting += 1
        waiting.move_to_end(message.conversation)
        if len(conversation) >= _MAX_CONVERSATION_LENGTH:
            questions.take(message.conversation, conversation)
            n_waiting -= len(conversation)
            conversation.clear()
        while n_waiting > MAX_WAITING:
            name, questions_left = waiting.popitem(last=False)
            questions.take(name, questions_left)
            n_waiting -= len(questions_left)
    for name, conversation_messages in waiting.items():
        questions.take(name, conversation_messages)
    progress(n_messages % 1000)
    return History(
        asked=tuple(questions.observed_questions()),
        n_messages=n_messages,
        n_conversations=n_conversations,
        n_questions=len(questions),
    )


class _Questions:
    def __init__(self) -> None:
        self._found: dict[str, _Counted] = {}
        self._answers: dict[str, str] = {}  # each distinct text once in memory
        self._min_times = 1
        self._cleaned: dict[str, tuple[str, list[str]]] = {}
        self._told: dict[str, set[int]] = {}  # conversations in which a contact was sent
        self._team: set[str] = set()

    def __len__(self) -> int:
        return len(self._found)

    def take(self, conversation: str, messages: list[HistoryMessage]) -> None:
        """Count the questions of a conversation, ordered by time."""
        number = zlib.crc32(conversation.encode())  # the same number if the conversation goes on later
        messages.sort(key=lambda message: message.time)  # stable: equal times keep their order
        asked: list[str] = []
        answered: list[str] = []
        for message in messages:
            if message.speaker is Speaker.CUSTOMER:
                if answered:
                    self._count(number, asked, answered)
                    asked, answered = [], []
                asked.append(message.text)
            elif message.speaker is Speaker.OPERATOR and asked:
                answered.append(message.text)
        self._count(number, asked, answered)

    def _count(self, conversation: int, asked: Sequence[str], answered: Sequence[str]) -> None:
        questions_asked = [text for text in asked if not is_small_talk(text)]
        text = question_text(" ".join(questions_asked))[:_MAX_QUESTION_LENGTH]
        key = normalize(text)
        if not key or is_small_talk(text):
            return
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = _Counted(text=text)
        found.times += 1
        if len(found.conversations) < _MAX_CONVERSATIONS:
            found.conversations.add(conversation)
        parts = [self._answer(conversation, part) for part in answered]
        answer = "\n".join(part for part in parts if part and not is_small_talk(part))
        if answer and not asks_back(answer):
            answer = self._answers.setdefault(answer, answer)
            if answer in found.answers or len(found.answers) < _MAX_ANSWERS:
                found.answers[answer] = found.answers.get(answer, 0) + 1
        if len(self._found) > MAX_QUESTIONS:
            self._forget()

    def _answer(self, conversation: int, text: str) -> str:
        """Return an operator's message without personal data. The team's own contacts stay."""
        cleaned = self._cleaned.get(text)  # operators often paste the same answers
        if cleaned is None:
            if len(self._cleaned) >= _MAX_CLEANED:
                self._cleaned.clear()
            cleaned = self._cleaned[text] = (
                answer_text(without_stopgaps(text), keep=self._team),
                contacts(text),
            )
        for contact in cleaned[1]:
            if contact not in self._team:
                conversations = self._told.setdefault(contact, set())
                conversations.add(conversation)
                if len(conversations) >= MIN_TEAM_COUNT:
                    self._team.add(contact)
                    self._cleaned.clear()
        if len(self._told) > _MAX_CONTACTS:
            self._told.clear()  # the team's contacts come again
        return cleaned[0]

    def _forget(self) -> None:
        """Drop the rarest questions, oldest first, until half of them are left."""
        while len(self._found) > MAX_QUESTIONS // 2:
            for key in [key for key, question in self._found.items() if question.times <= self._min_times]:
                if len(self._found) <= MAX_QUESTIONS // 2:
                    break
                del self._found[key]
            else:
                self._min_times += 1
        self._min_times = 1
        kept = {answer: answer for question in self._found.values() for answer in question.answers}
        self._answers = kept

    def observed_questions(self) -> Iterator[ObservedQuestion]:
        often = sorted(self._found.values(), key=lambda question: (-question.times, question.text))
        for question in often[:MAX_CLUSTERED]:
            conversations = frozenset(question.conversations)
            without = question.times - sum(question.answers.values())
            for answer, times in question.answers.items():
                yield ObservedQuestion(
                    text=question.text, times=times, conversations=conversations, answer=answer
                )
            if without > 0:
                yield ObservedQuestion(text=question.text, times=without, conversations=conversations)
