"""Forges' security alerts become findings, and are fixed when the forge says so."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support import pushes
from tests.support.deployment import Deployment
from tests.support.repositories import GitHttpServer, Work

from picket.effects.mongo.client import collection

CODE = "import db\n\ndef find(name):\n    return db.run('select ' + name)\n"


@pytest.fixture
def work(forge: GitHttpServer) -> Work:
    made = Work(forge.root / "o" / "r")
    made.commit({"app.py": CODE, "requirements.txt": "ansible==2.9.0\n"})
    return made


@pytest.fixture
def source(deployed: Deployment, work: Work) -> dict[str, Any]:
    assert work
    return dict(deployed.api.post("/webhooks", json={"sender": "github", "name": "t"}).json)


def send(
    deployed: Deployment, source: dict[str, Any], forge: GitHttpServer, event: str, name: str, **payload: Any
) -> None:
    """Let GitHub deliver an alert; its events wait to be delivered."""
    repository = {"id": 7, "clone_url": f"{forge.url}/o/r/.git", "private": True}
    body = pushes.encode({"repository": repository, **payload})
    headers = pushes.signed(source["secret"], body, event=event, delivery=name)
    where = source["url"].removeprefix("http://127.0.0.1:8080")
    assert deployed.clients["ingest"].post(where, data=body, headers=headers).status_code == 202
    deployed.deliver_all("dev.picket.webhook.received.v1")


def dependabot(number: int = 1, cve: str = "CVE-2021-20191") -> dict[str, Any]:
    package = {"ecosystem": "pip", "name": "ansible"}
    return {
        "number": number,
        "dependency": {"package": package, "manifest_path": "requirements.txt"},
        "security_advisory": {"ghsa_id": None, "cve_id": cve, "summary": "x", "severity": "high"},
        "security_vulnerability": {"severity": "high"},
    }


def states() -> dict[str, str]:
    return {one["evidence"]["rule"]: one["state"] for one in collection("findings").find({})}


def test_a_dependabot_alert_opens_a_finding_and_fixes_it(
    deployed: Deployment, source: dict[str, Any], forge: GitHttpServer
) -> None:
    send(deployed, source, forge, "dependabot_alert", "d1", action="created", alert=dependabot())
    deployed.drain()
    [finding] = deployed.api.get("/findings?kind=vulnerability&min_confidence=0").json["findings"]
    assert (finding["rule"], finding["state"], finding["reporters"]) == ("CVE-2021-20191", "open", ["dependabot"])
    assert (finding["path"], finding["severity"]) == ("requirements.txt", "high")

    send(deployed, source, forge, "dependabot_alert", "d2", action="dismissed", alert=dependabot())
    deployed.drain()
    assert states() == {"CVE-2021-20191": "open"}

    send(deployed, source, forge, "dependabot_alert", "d3", action="fixed", alert=dependabot())
    deployed.drain()
    assert states() == {"CVE-2021-20191": "fixed"}

    send(deployed, source, forge, "dependabot_alert", "d4", action="reintroduced", alert=dependabot())
    deployed.drain()
    assert states() == {"CVE-2021-20191": "open"}


def test_an_alert_that_is_fixed_and_was_never_known_opens_nothing(
    deployed: Deployment, source: dict[str, Any], forge: GitHttpServer
) -> None:
    send(deployed, source, forge, "dependabot_alert", "d1", action="fixed", alert=dependabot())
    deployed.drain()

    assert states() == {}


def test_alerts_do_not_speak_for_each_other_in_whatever_order_they_are_taken_in(
    deployed: Deployment, source: dict[str, Any], forge: GitHttpServer
) -> None:
    for number in range(3):
        alert = dependabot(number, f"CVE-2021-{number:04d}")
        send(deployed, source, forge, "dependabot_alert", f"d{number}", action="created", alert=alert)
    deployed.queue.reverse()
    deployed.drain()
    send(deployed, source, forge, "dependabot_alert", "d9", action="fixed", alert=dependabot(1, "CVE-2021-0001"))
    deployed.drain()

    assert states() == {"CVE-2021-0000": "open", "CVE-2021-0001": "fixed", "CVE-2021-0002": "open"}


def test_the_same_problem_of_two_manifests_is_fixed_with_the_last_of_them(
    deployed: Deployment, source: dict[str, Any], forge: GitHttpServer
) -> None:
    for step, (number, action) in enumerate([(1, "created"), (2, "created"), (1, "fixed")]):
        send(deployed, source, forge, "dependabot_alert", f"d{step}", action=action, alert=dependabot(number))
        deployed.drain()
    assert states() == {"CVE-2021-20191": "open"}

    send(deployed, source, forge, "dependabot_alert", "d9", action="fixed", alert=dependabot(2))
    deployed.drain()
    assert states() == {"CVE-2021-20191": "fixed"}


def test_a_code_scanning_alert_is_a_weakness_of_the_statement(
    deployed: Deployment, source: dict[str, Any], forge: GitHttpServer, work: Work
) -> None:
    branch = f"refs/heads/{work.git('symbolic-ref', '--short', 'HEAD').strip()}"
    place = {"path": "app.py", "start_line": 4, "end_line": 4}
    alert = {
        "number": 1,
        "rule": {"id": "py/sql-injection", "severity": "error", "tags": ["external/cwe/cwe-089"]},
        "tool": {"name": "CodeQL"},
        "most_recent_instance": {"ref": branch, "commit_sha": work.head(), "location": place},
    }
    send(deployed, source, forge, "code_scanning_alert", "d1", action="created", alert=alert, ref=branch)
    deployed.drain()

    [finding] = deployed.api.get("/findings?kind=weakness&min_confidence=0").json["findings"]
    assert (finding["path"], finding["start_line"], finding["reporters"]) == ("app.py", 4, ["codeql"])
    send(deployed, source, forge, "code_scanning_alert", "d2", action="fixed", alert=alert, ref=branch)
    deployed.drain()
    assert states() == {"py/sql-injection": "fixed"}


def test_a_secret_scanning_alert_asks_for_a_scan_and_invents_no_finding(
    deployed: Deployment, source: dict[str, Any], forge: GitHttpServer
) -> None:
    send(deployed, source, forge, "secret_scanning_alert", "d1", action="created", alert={"number": 1})
    deployed.drain()

    [scan] = deployed.api.get("/scans?state=all").json["scans"]
    assert (scan["kind"], scan["state"]) == ("full", "Done")
    assert states() == {}
