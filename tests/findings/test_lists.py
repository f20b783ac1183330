"""By which key a list of findings is read: whatever is asked for, nothing that matches is left out."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from picket.events import Severity
from picket.findings.kinds import KINDS
from picket.findings.life import STATES
from picket.findings.lists import END, keys, plan

SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")
CONFIDENCES = st.floats(0, 1)
FINDINGS = st.fixed_dictionaries(
    {
        "_id": st.from_regex(r"[0-9a-f]{8}", fullmatch=True),
        "repository": st.sampled_from(["h/o/a", "h/o/b"]),
        "kind": st.sampled_from([*KINDS, "another"]),
        "severity": st.sampled_from(SEVERITIES),
        "state": st.sampled_from([*STATES, "exempt", "resolved"]),
        "confidence": CONFIDENCES,
        "assignee": st.sampled_from(["", "ada"]),
        "evidence": st.fixed_dictionaries({"rule": st.sampled_from(["r", "rr"])}),
    }
)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "repository": st.sampled_from(["h/o/a", "h/o/b"]),
        "kind": st.sampled_from(list(KINDS)),
        "severity": st.sampled_from(SEVERITIES),
        "state": st.sampled_from(STATES),
        "rule": st.sampled_from(["r", "rr"]),
        "assignee": st.sampled_from(["", "ada"]),
        "min_confidence": CONFIDENCES | st.sampled_from([0.0, 0.5, 0.8, 1.0]),
    },
)
STORED = {"open": {"open", "accepted", "exempt"}, "accepted": {"accepted", "exempt"}, "fixed": {"fixed", "resolved"}}


def matches(finding: dict[str, Any], filters: dict[str, Any]) -> bool:
    """Return whether a finding matches filters, as far as what is stored tells."""
    flat = {**finding, "rule": finding["evidence"]["rule"]}
    equal = {name: value for name, value in filters.items() if name not in {"state", "min_confidence"}}
    return (
        all(flat[name] == value for name, value in equal.items())
        and ("state" not in filters or finding["state"] in STORED.get(filters["state"], {filters["state"]}))
        and finding["confidence"] >= filters.get("min_confidence", 0)
    )


def is_read(finding: dict[str, Any], filters: dict[str, Any]) -> bool | None:
    """Return whether the plan for filters reads a finding; None where there is no plan."""
    planned = plan(filters)
    if planned is None:
        return None
    key = keys(finding)[planned.field]
    in_range = any(prefix < key < prefix + END and key == prefix + finding["_id"] for prefix in planned.prefixes)
    return in_range and matches(finding, {name: value for name, value in filters.items() if name in planned.left})


@given(FINDINGS, FILTERS)
def test_a_plan_reads_what_matches_and_nothing_else(finding: dict[str, Any], filters: dict[str, Any]) -> None:
    assert is_read(finding, filters) in {None, matches(finding, filters)}


@given(FINDINGS, FILTERS, CONFIDENCES)
def test_what_a_confidence_leaves_out_is_read_likewise(
    finding: dict[str, Any], filters: dict[str, Any], least: float
) -> None:
    filters.pop("min_confidence", None)
    planned = plan({**filters, "below": least})
    if planned is None:
        return
    key = keys(finding)[planned.field]
    in_range = any(key == prefix + finding["_id"] for prefix in planned.prefixes)
    left = {name: value for name, value in filters.items() if name in planned.left}
    is_below = finding["confidence"] < least if "below" in planned.left else True

    assert (in_range and is_below and matches(finding, left)) == (
        finding["confidence"] < least and matches(finding, filters)
    )
