"""Logging to standard error, one line per event, without the texts of messages."""

import logging
import sys

import structlog


def configure_logs(level: int = logging.INFO) -> None:
    """Send our events from `level` up to standard error. Python itself prints the libraries' warnings."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
