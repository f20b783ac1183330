"""Metrics: one table, two ways out, and nothing unbounded in a label."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.effects.telemetry.test_traces import headers
from tests.functions.test_pipeline import add_source, payload_of, push
from tests.support import secrets
from tests.support.collector import Collector, collecting
from tests.support.deployment import Deployment, forget
from tests.support.repositories import GitHttpServer, Work

from picket.effects import broker
from picket.effects.mongo import leases, teams
from picket.effects.mongo.client import collection
from picket.effects.mongo.documents import Batch
from picket.effects.telemetry import count, metrics, observe, traces
from picket.effects.telemetry.names import METRICS, Metric
from picket.events import Envelope
from picket.orchestration import rating

ROOT = Path(__file__).parents[3]
TOKEN = "t" * 20


@pytest.fixture
def counting(environment: pytest.MonkeyPatch) -> None:
    """Count in this process."""
    environment.setenv("PICKET_METRICS", "true")
    forget()


def scraped(deployed: Deployment, function: str = "api") -> dict[tuple[str, ...], float]:
    """Return what a function answers to Prometheus: name and sorted label values to the value."""
    answer = deployed.clients[function].get("/metrics", headers={"Host": "127.0.0.1:1"})
    assert (answer.status_code, answer.content_type.partition(";")[0]) == (200, "text/plain")
    return {
        (sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_is_named_as_prometheus_has_it_and_stands_in_the_runbook(metric: Metric) -> None:
    labels = ", ".join(f"`{label}`" for label in metric.labels) or "none"
    row = f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |"

    assert row in (ROOT / "knative" / "README.md").read_text()
    assert re.fullmatch(r"picket_[a-z]+(?:_[a-z]+)*", metric.name)
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert not {"repository", "scan", "batch", "path", "event", "id", "url"} & set(metric.labels)


def test_every_metric_that_is_counted_is_in_the_table_and_every_one_of_the_functions_is_counted() -> None:
    counted = {
        name
        for folder in ("shared", "functions")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "names.py"
        for name in re.findall(r"\"(picket_[a-z_]+)\"", path.read_text())
    }

    assert counted == {metric.name for metric in METRICS}


def test_what_becomes_of_a_push_is_counted(counting: None, deployed: Deployment, forge: GitHttpServer) -> None:
    assert counting is None
    work = Work(forge.root / "o" / "r")
    before = work.commit({"a.py": "x = 1\n"})
    content = f"x = 1\nkey = '{secrets.aws_key(1)}'\n"
    after = work.commit({"a.py": content})
    source = add_source(deployed)
    payload = payload_of(f"{forge.url}/o/r/.git", before, after)
    for delivery in ("d1", "d1"):
        assert push(deployed, source, payload, delivery).status_code == 202
    deployed.queue.pop()  # what the broker would not have kept either: it knows the id
    deployed.clients["ingest"].post(source["url"].removeprefix("http://127.0.0.1:8080"), data=b"{}")
    deployed.clients["ingest"].post("/in/nobody/x", data=b"{}")
    deployed.drain()
    tick = headers("x") | {"ce-type": "dev.knative.sources.ping"}
    assert deployed.clients["enumerate"].post("/", data=b"{}", headers=tick).status_code == 204
    deployed.drain()

    found = scraped(deployed)
    deliveries = {key[1:]: value for key, value in found.items() if key[0] == "picket_webhook_deliveries_total"}
    assert deliveries == {
        ("outcome=accepted", "provider=github"): 1,
        ("outcome=duplicate", "provider=github"): 1,
        ("outcome=unauthorized", "provider=unknown"): 2,
    }
    kind = "type=dev.picket.commitbatch.created.v1"
    assert found["picket_events_total", "function=test", "outcome=done", kind] == 1
    assert found["picket_handler_seconds_count", "function=test", kind] == 1
    assert found["picket_scanned_bytes_total",] == len(content)
    assert found["picket_scanned_blobs_total",] == 1
    by_severity = {key[1]: value for key, value in found.items() if key[0] == "picket_open_findings"}
    assert (sum(by_severity.values()), len(by_severity)) == (1, 5)


def test_rejections_outages_and_defects_are_told_apart(
    counting: None, deployed: Deployment, environment: pytest.MonkeyPatch
) -> None:
    assert counting is None
    client, kind = deployed.clients["score"], "finding.changed"
    client.post("/", data=b"{}", headers=headers(kind))
    deployed.is_down = True
    client.post("/", data=b"{}", headers=headers(kind))
    environment.setattr("picket.effects.mongo.repositories.get", lambda _: 1 / 0)
    client.post("/", data=b'{"repository":"r","cause":"c","findings":[]}', headers=headers(kind))

    found = scraped(deployed)
    outcomes = {key[2]: value for key, value in found.items() if key[0] == "picket_events_total"}
    assert outcomes == {"outcome=rejected": 1, "outcome=retried": 1, "outcome=failed": 1}


def test_a_dead_letter_is_counted_by_its_trigger(counting: None, deployed: Deployment) -> None:
    assert counting is None
    for trigger in ("scan", "scan", secrets.aws_key(1)):
        deployed.api.post(f"/dead-letters/{trigger}", data=b"{}", headers=headers("score.changed"))

    found = scraped(deployed)
    assert {key[1]: value for key, value in found.items() if key[0] == "picket_dead_letters_total"} == {
        "trigger=scan": 2,
        "trigger=other": 1,
    }


@pytest.mark.parametrize(("score", "drops"), [(60.0, 1), (85.0, 0), (99.0, 0)])
def test_a_score_that_falls_far_is_counted(counting: None, deployed: Deployment, score: float, drops: int) -> None:
    assert counting is None
    collection("repositories").insert_one({"_id": "h/o/r", "team": "payments", "criticality": 1})
    for number, exact in enumerate([90.0, score]):
        collection("scores").update_one({"_id": "h/o/r"}, {"$set": {"exact": exact}}, upsert=True)
        teams.note("payments", "h/o/r", f"e{number}")
        with broker.caused_by(Envelope(id=f"e{number}", type="t", source="/t")):
            rating.rate_team("payments")

    found = scraped(deployed)
    assert found.get(("picket_score_drops_total", "kind=team"), 0) == drops


def test_a_dead_workers_lease_is_counted_by_whoever_ends_it_or_takes_over(counting: None, deployed: Deployment) -> None:
    assert counting is None
    past = {"lease_until": time.time() - 1, "fence": 1, "takeovers": 0}
    collection("batches").insert_many(
        [{"_id": "a", **past}, {"_id": "b", **past}, *({"_id": free, **leases.UNLEASED} for free in "cd")]
    )
    for name in "acd":
        with leases.held("batches", Batch, name):
            pass
    assert [leases.end("batches", document) for document in leases.expired("batches", Batch, 10)] == [True]

    found = scraped(deployed)
    assert found["picket_takeovers_total", "collection=batches"] == 1
    assert found["picket_leases_expired_total", "collection=batches"] == 1


def test_hostile_types_add_no_series(counting: None, deployed: Deployment) -> None:
    assert counting is None
    for number in range(metrics.MAX_SERIES + 20):
        kind = f"{'abcdefghij'[number % 10]}.{'klmnopqrstuvw'[number // 10]}"
        deployed.clients["scan"].post("/", data=b"{}", headers=headers(kind))
    deployed.clients["scan"].post("/", data=b"{}", headers=headers("x") | {"ce-type": "com.example.thing"})

    series = [key for key in scraped(deployed) if key[0] == "picket_events_total"]
    assert len(series) == metrics.MAX_SERIES + 1
    assert ("picket_events_total", "function=other", "outcome=other", "type=other") in series


@pytest.mark.parametrize("function", ["api", "ingest", "scan"])
def test_nothing_is_told_while_counting_is_off(deployed: Deployment, function: str) -> None:
    assert deployed.clients[function].get("/metrics", headers={"Host": "127.0.0.1:1"}).status_code == 404


@pytest.mark.parametrize("function", ["api", "ingest", "scan"])
def test_beyond_loopback_the_numbers_need_the_apis_token(
    counting: None, deployed: Deployment, environment: pytest.MonkeyPatch, function: str
) -> None:
    assert counting is None
    environment.setenv("HOST", "0.0.0.0")  # noqa: S104 - as in a container
    environment.setenv("PICKET_API_TOKEN", TOKEN)
    forget()
    client = deployed.clients[function]

    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}x"}).status_code == 401
    assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    environment.setenv("PICKET_METRICS_TOKEN", "m" * 40)
    forget()
    scraper = {"Authorization": f"Bearer {'m' * 40}"}
    assert client.get("/metrics", headers=scraper).status_code == 200
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401
    assert deployed.api.get("/findings", headers=scraper).status_code == 401


def test_a_page_of_another_site_gets_no_numbers(counting: None, deployed: Deployment) -> None:
    assert counting is None
    assert deployed.api.get("/metrics", headers={"Host": "evil.example"}).status_code == 421


@pytest.fixture
def collector(environment: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that this process sends to."""
    with collecting() as found:
        environment.setenv("PICKET_OTLP_ENDPOINT", found.url)
        forget()
        yield found


def test_a_collector_gets_the_same_numbers(collector: Collector) -> None:
    count("picket_webhook_deliveries_total", 2, provider="github", outcome="accepted")
    observe("picket_handler_seconds", 0.2, function="scan", type="dev.picket.commitbatch.created.v1")
    metrics.gauge("picket_open_findings", 7, severity="high")
    made = traces.providers()
    assert made is not None
    for provider in made:
        provider.shutdown()

    assert collector.points == [
        ("picket_webhook_deliveries_total", {"provider": "github", "outcome": "accepted"}, 2.0),
        ("picket_handler_seconds", {"function": "scan", "type": "dev.picket.commitbatch.created.v1"}, 1.0),
        ("picket_open_findings", {"severity": "high"}, 7.0),
    ]


def test_a_label_that_a_metric_does_not_have_is_a_defect(counting: None) -> None:
    assert counting is None
    with pytest.raises(TypeError, match="labels"):
        count("picket_scanned_bytes_total", 1, repository="r")
