"""Look up orders in a file that the shop exports, or in its HTTP service."""

from pathlib import Path
from urllib.parse import quote

import httpx

from files import BadFile, Budget, csv_rows
from prompter.dialogue.forms import Lookup, LookupUnavailable
from sufler.errors import BadConfig
from sufler.settings import without_credentials

_STATE = "state"


def build_orders(source: str | None, *, timeout: float) -> Lookup | None:
    """Build the lookup from a URL that contains {number}, or from a CSV file. None means no lookup.

    Raises:
        BadConfig: when the source is neither.
    """
    if source is None:
        return None
    if source.startswith(("http://", "https://")):
        if "{number}" not in source:
            raise BadConfig(
                f"dialogue.orders: {without_credentials(source)}: the URL must have {{number}} "
                "where the number goes"
            )
        return HttpOrders(source, timeout=timeout)
    return CsvOrders(Path(source))


class CsvOrders:
    """Orders in a file with the columns number and state. It is read again whenever it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at = -1
        self._states: dict[str, str] = {}

    def state_of(self, number: str) -> str | None:
        try:
            changed_at = self._path.stat().st_mtime_ns
            if changed_at != self._read_at:
                self._states, self._read_at = self._read(), changed_at
        except OSError as error:
            raise LookupUnavailable(f"{self._path}: cannot be read: {error}") from None
        except BadFile as error:
            raise LookupUnavailable(f"{self._path}: cannot be read: {error.problem}") from None
        state = self._states.get(number)
        if state == "":
            raise LookupUnavailable(f"{self._path}: the order has no {_STATE}")
        return state

    def _read(self) -> dict[str, str]:
        rows = Budget(self._path).watch(csv_rows(self._path))
        _, names = next(rows, (1, []))
        if not {"number", _STATE} <= set(names):
            raise LookupUnavailable(f"{self._path}: needs the columns number and {_STATE}")
        states: dict[str, str] = {}
        for _, cells in rows:
            order = dict(zip(names, cells, strict=False))
            if number := order.get("number", "").strip():
                states[number] = order.get(_STATE, "").strip()
        return states


class HttpOrders:
    """Orders of a service that answers {"state": …}, or status 404 if there is no such order."""

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
            raise LookupUnavailable(f"the orders' service does not answer: {type(error).__name__}") from None
        if not isinstance(state, str) or not state.strip():
            raise LookupUnavailable("the orders' service answers without a state")
        return state.strip()
