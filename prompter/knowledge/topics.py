"""List the topics and set their titles."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from prompter.common.clock import Clock, utc_now
from prompter.common.errors import NotFound, PrompterError
from prompter.domain.dialogue import TOPICS
from prompter.domain.topic import TopicTitles
from prompter.storage import Store, Transaction

MAX_TITLE_LENGTH = 100  # characters
MAX_LANGUAGES = 20  # of one topic
_MAX_ID_LENGTH = 500  # characters; the database has the id in an index
_MAX_LANGUAGE_LENGTH = 35  # characters of its tag
_MAX_AGE = timedelta(seconds=2)  # of cached titles
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_NO_TEXT = {"Cc", "Cs", "Zl", "Zp"}  # Unicode categories: controls, surrogates, ends of lines


class InvalidTitle(PrompterError):
    """A title or its language is invalid. The message says why."""


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A topic, a group of topics or a dialogue. `titles` are by language."""

    id: str
    titles: Mapping[str, str]
    n_articles: int


class Topics:
    """The topics of the articles, the `groups` of the settings and the dialogues, with their titles.

    `language` is the installation's. Its titles are used where another language has none.
    """

    def __init__(
        self, store: Store, *, language: str = "", groups: Collection[str] = (), clock: Clock = utc_now
    ) -> None:
        self._store = store
        self._language = language
        self._groups = frozenset(groups)
        self._clock = clock
        self._titles = TopicTitles(language=language)
        self._read_at = datetime.min.replace(tzinfo=UTC)

    def titles(self) -> TopicTitles:
        """Return every title. Another process's change may take two seconds to appear."""
        now = self._clock()
        if not now - _MAX_AGE < self._read_at <= now:
            with self._store.read() as tx:
                titles = tx.topic_titles.all()
            self._titles, self._read_at = TopicTitles(given=titles, language=self._language), now
        return self._titles

    def all(self) -> list[Topic]:
        """Return every topic with an article or a title, every group, and every dialogue that has spoken."""
        with self._store.read() as tx:
            counts, titles = tx.articles.count_by_topic(), tx.topic_titles.all()
            known = self._collect_ids(tx, counts, titles)
        return [
            Topic(id=topic, titles=titles.get(topic, {}), n_articles=counts.get(topic, 0)) for topic in known
        ]

    def set_titles(self, topic_id: str, titles: Mapping[str, str]) -> None:
        """Set the topic's titles by language and remove all others. Empty titles are left out.

        Raises:
            NotFound: when there is no such topic. A dialogue may get its titles before it has spoken.
            InvalidTitle: when a language is no BCP 47 tag, or a title is too long or not one line of text.
        """
        with self._store.write() as tx:
            self._put(tx, {topic_id: titles}, tx.topic_titles.all())
        self._forget()

    def change_titles(self, titles: Mapping[str, Mapping[str, str]]) -> None:
        """Set titles by topic and language, all of them or none.

        An empty title removes the title in that language. Titles in other languages stay.

        Raises:
            NotFound: when there is no such topic.
            InvalidTitle: as in `set_titles`.
        """
        with self._store.write() as tx:
            titles_before = tx.topic_titles.all()
            new = {
                topic_id: {**titles_before.get(topic_id, {}), **texts} for topic_id, texts in titles.items()
            }
            self._put(tx, new, titles_before)
        self._forget()

    def _put(
        self,
        tx: Transaction,
        titles: Mapping[str, Mapping[str, str]],
        titles_before: Mapping[str, Mapping[str, str]],
    ) -> None:
        known = set(self._collect_ids(tx, tx.articles.count_by_topic(), titles_before))
        for topic_id, texts in titles.items():
            if topic_id not in known and not _may_be_dialogue(topic_id):
                raise NotFound(f"there is no topic {topic_id}")
            if len(topic_id) > _MAX_ID_LENGTH:
                raise InvalidTitle(
                    f"a topic whose id is longer than {_MAX_ID_LENGTH} characters has no title"
                )
            tx.topic_titles.put(topic_id, _tidy(topic_id, texts))

    def _collect_ids(self, tx: Transaction, *topics: Collection[str]) -> list[str]:
        dialogues = (name for name in tx.readiness.all() if name.startswith(TOPICS))
        return sorted({*self._groups, *dialogues}.union(*topics))

    def _forget(self) -> None:
        self._read_at = datetime.min.replace(tzinfo=UTC)


def _may_be_dialogue(topic_id: str) -> bool:
    return topic_id.startswith(TOPICS) and topic_id != TOPICS and topic_id.isprintable()


def _tidy(topic_id: str, titles: Mapping[str, str]) -> dict[str, str]:
    """Return the titles that are not empty, stripped of surrounding blanks."""
    tidy = {language: title for language, text in titles.items() if (title := text.strip())}
    if len(tidy) > MAX_LANGUAGES:
        raise InvalidTitle(f"{topic_id}: has titles in more than {MAX_LANGUAGES} languages")
    for language, title in tidy.items():
        if not _LANGUAGE.fullmatch(language) or len(language) > _MAX_LANGUAGE_LENGTH:
            raise InvalidTitle(f"{topic_id}: {language!r} is no language tag such as ru or en")
        if len(title) > MAX_TITLE_LENGTH:
            raise InvalidTitle(f"{topic_id}: the title in {language} has over {MAX_TITLE_LENGTH} characters")
        if any(unicodedata.category(character) in _NO_TEXT for character in title):
            raise InvalidTitle(f"{topic_id}: the title in {language} holds a control character")
    return tidy
