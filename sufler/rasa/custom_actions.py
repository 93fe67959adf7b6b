"""The team's own action server (rasa-sdk), behind ours."""

import json

import httpx
import structlog

from sufler.settings import without_credentials

log = structlog.get_logger(__name__)


class CustomActions:
    """Passes calls on as they came, and their answers back."""

    def __init__(self, url: str, *, timeout: float) -> None:
        self._url = url
        self._client = httpx.Client(timeout=timeout, trust_env=False)

    def __call__(self, call: bytes) -> tuple[int, bytes]:
        """Status and answer; 502 where there is none."""
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
