"""How a running Sufler listens."""

import socket

import pytest

from sufler.serve import CannotServe, _listen
from sufler.settings import Settings, Web


def _settings(port: int) -> Settings:
    return Settings(web=Web(host="127.0.0.1", port=port))


def test_answers_are_sent_as_they_are_written() -> None:
    with _listen(_settings(0)) as listener:
        # asyncio switches off the collecting of small packets only where it is told that this is TCP
        assert listener.proto == socket.IPPROTO_TCP


def test_a_taken_port_is_named() -> None:
    with _listen(_settings(0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(CannotServe, match=f"127.0.0.1:{port}"):
            _listen(_settings(port))
