"""Rate limits of logins.

Failed tries are counted in the database, so that all processes share the counts and a restart loses
nothing. Names and addresses are stored as keyed hashes only.
"""

import hashlib
import hmac
import math
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from prompter.common.clock import Clock, utc_now
from prompter.common.errors import DatabaseUnavailable
from prompter.domain.account import LoginCount
from prompter.storage import Conflict, Store
from prompter_api.errors import TooManyTries
from web.addresses import networks_of

log = structlog.get_logger(__name__)

_MAX_ROWS = 50_000
_PRUNE_SECONDS = 60.0
_KNOWN_FOR = timedelta(days=30)  # how long a network is remembered after a login
_NETWORKS = 5  # the limit of a name, as a multiple of its limit in one network
_NARROW_IN_WIDE = (
    3  # the limit of a /48, as a multiple of a /64's: below _NETWORKS, as one line may have a /48
)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """An attempt to log in under a name, and the keys under which it is counted."""

    limits: Mapping[str, int]  # the maximum number of tries by key
    own_key: str  # for the name in this network or browser
    shared_keys: tuple[str, ...]  # keys that attempts of others share
    network_key: str  # the key under which a login is remembered
    is_known: bool  # the name's owner has logged in before from this network or browser


class LoginThrottle:
    """Slows down password guessing without locking out the owner of a name.

    Tries are counted by name and network, and by network alone. IPv6 addresses count by /64 and by /48. A
    name also has a limit over all networks. After a login under a name from a network, that name has its own
    count there: neither other names in the network nor other networks can use up its tries. A browser in
    which somebody has logged in has a cookie that proves it and has its own count ("device cookies", OWASP).
    So it can log in even while somebody guesses the password for its name from its network.

    A name is counted whether or not there is such an account, so the response does not tell. Tries are
    counted before the password is checked, so that parallel requests cannot slip through.
    """

    def __init__(
        self,
        store: Store,
        *,
        secret: str,
        per_name: int,
        per_address: int,
        window_seconds: float,
        clock: Clock = utc_now,
    ) -> None:
        self._store = store
        self._secret = secret.encode()
        self._per_name = per_name
        self._per_address = per_address
        self._window = timedelta(seconds=window_seconds)
        self._clock = clock
        self._pruned_at = -math.inf
        self._lock = threading.Lock()

    def attempt(self, name: str, address: str, device: str | None) -> Attempt:
        """Return how a try is counted. `device` is the browser's cookie of an earlier login.

        Raises:
            TooManyTries: when there have been too many already. This check counts nothing.
        """
        name, now = _fold(name), self._clock()
        network, *wider = networks_of(address)
        network_key = self._key("known network", name, network)
        device_id = self._device_of(name, device)
        if device_id is not None:
            own_key, shared = self._key("device", name, device_id), {}
        else:
            own_key = self._key("name and network", name, network)
            shared = {
                self._key("network", network): self._per_address,
                self._key("name", name): _NETWORKS * self._per_name,
            }
            for wide in wider:
                shared[self._key("name and network", name, wide)] = _NARROW_IN_WIDE * self._per_name
                shared[self._key("network", wide)] = _NARROW_IN_WIDE * self._per_address
        with self._store.read() as tx:
            counts = tx.login_counts.get({own_key, network_key, *shared}, now)
        is_known = device_id is not None or network_key in counts
        if is_known:
            shared = {}
        limits = {own_key: self._per_name, **shared}
        self._refuse(limits, counts)
        return Attempt(
            limits=limits,
            own_key=own_key,
            shared_keys=tuple(shared),
            network_key=network_key,
            is_known=is_known,
        )

    def attempt_from_session(self, account_id: int) -> Attempt:
        """Return how a try to change a password is counted. Strangers cannot use up its tries.

        Rejected new passwords have their own count, as they take time to estimate.

        Raises:
            TooManyTries: when there have been too many.
        """
        key, any_key = (self._key(kind, str(account_id)) for kind in ("old password", "change of password"))
        attempt = Attempt(
            limits={key: self._per_name, any_key: _NETWORKS * self._per_name},
            own_key=key,
            shared_keys=(any_key,),
            network_key="",
            is_known=True,
        )
        with self._store.read() as tx:
            self._refuse(attempt.limits, tx.login_counts.get(attempt.limits, self._clock()))
        return attempt

    def count(self, attempt: Attempt) -> None:
        """Count a try.

        Raises:
            TooManyTries: when there have been too many meanwhile. This try is not counted then.
        """
        now = self._clock()
        self._prune()
        with self._store.write() as tx:
            counts = tx.login_counts.lock(attempt.limits, now)
            self._refuse(attempt.limits, counts)
            for key in attempt.limits:
                count = counts.get(key) or LoginCount(tries=0, since=now, until=now + self._window)
                tx.login_counts.put(key, replace(count, tries=count.tries + 1))

    def reset_own_count(self, attempt: Attempt) -> None:
        """Reset the attempt's own count after a right password, whether or not the request succeeds."""
        with self._log_failures(), self._store.write() as tx:
            tx.login_counts.forget(attempt.own_key)

    def record_success(self, attempt: Attempt) -> None:
        """Reset the attempt's own count after a login. Shared counts only lose this try."""
        now = self._clock()
        with self._log_failures(), self._store.write() as tx:
            counts = tx.login_counts.lock(self._keys_of(attempt), now)
            for key in attempt.shared_keys:
                if (count := counts.get(key)) is not None and count.tries > 0:
                    tx.login_counts.put(key, replace(count, tries=count.tries - 1))
            tx.login_counts.forget(attempt.own_key)
            if attempt.network_key:
                known = LoginCount(tries=0, since=now, until=now + _KNOWN_FOR)
                tx.login_counts.put(attempt.network_key, known)

    @staticmethod
    def _keys_of(attempt: Attempt) -> set[str]:
        return {attempt.own_key, *attempt.shared_keys, *filter(None, [attempt.network_key])}

    @contextmanager
    def _log_failures(self) -> Iterator[None]:
        """Log a database error instead of raising it, as the login itself has succeeded already."""
        try:
            yield
        except (Conflict, DatabaseUnavailable) as error:
            log.warning("login_not_uncounted", kind=type(error).__name__)

    def device_cookie(self, name: str) -> str:
        """Make a cookie by which a browser proves an earlier login under this name."""
        device_id = secrets.token_urlsafe(16)
        return f"{device_id}.{self._key('device cookie', _fold(name), device_id)}"

    def _device_of(self, name: str, cookie: str | None) -> str | None:
        device_id, _, signature = (cookie or "").partition(".")
        expected = self._key("device cookie", name, device_id)
        return device_id if hmac.compare_digest(signature.encode(), expected.encode()) else None

    def _refuse(self, limits: Mapping[str, int], counts: Mapping[str, LoginCount]) -> None:
        full = [counts[key].until for key in limits if key in counts and counts[key].tries >= limits[key]]
        if full:
            wait = min(max(full) - self._clock(), self._window)
            raise TooManyTries(max(1, math.ceil(wait.total_seconds())))

    def _prune(self) -> None:
        with self._lock:
            if time.monotonic() < self._pruned_at + _PRUNE_SECONDS:
                return
            self._pruned_at = time.monotonic()
        with self._store.write() as tx:
            tx.login_counts.prune(self._clock(), limit=_MAX_ROWS)

    def _key(self, kind: str, *parts: str) -> str:
        return hmac.new(self._secret, "\x00".join((kind, *parts)).encode(), hashlib.sha256).hexdigest()


def _fold(name: str) -> str:
    return name.strip().casefold()[:100]
