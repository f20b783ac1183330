"""zizmor's reports and runs."""

from typing import Any

import pytest
from tests.support.reports import arguments, changed, failed, incomplete, only, parsed
from tests.support.reports.configuration import ZIZMOR, zizmor_location

from picket.errors import Malformed


def test_a_result_is_a_misconfiguration_at_its_primary_location_counted_from_1() -> None:
    problem = only("zizmor", ZIZMOR)
    [place] = problem.places
    assert (problem.kind, problem.rule) == ("misconfiguration", "template-injection")
    assert (problem.severity, problem.confidence) == ("high", 0.9)
    assert problem.resource == "jobs.build.steps[0].run"
    assert (place.path, place.start_line, place.start_column) == (".github/workflows/ci.yaml", 7, 9)


@pytest.mark.parametrize(("word", "severity"), [("Informational", "info"), ("Unknown", "medium"), ("Low", "low")])
def test_an_unknown_severity_is_not_harmless(word: str, severity: str) -> None:
    assert only("zizmor", changed(ZIZMOR, 0, "determinations", "severity", to=word)).severity == severity


def test_what_its_user_ignores_is_passed_over() -> None:
    report = parsed("zizmor", changed(ZIZMOR, 0, "ignored", to=True))
    assert (report.problems, report.left_out) == ((), ())


def test_older_versions_call_the_path_otherwise() -> None:
    key = {"Local": {"prefix": ".", "given_path": "./action.yml"}}
    document = changed(ZIZMOR, 0, "locations", 1, "symbolic", "key", to=key)
    assert only("zizmor", document).places[0].path == "action.yml"


@pytest.mark.parametrize(
    "location",
    [
        zizmor_location("Primary", 1, "/etc/x.yml"),
        zizmor_location("Primary", 1, "../x.yml"),
        zizmor_location("Related", 1),
        changed(zizmor_location("Primary", 1), "symbolic", "key", to={"Remote": {"slug": "a/b"}}),
    ],
)
def test_a_result_of_no_file_of_the_repository_is_left_out(location: dict[str, Any]) -> None:
    report = parsed("zizmor", changed(ZIZMOR, 0, "locations", to=[location]))
    assert (report.problems, len(report.left_out)) == ((), 1)


def test_a_row_that_is_none_is_refused() -> None:
    with pytest.raises(Malformed, match="row"):
        parsed("zizmor", [ZIZMOR[0] | {"locations": [zizmor_location("Primary", -2)]}])


def test_its_status_tells_the_highest_severity() -> None:
    assert [incomplete("zizmor", status) for status in (0, 11, 12, 13, 14)] == [""] * 5
    assert [failed("zizmor", status) for status in (0, 14, 1, 2, 3)] == [False, False, True, True, True]


def test_a_workflow_that_it_cannot_read_makes_a_run_incomplete() -> None:
    unread = " WARN collect_inputs: zizmor::registry::input: failed to parse input: did not find expected node"
    assert incomplete("zizmor", 14, unread)
    assert not incomplete("zizmor", 14, " INFO audit: zizmor: failed to is a workflow's name")
    assert "--offline" in arguments("zizmor")
