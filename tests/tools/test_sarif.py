"""Reading SARIF: what counts as a problem, of which kind, how grave, and where."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.sarif import document, place, result, rule

from picket.errors import Malformed, Unsupported
from picket.findings.model import Problem, Report
from picket.tools import TOOLS
from picket.tools.reports import read


def parsed(content: dict[str, Any], tool: str = "t") -> Report:
    return read(json.dumps(content).encode(), tool, "", TOOLS)


def one(content: dict[str, Any], tool: str = "t") -> Problem:
    [problem] = parsed(content, tool).problems
    return problem


@pytest.mark.parametrize(
    ("more", "count"),
    [
        ({}, 1),
        *(({"kind": kind}, 0) for kind in ("pass", "notApplicable", "informational")),
        *(({"kind": kind}, 1) for kind in ("fail", "open", "review")),
        ({"baselineState": "absent"}, 0),
        ({"baselineState": "unchanged"}, 1),
        ({"suppressions": [{"kind": "inSource"}]}, 0),
        ({"suppressions": [{"kind": "external", "status": "rejected"}]}, 1),
        ({"suppressions": []}, 1),
    ],
)
def test_only_what_is_wrong_and_not_suppressed_counts(more: dict[str, Any], count: int) -> None:
    assert len(parsed(document(result("r", "a.py", 1, **more))).problems) == count


@pytest.mark.parametrize(
    ("tool", "tags", "name", "kind", "advisory"),
    [
        ("codeql", ("security", "external/cwe/cwe-079"), "js/xss", "weakness", ""),
        ("trivy", ("vulnerability", "HIGH"), "CVE-2020-1234", "vulnerability", "CVE-2020-1234"),
        ("grype", (), "ghsa-jfh8-c2jp-5v3q-log4j-core", "vulnerability", "GHSA-jfh8-c2jp-5v3q"),
        ("govulncheck", (), "GO-2021-0113", "vulnerability", "GO-2021-0113"),
        ("trivy", ("misconfiguration",), "DS002", "misconfiguration", ""),
        ("checkov", (), "CKV_AWS_1", "misconfiguration", ""),
        ("gitleaks", (), "aws-access-token", "secret", ""),
        ("trivy", ("secret",), "aws-key", "secret", ""),
        ("other", (), "x", "weakness", ""),
    ],
)
def test_the_kind_is_told_by_tags_then_the_rule_then_the_tool(
    tool: str, tags: tuple[str, ...], name: str, kind: str, advisory: str
) -> None:
    problem = one(document(result(name, "a", 1), rules=(rule(name, *tags),)), tool)

    assert (problem.kind, problem.advisory) == (kind, advisory)


@pytest.mark.parametrize(
    ("score", "level", "severity"),
    [
        ("9.8", "note", "critical"),
        ("9.0", None, "critical"),
        ("8.9", None, "high"),
        ("4.0", None, "medium"),
        ("0.1", None, "low"),
        ("0.0", None, "info"),
        ("11", "error", "high"),
        ("nan", "note", "low"),
        (None, "error", "high"),
        (None, "warning", "medium"),
        (None, "none", "info"),
        (None, None, "medium"),
        ([1], "odd", "medium"),
    ],
)
def test_severity_is_the_score_else_the_level(score: Any, level: str | None, severity: str) -> None:
    properties = {} if score is None else {"security-severity": score}
    more = {} if level is None else {"level": level}

    problem = one(document(result("r", "a", 1, **more), rules=({"id": "r", "properties": properties},)))

    assert problem.severity == severity


@pytest.mark.parametrize(
    ("uri", "bases", "path"),
    [
        ("a/b.py", {}, "a/b.py"),
        ("./a//b.py", {}, "a/b.py"),
        ("a%20b/%C3%A9.py", {}, "a b/é.py"),
        ("file:///src/a.py", {"SRCROOT": {"uri": "file:///src/"}}, "a.py"),
        ("file:///src/deep/a.py", {"A": {"uri": "file:///src/"}, "B": {"uri": "deep/", "uriBaseId": "A"}}, "a.py"),
        ("/src/a.py", {"SRCROOT": {"uri": "file:///src"}}, "a.py"),
        ("a/../../b", {}, None),
        ("../b", {}, None),
        ("/etc/passwd", {}, None),
        ("file:///etc/passwd", {"SRCROOT": {"uri": "file:///src/"}}, None),
        ("https://host/a.py", {}, None),
        ("http://[", {}, None),
        ("file://host/src/a.py", {}, None),
        ("a%00b", {}, None),
        ("", {}, None),
        ("a.py", {"A": {"uriBaseId": "A"}}, "a.py"),
        ("/x", {"A": {"uri": "y/", "uriBaseId": "B"}, "B": {"uri": "z/", "uriBaseId": "A"}}, None),
    ],
)
def test_a_path_leads_into_the_repository_or_is_left_out(uri: str, bases: dict[str, Any], path: str | None) -> None:
    report = parsed(document(result("r", uri, 1), originalUriBaseIds=bases))

    assert [one.places[0].path for one in report.problems] == ([path] if path else [])
    assert [one.where for one in report.left_out] == ([] if path else ["runs[0].results[0]"])


def test_a_rule_is_named_in_each_of_the_ways_that_the_standard_has() -> None:
    rules = (rule("first", "CWE-1"), rule("second", "CWE-2"))
    results: list[dict[str, Any]] = [
        {"ruleIndex": 1},
        {"rule": {"index": 1}},
        {"rule": {"id": "second"}},
        {"ruleId": "second"},
        {"ruleId": "second/sub", "ruleIndex": 1},
        {"ruleId": "second", "ruleIndex": 0},
    ]
    found = parsed(document(*({**each, "locations": [place("a", 1)]} for each in results), rules=rules))
    extended = document({"ruleId": "second", "locations": [place("a", 1)]})
    extended["runs"][0]["tool"]["extensions"] = [{"rules": [rules[1]]}]

    assert [each.cwe for each in (*found.problems, *parsed(extended).problems)] == [("CWE-2",)] * 7
    assert "names no rule" in parsed(document({"locations": []})).left_out[0].reason


def test_an_artifact_is_named_by_its_index_and_a_place_by_lines_and_columns() -> None:
    where = {"physicalLocation": {"artifactLocation": {"index": 0}, "region": {"startLine": 3, "endColumn": 9}}}
    content = document({"ruleId": "r", "locations": [where]}, artifacts=[{"location": {"uri": "src/a.py"}}])

    [found] = one(content).places
    assert (found.path, found.start_line, found.end_line, found.end_column) == ("src/a.py", 3, 3, 8)


def test_a_run_that_failed_or_has_no_results_did_not_succeed() -> None:
    assert parsed(document()).succeeded
    assert not parsed(document(invocations=[{"executionSuccessful": False}])).succeeded
    assert not parsed(document() | {"runs": []}).succeeded
    for untold in ({}, {"results": None}):
        run: dict[str, Any] = {"tool": {"driver": {"name": "t"}}, **untold}
        assert not parsed({"version": "2.1.0", "runs": [run]}).succeeded


@pytest.mark.parametrize("field", ["startLine", "endLine", "startColumn", "endColumn"])
def test_a_line_that_no_store_can_keep_is_refused(field: str) -> None:
    where = place("a", 1)
    where["physicalLocation"]["region"][field] = 10**20

    with pytest.raises(Malformed, match=field):
        parsed(document({"ruleId": "r", "locations": [where]}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
WHOLE = document(
    result("r", "a.py", 1, level="error", kind="fail", ruleIndex=0, properties={"tags": ["x"]}, suppressions=[]),
    rules=(rule("r", "CWE-1", relationships=[{"target": {"id": "CWE-2"}}]),),
    artifacts=[{"location": {"uri": "x"}}],
    originalUriBaseIds={"SRCROOT": {"uri": "file:///src/"}},
    invocations=[{"executionSuccessful": True}],
)


def ways(node: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every part of a document."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [way, *(each for name, value in inner for each in ways(value, (*way, name)))]


def results_in(content: Any) -> int:
    """Return how many results a document has in the places where results are."""
    found = [run.get("results") for run in content["runs"] if isinstance(run, dict)]
    return sum(len(each) for each in found if isinstance(each, list))


@example(("runs", 0, "results"), [{}, {}])
@given(st.sampled_from(ways(WHOLE)[1:]), JSON)
def test_whatever_stands_in_a_document_it_is_read_or_refused(way: tuple[Any, ...], value: Any) -> None:
    content = json.loads(json.dumps(WHOLE))
    inner = content
    for name in way[:-1]:
        inner = inner[name]
    inner[way[-1]] = value

    try:
        report = parsed(content)
    except (Malformed, Unsupported):
        return
    assert len(report.problems) + len(report.left_out) <= results_in(content)
