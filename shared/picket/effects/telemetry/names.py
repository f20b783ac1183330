"""Every metric there is, in one table that the code, the README and the tests read. Pure data.

Labels hold a few values each, never what comes from outside: no repository, no path, no id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]
Origin = Literal["functions", "stack"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: `unit` in UCUM, as OpenTelemetry has it; `origin` says who counts, functions or one-machine stack."""

    name: str
    kind: Kind
    unit: str
    labels: tuple[str, ...]
    help: str
    origin: Origin = "functions"


SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""Upper bounds of the histograms' buckets: from a look-up in the store to the longest time a Trigger waits."""

METRICS = (
    Metric(
        "picket_webhook_deliveries_total",
        "counter",
        "{delivery}",
        ("provider", "outcome"),
        "Webhook deliveries: accepted, duplicate, unauthorized, refused or failed",
    ),
    Metric(
        "picket_deliveries_ignored_total",
        "counter",
        "{delivery}",
        (),
        "Genuine webhook deliveries that nothing reacts to, such as stars and comments",
    ),
    Metric(
        "picket_events_total",
        "counter",
        "{event}",
        ("function", "type", "outcome"),
        "Events handled: done, rejected, retried or failed",
    ),
    Metric(
        "picket_handler_seconds",
        "histogram",
        "s",
        ("function", "type"),
        "Time that a function took for an event",
    ),
    Metric("picket_scanned_bytes_total", "counter", "By", (), "Bytes of the blobs that were scanned"),
    Metric(
        "picket_ref_comparisons_total",
        "counter",
        "{comparison}",
        ("outcome",),
        "Comparisons of refs with what is known: known, moved, unannounced, unscanned, refused or unanswered",
    ),
    Metric(
        "picket_webhook_changes_total",
        "counter",
        "{change}",
        ("change",),
        "What was done to webhooks at forges: created, adopted, repaired, replaced, revived, redelivered, removed "
        "or failed",
    ),
    Metric("picket_verifications_total", "counter", "{answer}", ("result",), "Answers of providers about credentials"),
    Metric("picket_statuses_total", "counter", "{status}", ("state",), "Statuses of commits that forges were told"),
    Metric("picket_scanned_blobs_total", "counter", "{blob}", (), "Blobs that were scanned"),
    Metric(
        "picket_leases_expired_total",
        "counter",
        "{lease}",
        ("collection",),
        "Leases whose holders died, so that their work went back to the queue",
    ),
    Metric(
        "picket_takeovers_total",
        "counter",
        "{lease}",
        ("collection",),
        "Work that one worker took over from another that died",
    ),
    Metric(
        "picket_dead_letters_total",
        "counter",
        "{event}",
        ("trigger",),
        "Events that were kept after their last retry",
    ),
    Metric(
        "picket_open_findings",
        "gauge",
        "{finding}",
        ("severity",),
        "Open findings in the store, as of the last tick of the clock",
    ),
    Metric(
        "picket_duty_failures_total",
        "counter",
        "{item}",
        ("duty",),
        "Items that a duty of the clock failed for, each of which left the others alone",
    ),
    Metric(
        "picket_channel_differences",
        "gauge",
        "1",
        ("setting",),
        "1 where the stream differs from the channel's template, or was not compared, as of the last tick",
    ),
    Metric(
        "picket_score_drops_total",
        "counter",
        "{score}",
        ("kind",),
        "Scores of a repository or team that fell by ten points or more at once",
    ),
    Metric(
        "picket_trigger_deliveries_total",
        "counter",
        "{event}",
        ("trigger", "outcome"),
        "Attempts to deliver: done, retried, dead_lettered or lost",
        "stack",
    ),
    Metric(
        "picket_trigger_backlog_events",
        "gauge",
        "{event}",
        ("trigger",),
        "Events that a Trigger is not done with",
        "stack",
    ),
    Metric(
        "picket_trigger_oldest_seconds",
        "gauge",
        "s",
        ("trigger",),
        "Age of the oldest event that a Trigger is not done with",
        "stack",
    ),
    Metric(
        "picket_trigger_in_flight_events",
        "gauge",
        "{event}",
        ("trigger",),
        "Events that a Trigger is delivering",
        "stack",
    ),
    Metric("picket_function_replicas", "gauge", "{process}", ("function",), "Running processes of a function", "stack"),
    Metric(
        "picket_function_starts_total",
        "counter",
        "{process}",
        ("function",),
        "Processes of a function that were started",
        "stack",
    ),
)
BY_NAME = {metric.name: metric for metric in METRICS}
