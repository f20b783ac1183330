"""One finding per problem, whichever tools report it, in whatever order, and of whatever asset."""

import json
from itertools import permutations
from typing import Any

import pytest
from tests.support import secrets
from tests.support.deployment import Deployment
from tests.support.reports import changed
from tests.support.reports.credentials import GITLEAKS
from tests.support.reports.vulnerabilities import GRYPE, OSV_SCANNER
from tests.support.repositories import GitHttpServer, Work

CVE, GHSA = "CVE-2099-1001", "GHSA-2222-3333-4444"
POD = """apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      securityContext: {privileged: true}
"""


@pytest.fixture
def work(forge: GitHttpServer) -> Work:
    made = Work(forge.root / "o" / "r")
    made.commit({"requirements.txt": "django==4.0.0\n", "pod.yaml": f"{POD}---\n{POD.replace('web', 'db')}"})
    return made


@pytest.fixture
def name(deployed: Deployment, forge: GitHttpServer, work: Work) -> str:
    assert work
    return str(deployed.api.post("/repositories", json={"repository": f"{forge.url}/o/r/.git"}).json["name"])


def report(deployed: Deployment, asset: str, tool: str, content: Any, query: str = "&complete=true") -> dict[str, Any]:
    """Send a report and let it be applied; what became of it."""
    answer = deployed.api.post(
        f"/reports?tool={tool}&asset={asset}{query}",
        data=json.dumps(content).encode(),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 202, answer.text
    deployed.drain()
    told = dict(deployed.api.get(answer.headers["Location"]).json)
    assert told["state"] == "Applied", told
    return told


def found(deployed: Deployment) -> list[dict[str, Any]]:
    return list(deployed.api.get("/findings?min_confidence=0&occurrences=true&limit=200").json["findings"])


def advisory(name: str, *aliases: str) -> Any:
    """Return a report of one vulnerability of django, by this id and with these aliases."""
    record = {"id": name, "aliases": list(aliases), "database_specific": {"severity": "HIGH"}}
    document = changed(OSV_SCANNER, "results", 0, "packages", 0, "vulnerabilities", to=[record])
    group = {"ids": [name], "aliases": [name, *aliases], "max_severity": "7.5"}
    return changed(document, "results", 0, "packages", 0, "groups", to=[group])


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_vulnerability_is_one_finding_whichever_of_its_ids_comes_first(
    deployed: Deployment, name: str, order: tuple[int, ...]
) -> None:
    reports = [("one", advisory(CVE, GHSA)), ("two", advisory(GHSA, CVE)), ("three", advisory(CVE))]
    for number in order:
        tool, content = reports[number]
        report(deployed, name, tool, content)
    [finding] = found(deployed)
    assert finding["reporters"] == ["one", "three", "two"]


def test_tools_that_know_other_ids_are_joined_by_one_that_knows_both(deployed: Deployment, name: str) -> None:
    report(deployed, name, "one", advisory(GHSA))
    first = found(deployed)[0]["id"]
    report(deployed, name, "two", advisory(CVE, GHSA))
    report(deployed, name, "three", advisory(CVE))
    [finding] = found(deployed)
    assert (finding["id"], finding["reporters"]) == (first, ["one", "three", "two"])


def test_a_record_of_several_cves_is_no_bridge(deployed: Deployment, name: str) -> None:
    report(deployed, name, "one", advisory("GO-2099-1", "CVE-2099-1", "CVE-2099-2"))
    report(deployed, name, "two", advisory("CVE-2099-1"))
    report(deployed, name, "three", advisory("CVE-2099-2"))
    assert len(found(deployed)) == 3
    assert all(not {"two", "three"} <= set(one["reporters"]) for one in found(deployed))


def test_a_decision_stays_whatever_aliases_join(deployed: Deployment, name: str) -> None:
    report(deployed, name, "one", advisory(GHSA))
    [before] = found(deployed)
    deployed.api.patch(f"/findings/{before['id']}", json={"state": "false-positive", "reason": "not reached"})
    report(deployed, name, "two", advisory(CVE, GHSA, "PYSEC-2099-1"))
    [after] = found(deployed)
    assert (after["id"], after["state"]) == (before["id"], "false-positive")


def test_it_is_fixed_when_no_tool_has_it_any_more(deployed: Deployment, name: str) -> None:
    report(deployed, name, "osv-scanner", OSV_SCANNER)
    report(deployed, name, "grype", GRYPE)
    [finding] = found(deployed)
    assert finding["reporters"] == ["grype", "osv-scanner"]
    report(deployed, name, "osv-scanner", changed(OSV_SCANNER, "results", to=[]), "&complete=true&format=osv-scanner")
    assert found(deployed)[0]["state"] == "open"
    report(deployed, name, "grype", changed(GRYPE, "matches", to=[]), "&complete=true&format=grype")
    assert found(deployed)[0]["state"] == "fixed"


def checkov(*resources: tuple[str, int]) -> Any:
    """Return a report of privileged containers in these resources of pod.yaml."""
    checks = [
        {
            "check_id": "CKV_K8S_16",
            "check_name": "Container should not be privileged",
            "resource": resource,
            "file_path": "/pod.yaml",
            "file_line_range": [line, line + 7],
            "severity": None,
        }
        for resource, line in resources
    ]
    return {"check_type": "kubernetes", "results": {"failed_checks": checks, "parsing_errors": []}}


def trivy(*lines: int) -> Any:
    """Return a report of privileged containers at these lines of pod.yaml."""
    checks = [
        {
            "ID": "KSV-0017",
            "Title": "Privileged",
            "Severity": "HIGH",
            "Status": "FAIL",
            "CauseMetadata": {"StartLine": line, "EndLine": line, "Provider": "Kubernetes"},
        }
        for line in lines
    ]
    results = [{"Target": "pod.yaml", "Class": "config", "Type": "kubernetes", "Misconfigurations": checks}]
    return {"SchemaVersion": 2, "ArtifactName": ".", "ArtifactType": "repository", "Results": results}


def test_two_tools_that_see_the_same_setting_of_the_same_object_report_one_finding(
    deployed: Deployment, name: str
) -> None:
    report(deployed, name, "checkov", checkov(("Pod.default.web", 1), ("Pod.default.db", 10)))
    report(deployed, name, "trivy", trivy(8, 17))
    both = found(deployed)
    assert [one["reporters"] for one in both] == [["checkov", "trivy"]] * 2
    assert {one["severity"] for one in both} == {"high"}


def test_a_setting_that_no_other_tool_knows_stays_the_tools_own(deployed: Deployment, name: str) -> None:
    own = changed(checkov(("Pod.default.web", 1)), "results", "failed_checks", 0, "check_id", to="CKV_K8S_999")
    report(deployed, name, "checkov", own)
    report(deployed, name, "other", own, "&complete=true&format=checkov")
    assert sorted(one["reporters"] for one in found(deployed)) == [["checkov"], ["other"]]


def test_a_secret_that_a_tool_names_is_the_engines_own_finding(
    deployed: Deployment, name: str, work: Work, forge: GitHttpServer
) -> None:
    secret = secrets.aws_key(9)
    work.commit({"settings.py": f"\n\nkey = '{secret}'\n"})
    deployed.api.post("/scans", json={"repository": f"{forge.url}/o/r/.git"})
    deployed.drain()
    [before] = found(deployed)
    report(deployed, name, "gitleaks", changed(GITLEAKS, 0, "Secret", to=secret))
    [after] = found(deployed)
    assert (after["id"], after["reporters"]) == (before["id"], ["gitleaks", "picket"])
    assert (after["redacted"], after["provider"]) == (before["redacted"], before["provider"])
    assert "reported by gitleaks" in after["reasons"]


def test_an_image_is_the_same_asset_whichever_tag_is_meant(deployed: Deployment, name: str) -> None:
    assert name
    query = "&asset_type=image&complete=true"
    for tag in ("1.0", "1.1"):
        report(deployed, f"registry.example.org/shop:{tag}", "grype", GRYPE, query)
    [finding] = found(deployed)
    assert finding["repository"] == "image:registry.example.org/shop"
    empty = changed(GRYPE, "matches", to=[])
    report(deployed, "registry.example.org/shop:1.1", "grype", empty, f"{query}&format=grype")
    assert found(deployed)[0]["state"] == "open", "the other tag still has it"
    report(deployed, "registry.example.org/shop:1.0", "grype", empty, f"{query}&format=grype")
    assert found(deployed)[0]["state"] == "fixed"


def test_assets_that_are_no_repositories_are_not_among_them(deployed: Deployment, name: str) -> None:
    report(deployed, "registry.example.org/shop", "grype", GRYPE, "&asset_type=image&complete=true")
    assert [one["id"] for one in deployed.api.get("/repositories").json["repositories"]] == [name]
    items = deployed.api.get("/scores/image:registry.example.org/shop").json["items"]
    assert len(items) == 1
