"""Whose report a document is: no format takes another's, and the first in the registry that takes it reads it."""

from typing import Any

import pytest
from tests.support import sarif
from tests.support.reports import bills, clusters, configuration, platforms, registries, vulnerabilities

from picket.tools import TOOLS


def recognised(document: Any) -> list[str]:
    """Return who takes a JSON document, in the order of the registry, as `read` offers it."""
    offered = {"json": document, "values": [document]}
    if isinstance(document, list):
        offered["values"] = document  # one value a line
    return [tool.name for tool in TOOLS.values() if tool.syntax in offered and tool.recognises(offered[tool.syntax])]


def by(tool: str) -> dict[str, Any]:
    """Return SARIF as a tool writes it: with what it adds at the top and in the run."""
    found = sarif.document(sarif.result("r", "a.py", 1), rules=(sarif.rule("r"),))
    found["runs"][0]["tool"]["driver"]["name"] = tool
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", **found, "inlineExternalProperties": []}


def bill(tool: str, version: str, *, is_former: bool = False) -> dict[str, Any]:
    """Return CycloneDX as a tool writes it, with its name in one of both places."""
    named: Any = [{"vendor": tool, "name": tool, "version": "1"}]
    tools = named if is_former else {"components": named}
    return {**bills.CYCLONEDX, "specVersion": version, "metadata": {"tools": tools}}


@pytest.mark.parametrize(
    "tool",
    [
        "Trivy",
        "Grype",
        "checkov",
        "Semgrep OSS",
        "Bandit",
        "KubeLinter",
        "Kubescape",
        "nuclei",
        "dependency-check",
        "osv-scanner",
    ],
)
def test_sarif_is_sarif_whichever_tool_writes_it(tool: str) -> None:
    assert recognised(by(tool)) == ["sarif"]


@pytest.mark.parametrize("is_former", [False, True])
@pytest.mark.parametrize(
    "tool", ["trivy", "grype", "checkov", "osv-scanner", "pip-audit", "cdxgen", "dependency-track"]
)
def test_cyclonedx_is_cyclonedx_whichever_tool_writes_it(tool: str, is_former: bool) -> None:
    assert recognised(bill(tool, "1.4", is_former=is_former)) == ["cyclonedx"]


def test_syfts_is_its_own_as_well_and_alone_in_versions_before() -> None:
    assert recognised(vulnerabilities.SYFT) == ["cyclonedx", "syft"]
    assert recognised({**vulnerabilities.SYFT, "specVersion": "1.3"}) == ["syft"]


@pytest.mark.parametrize(
    ("document", "name"),
    [
        (bills.OPENVEX, "openvex"),
        (bills.SPDX, "spdx"),
        (registries.NPM_AUDIT, "npm-audit"),
        (registries.NPM_AUDIT_6, "npm-audit"),
        (registries.NPM_AUDIT_ERROR, "npm-audit"),
        (registries.PIP_AUDIT, "pip-audit"),
        (registries.PIP_AUDIT["dependencies"], "pip-audit"),
        (registries.DEPENDENCY_CHECK, "dependency-check"),
        (clusters.KUBE_LINTER, "kube-linter"),
        (clusters.KUBESCAPE, "kubescape"),
        (clusters.TRIVY_OPERATOR, "trivy-operator"),
        (clusters.OPERATOR_CHECKS, "trivy-operator"),
        (clusters.OPERATOR_SECRETS, "trivy-operator"),
        ({"verb": "update", "operatorObject": clusters.TRIVY_OPERATOR}, "trivy-operator"),
        ({**platforms.AQUA, "resources": []}, "aqua"),
        ({**clusters.KUBESCAPE, "resources": [], "results": []}, "kubescape"),
        ({"kind": "List", "apiVersion": "v1", "items": [clusters.OPERATOR_CHECKS]}, "trivy-operator"),
        (platforms.NUCLEI, "nuclei"),
        (platforms.NUCLEI[0], "nuclei"),
        (platforms.GITLAB, "gitlab"),
        (platforms.GITLAB_SECRETS, "gitlab"),
        (platforms.GITLAB_DEPENDENCIES, "gitlab"),
        (platforms.GITLAB_IMAGE, "gitlab"),
        (platforms.AQUA, "aqua"),
        (platforms.AQUA_FORMERLY, "aqua"),
        ([{"image_name": "a", "results": platforms.AQUA}], "aqua"),
        (vulnerabilities.TRIVY_OF_AN_IMAGE, "trivy"),
        (vulnerabilities.OSV_SCANNER_OF_AN_IMAGE, "osv-scanner"),
        (configuration.CHECKOV, "checkov"),
        ([configuration.CHECKOV, configuration.CHECKOV], "checkov"),
        (configuration.CHECKOV_OF_NOTHING, "checkov"),
    ],
)
def test_each_shape_of_a_format_is_taken_by_it_alone(document: Any, name: str) -> None:
    assert recognised(document) == [name]


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {"results": []},
        {"vulnerabilities": []},
        {"version": "1"},
        {"cves": []},
        {"image": "a", "resources": []},
        {"resources": [{}]},
    ],
)
def test_what_could_be_anybodys_is_nobodys(document: Any) -> None:
    assert recognised(document) == []
