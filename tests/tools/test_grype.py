"""Grype's reports and runs."""

from typing import Any

import pytest
from tests.support.reports import arguments, changed, failed, incomplete, only, parsed, running
from tests.support.reports.vulnerabilities import GRYPE

from picket.errors import Malformed
from picket.tools.running import Material

MATCH = ("matches", 0)


def test_a_match_is_a_vulnerability_called_by_its_cve() -> None:
    problem = only("grype", GRYPE)
    assert (problem.advisory, problem.aliases) == ("CVE-2099-1001", ("GHSA-2222-3333-4444",))
    assert (problem.component, problem.version, problem.fixed_in) == ("pkg:pypi/django", "4.0.0", "4.0.1")
    assert (problem.severity, problem.cvss, problem.cwe) == ("high", 9.8, ("CWE-89",))
    assert (problem.exploitability, problem.is_exploited) == (0.5, True)
    assert [place.path for place in problem.places] == ["requirements.txt"]


def test_a_match_by_cpe_is_less_sure() -> None:
    details = [{"type": "cpe-match"}]
    assert only("grype", changed(GRYPE, *MATCH, "matchDetails", to=details)).confidence == 0.5
    both = [*details, {"type": "exact-direct-match"}]
    assert only("grype", changed(GRYPE, *MATCH, "matchDetails", to=both)).confidence == 0.9


def test_what_its_user_ignores_stands_apart() -> None:
    document = changed(changed(GRYPE, "matches", to=[]), "ignoredMatches", to=GRYPE["matches"])
    assert parsed("grype", document).problems == ()


def test_a_package_of_a_distribution_is_its_source_package() -> None:
    artifact = {"name": "libssl3", "version": "3.0.9-1", "type": "deb"}
    artifact["purl"] = "pkg:deb/debian/libssl3@3.0.9-1?arch=amd64&distro=debian-12&upstream=openssl"
    problem = only("grype", changed(GRYPE, *MATCH, "artifact", to=artifact))
    assert (problem.component, problem.places) == ("pkg:deb/debian/openssl", ())


def test_an_unknown_severity_is_not_harmless() -> None:
    assert only("grype", changed(GRYPE, *MATCH, "vulnerability", "severity", to="Unknown")).severity == "medium"
    assert only("grype", changed(GRYPE, *MATCH, "vulnerability", "severity", to="Negligible")).severity == "info"


def test_several_cves_are_no_aliases() -> None:
    related = [{"id": "CVE-2099-1"}, {"id": "CVE-2099-2"}]
    problem = only("grype", changed(GRYPE, *MATCH, "relatedVulnerabilities", to=related))
    assert (problem.advisory, problem.aliases) == ("GHSA-2222-3333-4444", ())


def test_what_cannot_be_kept_is_left_out() -> None:
    for way, value in ((("vulnerability", "epss", 0, "epss"), 7.0), (("artifact", "locations", 0, "path"), "/../x")):
        report = parsed("grype", changed(GRYPE, *MATCH, *way, to=value))
        assert (report.problems, len(report.left_out)) == ((), 1)


@pytest.mark.parametrize("value", ["x", {}, [7], [{"vulnerability": {}}]])
def test_other_shapes_are_refused(value: Any) -> None:
    with pytest.raises(Malformed, match="matches"):
        parsed("grype", changed(GRYPE, "matches", to=value))


def test_runs() -> None:
    assert incomplete("grype", 0) == ""
    assert incomplete("grype", 1)
    assert failed("grype", 1)
    assert arguments("grype")[0] == "dir:."
    assert arguments("grype", asset_type="image", archive="/a.tar")[0] == "/a.tar"
    variables = running("grype").variables(Material(asset_type="repository", asset="a/b", data="/data"))
    assert variables["GRYPE_DB_CACHE_DIR"] == "/data/grype"
    assert variables["GRYPE_DB_AUTO_UPDATE"] == "false"
