"""How often may somebody try to log in?

Failed tries are counted in the database, so that every process counts the same and a restart forgets
nothing. Names and addresses stand there as keyed hashes only.
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
_KNOWN_FOR = timedelta(days=30)  # that a network is remembered after a login
_NETWORKS = 5  # a name has the tries of so many networks, before unknown ones have to wait
_NARROW_IN_WIDE = (
    3  # so often the limit of a /64 holds for a /48, which one line may have: fewer than _NETWORKS
)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """Somebody who tries to log in under a name, and how their tries are counted."""

    limits: Mapping[str, int]  # tries by key
    own_key: str  # of the name at this network or in this browser
    shared_keys: tuple[str, ...]  # others try under these, too
    network_key: str  # under which a login is remembered
    is_known: bool  # the name's owner has logged in from here before


class LoginThrottle:
    """Slows down who guesses passwords, without keeping the owner of a name out.

    Tries are counted by name and network and by network alone; of IPv6 both by /64 and by /48. From
    many networks at once a name has a limit, too. Where somebody has logged in under a name from a
    network, that name is counted by itself there: neither other names of the network nor other networks
    use its tries up. A browser in which somebody has carries a cookie that says so and is counted by
    itself ("device cookies", OWASP), so it gets in even beside who guesses its name from its network.

    A name is counted whether or not there is such an account: the answer does not tell. Tries are
    counted before the password is checked, so that many at once cannot slip through.
    """

    def __init__(
        self,
        store: Store,
        *,
        secret: str,
        per_name: int = 10,
        per_address: int = 50,
        window_seconds: float = 300,
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
        """How a try is counted; `device` is what the browser shows of an earlier login.

        Raises:
            TooManyTries: there were too many, by what is known without counting.
        """
        name, now = _folded(name), self._clock()
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
        """How a try to change a password is counted: strangers cannot use it up.

        New passwords that will not do are counted by themselves, as they take time to estimate.

        Raises:
            TooManyTries: there were too many.
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
            TooManyTries: there were too many meanwhile; this one is not counted.
        """
        now = self._clock()
        self._prune()
        with self._store.write() as tx:
            counts = tx.login_counts.lock(attempt.limits, now)
            self._refuse(attempt.limits, counts)
            for key in attempt.limits:
                count = counts.get(key) or LoginCount(tries=0, since=now, until=now + self._window)
                tx.login_counts.put(key, replace(count, tries=count.tries + 1))

    def fitted(self, attempt: Attempt) -> None:
        """Whoever has the password guesses nothing, whatever becomes of what they want it for."""
        with self._noted(), self._store.write() as tx:
            tx.login_counts.forget(attempt.own_key)

    def succeeded(self, attempt: Attempt) -> None:
        """Whoever has logged in starts afresh; what others share with them only loses this try."""
        now = self._clock()
        with self._noted(), self._store.write() as tx:
            counts = tx.login_counts.lock(self._written_by(attempt), now)
            for key in attempt.shared_keys:
                if (count := counts.get(key)) is not None and count.tries > 0:
                    tx.login_counts.put(key, replace(count, tries=count.tries - 1))
            tx.login_counts.forget(attempt.own_key)
            if attempt.network_key:
                known = LoginCount(tries=0, since=now, until=now + _KNOWN_FOR)
                tx.login_counts.put(attempt.network_key, known)

    @staticmethod
    def _written_by(attempt: Attempt) -> set[str]:
        return {attempt.own_key, *attempt.shared_keys, *filter(None, [attempt.network_key])}

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """What is done for a login that has its answer already: a database that is away must not deny it."""
        try:
            yield
        except (Conflict, DatabaseUnavailable) as error:
            log.warning("login_not_uncounted", kind=type(error).__name__)

    def device_cookie(self, name: str) -> str:
        """A fresh cookie by which a browser shows that somebody has logged in there under this name."""
        device_id = secrets.token_urlsafe(16)
        return f"{device_id}.{self._key('device cookie', _folded(name), device_id)}"

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


def _folded(name: str) -> str:
    return name.strip().casefold()[:100]
