"""Waiting writers are served in turn and wait for a bounded time."""

import sqlite3
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from prompter.common.errors import DatabaseBusy
from prompter.storage import Store, connect
from prompter.storage.writers import WriterQueue
from tests.bot.harness import wait_until


class Writing:
    """A writer who has begun and not yet ended a transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._end = threading.Event()
        self._has_begun = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> "Writing":
        self._thread.start()
        self._has_begun.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _write(self) -> None:
        with self._store.write() as tx:
            tx.facts.set("long", "1")
            self._has_begun.set()
            self._end.wait(30)


def _has_waiting(queue: WriterQueue, number: int) -> bool:
    return len(queue) == number


def test_writers_come_in_the_order_in_which_they_asked() -> None:
    queue = WriterQueue()
    served: list[int] = []

    def write(number: int) -> None:
        with queue.turn(30):
            served.append(number)

    with ThreadPoolExecutor(20) as pool, queue.turn(30):
        for number in range(20):
            pool.submit(write, number)
            wait_until(partial(_has_waiting, queue, number + 1))
    assert served == list(range(20))


def test_a_request_does_not_wait_for_ever_and_readers_do_not_wait_at_all(store: Store) -> None:
    hurried = store.with_timeout(0.01)
    with Writing(store):
        with pytest.raises(DatabaseBusy, match="busy with other writes"), hurried.write():
            pass
        with hurried.read() as tx:
            assert tx.facts.get("long") is None
    with hurried.write() as tx:  # nobody is left in the way
        assert tx.facts.get("long") == "1"


def test_no_more_than_so_many_wait() -> None:
    queue = WriterQueue(max_waiting=2)

    def take(_: int) -> None:
        with queue.turn(30):
            pass

    with ThreadPoolExecutor(2) as pool:
        with queue.turn(30):
            waiting: list[Future[None]] = [pool.submit(take, number) for number in range(2)]
            wait_until(lambda: len(queue) == 2)
            with pytest.raises(DatabaseBusy, match="2 others wait"):
                take(3)
        for writer in waiting:
            writer.result()


def test_a_writer_who_fails_makes_room(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.write():
        raise ZeroDivisionError
    with store.with_timeout(0.01).write() as tx:
        tx.facts.set("a", "1")


def test_another_programs_lock_is_waited_for_no_longer(store: Store, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy, match="locked"), store.with_timeout(0.01).write():
            pass


def test_a_busy_pool_is_waited_for_as_briefly(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'a.db'}", max_connections=1)
    assert engine.pool.timeout() <= 5  # type: ignore[attr-defined]
    engine.dispose()
