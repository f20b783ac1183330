"""Whatever stands in a report, it is read or refused: nothing else is raised, and no recogniser fails."""

import copy
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.reports import (
    bills,
    clusters,
    code,
    configuration,
    credentials,
    platforms,
    registries,
    vulnerabilities,
)

from picket.errors import Malformed
from picket.findings.model import Report
from picket.tools import TOOLS

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.just("x" * 2_000),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
HADOLINT = [{"code": "DL3006", "level": "warning", "file": "Dockerfile", "line": 1, "column": 1, "message": "x"}]
DOCUMENTS: dict[str, Any] = {
    "aqua": platforms.AQUA,
    "bandit": code.BANDIT,
    "checkov": [configuration.CHECKOV],
    "cyclonedx": bills.CYCLONEDX,
    "dependency-check": registries.DEPENDENCY_CHECK,
    "detect-secrets": credentials.DETECT_SECRETS,
    "exposure": configuration.EXPOSURE,
    "gitlab": platforms.GITLAB_SECRETS,
    "gitleaks": credentials.GITLEAKS,
    "gosec": code.GOSEC,
    "govulncheck": vulnerabilities.GOVULNCHECK,
    "grype": vulnerabilities.GRYPE,
    "hadolint": HADOLINT,
    "kingfisher": credentials.KINGFISHER,
    "kube-linter": clusters.KUBE_LINTER,
    "kubeconform": configuration.KUBECONFORM,
    "kubescape": clusters.KUBESCAPE,
    "npm-audit": registries.NPM_AUDIT,
    "nuclei": platforms.NUCLEI,
    "openvex": bills.OPENVEX,
    "osv-scanner": vulnerabilities.OSV_SCANNER,
    "pip-audit": registries.PIP_AUDIT,
    "semgrep": code.SEMGREP,
    "spdx": bills.SPDX,
    "syft": vulnerabilities.SYFT,
    "trivy": vulnerabilities.TRIVY,
    "trivy-operator": clusters.TRIVY_OPERATOR,
    "trufflehog": credentials.TRUFFLEHOG,
    "zizmor": configuration.ZIZMOR,
}
TEXTS = ("helm", "nmap", "sarif")
"""Tools whose documents are not of JSON, and SARIF, which has a test of its own."""


def ways(node: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every part of a document."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [way, *(each for name, value in inner for each in ways(value, (*way, name)))]


@st.composite
def mutated(draw: st.DrawFn, name: str) -> Any:
    """Return a document in which parts are dropped, of another type, or there twice."""
    document = copy.deepcopy(DOCUMENTS[name])
    for _ in range(draw(st.integers(1, 3))):
        found = ways(document)[1:]
        if not found:
            return document
        way = draw(st.sampled_from(found))
        inner = document
        for step in way[:-1]:
            inner = inner[step]
        change = draw(st.sampled_from(["drop", "retype", "double"]))
        if change == "drop":
            del inner[way[-1]]
        elif change == "retype":
            inner[way[-1]] = draw(JSON)
        else:
            inner[way[-1]] = [copy.deepcopy(inner[way[-1]])] * 2
    return document


def test_each_tool_is_here() -> None:
    assert sorted((*DOCUMENTS, *TEXTS)) == sorted(TOOLS)


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_is_recognised_by_its_own_tool_alone(name: str) -> None:
    """Syft writes CycloneDX: another tool's name leads to that format, which reads it as well."""
    tools = [tool.name for tool in TOOLS.values() if tool.recognises(DOCUMENTS[name])]
    assert tools == {"syft": ["cyclonedx", "syft"]}.get(name, [name])


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_with_odd_parts_is_read_or_refused(name: str) -> None:
    @given(mutated(name))
    def check(document: Any) -> None:
        assert isinstance(TOOLS[name].recognises(document), bool)
        try:
            said = TOOLS[name].parse(document, name).model_dump_json()
        except Malformed as error:
            said = str(error)
        assert credentials.SECRET not in said

    check()


@given(JSON)
def test_no_recogniser_fails(document: Any) -> None:
    for tool in TOOLS.values():
        assert isinstance(tool.recognises(document), bool)


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_any_json_is_read_or_refused(name: str) -> None:
    @given(JSON)
    def check(document: Any) -> None:
        try:
            TOOLS[name].parse(document, name)
        except Malformed:
            return

    check()


@given(st.data())
def test_xml_with_odd_parts_is_read(data: st.DataObject) -> None:
    tree = fromstring(configuration.NMAP)  # noqa: S314 - our own
    for _ in range(3):
        element = data.draw(st.sampled_from(list(tree.iter())))
        change = data.draw(st.sampled_from(["attribute", "tag", "child"]))
        if change == "attribute" and element.attrib:
            element.set(data.draw(st.sampled_from(sorted(element.attrib))), data.draw(st.text(max_size=8)))
        elif change == "tag" and element is not tree:
            element.tag = data.draw(st.sampled_from(["host", "port", "state", "ports", "address", "finished"]))
        else:
            element.append(Element(data.draw(st.sampled_from(["host", "port", "state", "service"]))))
    assert isinstance(TOOLS["nmap"].parse(tree, "nmap"), Report)


@given(
    st.lists(st.sampled_from(["==> Linting ", "[ERROR] ", "[INFO] ", "a.yaml: ", "..", "/", "\x00", "\n"]), max_size=30)
)
def test_text_with_odd_parts_is_read_or_refused(parts: list[str]) -> None:
    try:
        TOOLS["helm"].parse("".join(parts), "helm")
    except Malformed:
        return
