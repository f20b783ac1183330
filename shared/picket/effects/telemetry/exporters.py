"""Sending traces and metrics to an OTLP/HTTP collector. Imported only when there is one: it brings in the SDK.

Source: OTLP 1.9, section "OTLP/HTTP": binary protobuf by POST to `/v1/traces` and `/v1/metrics`; 429, 502, 503 and 504
may be tried again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import urllib3
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    MetricExporter,
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from picket.effects.telemetry.logs import note
from picket.settings import Settings

SPANS_EVERY_SECONDS = 1.0
METRICS_EVERY_SECONDS = 15.0
_TIMEOUT = urllib3.Timeout(connect=1.0, read=2.0)
# Together with the timeouts: a function that is told to end is not held up for longer than the grace time it has.
_RETRIES = urllib3.Retry(
    total=1,
    read=0,
    redirect=0,
    backoff_factor=0.3,
    allowed_methods=None,
    status_forcelist={429, 502, 503, 504},
    respect_retry_after_header=False,
    raise_on_status=False,
)


def providers(config: Settings) -> tuple[TracerProvider, MeterProvider]:
    """Return what makes spans and metrics of this process; both send what is left when the process ends."""
    resource = Resource.create(
        {"service.name": config.service, "service.namespace": "picket", "service.instance.id": uuid4().hex}
    )
    spans = TracerProvider(resource=resource)
    spans.add_span_processor(
        BatchSpanProcessor(_Spans(config, "/v1/traces"), schedule_delay_millis=SPANS_EVERY_SECONDS * 1000)
    )
    reader = PeriodicExportingMetricReader(
        _Metrics(config), export_interval_millis=METRICS_EVERY_SECONDS * 1000, export_timeout_millis=3000
    )
    return spans, MeterProvider([reader], resource=resource)


class _Collector:
    """Posts to one path of the collector."""

    def __init__(self, config: Settings, path: str) -> None:
        self._url = config.otlp_endpoint.rstrip("/") + path
        self._headers = {name: value.get_secret_value() for name, value in config.otlp_headers.items()}
        self._pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=_RETRIES)
        self._was_taken = True

    def takes(self, body: bytes) -> bool:
        """Post *body* and tell whether the collector took it; the first time that it does not is logged."""
        headers = {**self._headers, "Content-Type": "application/x-protobuf"}
        try:
            status = self._pool.request("POST", self._url, body=body, headers=headers).status
        except urllib3.exceptions.HTTPError:
            status = 0
        taken = 200 <= status < 300  # noqa: PLR2004 - HTTP's success class
        if self._was_taken and not taken:
            note("the collector takes no telemetry", level=logging.WARNING, status=status)
        self._was_taken = taken
        return taken

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()


class _Spans(SpanExporter):
    def __init__(self, config: Settings, path: str) -> None:
        self._collector = _Collector(config, path)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        taken = self._collector.takes(encode_spans(spans).SerializeToString())
        return SpanExportResult.SUCCESS if taken else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        self._collector.close()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002 - nothing is kept here
        return True


class _Metrics(MetricExporter):
    def __init__(self, config: Settings) -> None:
        super().__init__()
        self._collector = _Collector(config, "/v1/metrics")

    def export(
        self,
        metrics_data: MetricsData,
        timeout_millis: float = 10_000,  # noqa: ARG002 - the collector's timeouts are shorter
        **_: Any,  # noqa: ANN401 - as the SDK declares it
    ) -> MetricExportResult:
        taken = self._collector.takes(encode_metrics(metrics_data).SerializeToString())
        return MetricExportResult.SUCCESS if taken else MetricExportResult.FAILURE

    def shutdown(self, timeout_millis: float = 30_000, **_: Any) -> None:  # noqa: ANN401, ARG002 - likewise
        self._collector.close()

    def force_flush(self, timeout_millis: float = 10_000) -> bool:  # noqa: ARG002 - likewise
        return True
