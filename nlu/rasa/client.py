"""Query a running Sufler over HTTP with a short time-out."""

import http.client
import json
import os
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.error import HTTPError

import numpy as np

_ADDRESS = "127.0.0.1:8080"
_PAUSE = 5.0  # seconds to skip requests after a failure: each try blocks Rasa for up to its time-out


class SuflerSilent(Exception):
    """Sufler does not answer or refuses. The message says which."""


@dataclass(frozen=True)
class Embeddings:
    """Vectors, shape (texts, dimensions), and the name of their encoder."""

    encoder: str
    vectors: np.ndarray


class SuflerClient:
    """Client for `POST /api/rasa/vectors` and `POST /api/rasa/triage`.

    `address` is host:port or a URL. It defaults to SUFLER_ADDRESS (host:port), then to 127.0.0.1:8080. The
    token is read only from SUFLER_TOKEN, not from config.yml: Rasa writes its configuration into every model.
    """

    # Shared by all components, so that a message does not block Rasa's loop once per component.
    _silent_until: ClassVar[dict[str, float]] = {}  # times by URL

    def __init__(self, address: str | None = None, timeout: float = 0.5) -> None:
        address = address or os.environ.get("SUFLER_ADDRESS") or _ADDRESS
        self.url = address if "://" in address else f"http://{address}"
        self._timeout = timeout
        # No proxy: Sufler runs on the local network, and customers' messages must stay there.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def encode(self, texts: Sequence[str], timeout: float | None = None) -> Embeddings:
        """Return sentence embeddings as Sufler's search compares them.

        Raises:
            SuflerSilent: when Sufler cannot provide embeddings now.
        """
        answer = self._ask("/api/rasa/vectors", {"texts": list(texts)}, timeout)
        try:
            vectors = np.array(answer["vectors"], dtype=np.float32)
            encoder = str(answer["encoder"])
        except (KeyError, TypeError, ValueError):
            raise SuflerSilent("Sufler answers something else than vectors") from None
        if vectors.ndim != 2 or len(vectors) != len(texts):
            raise SuflerSilent(f"Sufler answers {vectors.shape} for {len(texts)} texts")
        return Embeddings(encoder=encoder, vectors=vectors)

    def triage(self, text: str) -> dict[str, Any]:
        """Return suggestions with calibrated confidence, the route, and the reason for it.

        Raises:
            SuflerSilent: when Sufler cannot triage now.
        """
        return self._ask("/api/rasa/triage", {"text": text}, None)

    def _ask(self, path: str, body: dict[str, Any], timeout: float | None) -> dict[str, Any]:
        if time.monotonic() < self._silent_until.get(self.url, 0.0):
            raise SuflerSilent("Sufler was silent a moment ago")
        headers = {"Content-Type": "application/json"}
        if token := os.environ.get("SUFLER_TOKEN"):
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)  # noqa: S310
        try:
            with self._opener.open(request, timeout=timeout or self._timeout) as answer:
                found = json.load(answer)
        except HTTPError as error:
            hint = (
                ": set SUFLER_TOKEN (sufler user token NAME --scope rasa)" if error.code in {401, 403} else ""
            )
            raise SuflerSilent(f"Sufler at {self.url} refuses with status {error.code}{hint}") from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            self._silent_until[self.url] = time.monotonic() + _PAUSE
            raise SuflerSilent(f"Sufler at {self.url} does not answer: {error}") from None
        if not isinstance(found, dict):
            raise SuflerSilent(f"Sufler at {self.url} answers no JSON object")
        return found
