"""Which rules of several tools are one control, and which object a failed one is of."""

import re
from collections import Counter

import pytest

from picket.findings.controls import CONTROLS, control_of
from picket.findings.kinds import KINDS
from picket.findings.kinds.kind import Lines
from picket.findings.model import Place, Problem
from picket.tools import TOOLS

SPELLINGS = {
    "checkov": r"ckv2?_(k8s|docker)_[0-9]+",
    "hadolint": r"dl[0-9]{4}",
    "kube-linter": r"[a-z]+(-[a-z]+)*",
    "kubescape": r"c-[0-9]{4}",
    "trivy": r"(ksv|ds)-[0-9]{4}",
}
RULES = [rule for rules in CONTROLS.values() for rule in rules]


def test_no_rule_stands_under_two_controls() -> None:
    assert [rule for rule, count in Counter(RULES).items() if count > 1] == []


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_spelt_as_its_tool_spells_it_in_lower_case(rule: str) -> None:
    tool, _, name = rule.partition(":")
    assert tool in TOOLS
    assert re.fullmatch(SPELLINGS[tool], name)


@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_is_known_to_more_than_one_tool(name: str) -> None:
    assert len({rule.partition(":")[0] for rule in CONTROLS[name]}) > 1
    assert re.fullmatch(r"(k8s|docker)(-[a-z]+)+", name)


@pytest.mark.parametrize(
    ("tool", "rule"),
    [
        ("trivy", "KSV-0017"),
        ("Trivy-Operator", "KSV-0017"),
        ("checkov", "CKV_K8S_16"),
        ("kube-linter", "privileged-container"),
        ("kubescape", "C-0057"),
    ],
)
def test_each_tools_rule_leads_to_the_control(tool: str, rule: str) -> None:
    assert control_of(tool, rule) == "k8s-privileged"


def test_what_is_not_here_is_a_control_by_itself() -> None:
    assert control_of("grype", "KSV-0017") == control_of("trivy", "KSV-9999") == ""


def identities(
    tool: str, rule: str, *, resource: str = "", path: str = "", kubernetes: str = ""
) -> tuple[tuple[str, ...], ...]:
    places = (Place(path=path),) if path else ()
    problem = Problem(kind="misconfiguration", rule=rule, severity="low", resource=resource, places=places)
    return KINDS["misconfiguration"].identify(tool, problem, Lines(kubernetes=kubernetes))


def test_two_objects_of_a_cluster_fail_a_control_each() -> None:
    """They are in no file that could tell them apart."""
    one = identities("trivy-operator", "KSV-0017", resource="deployment/shop/web")
    other = identities("trivy-operator", "KSV-0017", resource="deployment/shop/api")
    same = identities("kubescape", "C-0057", resource="deployment/shop/web")
    assert one[0] == same[0]
    assert one[0] != other[0]


def test_what_the_file_tells_counts_first() -> None:
    by_line = identities(
        "checkov", "CKV_K8S_16", resource="Deployment.shop.web", path="a.yaml", kubernetes="deployment/shop/web"
    )
    by_name = identities("kube-linter", "privileged-container", resource="deployment/shop/web", path="a.yaml")
    assert by_line[0] == by_name[0]


def test_where_no_object_is_known_another_spelling_of_it_is_the_tools_own() -> None:
    [own] = identities("checkov", "CKV_K8S_16", resource="Deployment.shop.web", path="a.yaml")
    assert own == ("checkov:ckv_k8s_16", "a.yaml", "Deployment.shop.web")
