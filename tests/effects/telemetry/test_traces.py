"""Spans: one push is one trace, and each handler's span is the child of the one that emitted its event."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.functions.test_pipeline import add_source, payload_of, push
from tests.support import secrets
from tests.support.collector import Collector, Span, collecting
from tests.support.deployment import Deployment, forget
from tests.support.repositories import GitHttpServer, Work

from picket.effects.telemetry import span, traceparent, traces
from picket.events import Envelope

SERVER, CONSUMER, INTERNAL = 2, 5, 1


@pytest.fixture
def collector(environment: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that this process sends to."""
    with collecting() as found:
        environment.setenv("PICKET_OTLP_ENDPOINT", found.url)
        forget()
        yield found
        made = traces.providers()
        assert made is not None
        for provider in made:
            provider.shutdown()


def flush() -> None:
    made = traces.providers()
    assert made is not None
    made[0].force_flush()


def handled(collector: Collector, kind: str) -> list[Span]:
    return [span for span in collector.spans if span.attributes.get("picket.type") == f"dev.picket.{kind}.v1"]


def test_one_push_is_one_trace_from_the_delivery_to_the_score(
    collector: Collector, deployed: Deployment, forge: GitHttpServer
) -> None:
    work = Work(forge.root / "o" / "r")
    before = work.commit({"a.py": "x = 1\n"})
    secret = secrets.aws_key(1)
    after = work.commit({"a.py": f"x = 1\nkey = '{secret}'\n"})
    source = add_source(deployed)
    assert push(deployed, source, payload_of(f"{forge.url}/o/r/.git", before, after)).status_code == 202
    deployed.drain()
    flush()

    [root] = collector.named("test receive")
    assert (root.parent, root.kind, root.attributes["picket.outcome"]) == ("", SERVER, "accepted")
    of_push = [span for span in collector.spans if span.trace == root.trace]
    parents = {span.id: span for span in of_push}
    chain = ["webhook.received", "scan.requested", "commitbatch.created", "commitbatch.scanned", "finding.changed"]
    above = root
    for kind in chain:
        [here] = handled(collector, kind)
        assert (here.trace, here.parent, here.kind) == (root.trace, above.id, CONSUMER), kind
        assert here.attributes["picket.outcome"] == "done"
        above = here
    [requested] = handled(collector, "scan.requested")
    [scanned] = handled(collector, "commitbatch.created")
    inner = {span.name: parents[span.parent].id for span in of_push if span.kind == INTERNAL}
    assert {name: inner[name] for name in ("fetch", "walk", "plan", "detect", "store findings")} == {
        "fetch": requested.id,
        "walk": requested.id,
        "plan": requested.id,
        "detect": scanned.id,
        "store findings": scanned.id,
    }
    [created] = deployed.of_type("commitbatch.created")
    told = {name.removeprefix("picket."): value for name, value in scanned.attributes.items()}
    assert told == {
        "event": created.id,
        "type": created.type,
        "correlationid": created.headers["ce-correlationid"],
        "repository": created.data["repository"],
        "scan": created.data["scan"],
        "batch": created.data["batch"],
        "outcome": "done",
    }
    assert not any(span.failed for span in of_push)
    assert secret.encode() not in b"".join(collector.bodies)


def test_a_log_line_names_the_span_that_it_belongs_to(
    collector: Collector, deployed: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed.clients["scan"].post("/", data=b"{}", headers=headers("commitbatch.created"))
    flush()

    written = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    [found] = collector.named("test handle")
    assert {(line["trace_id"], line["span_id"]) for line in written} == {(found.trace, found.id)}


def test_what_becomes_of_an_event_is_told_by_its_span_without_what_was_in_it(
    collector: Collector, deployed: Deployment, environment: pytest.MonkeyPatch
) -> None:
    canary = secrets.slack_token(5)
    deployed.clients["scan"].post("/", data=json.dumps({"batch": canary}), headers=headers("commitbatch.created"))
    environment.setattr("picket.effects.mongo.repositories.get", lambda _: 1 / 0)
    data = json.dumps({"repository": canary, "cause": canary, "findings": []})
    assert deployed.clients["score"].post("/", data=data, headers=headers("finding.changed")).status_code == 500
    deployed.is_down = True
    assert deployed.clients["scan"].post("/", data=b"{", headers=headers("commitbatch.created")).status_code == 503
    flush()

    outcomes = [(span.attributes["picket.outcome"], span.failed) for span in collector.named("test handle")]
    assert outcomes == [("rejected", True), ("failed", True), ("retried", True)]
    assert canary.encode() not in b"".join(collector.bodies)


def test_an_exception_marks_the_span_it_passes_by_its_type_alone(collector: Collector) -> None:
    canary = secrets.slack_token(6)
    with pytest.raises(ValueError, match=canary), span("walk"):
        int(canary)
    flush()

    [found] = collector.named("walk")
    assert found.failed
    assert b"ValueError" in collector.bodies[0]
    assert canary.encode() not in collector.bodies[0]


def test_a_delivery_continues_its_callers_trace_and_a_malformed_context_starts_a_new_one(
    collector: Collector, deployed: Deployment
) -> None:
    caller = f"00-{'ab' * 16}-{'cd' * 8}-01"
    for given in (caller, "00-nonsense", ""):
        headers = {"traceparent": given, "X-GitHub-Delivery": "1"}
        assert deployed.clients["ingest"].post("/in/github/unknown", data=b"{}", headers=headers).status_code == 401
    flush()

    first, second, third = collector.named("test receive")
    assert (first.trace, first.parent) == ("ab" * 16, "cd" * 8)
    assert (second.parent, third.parent) == ("", "")
    assert len({first.trace, second.trace, third.trace}) == 3
    assert {span.attributes["picket.provider"] for span in (first, second, third)} == {"unknown"}


def test_headers_that_the_collector_asks_for_are_sent(collector: Collector, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PICKET_OTLP_HEADERS", '{"x-api-key": "k"}')
    forget()
    with span("walk"):
        pass
    flush()

    assert collector.headers[0]["x-api-key"] == "k"


def test_without_a_collector_the_trace_context_passes_through_and_no_sdk_is_imported(deployed: Deployment) -> None:
    given = f"00-{'ab' * 16}-{'cd' * 8}-01"
    root = Envelope(id="1", type="request", source="/x", traceparent=given)
    with span("walk") as opened:
        assert (opened.traceparent, traceparent()) == ("", "")
    deployed.api.post("/scans", json={"repository": "https://example.com/o/r"}, headers={"traceparent": given})
    assert [message.headers["ce-traceparent"] for message in deployed.queue] in ([], [given])
    assert root.traceparent == given

    program = (
        "import sys; from picket.effects import telemetry as t\n"
        "with t.span('x'): t.count('picket_scanned_bytes_total', 1)\n"
        "print([name for name in sys.modules if name.partition('.')[0] in {'opentelemetry', 'prometheus_client'}])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_the_extra_the_work_goes_on_and_what_is_missing_is_said_once() -> None:
    program = (
        "import sys; sys.modules |= {'opentelemetry': None, 'prometheus_client': None}\n"
        "from picket.effects import telemetry as t\n"
        "for _ in range(2):\n"
        "    with t.span('walk'): t.count('picket_scanned_bytes_total', 1)\n"
    )
    environment = {"PICKET_OTLP_ENDPOINT": "http://127.0.0.1:1", "PICKET_METRICS": "true", "K_SERVICE": "scan"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)

    assert sorted(done.stderr.splitlines()) == [
        "PICKET_METRICS is set, but picket[telemetry] is not installed",
        "PICKET_OTLP_ENDPOINT is set, but picket[telemetry] is not installed",
    ]


@pytest.mark.parametrize("status", [200, 503])
def test_what_is_left_when_a_process_ends_is_sent_and_a_sick_collector_is_told_of_once(status: int) -> None:
    program = (
        "from picket.effects.telemetry import span, traces\n"
        "for _ in range(3):\n"
        "    with span('walk'): pass\n"
        "    traces.providers()[0].force_flush()\n"
        "with span('walk'): pass\n"
    )
    with collecting() as collector:
        collector.status = status
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={"PICKET_OTLP_ENDPOINT": collector.url, "K_SERVICE": "scan"},
            capture_output=True,
            text=True,
            check=True,
        )

    assert [span.service for span in collector.spans] == (["scan"] * 4 if status == 200 else [])
    assert done.stderr.count("the collector takes no telemetry") <= 1


def test_a_handler_does_not_wait_for_a_collector_that_does_not_answer(
    collector: Collector, deployed: Deployment
) -> None:
    collector.gate.clear()
    for _ in range(3 * 512):  # what the SDK sends at once, three times over
        with span("walk"):
            pass
    answer = deployed.clients["scan"].post("/", data=b"{}", headers=headers("commitbatch.created"))

    assert (answer.status_code, collector.bodies) == (204, [])
    collector.gate.set()


def headers(kind: str) -> dict[str, str]:
    """Return the headers of a CloudEvent."""
    return {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-source": "/x",
        "ce-type": f"dev.picket.{kind}.v1",
        "content-type": "application/json",
    }
