"""Forward calls to the team's own action server (rasa-sdk)."""

import json

import httpx
import structlog

from sufler.settings import without_credentials

log = structlog.get_logger(__name__)


class CustomActions:
    """Forwards calls and returns the answers, both unchanged."""

    def __init__(self, url: str, *, timeout: float) -> None:
        self._url = url
        self._client = httpx.Client(timeout=timeout, trust_env=False)

    def __call__(self, call: bytes) -> tuple[int, bytes]:
        """Return status and answer. The status is 502 if there is no answer."""
        try:
            answer = self._client.post(self._url, content=call, headers={"Content-Type": "application/json"})
        except httpx.HTTPError as error:
            log.error("own_actions_silent", error=type(error).__name__)
            problem = {
                "error": "own_actions_silent",
                "message": f"{without_credentials(self._url)} does not answer",
            }
            return 502, json.dumps(problem).encode()
        return answer.status_code, answer.content
