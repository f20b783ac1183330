"""TruffleHog's reports and runs."""

import json
from typing import Any

import pytest
from tests.support.reports import arguments, changed, failed, incomplete, only, parsed, written
from tests.support.reports.credentials import SECRET, TRUFFLEHOG

from picket.errors import Malformed
from picket.tools import TOOLS
from picket.tools.reports import read


def test_a_result_is_a_secret_whose_value_is_never_written() -> None:
    problem = only("trufflehog", TRUFFLEHOG)
    assert (problem.kind, problem.rule, problem.severity) == ("secret", "Github", "high")
    assert problem.secret == SECRET
    assert (problem.places[0].path, problem.places[0].start_line) == ("settings.py", 3)
    assert SECRET[:8] not in written(parsed("trufflehog", TRUFFLEHOG))


def test_log_lines_between_results_are_passed_over() -> None:
    lines = [json.dumps(value) for value in TRUFFLEHOG]
    body = "\n".join(["starting up", lines[0], lines[1], '{"level":"info-0","msg":"finished"}', lines[1]]).encode()
    assert len(read(body, "trufflehog", "", TOOLS).problems) == 2


@pytest.mark.parametrize("level", ["error", "fatal"])
def test_an_error_in_the_log_leaves_something_out(level: str) -> None:
    report = parsed("trufflehog", [*TRUFFLEHOG, {"level": level, "msg": SECRET}])
    assert len(report.left_out) == 1
    assert SECRET not in written(report)


def test_a_verified_secret_is_graver_and_surer() -> None:
    problem = only("trufflehog", changed(TRUFFLEHOG, 1, "Verified", to=True))
    assert (problem.severity, problem.confidence) == ("critical", 0.99)


@pytest.mark.parametrize(
    ("data", "count"),
    [
        ({"Git": {"file": "a.py", "line": 1, "commit": "a" * 40}}, 1),
        ({"Github": {"file": "a.py", "line": 1}}, 1),
        ({"Slack": {"channel": "x"}}, 0),
        ({"Filesystem": {"file": "/etc/passwd"}}, 0),
        ({}, 0),
    ],
)
def test_only_what_is_in_a_file_of_the_repository_counts(data: dict[str, Any], count: int) -> None:
    report = parsed("trufflehog", changed(TRUFFLEHOG, 1, "SourceMetadata", "Data", to=data))
    assert (len(report.problems), len(report.left_out)) == (count, 1 - count)


@pytest.mark.parametrize("name", ["Raw", "DetectorName", "Verified", "SourceMetadata"])
def test_an_odd_value_is_refused_and_not_quoted(name: str) -> None:
    with pytest.raises(Malformed, match=name) as raised:
        parsed("trufflehog", changed(TRUFFLEHOG, 1, name, to=[SECRET]))
    assert SECRET not in str(raised.value)


def test_runs() -> None:
    assert incomplete("trufflehog", 0) == ""
    assert incomplete("trufflehog", 0, '{"level":"error","msg":"encountered errors during scan"}')
    assert incomplete("trufflehog", 1)
    assert failed("trufflehog", 1)
    assert {"--no-update", "--no-verification"} <= set(arguments("trufflehog"))
