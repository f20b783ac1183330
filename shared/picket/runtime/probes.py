"""What every function answers besides its work: Knative's probes, and Prometheus."""

from __future__ import annotations

import hmac
import logging

from flask import Request, Response

from picket.effects.telemetry import metrics
from picket.effects.telemetry.logs import note
from picket.runtime.access import refused
from picket.runtime.problems import problem, reason_of, status_of
from picket.settings import settings

_HEALTH = frozenset({"/health/liveness", "/health/readiness"})
METRICS = "/metrics"


def answer_probe(request: Request) -> Response | None:
    """Answer a probe or a scrape; None for any other request."""
    if request.method != "GET":
        return None
    if request.path in _HEALTH:
        return Response(status=204)
    return _metrics(request) if request.path == METRICS else None


def _metrics(request: Request) -> Response:
    """Answer with the numbers: ingest and api are open to the world, so these are not."""
    if not settings().metrics:
        return problem(404, "PICKET_METRICS is not set: nothing is counted")
    try:
        answer = None if _may_scrape(request) else refused(request)
    except Exception as error:
        if not (reason := reason_of(error)):
            raise
        note("not now", level=logging.WARNING, error=type(error).__name__, reason=reason)
        return problem(status_of(error), "the store does not say who may ask")
    if answer:
        return answer
    text, content_type = metrics.exposition()
    return Response(text, content_type=content_type)


def _may_scrape(request: Request) -> bool:
    """Return whether Prometheus's own token is shown: it opens nothing else, and needs no look into the store."""
    token = settings().metrics_token.get_secret_value()
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(token) and hmac.compare_digest(given.encode(errors="replace"), token.encode())
