"""Metrics and logs: a registry of our own with cached children, and one JSON line per event."""

import logging
import sys
from dataclasses import dataclass
from typing import TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Every metric of the process; built by `open_app`, never global, so tests do not share counts."""

    registry: CollectorRegistry
    http_requests: Counter
    http_seconds: Histogram
    missions: Counter
    missions_running: Gauge
    tasks: Counter
    task_seconds: Histogram
    settle_seconds: Histogram
    settle_batch: Histogram
    transfers: Counter
    outbox_events: Counter


def open_telemetry() -> Telemetry:
    """Fresh metrics in a fresh registry."""
    registry = CollectorRegistry()
    return Telemetry(
        registry=registry,
        http_requests=Counter(
            "aia_http_requests_total",
            "HTTP requests answered",
            ("method", "route", "status"),
            registry=registry,
        ),
        http_seconds=Histogram(
            "aia_http_request_seconds",
            "Time to answer an HTTP request",
            ("route",),
            registry=registry,
            buckets=SECONDS,
        ),
        missions=Counter("aia_missions_total", "Missions ended, by state", ("state",), registry=registry),
        missions_running=Gauge("aia_missions_running", "Missions this process is working on", registry=registry),
        tasks=Counter("aia_tasks_total", "Task attempts settled", ("skill", "outcome"), registry=registry),
        task_seconds=Histogram(
            "aia_task_seconds",
            "Time an agent thought about a task",
            ("skill",),
            registry=registry,
            buckets=SECONDS,
        ),
        settle_seconds=Histogram(
            "aia_settle_seconds", "Time to settle a batch of results", registry=registry, buckets=SECONDS
        ),
        settle_batch=Histogram(
            "aia_settle_batch_tasks",
            "Results settled in one transaction",
            registry=registry,
            buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500),
        ),
        transfers=Counter(
            "aia_ledger_transfers_total", "Transfers asked of the ledger", ("outcome",), registry=registry
        ),
        outbox_events=Counter("aia_outbox_events_total", "Outbox events consumed", ("consumer",), registry=registry),
    )


def configure_logging(level: str, *, stream: TextIO | None = None) -> None:
    """JSON lines on stderr: stdout belongs to a command's answer. Called once, by a face."""
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=max(number, logging.WARNING), stream=stream or sys.stderr, format="%(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
