"""What every answer tells browsers and caches."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.deployment import Deployment, forget

EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
ASKED = [
    pytest.param("api", "GET", "/", id="page"),
    pytest.param("api", "GET", "/assets/picket.css", id="sheet"),
    pytest.param("api", "GET", "/scans", id="JSON"),
    pytest.param("api", "GET", "/scans/none", id="problem"),
    pytest.param("api", "GET", "/scans/none/events", id="stream"),
    pytest.param("api", "GET", "/nowhere", id="no route"),
    pytest.param("api", "TRACE", "/scans", id="no method"),
    pytest.param("api", "GET", "/health/readiness", id="probe"),
    pytest.param("api", "POST", "/scans", id="not admitted"),
    pytest.param("ingest", "POST", "/in/github/" + "x" * 20, id="delivery"),
    pytest.param("ingest", "GET", "/in/github/" + "x" * 20, id="not posted"),
    pytest.param("ingest", "GET", "/nowhere", id="nowhere of ingest"),
    pytest.param("api", "GET", "/scans/a%0Ab", id="a path that the framework knows no route for"),
    pytest.param("ingest", "GET", "/robots.txt", id="a path that the framework answers itself"),
]


@pytest.mark.parametrize(("function", "method", "path"), ASKED)
def test_every_answer_is_hardened(deployed: Deployment, function: str, method: str, path: str) -> None:
    answer = deployed.clients[function].open(path, method=method)

    # The sheet is the same for everybody; whoever keeps it asks whether it has changed.
    expected = EXPECTED | ({"Cache-Control": "no-cache"} if path.endswith(".css") else {})
    assert {name: answer.headers.get(name) for name in expected} == expected
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["form-action"] == "'none'"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("function", ["api", "ingest"])
def test_behind_https_browsers_are_told_to_stay_there(
    deployed: Deployment, environment: pytest.MonkeyPatch, function: str
) -> None:
    environment.setenv("PICKET_PUBLIC_URL", "https://picket.example")
    forget()

    answer: Any = deployed.clients[function].get("/nowhere")

    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000"


def test_a_method_that_is_not_there_is_told_which_are(deployed: Deployment) -> None:
    assert set(deployed.api.put("/scans").headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
    assert deployed.clients["ingest"].get("/in/github/x").headers["Allow"] == "POST"


@pytest.mark.parametrize("path", ["/findings/a%0Ab", "/robots.txt", "/favicon.ico"])
def test_what_reaches_no_function_is_answered_as_a_problem(deployed: Deployment, path: str) -> None:
    answer = deployed.api.patch(path, json={"state": "open"})

    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
