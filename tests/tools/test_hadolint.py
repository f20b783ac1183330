"""hadolint's reports and runs."""

from typing import Any

import pytest
from tests.support.reports import arguments, changed, failed, incomplete, only, parsed

from picket.errors import Malformed

HADOLINT: list[dict[str, Any]] = [
    {"code": "DL3006", "level": "warning", "file": "./Dockerfile", "line": 1, "column": 1, "message": "Always tag"}
]


def test_a_result_is_a_misconfiguration() -> None:
    problem = only("hadolint", HADOLINT)
    assert (problem.kind, problem.rule, problem.severity) == ("misconfiguration", "DL3006", "medium")
    assert (problem.places[0].path, problem.places[0].start_line) == ("Dockerfile", 1)
    assert problem.link.endswith("/DL3006")


@pytest.mark.parametrize(("name", "value"), [("code", "DL1000"), ("file", "/tree/Dockerfile"), ("file", "../x")])
def test_a_file_that_it_cannot_read_or_is_elsewhere_is_left_out(name: str, value: str) -> None:
    report = parsed("hadolint", changed(HADOLINT, 0, name, to=value))
    assert (report.problems, len(report.left_out)) == ((), 1)


@pytest.mark.parametrize("value", [-1, "x", 10**20])
def test_a_line_that_is_none_is_refused(value: Any) -> None:
    with pytest.raises(Malformed, match="line"):
        parsed("hadolint", changed(HADOLINT, 0, "line", to=value))


def test_runs() -> None:
    assert [incomplete("hadolint", status) for status in (0, 1)] == ["", ""]
    assert failed("hadolint", 2)
    assert arguments("hadolint", files=("-x/Dockerfile",))[-2:] == ("--", "-x/Dockerfile")
