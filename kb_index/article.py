"""The knowledge-base article and the limits on its fields."""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property

from kb_index.errors import InvalidArticle
from kb_index.marks import Mark, to_lines

_ID = re.compile(r"[^\s|]{1,200}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
MAX_TEXT_LENGTH = 20_000  # characters; a longer question or answer is a file pasted by mistake
MAX_PHRASINGS = 2_000


class Status(StrEnum):
    """The publication status of an article. Only published articles are suggested."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


@dataclass(frozen=True, kw_only=True)
class Article:
    """A question, alternative phrasings of it, and its answer.

    `answer` is plain text, which may hold template fields such as `{customer_name}`. `marks` are the parts of
    it that a channel may show in bold, as a link and so on. `language` is a BCP 47 tag.
    `valid_from` and `valid_until` are inclusive; None leaves that end open.

    Raises:
        InvalidArticle: when a field holds an invalid value; the error names the field.
    """

    id: str
    question: str
    answer: str
    topic: str
    language: str
    phrasings: tuple[str, ...] = ()
    status: Status = Status.PUBLISHED
    valid_from: date | None = None
    valid_until: date | None = None
    marks: tuple[Mark, ...] = ()

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise InvalidArticle("id", "must be 1 to 200 characters without spaces or '|'")
        if not self.question.strip():
            raise InvalidArticle("question", "is empty")
        if not self.topic.strip():
            raise InvalidArticle("topic", "is empty")
        if not _LANGUAGE.fullmatch(self.language):
            raise InvalidArticle("language", f"{self.language!r} is not a language tag such as ru or en")
        for field in ("question", "answer", "topic"):
            self._check_text(field, getattr(self, field))
        if len(self.phrasings) > MAX_PHRASINGS:
            raise InvalidArticle("phrasings", f"has more than {MAX_PHRASINGS} lines")
        for phrasing in self.phrasings:
            if not phrasing.strip() or "\n" in phrasing:
                raise InvalidArticle("phrasings", "needs one phrasing a line, none of them empty")
            self._check_text("phrasings", phrasing)
        if self.valid_from and self.valid_until and self.valid_from > self.valid_until:
            raise InvalidArticle("valid_until", f"{self.valid_until} is before valid_from {self.valid_from}")

    @staticmethod
    def _check_text(field: str, text: str) -> None:
        if len(text) > MAX_TEXT_LENGTH:
            raise InvalidArticle(field, f"is longer than {MAX_TEXT_LENGTH} characters")
        if "\x00" in text:
            raise InvalidArticle(field, "contains a NUL byte: is the file binary?")

    @cached_property
    def content_hash(self) -> str:
        """Return the SHA-256 hash over every field. Equal articles have equal hashes."""
        fields = [
            self.id, self.question, self.answer, self.topic, self.language, list(self.phrasings),
            self.status.value, str(self.valid_from), str(self.valid_until),
        ]  # fmt: skip
        if self.marks:
            fields.append(to_lines(self.marks))
        return hashlib.sha256(json.dumps(fields, ensure_ascii=False).encode()).hexdigest()

    def is_live(self, on: date) -> bool:
        """Return True if the article is published and `on` lies within its validity dates."""
        return (
            self.status is Status.PUBLISHED
            and (self.valid_from is None or self.valid_from <= on)
            and (self.valid_until is None or on <= self.valid_until)
        )
