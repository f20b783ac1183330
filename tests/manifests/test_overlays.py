"""Every overlay and example is what a cluster takes, and each check would tell if it were not."""

import copy
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from tests.manifests import crds, eventing, pods, references
from tests.manifests.cluster import Cluster, Document, channel
from tests.support import kustomize

PROJECT = Path(__file__).parents[2]
KNATIVE = PROJECT / "knative"
KUBERNETES = "1.34"
FUNCTIONS = {
    "ingest",
    "normalize",
    "enumerate",
    "scan",
    "collect",
    "connect",
    "feedback",
    "score",
    "notify",
    "verify",
    "api",
}
KEYS = {
    *("MONGODB_URI", "MONGODB_URI_INGEST", "PICKET_HASH_KEY", "PICKET_ENCRYPTION_KEY", "PICKET_API_TOKEN"),
    *("PICKET_METRICS_TOKEN", "PICKET_GIT_TOKENS", "PICKET_OTLP_HEADERS"),
}
GIVEN = {
    ("picket", "picket"): KEYS,
    ("picket-mongodb", "mongodb"): {"ROOT_PASSWORD", "PICKET_PASSWORD", "INGEST_PASSWORD"},
    ("picket-artifacts", "artifacts"): {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"},
}
"""What `make secrets` makes: see test_deploy.py."""
CHECKS = (*eventing.CHECKS, *references.CHECKS, *pods.CHECKS)
OVERLAYS = sorted(path.parent for path in KNATIVE.glob("overlays/*/kustomization.yaml"))
EXAMPLES = sorted(path.parent for path in KNATIVE.glob("examples/*/kustomization.yaml"))


def built(folder: Path) -> Cluster:
    # Here the vault gives the secrets: what it does not give is missing.
    given = {} if folder.name == "complete" else GIVEN
    return Cluster(kustomize.build(folder), given)


@pytest.fixture(scope="module")
def known() -> dict[tuple[str, str], Document]:
    """The CRDs of the versions that Picket is for."""
    folder = Path(os.environ.get("PICKET_CRDS", PROJECT.parent / "shared" / "crds"))
    if not folder.is_dir():
        message = f"no CRDs in {folder}: set PICKET_CRDS"
        if "PICKET_CRDS" in os.environ:
            pytest.fail(message)
        pytest.skip(message)
    return crds.schemas(folder)


def refused(document: Document, known: dict[tuple[str, str], Document]) -> Iterator[str]:
    """Tell what Kubernetes would say of an object that no API server has seen."""
    kind = (document["apiVersion"], document["kind"])
    if kind[0].startswith("external-secrets.io/"):
        return  # its CRD is not among them: see the test of its keys
    if kind in known:
        yield from crds.complaints(document, known[kind])
        return
    try:
        kubernetes_validate.validate(document, KUBERNETES, strict=True)
    except kubernetes_validate.ValidationError as error:
        yield f"{kind[1]} {document['metadata']['name']}: {error.message}"


def test_there_are_the_overlays_and_examples_that_the_documentation_names() -> None:
    assert {folder.name for folder in OVERLAYS} == {"dev", "production", "complete"}
    assert {folder.name for folder in EXAMPLES} == {"artifacts", "mongodb", "nack", "nats"}


@pytest.mark.parametrize("folder", [*OVERLAYS, *EXAMPLES], ids=lambda folder: folder.name)
def test_every_object_is_what_its_definition_admits(folder: Path, known: dict[tuple[str, str], Document]) -> None:
    documents = kustomize.build(folder)
    assert documents
    assert [problem for document in documents for problem in refused(document, known)] == []


@pytest.mark.parametrize("folder", OVERLAYS, ids=lambda folder: folder.name)
def test_the_channel_that_the_broker_makes_is_what_its_definition_admits(
    folder: Path, known: dict[tuple[str, str], Document]
) -> None:
    described = channel(built(folder))
    assert list(refused(described, known)) == []
    assert list(refused(described | {"spec": described["spec"] | {"streams": {}}}, known))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("folder", OVERLAYS, ids=lambda folder: folder.name)
def test_an_overlay_is_in_order(folder: Path, check: Callable[[Cluster], Iterator[str]]) -> None:
    assert list(check(built(folder))) == []


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_an_example_is_in_order(folder: Path) -> None:
    checks = (*references.CHECKS, pods.restricted, pods.labelled)
    assert [problem for check in checks for problem in check(built(folder))] == []


@pytest.mark.parametrize("folder", OVERLAYS, ids=lambda folder: folder.name)
def test_every_function_has_its_own_account_and_only_ingest_can_be_called_from_outside(folder: Path) -> None:
    found = built(folder).functions
    assert {one["metadata"]["name"] for one in found} == FUNCTIONS
    for one in found:
        name = one["metadata"]["name"]
        assert one["spec"]["template"]["spec"]["serviceAccountName"] == name
        internal = one["metadata"]["labels"].get("networking.knative.dev/visibility") == "cluster-local"
        assert internal == (name != "ingest"), "the sink of dead letters is let in by a name that outsiders can forge"
        assert one["spec"]["template"]["spec"]["containers"][0]["image"].rsplit("/", 1)[-1].startswith(f"{name}:")


def test_production_keeps_three_copies_of_every_event_and_is_always_there_for_a_forge() -> None:
    found = built(KNATIVE / "overlays" / "production")
    assert channel(found)["spec"]["stream"]["config"]["replicas"] == 3
    scales = {
        one["metadata"]["name"]: int(
            one["spec"]["template"]["metadata"]["annotations"]["autoscaling.knative.dev/min-scale"]
        )
        for one in found.functions
    }
    assert {name for name, least in scales.items() if least} == {"ingest", "api"}


def test_the_secret_of_the_vault_has_the_keys_that_are_made_without_one() -> None:
    found = {one["metadata"]["name"]: one for one in built(KNATIVE / "overlays" / "complete").of("ExternalSecret")}
    for one in found.values():
        assert set(one) == {"apiVersion", "kind", "metadata", "spec"}
        assert set(one["spec"]) == {"refreshInterval", "secretStoreRef", "target", "data"}
        assert all(set(row) == {"secretKey", "remoteRef"} for row in one["spec"]["data"])
    assert {row["secretKey"] for row in found["picket"]["spec"]["data"]} == KEYS


def put(value: Any, kind: str, *way: Any) -> Callable[[Cluster], None]:
    """Return a mistake: *value* at a place of the object of *kind* that has to do with scan."""

    def make(cluster: Cluster) -> None:
        place: Any = next(
            (one for one in cluster.documents if one["kind"] == kind and one["metadata"]["name"] == "scan"),
            None,
        ) or next(one for one in cluster.documents if one["kind"] == kind)
        for part in way[:-1]:
            place = place[part]
        if value is None:
            del place[way[-1]]
        else:
            place[way[-1]] = value

    return make


def drop(kind: str, name: str) -> Callable[[Cluster], None]:
    """Return a mistake: an object is missing."""

    def make(cluster: Cluster) -> None:
        kept = [one for one in cluster.documents if (one["kind"], one["metadata"]["name"]) != (kind, name)]
        assert len(kept) < len(cluster.documents)
        cluster.documents[:] = kept

    return make


POD = ("spec", "template", "spec")
CONTAINER = (*POD, "containers", 0)
SCALING = ("spec", "template", "metadata", "annotations")
AUTOSCALING = "autoscaling.knative.dev"
MISTAKES: list[tuple[Any, Callable[[Cluster], None], str]] = [
    (eventing.trigger_keys, put("x", "Trigger", "spec", "fiters"), "fiters means nothing"),
    (eventing.trigger_keys, put({"attributes": {}}, "Trigger", "spec", "filter"), "filters overrides filter"),
    (eventing.trigger_keys, put({"prefix": {}, "exact": {}}, "Trigger", "spec", "filters", 0), "one dialect"),
    (eventing.trigger_keys, put({"any": [{"suffx": {}}]}, "Trigger", "spec", "filters", 0), "not suffx"),
    (eventing.complete_delivery, put(None, "Trigger", "spec", "delivery", "backoffPolicy"), "backoffPolicy is missing"),
    (eventing.complete_delivery, put("5s", "Trigger", "spec", "delivery", "timeout"), "no ISO-8601 duration: 5s"),
    (eventing.complete_delivery, put("PT", "Trigger", "spec", "delivery", "backoffDelay"), "no ISO-8601 duration: PT"),
    (eventing.complete_delivery, put("fast", "Trigger", "spec", "delivery", "backoffPolicy"), "linear or exponential"),
    (eventing.complete_delivery, put(3, "Trigger", "spec", "delivery", "retry"), "end after 2.8 s"),
    (eventing.complete_delivery, put(3, "Trigger", "spec", "delivery", "retries"), "retries is unknown"),
    (eventing.complete_delivery, put("/x", "Trigger", "spec", "delivery", "deadLetterSink", "uri"), "no address"),
    (eventing.time_limits_fit, put(300, "Service", *POD, "timeoutSeconds"), "300 s is not below the function's 300 s"),
    (eventing.time_limits_fit, put(9, "Service", *POD, "containerConcurrency"), "THREADS"),
    (eventing.channel_keeps, put("x", "Broker", "metadata", "annotations",
     "eventing.knative.dev/broker.class"), "its class is x"),
    (eventing.large_events_are_shared, put("", "ConfigMap", "data", "PICKET_ARTIFACTS"), "PICKET_ARTIFACTS is empty"),
    (references.references_resolve, drop("Service", "scan"), "Trigger scan: there is no Service scan"),
    (references.references_resolve, drop("Service", "api"), "Trigger scan: there is no Service api"),
    (references.references_resolve, drop("Broker", "default"), "there is no Broker default"),
    (references.references_resolve, drop("ConfigMap", "broker-channel"), "there is no ConfigMap broker-channel"),
    (references.references_resolve, drop("ConfigMap", "picket"), "there is no ConfigMap picket"),
    (references.references_resolve, drop("ServiceAccount", "scan"), "there is no ServiceAccount scan"),
    (references.references_resolve, drop("Issuer", "letsencrypt"), "there is no Issuer letsencrypt"),
    (references.references_resolve, drop("ExternalSecret", "picket"), "nothing makes the key PICKET_HASH_KEY"),
    (references.references_resolve, put([], "Service", *POD, "volumes"), "there is no volume data"),
    (references.certificates_exist, drop("Certificate", "hooks"), "no certificate for it"),
    (pods.annotations_in_range, put("1001", "Service", *SCALING, f"{AUTOSCALING}/max-scale"), "not within 1 and 1000"),
    (pods.annotations_in_range, put("5s", "Service", *SCALING, f"{AUTOSCALING}/window"), "5s is not within"),
    (pods.annotations_in_range, put("soon", "Service", *SCALING, f"{AUTOSCALING}/window"), "soon is not within"),
    (pods.annotations_in_range, put(3, "Service", *SCALING, f"{AUTOSCALING}/max-scale"), "an annotation is text"),
    (pods.annotations_in_range, put("3", "Service", *SCALING, f"{AUTOSCALING}/maxScale"), "no annotation that Knative"),
    (pods.annotations_in_range, put("99", "Service", *SCALING, f"{AUTOSCALING}/min-scale"), "above max-scale"),
    (pods.annotations_in_range, put({f"{AUTOSCALING}/window": "9s"}, "Service", "metadata", "annotations"), "belong"),
    (pods.restricted, put(None, "Service", *CONTAINER, "securityContext", "runAsNonRoot"), "runAsNonRoot is not True"),
    (pods.restricted, put({}, "Service", *CONTAINER, "securityContext", "capabilities"), "capabilities"),
    (pods.restricted, put(None, "Service", *POD, "automountServiceAccountToken"), "given a token"),
    (pods.restricted, put("yes", "ServiceAccount", "automountServiceAccountToken"), "given a token"),
    (pods.restricted, put({}, "Namespace", "metadata", "labels"), "Pod Security is not enforced"),
    (pods.limited, put({}, "Service", *CONTAINER, "resources"), "limits.memory is missing"),
    (pods.limited, put({}, "Service", *POD, "volumes", 0, "emptyDir"), "has no size limit"),
    (pods.labelled, put({}, "Trigger", "metadata", "labels"), "has no label app.kubernetes.io/part-of"),
    (pods.denied_by_default, drop("NetworkPolicy", "default-deny"), "nothing denies"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("check", "make", "problem"), MISTAKES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_mistake_is_told(
    check: Callable[[Cluster], Iterator[str]], make: Callable[[Cluster], None], problem: str
) -> None:
    cluster = copy.deepcopy(built(KNATIVE / "overlays" / "complete"))
    make(cluster)
    assert problem in "\n".join(check(cluster))


def test_a_way_out_for_scan_is_told() -> None:
    cluster = built(KNATIVE / "overlays" / "complete")
    [policy] = [one for one in cluster.of("NetworkPolicy") if one["metadata"]["name"] == "functions-to-forges"]
    policy["spec"]["podSelector"]["matchExpressions"][0]["values"].append("scan")
    assert list(pods.denied_by_default(cluster)) == ["NetworkPolicy: scan reaches addresses outside of the cluster"]


@pytest.mark.parametrize("key", ["storage", "maxAge", "maxBytes", "discard", "duplicateWindow", "retention"])
def test_a_stream_without_its_limits_is_told(key: str) -> None:
    cluster = built(KNATIVE / "overlays" / "dev")
    [config] = [one for one in cluster.of("ConfigMap") if one["metadata"]["name"] == "broker-channel"]
    lines = config["data"]["channel-template-spec"].splitlines(keepends=True)
    config["data"]["channel-template-spec"] = "".join(line for line in lines if not line.strip().startswith(f"{key}:"))
    assert any(f"has no {key}" in problem for problem in eventing.channel_keeps(cluster))


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (put(1, "Service", *CONTAINER, "imagee"), "imagee"),
        (put("many", "Service", *POD, "containerConcurrency"), "many"),
        (put({}, "PingSource", "spec", "sinks"), "sinks"),
        (put(["x"], "NetworkPolicy", "spec", "podSelectors"), "podSelectors"),
        (put("x", "DomainMapping", "spec", "reference"), "reference"),
        (put("x", "PrometheusRule", "spec", "groups", 0, "rules", 0, "expression"), "expression"),
        (put(7, "Certificate", "spec", "secretName"), "7"),
    ],
)  # fmt: skip
def test_what_a_definition_does_not_admit_is_told(
    known: dict[tuple[str, str], Document], make: Callable[[Cluster], None], problem: str
) -> None:
    cluster = built(KNATIVE / "overlays" / "complete")
    make(cluster)
    told = [line for document in cluster.documents for line in refused(document, known)]
    assert len(told) == 1
    assert problem in told[0]
