"""Metrics: Prometheus by `GET /metrics`, an OTLP collector by what is pushed to it, or neither.

With neither, counting is a look at an empty tuple. Libraries are imported with the first count of a process, after
gunicorn has forked. Where the environment names a PROMETHEUS_MULTIPROC_DIR, as the one-machine stack does,
prometheus_client keeps the numbers in files there, which outlive the process.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from picket.context import context
from picket.effects.telemetry import shapes
from picket.effects.telemetry.logs import note
from picket.effects.telemetry.names import BY_NAME, METRICS, SECONDS, Metric
from picket.effects.telemetry.traces import providers, starting
from picket.settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.metrics import Meter
    from prometheus_client import CollectorRegistry

MAX_SERIES = 100
"""Most sets of label values that one metric has here; what comes later counts as `other`."""

_LABELS: dict[str, Callable[[str], str]] = {"type": shapes.event_type}


class _Backend(Protocol):
    def put(self, metric: Metric, value: float, labels: Mapping[str, str]) -> None:
        """Add *value* to a counter or histogram, or set a gauge to it."""


def count(name: str, amount: float = 1, **labels: str) -> None:
    """Add *amount* to the counter *name*."""
    _put(name, amount, labels)


def observe(name: str, value: float, **labels: str) -> None:
    """Add one value to the histogram *name*."""
    _put(name, value, labels)


def gauge(name: str, value: float, **labels: str) -> None:
    """Set the gauge *name*."""
    _put(name, value, labels)


def is_on() -> bool:
    """Return whether anybody wants the numbers; for those that are costly to come by."""
    return bool(_backends())


def exposition() -> tuple[bytes, str]:
    """Return the metrics in Prometheus' text format, and its content type."""
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest  # noqa: PLC0415

    scraped = next((backend for backend in _backends() if isinstance(backend, _Scraped)), None)
    return (generate_latest(scraped.registry) if scraped else b""), CONTENT_TYPE_LATEST


def _put(name: str, value: float, labels: Mapping[str, str]) -> None:
    backends = _backends()
    if not backends:
        return
    metric = BY_NAME[name]
    if set(labels) != set(metric.labels):
        raise TypeError(f"{name} has the labels {metric.labels}")
    admitted = _admitted(metric, tuple(_LABELS.get(label, shapes.name)(labels[label]) for label in metric.labels))
    for backend in backends:
        backend.put(metric, value, dict(zip(metric.labels, admitted, strict=True)))


def _admitted(metric: Metric, values: tuple[str, ...]) -> tuple[str, ...]:
    """Keep the number of series bounded, whatever the values are made of."""
    with _lock:
        known = series().setdefault(metric.name, set())
        if values not in known:
            if len(known) >= MAX_SERIES:
                return (shapes.OTHER,) * len(values)
            known.add(values)
    return values


_lock = threading.Lock()


@context.kept
def series() -> dict[str, set[tuple[str, ...]]]:
    """Return the sets of label values seen so far, by metric."""
    return {}


def _backends() -> tuple[_Backend, ...]:
    """Return who wants the numbers."""
    with starting:
        return _found()


@context.kept
def _found() -> tuple[_Backend, ...]:
    found: list[_Backend] = []
    if settings().metrics:
        try:
            found.append(_Scraped())
        except ImportError as error:
            note(
                "PICKET_METRICS is set, but picket[telemetry] is not installed", level=logging.ERROR, module=error.name
            )
    made = providers()
    if made is not None:
        found.append(_Pushed(made[1].get_meter("picket")))
    return tuple(found)


class _Scraped:
    """Keeps the numbers for `GET /metrics`."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram  # noqa: PLC0415

        self.registry: CollectorRegistry = CollectorRegistry()
        kinds: dict[str, tuple[Callable[..., Any], str]] = {
            "counter": (Counter, "inc"),
            "gauge": (partial(Gauge, multiprocess_mode="mostrecent"), "set"),
            "histogram": (partial(Histogram, buckets=SECONDS), "observe"),
        }
        self._instruments: dict[str, tuple[Any, str]] = {}
        for metric in METRICS:
            if metric.origin == "functions":
                make, verb = kinds[metric.kind]
                self._instruments[metric.name] = (
                    make(metric.name, metric.help, metric.labels, registry=self.registry),
                    verb,
                )

    def put(self, metric: Metric, value: float, labels: Mapping[str, str]) -> None:
        instrument, verb = self._instruments[metric.name]
        getattr(instrument.labels(**labels) if labels else instrument, verb)(value)


class _Pushed:
    """Keeps the numbers for a collector."""

    def __init__(self, meter: Meter) -> None:
        self._put: dict[str, Callable[..., None]] = {
            metric.name: _instrument(meter, metric) for metric in METRICS if metric.origin == "functions"
        }

    def put(self, metric: Metric, value: float, labels: Mapping[str, str]) -> None:
        self._put[metric.name](value, labels)


def _instrument(meter: Meter, metric: Metric) -> Callable[..., None]:
    match metric.kind:
        case "counter":
            return meter.create_counter(metric.name, metric.unit, metric.help).add
        case "gauge":
            return meter.create_gauge(metric.name, metric.unit, metric.help).set
        case "histogram":
            return meter.create_histogram(
                metric.name, metric.unit, metric.help, explicit_bucket_boundaries_advisory=SECONDS
            ).record
