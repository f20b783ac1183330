"""What NetworkPolicies mean, one rule of the Kubernetes documentation after another."""

import pytest
from tests.support.clusters import between, cluster, namespace, pod, policy

from picket.exposure.objects import Cluster

ANY = ["any"]
PORTS = "[{name: http, containerPort: 8080}, {name: metrics, containerPort: 9090}]"
PODS = (
    pod("web", ports=PORTS),
    pod("db"),
    pod("job", namespace="batch", labels="app: job, role: client"),
    pod("other", namespace="batch"),
    namespace("batch", "team: data"),
)


def cases(*specs: str) -> Cluster:
    return cluster(*PODS, *(policy(spec, name=f"p{number}") for number, spec in enumerate(specs)))


def test_pods_are_open_until_a_policy_selects_them() -> None:
    assert between(cases(), "job", "web") == between(cases(), "web", "job") == ANY


def test_a_policy_isolates_only_the_pods_that_it_selects() -> None:
    found = cases("podSelector: {matchLabels: {app: web}}")
    assert (between(found, "db", "web"), between(found, "web", "db")) == ([], ANY)


@pytest.mark.parametrize(
    ("spec", "into_web", "out_of_web"),
    [
        pytest.param("podSelector: {}", [], ANY, id="ingress by default"),
        pytest.param("podSelector: {}\negress: []", [], ANY, id="an empty list is no egress section"),
        pytest.param(
            "podSelector: {}\negress: [{}]", [], ANY, id="a rule for egress adds egress, and allows all of it"
        ),
        pytest.param("podSelector: {}\negress: [{ports: [{port: 5432}]}]", [], ["TCP/5432"], id="egress by its rules"),
        pytest.param("podSelector: {}\npolicyTypes: [Egress]", ANY, [], id="egress alone"),
        pytest.param(
            "podSelector: {}\npolicyTypes: [Egress]\ningress: [{}]", ANY, [], id="rules of no type are nothing"
        ),
        pytest.param("podSelector: {}\npolicyTypes: [Ingress, Egress]", [], [], id="both"),
        pytest.param("podSelector: {}\npolicyTypes: []", [], ANY, id="no types are the default ones"),
        pytest.param("podSelector:\npolicyTypes:\ningress:\n", [], ANY, id="null is as if it were missing"),
    ],
)
def test_which_directions_a_policy_isolates(spec: str, into_web: list[str], out_of_web: list[str]) -> None:
    found = cases(spec)
    assert (between(found, "job", "web"), between(found, "web", "job")) == (into_web, out_of_web)


@pytest.mark.parametrize(
    ("ingress", "db", "job", "other"),
    [
        pytest.param("[]", [], [], [], id="an empty list denies all"),
        pytest.param("[{}]", ANY, ANY, ANY, id="an empty rule allows all"),
        pytest.param("[{from: []}]", ANY, ANY, ANY, id="an empty from is everywhere"),
        pytest.param("[{from: null}]", ANY, ANY, ANY, id="so is null"),
        pytest.param("[{from: [{podSelector: {}}]}]", ANY, [], [], id="an empty podSelector is the own namespace"),
        pytest.param("[{from: [{namespaceSelector: {}}]}]", ANY, ANY, ANY, id="all namespaces"),
        pytest.param("[{from: [{namespaceSelector: {matchLabels: {team: data}}}]}]", [], ANY, ANY, id="by label"),
        pytest.param(
            "[{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: batch}}}]}]",
            *([], ANY, ANY),
            id="the label with the namespace's name is there by itself",
        ),
        pytest.param(
            "[{from: [{namespaceSelector: {matchLabels: {team: data}}, podSelector: {matchLabels: {role: client}}}]}]",
            *([], ANY, []),
            id="both in one item are both",
        ),
        pytest.param(
            "[{from: [{namespaceSelector: {matchLabels: {team: data}}}, {podSelector: {matchLabels: {app: db}}}]}]",
            *(ANY, ANY, ANY),
            id="in two items they are either",
        ),
        pytest.param("[{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]", [], [], [], id="a block is about what is outside"),
        pytest.param(
            "[{from: [{podSelector: {matchExpressions: [{key: app, operator: In, values: [db, x]}]}}]}]",
            *(ANY, [], []),
            id="In",
        ),
        pytest.param(
            "[{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: NotIn, values: [data]}]}}]}]",
            *(ANY, [], []),
            id="NotIn is fulfilled where the label is missing",
        ),
        pytest.param(
            "[{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: Exists}]}}]}]",
            *([], ANY, ANY),
            id="Exists",
        ),
        pytest.param(
            "[{from: [{namespaceSelector: {}, podSelector: {matchExpressions: "
            "[{key: role, operator: DoesNotExist}]}}]}]",
            *(ANY, [], ANY),
            id="DoesNotExist",
        ),
    ],
)
def test_whom_a_rule_lets_in(ingress: str, db: list[str], job: list[str], other: list[str]) -> None:
    found = cases(f"podSelector: {{matchLabels: {{app: web}}}}\ningress: {ingress}")
    assert [between(found, name, "web") for name in ("db", "job", "other")] == [db, job, other]


@pytest.mark.parametrize(
    ("ports", "allowed"),
    [
        pytest.param("[]", ANY, id="no ports are all"),
        pytest.param("[{port: 80}]", ["TCP/80"], id="TCP by default"),
        pytest.param("[{port: 80, protocol: null}]", ["TCP/80"], id="null too"),
        pytest.param("[{protocol: UDP}]", ["UDP/any"], id="all of a protocol"),
        pytest.param("[{port: 8000, endPort: 8080}]", ["TCP/8000-8080"], id="a range"),
        pytest.param("[{port: http}]", ["TCP/8080"], id="a name is the pod's"),
        pytest.param("[{port: http, protocol: UDP}]", [], id="a name of another protocol is none"),
        pytest.param("[{port: nothing}]", [], id="a name that the pod has not"),
        pytest.param("[{port: 1}, {port: 2}, {port: 4, protocol: SCTP}]", ["SCTP/4", "TCP/1-2"], id="several add up"),
    ],
)
def test_ports(ports: str, allowed: list[str]) -> None:
    found = cases(f"podSelector: {{matchLabels: {{app: web}}}}\ningress: [{{ports: {ports}}}]")
    assert between(found, "db", "web") == allowed


def test_a_named_port_of_egress_is_that_of_each_target() -> None:
    one, two = (
        pod("one", ports="[{name: api, containerPort: 1000}]"),
        pod("two", ports="[{name: api, containerPort: 2000}]"),
    )
    found = cluster(
        pod("web"), one, two, policy("podSelector: {}\npolicyTypes: [Egress]\negress: [{ports: [{port: api}]}]")
    )
    assert (between(found, "web", "one"), between(found, "web", "two")) == (["TCP/1000"], ["TCP/2000"])


def test_policies_add_up() -> None:
    web = "podSelector: {matchLabels: {app: web}}\n"
    one = web + "ingress: [{from: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 80}]}]"
    two = web + "ingress: [{from: [{namespaceSelector: {}}], ports: [{port: 9090}]}]"
    found = cases(one, two, web + "ingress: []")
    assert between(found, "db", "web") == ["TCP/80", "TCP/9090"]
    assert between(found, "job", "web") == ["TCP/9090"]


def test_a_flow_has_to_leave_its_source_and_to_enter_its_target() -> None:
    leaving = policy(
        "podSelector: {}\npolicyTypes: [Egress]\negress: [{ports: [{port: 80}, {port: 90}]}]", "e", "batch"
    )
    entering = policy("podSelector: {matchLabels: {app: web}}\ningress: [{ports: [{port: 90}, {port: 100}]}]")
    assert between(cluster(*PODS, leaving), "job", "web") == ["TCP/80", "TCP/90"]
    assert between(cluster(*PODS, entering), "job", "web") == ["TCP/90", "TCP/100"]
    assert between(cluster(*PODS, leaving, entering), "job", "web") == ["TCP/90"]


def test_to_deny_all_egress_denies_names_too_until_a_rule_allows_them() -> None:
    dns = pod("dns", namespace="kube-system", ports="[{containerPort: 53, protocol: UDP}]")
    denied = policy("podSelector: {}\npolicyTypes: [Egress]")
    allowed = policy(
        "podSelector: {}\npolicyTypes: [Egress]\negress: [{ports: [{port: 53, protocol: UDP}, {port: 53}]}]"
    )
    assert between(cluster(*PODS, dns, denied), "web", "dns") == []
    assert between(cluster(*PODS, dns, allowed), "web", "dns") == ["TCP/53", "UDP/53"]


def test_a_pod_always_reaches_itself_and_not_its_like() -> None:
    found = cluster(*PODS, policy("podSelector: {}\npolicyTypes: [Ingress, Egress]"))
    assert between(found, "web", "web") == ANY


def test_a_policy_is_of_its_namespace_and_does_nothing_where_no_pods_are() -> None:
    found = cluster(*PODS, policy("podSelector: {}", namespace="empty"))
    assert between(found, "db", "web") == ANY


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param("podSelektor: {}", id="a field that is misspelt"),
        pytest.param("podSelector: {matchLabels: {app: 1}}", id="a label that is a number"),
        pytest.param("podSelector: {matchLabels: {app: n}}", id="a label that is false"),
        pytest.param("podSelector: {matchLabels: {app: 1.0}}", id="a label with a point"),
        pytest.param("podSelector: {app: web}", id="labels without matchLabels"),
        pytest.param("podSelector: {matchExpressions: [{key: a, operator: In}]}", id="In without values"),
        pytest.param("podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}", id="Exists with"),
        pytest.param("podSelector: {matchExpressions: [{key: a, operator: in, values: [b]}]}", id="an operator"),
        pytest.param("podSelector: {}\npolicyTypes: [ingress]", id="a type in lower case"),
        pytest.param("podSelector: {}\ningress: {}", id="rules that are no list"),
        pytest.param("podSelector: {}\ningress: [{from: [{}]}]", id="a peer that is nothing"),
        pytest.param("podSelector: {}\ningress: [{from: [{namespaceSelector: }]}]", id="a selector that is null"),
        pytest.param("podSelector: {}\ningress: [{from: [{ipBlock: {cidr: 10.0.0.0}}]}]", id="no prefix"),
        pytest.param("podSelector: {}\ningress: [{from: [{ipBlock: {cidr: 10.0.0.0/33}}]}]", id="a wrong prefix"),
        pytest.param(
            "podSelector: {}\ningress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}]", id="block and pods"
        ),
        pytest.param(
            "podSelector: {}\ningress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/9]}}]}]", id="except"
        ),
        pytest.param("podSelector: {}\ningress: [{ports: [{port: 0}]}]", id="port 0"),
        pytest.param("podSelector: {}\ningress: [{ports: [{port: '80'}]}]", id="a port as text"),
        pytest.param("podSelector: {}\ningress: [{ports: [{port: 080}]}]", id="a port with a zero in front"),
        pytest.param("podSelector: {}\ningress: [{ports: [{port: true}]}]", id="a port that is true"),
        pytest.param("podSelector: {}\ningress: [{ports: [{port: 80, endPort: 79}]}]", id="endPort below port"),
        pytest.param("podSelector: {}\ningress: [{ports: [{port: http, endPort: 90}]}]", id="endPort after a name"),
        pytest.param("podSelector: {}\ningress: [{ports: [{endPort: 90}]}]", id="endPort alone"),
        pytest.param("podSelector: {}\ningress: [{ports: [{port: 80, protocol: tcp}]}]", id="a protocol in lower case"),
        pytest.param("podSelector: {}\npodSelector: {}", id="a key twice"),
    ],
)
def test_what_the_api_server_refuses_is_unread_and_not_another_policy(spec: str) -> None:
    found = cluster(*PODS, policy(spec))
    assert (found.policies, len(found.unread)) == ({}, 1)
    assert found.unread[0].kind == "networkpolicy"
