"""Baselines and runs of detect-secrets."""

from typing import Any

import pytest
from tests.support.reports import arguments, changed, failed, incomplete, only, parsed, written
from tests.support.reports.credentials import DETECT_SECRETS

from picket.errors import Malformed

FINDING = ("results", "settings.py", 0)


def test_a_finding_is_a_secret_without_its_hash() -> None:
    problem = only("detect-secrets", DETECT_SECRETS)
    assert (problem.kind, problem.rule, problem.secret) == ("secret", "GitHub Token", "")
    assert (problem.places[0].path, problem.places[0].start_line) == ("settings.py", 3)
    assert DETECT_SECRETS["results"]["settings.py"][0]["hashed_secret"] not in written(
        parsed("detect-secrets", DETECT_SECRETS)
    )


@pytest.mark.parametrize(
    ("kind", "verified", "confidence"),
    [("Secret Keyword", False, 0.4), ("Hex High Entropy String", False, 0.4), ("AWS Access Key", True, 0.99)],
)
def test_a_guess_is_less_sure(kind: str, verified: bool, confidence: float) -> None:
    finding = DETECT_SECRETS["results"]["settings.py"][0] | {"type": kind, "is_verified": verified}
    assert only("detect-secrets", changed(DETECT_SECRETS, *FINDING, to=finding)).confidence == confidence


@pytest.mark.parametrize(("said", "count"), [(False, 0), (True, 1), (None, 1)])
def test_what_an_audit_denied_is_passed_over(said: Any, count: int) -> None:
    assert len(parsed("detect-secrets", changed(DETECT_SECRETS, *FINDING, "is_secret", to=said)).problems) == count


def test_a_file_elsewhere_is_left_out() -> None:
    report = parsed("detect-secrets", changed(DETECT_SECRETS, *FINDING, "filename", to="../x"))
    assert (report.problems, len(report.left_out)) == ((), 1)


@pytest.mark.parametrize("value", [[], "x", {"a": 7}, {"a": [7]}])
def test_other_shapes_are_refused(value: Any) -> None:
    with pytest.raises(Malformed, match="results"):
        parsed("detect-secrets", changed(DETECT_SECRETS, "results", to=value))


def test_runs() -> None:
    assert incomplete("detect-secrets", 0) == ""
    assert incomplete("detect-secrets", 0, "[scan]\tERROR\tUnable to open file")
    assert incomplete("detect-secrets", 1)
    assert failed("detect-secrets", 1)
    assert {"--no-verify", "--all-files"} <= set(arguments("detect-secrets"))
