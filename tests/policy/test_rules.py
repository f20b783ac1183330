"""Feedback rules: reading, matching, deciding."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picket.errors import Malformed
from picket.policy.decide import MAX_DEPTH, decide
from picket.policy.match import explain, matches
from picket.policy.rules import Rule, combined, parse_policy

NOW = datetime(2026, 5, 1, tzinfo=UTC)
CONTEXT: dict[str, Any] = {
    "finding": {
        "path": "src/config/prod.env",
        "severity": "high",
        "confidence": 0.9,
        "rule": "aws-access-key-id",
        "provider": "AWS",
        "tags": ["cloud", "key"],
        "is_live": False,
        "evidence": {"severity": "high", "confidence": 0.9},
    },
    "event": {"commits": 3},
    "repository": {"visibility": "public"},
    "scan": {"kind": "reactive"},
}


def rule(match: dict[str, Any], *actions: dict[str, Any], name: str = "r") -> Rule:
    return Rule.model_validate({"id": name, "match": match, "actions": actions or ({"notify": {"message": "m"}},)})


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        pytest.param({"finding.severity": "high"}, True, id="equal"),
        pytest.param({"finding.severity": "High"}, False, id="case matters"),
        pytest.param({"finding.severity": ["low", "high"]}, True, id="one of"),
        pytest.param({"finding.severity": ["low"]}, False, id="none of"),
        pytest.param({"finding.severity": []}, False, id="one of nothing"),
        pytest.param({"finding.path": {"glob": "src/**/*.env"}}, True, id="glob over folders"),
        pytest.param({"finding.path": {"glob": "**/prod.env"}}, True, id="glob from anywhere"),
        pytest.param({"finding.path": {"glob": "src/*.env"}}, False, id="a star stays in its folder"),
        pytest.param({"finding.path": {"glob": ["x", "src/config/prod.???"]}}, True, id="any glob of several"),
        pytest.param({"finding.path": {"glob": "src/config/prod[.]env"}}, False, id="brackets are themselves"),
        pytest.param({"finding.rule": {"regex": "^aws-"}}, True, id="regex"),
        pytest.param({"finding.rule": {"regex": "^gcp-"}}, False, id="regex that does not"),
        pytest.param({"finding.confidence": {"ge": 0.9, "lt": 1}}, True, id="between"),
        pytest.param({"finding.confidence": {"gt": 0.9}}, False, id="greater is strict"),
        pytest.param({"finding.confidence": {"le": 0.9}}, True, id="at most"),
        pytest.param({"finding.severity": {"gt": 1}}, False, id="text is no number"),
        pytest.param({"finding.is_live": {"lt": 1}}, False, id="a truth value is no number"),
        pytest.param({"finding.is_live": False}, True, id="a truth value"),
        pytest.param({"finding.is_live": 0}, False, id="zero is not false"),
        pytest.param({"finding.tags": "key"}, True, id="a member of a list"),
        pytest.param({"finding.tags": {"glob": "cl*"}}, True, id="a glob on a member"),
        pytest.param({"finding.provider": {"not": "AWS"}}, False, id="not"),
        pytest.param({"finding.provider": {"not": ["GCP", "Azure"]}}, True, id="not one of"),
        pytest.param({"finding.absent": {"exists": False}}, True, id="absent"),
        pytest.param({"finding.path": {"exists": True}}, True, id="present"),
        pytest.param({"finding.absent": None}, True, id="absent is null"),
        pytest.param({"finding.path.deeper": "x"}, False, id="below a text"),
        pytest.param({"event.commits": 3}, True, id="an event's field"),
        pytest.param({"finding.severity": "high", "scan.kind": "integral"}, False, id="all must hold"),
    ],
)
def test_conditions(match: dict[str, Any], *, expected: bool) -> None:
    assert matches(rule(match), CONTEXT) is expected
    assert all(verdict.holds for verdict in explain(rule(match), CONTEXT)) is expected


def test_an_explanation_tells_what_was_wanted_and_what_is_there() -> None:
    first, second = explain(rule({"finding.severity": ["low"], "finding.nothing": {"exists": True}}), CONTEXT)

    assert (first.field, first.wanted, first.found, first.holds) == ("finding.severity", "['low']", "'high'", False)
    assert second.found == "(absent)"


@given(st.text(alphabet="a/*?.[]{}()+\\^$|", max_size=12), st.text(alphabet="a/.b", max_size=12))
def test_any_glob_is_harmless(pattern: str, path: str) -> None:
    context = {"finding": {"path": path}}

    assert matches(rule({"finding.path": {"glob": pattern}}), context) in {True, False}
    assert matches(rule({"finding.path": {"glob": "**"}}), context)


def test_a_rule_sets_severity_and_confidence_and_a_later_one_sees_it() -> None:
    rules = [
        rule({"finding.severity": "high"}, {"set": {"severity": "low"}}, name="one"),
        rule({"finding.severity": "low"}, {"set": {"confidence": 0.1}}, name="two"),
        rule({"finding.severity": "high"}, {"set": {"severity": "critical"}}, name="three"),
    ]

    decision = decide(rules, CONTEXT, (), NOW)

    assert (decision.severity, decision.confidence, decision.applied) == ("low", 0.1, ("one", "two"))


def test_deciding_starts_from_the_evidence_each_time() -> None:
    changed = {**CONTEXT, "finding": {**CONTEXT["finding"], "severity": "low", "confidence": 0.1}}

    assert decide([], changed, (), NOW).severity == "high"


def test_an_exemption_has_a_reason_an_approver_and_an_end() -> None:
    exempt = {"exempt": {"reason": "test-data", "days": 30}}

    assert decide([rule({"finding.severity": "high"}, exempt)], CONTEXT, (), NOW).exemption == {
        "reason": "test-data",
        "approver": "rule:r",
        "rule": "r",
        "decided_at": "2026-05-01T00:00:00.000000Z",
        "until": "2026-05-31T00:00:00.000000Z",
    }


def test_an_exemption_runs_from_the_decision_however_often_it_is_made() -> None:
    rules = [rule({"finding.severity": "high"}, {"exempt": {"reason": "test-data", "days": 30}})]
    first = decide(rules, CONTEXT, (), NOW).exemption

    again = {**CONTEXT, "finding": {**CONTEXT["finding"], "exemption": first}}
    other = {**CONTEXT, "finding": {**CONTEXT["finding"], "exemption": {**(first or {}), "rule": "another"}}}

    assert decide(rules, again, (), NOW + timedelta(days=40)).exemption == first
    assert (decide(rules, other, (), NOW + timedelta(days=40)).exemption or {})[
        "until"
    ] == "2026-07-10T00:00:00.000000Z"


def test_a_rule_in_the_chain_asks_for_no_further_scan_and_chains_end() -> None:
    rules = [rule({"finding.severity": "high"}, {"scan": {"kind": "integral"}})]

    assert [name for name, _ in decide(rules, CONTEXT, (), NOW).scans] == ["r"]
    assert decide(rules, CONTEXT, ("r",), NOW).scans == ()
    assert decide(rules, CONTEXT, tuple("abcdef"[:MAX_DEPTH]), NOW).scans == ()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param("{", "not YAML at line", id="not YAML"),
        pytest.param("rules: []", "version", id="no version"),
        pytest.param(
            "version: 1\nrules:\n- id: A b\n  match: {a: 1}\n  actions: [{notify: {message: m}}]", "rules.0.id", id="id"
        ),
        pytest.param(
            "version: 1\nrules:\n- id: a\n  match: {}\n  actions: [{notify: {message: m}}]", "match", id="no condition"
        ),
        pytest.param("version: 1\nrules:\n- id: a\n  match: {a: 1}\n  actions: []", "actions", id="no action"),
        pytest.param(
            "version: 1\nrules:\n- id: a\n  match: {a: {regex: '('}}\n  actions: [{scan: {}}]",
            "rules.0.match.a",
            id="regex",
        ),
        pytest.param(
            "version: 1\nrules:\n- id: a\n  match: {a: {globb: x}}\n  actions: [{scan: {}}]",
            "rules.0.match.a",
            id="operator",
        ),
        pytest.param(
            "version: 1\nrules:\n- id: a\n  match: {a: 1}\n  actions: [{exempt: {reason: test-data}}]",
            "days",
            id="no expiry",
        ),
        pytest.param(
            "version: 1\nrules:\n- id: a\n  match: {a: 1}\n  actions: [{exempt: {reason: tired, days: 1}}]",
            "reason",
            id="reason",
        ),
        pytest.param("!!python/object/apply:os.system [id]", "not YAML", id="code"),
    ],
)
def test_a_file_that_does_not_fit_names_file_and_place(text: str, place: str) -> None:
    with pytest.raises(Malformed, match=r"team\.yaml") as caught:
        parse_policy(text, name="team.yaml")
    assert place in str(caught.value)


def test_a_teams_rule_replaces_a_shipped_one_and_may_turn_one_off() -> None:
    shipped = combined()
    own = (
        f"version: 1\ndisabled: [{shipped.rules[1].id}]\nrules:\n"
        f"- id: {shipped.rules[0].id}\n  match: {{event.commits: 1}}\n  actions: [{{scan: {{}}}}]"
    )

    both = combined(own, name="team.yaml")

    assert [one.id for one in both.rules] == [*(one.id for one in shipped.rules[2:]), shipped.rules[0].id]
    assert both.rules[-1].match == {"event.commits": 1}


@pytest.mark.parametrize(
    ("field", "meant"),
    [
        ("finding.nosuch", "a field is of finding, event, repository, scan"),
        ("finding.severty", "did you mean finding.severity"),
        ("findings.severity", "did you mean finding.severity"),
        ("repository.visibilty", "did you mean repository.visibility"),
        ("scan.knd", "did you mean scan.kind"),
        ("finding.path.deeper", "there is no field finding.path.deeper"),
        ("", "there is no field"),
    ],
)
def test_a_rule_on_a_field_that_is_never_there_is_refused(field: str, meant: str) -> None:
    text = f"version: 1\nrules:\n- id: mine\n  match: {{'{field}': 1}}\n  actions: [{{scan: {{}}}}]"

    with pytest.raises(Malformed, match=r"team\.yaml: rule mine: there is no field") as caught:
        parse_policy(text, name="team.yaml")
    assert meant in str(caught.value)


def test_a_rule_that_is_turned_off_must_be_there() -> None:
    with pytest.raises(Malformed, match=r"team\.yaml: disabled: there is no shipped rule nosuch"):
        combined("version: 1\nrules: []\ndisabled: [nosuch]", name="team.yaml")
