"""Sufler starts and listens as configured."""

import asyncio
import gc
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from nlu.errors import EncoderUnavailable
from prompter.models.recipe import EncoderConfig
from sufler import bootstrap
from sufler.bootstrap.process import Duty, serve
from sufler.serve import CannotServe, listen
from sufler.settings import Settings, Web


def _settings(port: int) -> Settings:
    return Settings(web=Web(host="127.0.0.1", port=port))


def test_answers_are_sent_as_they_are_written() -> None:
    with listen("127.0.0.1", 0) as listener:
        # asyncio switches off the collecting of small packets only where it is told that this is TCP
        assert listener.proto == socket.IPPROTO_TCP


def test_a_taken_port_is_named() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(CannotServe, match=f"127.0.0.1:{port}"):
            listen("127.0.0.1", port)


@pytest.fixture
def own_garbage() -> Iterator[None]:
    """Undo the garbage-collection settings of `serve`, under which the tests would grow to gigabytes."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@pytest.mark.slow
@pytest.mark.usefixtures("own_garbage")
def test_what_keeps_it_from_starting_is_raised_as_it_is(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path,
        web=Web(host="127.0.0.1", port=0),
        encoder=EncoderConfig(kind="sentence-transformers", model=str(tmp_path / "nowhere")),
    )
    with bootstrap.open_store(settings) as store, pytest.raises(EncoderUnavailable):
        asyncio.run(serve(settings, store, frozenset(Duty)))
