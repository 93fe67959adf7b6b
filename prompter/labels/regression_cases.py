"""Pinned questions, which no new version may answer worse."""

from prompter.common.clock import Clock, utc_now
from prompter.common.errors import NotFound, PrompterError
from prompter.domain.account import Account
from prompter.domain.regression_case import PinnedCase
from prompter.storage import Store
from prompter.text.pii import mask

_MAX_LENGTH = 1000  # characters


class InvalidPin(PrompterError):
    """The text to pin is empty or too long."""


class Pins:
    """The use cases of pinned questions. A new model version that breaks one is refused."""

    def __init__(self, store: Store, *, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock

    def all(self) -> list[PinnedCase]:
        """Return every pinned case, oldest first."""
        with self._store.read() as tx:
            return tx.pins.all()

    def pin(self, text: str, article_id: str, account: Account | None) -> None:
        """Pin the article that must come first for a text. Personal data in the text are masked.

        Raises:
            InvalidPin: when the text is empty or too long.
            NotFound: when there is no such article.
        """
        text = mask(" ".join(text.split()))
        if not text or len(text) > _MAX_LENGTH:
            raise InvalidPin(f"a pinned text has 1 to {_MAX_LENGTH} characters")
        with self._store.write() as tx:
            if article_id not in tx.articles.get_many([article_id]):
                raise NotFound(f"there is no article {article_id}")
            tx.pins.add(text, article_id, account_id=account.id if account else None, now=self._clock())

    def unpin(self, pin_id: int) -> None:
        """Remove a pinned case.

        Raises:
            NotFound: when there is none.
        """
        with self._store.write() as tx:
            if not tx.pins.remove(pin_id):
                raise NotFound("there is no such pinned case")
