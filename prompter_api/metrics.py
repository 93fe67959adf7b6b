"""Metrics for Prometheus: requests and workload."""

import time
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prompter.desk.service import Desk

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The metrics of an application, in their own registry."""

    def __init__(self, desk: Desk) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "sufler_requests", "Requests answered", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "sufler_request_seconds",
            "Time until a request was answered",
            ["method", "route"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        ProcessCollector(registry=self._registry)
        self._registry.register(_WorkloadCollector(desk))

    def record_response(self, method: str, route: str, status: int, seconds: float) -> None:
        method = method if method in _METHODS else "other"
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(method, route).observe(seconds)

    def text(self) -> bytes:
        """Return the metrics in Prometheus' text format."""
        return generate_latest(self._registry)


class _WorkloadCollector(Collector):
    """Reads the queue and the outbox at each scrape, so that no counters have to be maintained."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return _families()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        workload = self._desk.workload()
        waiting, untriaged, oldest, replies, silent = families = _families()
        waiting.add_metric([], workload.waiting)
        untriaged.add_metric([], workload.untriaged)
        oldest.add_metric([], workload.oldest_untriaged.total_seconds())
        silent.add_metric([], workload.outage is not None)
        for state, count in workload.replies.items():
            replies.add_metric([state.value], count)
        return families


def _families() -> list[GaugeMetricFamily]:
    return [
        GaugeMetricFamily("sufler_turns_waiting", "Turns that wait for an operator"),
        GaugeMetricFamily("sufler_turns_untriaged", "Turns that wait for the worker, counted up to 10,000"),
        GaugeMetricFamily(
            "sufler_oldest_untriaged_seconds", "Since the oldest turn that waits for the worker has begun"
        ),
        GaugeMetricFamily("sufler_replies", "Replies in the outbox by state", labels=["state"]),
        GaugeMetricFamily("sufler_dialogue_silent", "1 while the dialogue engine gives no answers"),
    ]


class RequestMetrics:
    """Counts requests by the route's template. Unmatched paths are `other`, so callers invent no labels."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        metrics: Metrics = scope["app"].state.metrics  # before a mounted application replaces it
        status = 500
        begin = time.perf_counter()

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note_status)
        finally:
            route = getattr(scope.get("route"), "path", None) or "other"
            metrics.record_response(scope["method"], route, status, time.perf_counter() - begin)
