"""What is found of workloads, and what is not known."""

import pytest
from tests.support.clusters import INGRESS, SERVICE, WEB, cluster, namespace, pod, policy, report, told

from picket.exposure.exposures import inspect, together
from picket.findings.model import LeftOut, Place, Report

CLOSED = policy("podSelector: {}\npolicyTypes: [Ingress, Egress]")
INTERNET = "ingress-from-internet"
FROM = "podSelector: {}\npolicyTypes: [Ingress, Egress]\ningress: "


def test_a_workload_without_policies_is_said_so_once_and_a_service_that_is_outside_brings_the_internet() -> None:
    assert told(WEB) == {("ingress-without-policy", "any"), ("egress-to-internet", "any")}
    found = report(WEB, SERVICE)
    assert {(one.rule, one.attribute, one.severity) for one in found.problems} == {
        ("ingress-without-policy", "any", "medium"),
        (INTERNET, "TCP/8080", "high"),
        ("egress-to-internet", "any", "low"),
    }
    assert {one.resource for one in found.problems} == {"shop/Deployment/web"}
    assert {one.places for one in found.problems} == {(Place(path="all.yaml", start_line=3, end_line=3),)}
    assert found.left_out == ()


@pytest.mark.parametrize(
    ("service", "reached"),
    [
        pytest.param(SERVICE, True, id="a load balancer"),
        pytest.param(SERVICE.replace("LoadBalancer", "NodePort"), True, id="a port of each node"),
        pytest.param(SERVICE.replace("LoadBalancer", "ClusterIP"), False, id="inside"),
        pytest.param(SERVICE.replace("LoadBalancer", "ClusterIP, externalIPs: [192.0.2.1]"), True, id="an external IP"),
        pytest.param(SERVICE.replace("LoadBalancer", "ExternalName"), False, id="a name"),
        pytest.param(SERVICE.replace("type: LoadBalancer, ", ""), False, id="ClusterIP by default"),
        pytest.param(SERVICE.replace("{app: web}", "{app: other}"), False, id="of other pods"),
        pytest.param(SERVICE.replace("namespace: shop", "namespace: other"), False, id="of another namespace"),
        pytest.param(SERVICE.replace("selector: {app: web}, ", ""), False, id="of no pods that are known"),
        pytest.param(
            SERVICE.replace("targetPort: http", "targetPort: nothing"), False, id="of a port that is not there"
        ),
        pytest.param(
            SERVICE.replace("namespace: shop", "namespace: shop, annotations: {x/aws-load-balancer-internal: 'true'}"),
            False,
            id="of the provider's network",
        ),
        pytest.param(
            SERVICE.replace("type: Load", "loadBalancerSourceRanges: [10.0.0.0/8], type: Load"),
            False,
            id="private sources",
        ),
        pytest.param(
            SERVICE.replace("type: Load", "loadBalancerSourceRanges: [0.0.0.0/0], type: Load"), True, id="all sources"
        ),
    ],
)
def test_services_decide_whether_the_internet_comes_in(service: str, *, reached: bool) -> None:
    assert ((INTERNET, "TCP/8080") in told(WEB, service)) == reached


@pytest.mark.parametrize(
    ("ingress", "reached"),
    [
        pytest.param("[]", set(), id="nobody"),
        pytest.param("[{}]", {"TCP/8080"}, id="everybody"),
        pytest.param("[{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]", {"TCP/8080"}, id="all addresses"),
        pytest.param("[{from: [{ipBlock: {cidr: '::/0'}}]}]", {"TCP/8080"}, id="all of IPv6"),
        pytest.param(
            "[{from: [{ipBlock: {cidr: 0.0.0.0/1}}, {ipBlock: {cidr: 128.0.0.0/1}}]}]", {"TCP/8080"}, id="halves"
        ),
        pytest.param(
            "[{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12]}}]}]",
            {"TCP/8080"},
            id="but private",
        ),
        pytest.param("[{from: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 9090}]}]", set(), id="another port"),
        pytest.param("[{from: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: http}]}]", {"TCP/8080"}, id="its name"),
        pytest.param("[{from: [{namespaceSelector: {}}]}]", set(), id="all namespaces are not the internet"),
    ],
)
def test_policies_decide_too(ingress: str, reached: set[str]) -> None:
    found = report(WEB, SERVICE, policy(FROM + ingress))
    assert {one.attribute for one in found.problems if one.rule == INTERNET} == reached
    assert all(one.severity == "medium" for one in found.problems if one.rule == INTERNET)
    assert found.left_out == ()


@pytest.mark.parametrize(
    "block",
    [
        pytest.param("{cidr: 10.0.0.0/8}", id="private"),
        pytest.param("{cidr: 203.0.112.0/21}", id="a few"),
        pytest.param("{cidr: 0.0.0.0/0, except: [0.0.0.0/1, 128.0.0.0/1]}", id="nothing left"),
    ],
)
def test_a_block_of_some_addresses_behind_a_load_balancer_is_unknown_since_it_may_be_the_nodes(block: str) -> None:
    found = report(WEB, SERVICE, policy(f"{FROM}[{{from: [{{ipBlock: {block}}}]}}]"))
    assert found.problems == ()
    assert [one.where for one in found.left_out] == ["shop/Deployment/web"]
    assert "such as those of nodes" in found.left_out[0].reason


def test_a_block_of_some_addresses_may_be_a_load_balancer_that_is_an_ingress() -> None:
    inside = SERVICE.replace("LoadBalancer", "ClusterIP")
    found = report(WEB, inside, INGRESS, policy(f"{FROM}[{{from: [{{ipBlock: {{cidr: 130.211.0.0/22}}}}]}}]"))
    assert (found.problems, [one.where for one in found.left_out]) == ((), ["shop/Deployment/web"])


def test_an_ingress_brings_the_internet_where_another_namespace_may_come_in() -> None:
    inside = SERVICE.replace("LoadBalancer", "ClusterIP")
    controller = "[{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress}}}]}]"
    assert (INTERNET, "TCP/8080") in told(WEB, inside, INGRESS)
    assert (INTERNET, "TCP/8080") in told(WEB, inside, INGRESS, policy(FROM + controller))
    assert told(WEB, inside, INGRESS, policy(FROM + "[{from: [{podSelector: {}}], ports: [{port: 1}]}]")) == set()
    assert (INTERNET, "TCP/8080") not in told(WEB, inside, INGRESS.replace("number: 80", "number: 81"))


@pytest.mark.parametrize(
    ("ingress", "found"),
    [
        pytest.param("[]", set(), id="nobody"),
        pytest.param(
            "[{from: [{podSelector: {matchLabels: {a: b}}}]}]",
            set(),
            id="some pods of its namespace are as it should be",
        ),
        pytest.param("[{from: [{podSelector: {}}]}]", {("ingress-from-own-namespace", "any")}, id="its namespace"),
        pytest.param("[{from: [{podSelector: {}}], ports: [{port: 80}]}]", set(), id="its namespace, at a port"),
        pytest.param(
            "[{from: [{namespaceSelector: {}}]}]", {("ingress-from-any-namespace", "any")}, id="any namespace"
        ),
        pytest.param(
            "[{from: [{namespaceSelector: {matchExpressions: [{key: x, operator: NotIn, values: [z]}]}}]}]",
            {("ingress-from-any-namespace", "any")},
            id="any namespace but some",
        ),
        pytest.param(
            "[{from: [{namespaceSelector: {}}], ports: [{port: 80}, {port: 90, protocol: UDP}]}]",
            {("ingress-from-any-namespace", "TCP/80"), ("ingress-from-any-namespace", "UDP/90")},
            id="any namespace, at two ports",
        ),
        pytest.param("[{}]", {("ingress-from-any-namespace", "any")}, id="everybody, but no way from the internet"),
        pytest.param(
            "[{from: [{namespaceSelector: {matchLabels: {team: data}}}], ports: [{port: 80}]}]",
            {("ingress-from-namespace-batch", "TCP/80")},
            id="a namespace",
        ),
        pytest.param(
            "[{from: [{namespaceSelector: {matchLabels: {team: data}}, podSelector: {matchLabels: {a: b}}}]}]",
            set(),
            id="some pods of a namespace",
        ),
    ],
)
def test_from_which_namespaces_a_workload_is_reached(ingress: str, found: set[tuple[str, str]]) -> None:
    assert told(WEB, namespace("batch", "team: data"), policy(FROM + ingress)) == found


@pytest.mark.parametrize(
    ("egress", "found"),
    [
        pytest.param("[]", set(), id="nowhere"),
        pytest.param("[{}]", {"any"}, id="everywhere"),
        pytest.param("[{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]", {"any"}, id="all addresses"),
        pytest.param("[{to: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 443}]}]", {"TCP/443"}, id="at a port"),
        pytest.param("[{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]", set(), id="private addresses"),
        pytest.param("[{to: [{namespaceSelector: {}}]}]", set(), id="the cluster"),
        pytest.param("[{ports: [{port: http}]}]", set(), id="a port by name is none outside"),
    ],
)
def test_where_a_workload_goes(egress: str, found: set[str]) -> None:
    answer = told(WEB, policy(f"podSelector: {{}}\npolicyTypes: [Ingress, Egress]\negress: {egress}"))
    assert answer == {("egress-to-internet", each) for each in found}


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        pytest.param(CLOSED.replace("podSelector", "podSelektor"), "podSelektor", id="a policy that is not read"),
        pytest.param(CLOSED.replace("name: p,", "name: n,"), "metadata.name", id="a policy whose name is false"),
        pytest.param(CLOSED + "  x: [", "not YAML", id="a policy that is no YAML"),
        pytest.param(CLOSED.replace("kind: NetworkPolicy", "kind: n"), "no text", id="an object of no kind"),
        pytest.param(CLOSED.replace("networking.k8s.io/v1", "projectcalico.org/v3"), "projectcalico", id="Calico"),
        pytest.param(
            "\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: c, namespace: shop}\n",
            "not evaluated",
            id="Cilium",
        ),
        pytest.param(
            "\napiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: c}\n",
            "not evaluated",
            id="Cilium, everywhere",
        ),
        pytest.param(
            "\napiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: a}\n",
            "not evaluated",
            id="of an administrator",
        ),
    ],
)
def test_a_policy_that_is_not_known_makes_all_of_its_namespace_unknown(manifest: str, reason: str) -> None:
    found = report(WEB, SERVICE, manifest)
    assert found.problems == ()
    assert [reason in one.reason for one in found.left_out] == [True]


@pytest.mark.parametrize("name", ["n", "'{{ .Release.Namespace }}'", "$(NAMESPACE)", "{{ x }}", "[a]"])
def test_a_policy_whose_namespace_is_not_known_makes_everything_unknown(name: str) -> None:
    found = report(WEB, SERVICE, CLOSED.replace("namespace: shop", f"namespace: {name}"))
    assert (found.problems, len(found.left_out)) == ((), 1)


def test_another_namespace_stays_known() -> None:
    unread = CLOSED.replace("podSelector", "podSelektor")
    found = report(WEB, pod("other", namespace="other"), unread)
    assert {one.resource for one in found.problems} == {"other/Pod/other"}
    assert len(found.left_out) == 1


def test_two_policies_of_one_name_that_differ_are_unknown_and_equal_ones_are_one() -> None:
    assert report(WEB, CLOSED, CLOSED) == Report()
    found = report(WEB, CLOSED, policy("podSelector: {}\ningress: [{}]"))
    assert (found.problems, len(found.left_out)) == ((), 1)


@pytest.mark.parametrize(
    "manifest",
    [
        SERVICE.replace("port: 80", "port: '80'"),
        INGRESS.replace("rules: [", "rules: [3, "),
        "\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: shop}\n",
        "\napiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {name: r, namespace: shop}\n",
    ],
)
def test_a_way_in_that_is_not_known_leaves_the_internet_out(manifest: str) -> None:
    found = report(WEB, SERVICE.replace("name: web", "name: two"), manifest)
    assert {one.rule for one in found.problems} == {"ingress-without-policy", "egress-to-internet"}
    assert len(found.left_out) == 1


def test_pods_in_the_network_of_their_node_are_unknown() -> None:
    found = report(pod("agent", more=", hostNetwork: true"), SERVICE.replace("{app: web}", "{app: agent}"))
    assert (found.problems, [one.where for one in found.left_out]) == ((), ["shop/Pod/agent"])


def test_other_kinds_do_not_matter() -> None:
    others = "\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: n}\ndata: {y: [}\n"
    custom = "\napiVersion: example.com/v1\nkind: Thing\nmetadata: 3\n"
    assert report(WEB, CLOSED, others, custom) == Report()


def test_pods_of_a_dump_are_named_by_what_owns_them() -> None:
    def owned(name: str, kind: str, owner: str, labels: str = "app: web") -> str:
        reference = f"ownerReferences: [{{kind: {kind}, name: {owner}, controller: true, uid: x}}]"
        return pod(name, labels=labels).replace("metadata: {", f"metadata: {{{reference}, ")

    hashed = owned("web-5d4-x", "ReplicaSet", "web-5d4", "app: web, pod-template-hash: 5d4")
    assert [one.address for one in cluster(hashed).workloads] == ["shop/Deployment/web"]
    assert [one.address for one in cluster(WEB, hashed).workloads] == ["shop/Deployment/web"]
    assert [one.address for one in cluster(owned("a", "Thing", "b")).workloads] == ["shop/Thing/b"]
    job = WEB.replace("apps/v1", "batch/v1").replace("Deployment", "Job").replace("name: web, ", "name: j-1, ")
    job = job.replace(
        "namespace: shop", "namespace: shop, ownerReferences: [{kind: CronJob, name: j, controller: true}]"
    )
    assert {one.address for one in cluster(job, owned("j-1-x", "Job", "j-1")).workloads} == {"shop/CronJob/j"}


def test_findings_of_two_clusters_are_one_at_its_gravest_with_all_places() -> None:
    grave, mild = report(WEB, SERVICE), report(WEB, SERVICE, policy(FROM + "[{}]"))
    moved = tuple(one.model_copy(update={"places": (Place(path="b.yaml"),)}) for one in mild.problems)
    found = together([mild.model_copy(update={"problems": moved}), grave])
    [one] = [each for each in found.problems if each.rule == INTERNET]
    assert (one.severity, [place.path for place in one.places]) == ("high", ["b.yaml", "all.yaml"])


def test_what_is_not_known_is_said_once_and_not_without_end() -> None:
    many = Report(left_out=tuple(LeftOut(where=str(n), reason="x") for n in range(2_000)))
    found = together([many, many])
    assert (len(found.left_out), found.left_out[-1].reason) == (1_001, "1000 more things are not known")


def test_thousands_of_objects_are_bounded() -> None:
    pods = [pod(f"p{n}", labels=f"app: p{n}") for n in range(800)]
    policies = [policy(f"podSelector: {{matchLabels: {{app: p{n}}}}}", name=f"p{n}") for n in range(3_500)]
    found = inspect(cluster(*pods, *policies))
    assert (found.problems, [one.where for one in found.left_out]) == ((), ["namespace shop"])
    assert len(inspect(cluster(*pods, *policies[:200])).problems) > 1_000
