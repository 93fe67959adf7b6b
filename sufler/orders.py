"""Where orders are looked up: a file that the shop exports, or its own HTTP service."""

import csv
from pathlib import Path
from urllib.parse import quote

import httpx

from prompter.actions import Orders, OrdersUnavailable
from sufler.settings import BadConfig

_STATE = "state"


def build_orders(source: str | None, *, timeout: float) -> Orders | None:
    """Orders from a URL that has {number} in it, or from a CSV file; None: from nowhere.

    Raises:
        BadConfig: it is neither.
    """
    if source is None:
        return None
    if source.startswith(("http://", "https://")):
        if "{number}" not in source:
            raise BadConfig(f"dialogue.orders: {source}: the URL must have {{number}} where the number goes")
        return HttpOrders(source, timeout=timeout)
    return CsvOrders(Path(source))


class CsvOrders:
    """A file with the columns number and state, read anew whenever it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at = -1
        self._states: dict[str, str] = {}

    def state_of(self, number: str) -> str | None:
        try:
            changed_at = self._path.stat().st_mtime_ns
            if changed_at != self._read_at:
                self._states, self._read_at = self._read(), changed_at
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise OrdersUnavailable(f"{self._path}: cannot be read: {error}") from None
        state = self._states.get(number)
        if state == "":
            raise OrdersUnavailable(f"{self._path}: the order has no {_STATE}")
        return state

    def _read(self) -> dict[str, str]:
        with self._path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if not {"number", _STATE} <= set(rows.fieldnames or ()):
                raise OrdersUnavailable(f"{self._path}: needs the columns number and {_STATE}")
            return {row["number"].strip(): (row[_STATE] or "").strip() for row in rows if row["number"]}


class HttpOrders:
    """A service that answers {"state": …}, or status 404 where there is no such order."""

    def __init__(self, url: str, *, timeout: float) -> None:
        self._url = url
        self._client = httpx.Client(timeout=timeout, trust_env=False)

    def state_of(self, number: str) -> str | None:
        try:
            answer = self._client.get(self._url.replace("{number}", quote(number, safe="")))
            if answer.status_code == httpx.codes.NOT_FOUND:
                return None
            state = answer.raise_for_status().json()[_STATE]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise OrdersUnavailable(f"the orders' service does not answer: {type(error).__name__}") from None
        if not isinstance(state, str) or not state.strip():
            raise OrdersUnavailable("the orders' service answers without a state")
        return state.strip()
