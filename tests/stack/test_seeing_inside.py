"""One push over the real stack, seen by a collector, by Prometheus and in the logs."""

import json
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.support import pushes, secrets
from tests.support.collector import Collector, Span, collecting
from tests.support.repositories import GitHttpServer, Work
from tests.support.stack import Running, eventually, picket_up

pytestmark = pytest.mark.stack

CHAIN = ["webhook.received", "scan.requested", "commitbatch.created", "commitbatch.scanned", "finding.changed"]
FUNCTIONS = ["ingest", "normalize", "enumerate", "scan", "feedback", "score"]


@pytest.mark.slow
def test_one_push_is_one_trace_and_is_counted_after_its_functions_are_gone(
    tmp_path: Path, forge: GitHttpServer
) -> None:
    work = Work(forge.root / "o" / "r")
    before = work.commit({"a.py": "x = 1\n"})
    secret = secrets.aws_key(1)
    after = work.commit({"a.py": f"x = 1\nkey = '{secret}'\n"})
    with collecting() as collector:
        switches = {"PICKET_OTLP_ENDPOINT": collector.url, "PICKET_METRICS": "true"}
        with picket_up(tmp_path / "data", "--window", "1", environment=switches) as stack:
            source = stack.post("/webhooks", {"sender": "github", "name": "t"})
            assert stack.deliver(source, pushes.push(f"{forge.url}/o/r/.git", before, after), "d-1") == 202
            eventually(lambda: handled(collector, "finding.changed"))
            eventually(lambda: not any(stack.function(name) for name in FUNCTIONS))
            counted = numbers(stack)

    [root] = collector.named("ingest receive")
    above = root
    for kind, function in zip(CHAIN, FUNCTIONS[1:], strict=True):
        [here] = handled(collector, kind)
        assert (here.service, here.trace, here.parent) == (function, root.trace, above.id), kind
        above = here
    names = {span.name for span in collector.spans if span.trace == root.trace}
    assert names >= {"fetch", "walk", "plan", "detect", "store findings"}

    for kind, function in zip(CHAIN, FUNCTIONS[1:], strict=True):
        labels = sorted((f"dev.picket.{kind}.v1", function, "done"))
        assert counted["picket_events_total", *labels] == 1, labels
    assert counted["picket_webhook_deliveries_total", "accepted", "github"] == 1
    assert counted["picket_trigger_deliveries_total", "done", "scan"] == 1
    assert counted["picket_function_replicas", "scan"] == 0
    assert {name for name, *_ in collector.points} >= {"picket_events_total", "picket_scanned_bytes_total"}

    written = [line for file in (tmp_path / "data" / "logs").glob("*.log") for line in file.read_text().splitlines()]
    lines = [json.loads(line) for line in written if line.startswith('{"time"')]
    [scanned] = [line for line in lines if line["message"] == "batch scanned"]
    [accepted] = [line for line in lines if line["message"] == "delivery accepted"]
    assert (scanned["trace_id"], accepted["trace_id"]) == (root.trace, root.trace)
    assert scanned["correlationid"] == accepted["correlationid"]
    assert secret not in "\n".join(written) + repr(collector.bodies)


def handled(collector: Collector, kind: str) -> list[Span]:
    """Return the spans of handlers of events of a kind."""
    return [span for span in collector.spans if span.attributes.get("picket.type") == f"dev.picket.{kind}.v1"]


def numbers(stack: Running) -> dict[tuple[str, ...], float]:
    """Return what the stack tells Prometheus: the name and the values of the labels, sorted, to the value."""
    text = stack.http.request("GET", f"{stack.url}/metrics").data.decode()
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
