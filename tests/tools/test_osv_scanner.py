"""OSV-Scanner's reports and runs."""

from typing import Any

import pytest
from tests.support.reports import arguments, changed, failed, incomplete, only, parsed
from tests.support.reports.vulnerabilities import OSV_SCANNER, OSV_SCANNER_OF_AN_IMAGE

from picket.errors import Malformed

PACKAGE = ("results", 0, "packages", 0)
GROUP = (*PACKAGE, "groups", 0)


def test_a_group_is_one_vulnerability_called_by_its_only_cve() -> None:
    problem = only("osv-scanner", OSV_SCANNER)
    assert (problem.kind, problem.advisory) == ("vulnerability", "CVE-2099-1001")
    assert problem.aliases == ("GHSA-2222-3333-4444", "PYSEC-2099-1")
    assert (problem.component, problem.version) == ("pkg:pypi/django", "4.0.0")
    assert (problem.severity, problem.cvss) == ("critical", 9.8)
    assert [place.path for place in problem.places] == ["requirements.txt"]


def test_fixed_versions_are_those_of_the_component_however_it_is_spelt() -> None:
    assert only("osv-scanner", OSV_SCANNER).fixed_in == "4.0.1, 4.1.2"


@pytest.mark.parametrize(
    ("score", "word", "severity"),
    [
        ("", "MODERATE", "medium"),
        ("", None, "medium"),
        ("", 7, "medium"),
        ("nan", "HIGH", "high"),
        ("11", "", "medium"),
    ],
)
def test_without_a_score_the_records_word_counts_else_it_is_unknown(score: str, word: Any, severity: str) -> None:
    document = changed(
        changed(OSV_SCANNER, *GROUP, "max_severity", to=score),
        *PACKAGE,
        "vulnerabilities",
        0,
        "database_specific",
        "severity",
        to=word,
    )
    problem = only("osv-scanner", document)
    assert (problem.severity, problem.cvss) == (severity, 0.0)


def test_a_group_that_glues_several_cves_is_taken_apart() -> None:
    records = [
        {"id": "GO-2022-1", "aliases": ["CVE-2099-1", "CVE-2099-2"]},
        {"id": "GO-2022-2", "aliases": ["CVE-2099-1"]},
    ]
    group = {"ids": ["GO-2022-1", "GO-2022-2"], "aliases": ["CVE-2099-1", "CVE-2099-2"], "max_severity": ""}
    document = changed(changed(OSV_SCANNER, *PACKAGE, "vulnerabilities", to=records), *GROUP, to=group)
    found = [(each.advisory, each.aliases) for each in parsed("osv-scanner", document).problems]
    assert found == [("GO-2022-1", ()), ("CVE-2099-1", ("GO-2022-2",))]


def test_a_package_of_an_image_is_its_source_package() -> None:
    problem = only("osv-scanner", OSV_SCANNER_OF_AN_IMAGE)
    assert (problem.component, problem.advisory) == ("pkg:deb/debian/openssl", "CVE-2099-7")
    assert problem.severity == "medium"
    assert problem.places[0].path == "var/lib/dpkg/status"


@pytest.mark.parametrize("path", ["/tree/requirements.txt", "file:///tree/x", "../x", "", "a\x00b"])
def test_a_lock_file_elsewhere_is_left_out(path: str) -> None:
    report = parsed("osv-scanner", changed(OSV_SCANNER, "results", 0, "source", "path", to=path))
    assert (len(report.problems), len(report.left_out)) == (0, 1)


def test_vulnerabilities_without_a_group_are_left_out() -> None:
    assert len(parsed("osv-scanner", changed(OSV_SCANNER, *PACKAGE, "groups", to=None)).left_out) == 1
    assert len(parsed("osv-scanner", changed(OSV_SCANNER, *GROUP, "ids", to=[])).left_out) == 1


def test_no_results_are_null() -> None:
    report = parsed("osv-scanner", changed(OSV_SCANNER, "results", to=None))
    assert (report.problems, report.left_out) == ((), ())


@pytest.mark.parametrize("value", [{}, "x", [7], [{"source": 7}]])
def test_other_shapes_are_refused(value: Any) -> None:
    with pytest.raises(Malformed, match="results"):
        parsed("osv-scanner", changed(OSV_SCANNER, "results", to=value))


def test_a_run_without_the_database_of_one_ecosystem_is_incomplete_whatever_its_status() -> None:
    """It then compares nothing of others either, and may end with status 1 like a complete run."""
    said = "Loaded PyPI local db\ncould not load db for npm ecosystem: unable to fetch OSV database\n"
    assert "database" in incomplete("osv-scanner", 1, said)
    assert "database" in incomplete("osv-scanner", 127, said)


def test_a_lock_file_that_it_cannot_read_makes_a_run_incomplete() -> None:
    said = "Error during extraction: (extracting as javascript/packagelockjson) b/package-lock.json: could not extract"
    assert "read" in incomplete("osv-scanner", 1, said)


def test_statuses() -> None:
    assert [incomplete("osv-scanner", status) for status in (0, 1)] == ["", ""]
    assert [failed("osv-scanner", status) for status in (0, 1, 127, 128)] == [False, False, True, True]


def test_it_looks_only_into_databases_that_are_there() -> None:
    """`--offline-vulnerabilities` alone compares nothing, and ends with status 0."""
    said = arguments("osv-scanner", data="/data")
    assert said[said.index("--local-db-path") + 1] == "/data"
    assert "--offline" in said
    assert "--offline-vulnerabilities" not in said
    assert arguments("osv-scanner", asset_type="image", archive="/a.tar", data="/data")[-2:] == ("--archive", "/a.tar")
