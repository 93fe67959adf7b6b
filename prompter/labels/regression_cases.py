"""Supervisors pin what must never be answered worse again."""

from prompter.common.clock import Clock, utc_now
from prompter.common.errors import NotFound, PrompterError
from prompter.domain.account import Account
from prompter.domain.regression_case import PinnedCase
from prompter.storage import Store
from prompter.text.pii import mask

_MAX_LENGTH = 1000  # characters


class InvalidPin(PrompterError):
    """There is no text to pin, or too much of it."""


class Pins:
    """The use cases around pinned cases: a new model version that breaks one is refused."""

    def __init__(self, store: Store, *, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock

    def all(self) -> list[PinnedCase]:
        """Every pinned case, oldest first."""
        with self._store.read() as tx:
            return tx.pins.all()

    def pin(self, text: str, article_id: str, account: Account | None) -> None:
        """Pin the article that is to come first for a text; personal data in it are masked.

        Raises:
            InvalidPin: the text is empty or too long.
            NotFound: there is no such article.
        """
        text = mask(" ".join(text.split()))
        if not text or len(text) > _MAX_LENGTH:
            raise InvalidPin(f"a pinned text has 1 to {_MAX_LENGTH} characters")
        with self._store.write() as tx:
            if article_id not in tx.articles.get_many([article_id]):
                raise NotFound(f"there is no article {article_id}")
            tx.pins.add(text, article_id, account_id=account.id if account else None, now=self._clock())

    def unpin(self, pin_id: int) -> None:
        """Let a pinned case go.

        Raises:
            NotFound: there is none.
        """
        with self._store.write() as tx:
            if not tx.pins.remove(pin_id):
                raise NotFound("there is no such pinned case")
