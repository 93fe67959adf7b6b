"""Attention checks: known-wrong answers mixed into the review queue to measure reviewers.

They combine a judged question with answers of other topics. No customer ever sees them, and they are no
evidence about any topic.
"""

from collections.abc import Callable
from random import SystemRandom

from prompter.common.clock import Clock, utc_now
from prompter.domain.evidence import Place, ReviewKind
from prompter.storage import Store

_ONE_IN = 20  # reviews
_random = SystemRandom()


class AttentionCheckScheduler:
    """Makes one review in twenty an attention check. `random` returns uniform numbers in [0, 1)."""

    def __init__(
        self, store: Store, *, random: Callable[[], float] = _random.random, clock: Clock = utc_now
    ) -> None:
        self._store = store
        self._random = random
        self._clock = clock

    def run_once(self) -> bool:
        """Add a check if one is due. Return False if it is not, or the base has too few topics."""
        with self._store.read() as tx:
            asked, gold = tx.reviews.count_gold()
            question = tx.reviews.next_gold_question() if asked >= _ONE_IN * (gold + 1) else None
            if question is None:
                return False
            answers = tx.articles.answers_of_other_topics(question.topic)
        if not answers:
            return False
        first = self._choose(answers)
        other_answers = [answer for answer in answers if answer != first]
        with self._store.write() as tx:
            tx.reviews.add(
                turn_id=question.turn_id,
                decision_id=None,
                kind=ReviewKind.GOLD,
                question=question.utterance,
                own_text=first,
                other_text=self._choose(other_answers) if other_answers else None,
                bot_position=Place.FIRST,
                excluded_account_id=None,
                now=self._clock(),
            )
        return True

    def _choose(self, answers: list[str]) -> str:
        return answers[min(len(answers) - 1, int(self._random() * len(answers)))]
