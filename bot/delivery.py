"""Delivery takes replies from the outbox, sends them and reports the outcome. Nothing else sends replies."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Protocol

import structlog

from bot.channel import Channel, NotAccepted, OutcomeUnknown, PermanentFailure
from prompter.common.safe_errors import describe_without_content
from prompter.common.shutdown import Backoff, sleep_unless_stopped, stop_task
from prompter.conversations.delivery import Deliveries, OutgoingMessage

log = structlog.get_logger(__name__)

Report = Callable[[], None]


class Watcher(Protocol):
    """Is told when a loop begins a piece of work, and whether the work succeeded."""

    def record_start(self, loop: str) -> None: ...

    def record_success(self, loop: str) -> None: ...

    def record_failure(self, loop: str) -> None: ...


class _Nobody:
    """A watcher that ignores everything."""

    def record_start(self, loop: str) -> None: ...

    def record_success(self, loop: str) -> None: ...

    def record_failure(self, loop: str) -> None: ...


class Delivery:
    """Sends the replies in the outbox: chats in parallel, replies of a chat in order, channels independently.

    `send_seconds` limits one attempt to send and should stay below the lease of `deliveries`: when an attempt
    takes longer, its outcome is unknown. `max_concurrency` is per channel. Every `Delivery` of a deployment
    must know all idempotent channels, as it also settles the replies of another one that died.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        channels: Sequence[Channel],
        *,
        poll_seconds: float,
        max_concurrency: int,
        send_seconds: float,
        expire_seconds: float,
        first_backoff_seconds: float = 0.5,
        max_backoff_seconds: float = 15.0,
        watcher: Watcher | None = None,
    ) -> None:
        """`watcher` is told of every check of the outbox. Each channel is a loop named delivery-CHANNEL."""
        self._deliveries = deliveries
        self._channels = tuple(channels)
        self._poll_seconds = poll_seconds
        self._max_concurrency = max_concurrency
        self._send_seconds = send_seconds
        self._expire_seconds = expire_seconds
        self._first_backoff_seconds = first_backoff_seconds
        self._max_backoff_seconds = max_backoff_seconds
        self._watcher: Watcher = watcher or _Nobody()
        # Ids of replies that tasks work on, from before the claim until the report is made or given up.
        self._in_hand: set[int] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set. Replies that are being sent then are finished first."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._expire_claims(stop))
            for channel in self._channels:
                loops.create_task(self._serve(channel, stop))

    async def _serve(self, channel: Channel, stop: asyncio.Event) -> None:
        """Send the replies of one channel, at most `max_concurrency` at once."""
        backoff = self._backoff()
        loop = f"delivery-{channel.name}"
        in_flight: set[asyncio.Task[None]] = set()
        found: deque[OutgoingMessage] = deque()
        async with asyncio.TaskGroup() as sending, stop_task(stop) as stopping:
            while not stop.is_set():
                free = self._max_concurrency - len(in_flight)
                if free and not found:
                    self._watcher.record_start(loop)
                    try:
                        found.extend(await asyncio.to_thread(self._look(channel, free)))
                    except Exception as error:
                        self._watcher.record_failure(loop)
                        log.warning(
                            "delivery_claim_failed",
                            channel=channel.name,
                            error=describe_without_content(error),
                        )
                        await backoff.wait(stop)
                        continue
                    self._watcher.record_success(loop)
                    backoff.record_success()
                for _ in range(min(free, len(found))):
                    message = found.popleft()
                    self._in_hand.add(message.id)
                    in_flight.add(sending.create_task(self._deliver(channel, message, stop)))
                # A chat's next reply may be claimed as soon as the previous reply is settled.
                await asyncio.wait(
                    {stopping, *in_flight}, timeout=self._poll_seconds, return_when=asyncio.FIRST_COMPLETED
                )
                in_flight = {task for task in in_flight if not task.done()}

    def _look(self, channel: Channel, free: int) -> Callable[[], list[OutgoingMessage]]:
        """Find replies to send. Replies of an idempotent channel are claimed at the same time.

        A reply of any other channel is claimed right before it is sent, because the outcome of a reply that
        is claimed when the program dies is unknown.
        """
        if channel.idempotent:
            return partial(self._deliveries.claim, [channel.name], limit=free)
        return partial(
            self._deliveries.list_waiting,
            [channel.name],
            limit=self._max_concurrency,
            but=tuple(self._in_hand),
        )

    async def _deliver(self, channel: Channel, message: OutgoingMessage, stop: asyncio.Event) -> None:
        try:
            claimed = message if channel.idempotent else await self._claim(channel, message, stop)
            if claimed is not None:
                await self._report(channel, claimed, await self._send(channel, claimed), stop)
        finally:
            self._in_hand.discard(message.id)

    async def _claim(
        self, channel: Channel, message: OutgoingMessage, stop: asyncio.Event
    ) -> OutgoingMessage | None:
        if stop.is_set():
            return None
        try:
            return await asyncio.to_thread(self._deliveries.claim_one, message)
        except Exception as error:
            log.warning("delivery_claim_failed", channel=channel.name, error=describe_without_content(error))
            await self._backoff().wait(stop)
            return None

    async def _report(
        self, channel: Channel, message: OutgoingMessage, report: Report, stop: asyncio.Event
    ) -> None:
        backoff = self._backoff()
        while True:
            is_last_try = stop.is_set()
            try:
                await asyncio.to_thread(report)
            except Exception as error:
                log.warning(
                    "delivery_report_failed", reply_id=message.id, error=describe_without_content(error)
                )
            else:
                return
            if is_last_try:
                # The claim will expire, and the reply will be shown with an unknown outcome.
                log.error("delivery_report_given_up", reply_id=message.id, channel=channel.name)
                return
            await backoff.wait(stop)

    async def _send(self, channel: Channel, message: OutgoingMessage) -> Report:
        """Send one message. Return the function that reports the outcome to the outbox."""
        try:
            async with asyncio.timeout(self._send_seconds):
                external_id = await channel.send(message)
        except NotAccepted as error:
            wait = timedelta(seconds=error.retry_after) if error.retry_after is not None else None
            log.info("reply_not_taken", reply_id=message.id, channel=channel.name, problem=str(error))
            return partial(self._deliveries.mark_not_accepted, message, str(error), retry_after=wait)
        except PermanentFailure as error:
            log.warning("reply_refused", reply_id=message.id, channel=channel.name, problem=str(error))
            return partial(self._deliveries.mark_refused, message, str(error))
        except OutcomeUnknown as error:
            return self._report_unknown(channel, message, str(error))
        except TimeoutError:
            return self._report_unknown(channel, message, "the messenger did not answer in time")
        except Exception as error:
            log.error(
                "channel_broke",
                reply_id=message.id,
                channel=channel.name,
                error=describe_without_content(error),
            )
            return self._report_unknown(channel, message, f"sending broke off: {type(error).__name__}")
        log.info("reply_sent", reply_id=message.id, channel=channel.name)
        return partial(self._deliveries.mark_sent, message, external_id)

    def _report_unknown(self, channel: Channel, message: OutgoingMessage, problem: str) -> Report:
        if channel.idempotent:
            return partial(self._deliveries.mark_not_accepted, message, problem)
        log.warning("reply_fate_unknown", reply_id=message.id, channel=channel.name, problem=problem)
        return partial(self._deliveries.mark_unknown, message, problem)

    async def _expire_claims(self, stop: asyncio.Event) -> None:
        """Settle replies whose delivery died before it reported."""
        idempotent = [channel.name for channel in self._channels if channel.idempotent]
        backoff = self._backoff()
        while not stop.is_set():
            try:
                # While our own reports wait for the database, or after the clock was set forward, the
                # claims of our tasks only look abandoned.
                expired = await asyncio.to_thread(
                    self._deliveries.expire_claims, idempotent, alive=frozenset(self._in_hand)
                )
            except Exception as error:
                log.warning("delivery_expiry_failed", error=describe_without_content(error))
                await backoff.wait(stop)
                continue
            backoff.record_success()
            if expired:
                log.warning("abandoned_replies_settled", count=expired)
            await sleep_unless_stopped(stop, self._expire_seconds)

    def _backoff(self) -> Backoff:
        return Backoff(first_seconds=self._first_backoff_seconds, max_seconds=self._max_backoff_seconds)
