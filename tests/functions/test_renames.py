"""A file that is renamed takes its findings along, with what was decided on them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.functions.test_reports import CODE, SQL, found, name, report, work
from tests.support.deployment import Deployment
from tests.support.repositories import Work
from tests.support.sarif import document, result, rule

from picket.effects.mongo.client import collection

__all__ = ["name", "work"]  # fixtures


def told(*places: tuple[str, int]) -> dict[str, Any]:
    """Return a report of the same weakness at these places."""
    rules = (rule(SQL, "security", "external/cwe/cwe-089"),)
    return document(*(result(SQL, path, line) for path, line in places), rules=rules)


def states(deployed: Deployment) -> dict[tuple[str, str], str]:
    return {(one["path"], one["id"]): one["state"] for one in found(deployed)}


@pytest.fixture
def accepted(deployed: Deployment, name: str) -> str:
    """Id of a finding of app.py that is accepted."""
    report(deployed, name, told(("app.py", 4)), "&complete=true")
    [finding] = found(deployed)
    order = {"state": "accepted", "reason": "risk-accepted", "until": "2027-01-01"}
    assert deployed.api.patch(f"/findings/{finding['id']}", json=order).status_code == 200
    deployed.drain()
    return str(finding["id"])


def test_a_rename_keeps_the_finding_and_what_was_decided(
    deployed: Deployment, name: str, work: Work, accepted: str
) -> None:
    for path in ("lib/db.py", "lib/again.py", "app.py"):
        work.git("rm", "--quiet", "-r", "--ignore-unmatch", "app.py", "lib")
        work.commit({path: CODE})
        for _ in range(2):
            report(deployed, name, told((path, 4)), "&complete=true")

            assert states(deployed) == {(path, accepted): "accepted"}
    report(deployed, name, told(("app.py", 4)), "&complete=true", tool="semgrep")
    assert states(deployed) == {("app.py", accepted): "accepted"}, "another tool names the same finding"

    report(deployed, name, told(), "&complete=true", tool="semgrep")
    report(deployed, name, told(), "&complete=true")
    assert states(deployed) == {("app.py", accepted): "fixed"}


def test_another_tool_that_reports_after_the_rename_names_the_finding_that_was_there(
    deployed: Deployment, name: str, work: Work, accepted: str
) -> None:
    work.git("mv", "app.py", "db.py")
    work.commit({})
    report(deployed, name, told(("db.py", 4)), "&complete=true")
    report(deployed, name, told(("db.py", 4)), "&complete=true", tool="semgrep")

    assert states(deployed) == {("db.py", accepted): "accepted"}
    assert found(deployed)[0]["reporters"] == ["codeql", "semgrep"]


@pytest.mark.parametrize("what", ["the former file is still there", "another statement", "a partial report"])
def test_what_is_no_rename_is_another_finding(
    deployed: Deployment, name: str, work: Work, accepted: str, what: str
) -> None:
    if what == "the former file is still there":
        work.commit({"app.py": "import db\n"})
    else:
        work.git("rm", "--quiet", "app.py")
    work.commit({"db.py": CODE.replace("select", "delete") if what == "another statement" else CODE})

    report(deployed, name, told(("db.py", 4)), f"&complete={str(what != 'a partial report').lower()}")

    found_now = states(deployed)
    assert found_now.pop(("app.py", accepted)) == ("accepted" if what == "a partial report" else "fixed")
    assert list(found_now.values()) == ["open"]


def test_equal_statements_move_each_to_its_own_place(deployed: Deployment, name: str, work: Work) -> None:
    twice = CODE + CODE.partition("\n\n")[2]
    assert twice.split("\n")[3] == twice.split("\n")[5]
    work.commit({"app.py": twice})
    report(deployed, name, told(("app.py", 4), ("app.py", 6)), "&complete=true")
    before = {one["id"] for one in found(deployed)}
    assert len(before) == 2
    work.git("mv", "app.py", "db.py")
    work.commit({})

    report(deployed, name, told(("db.py", 4), ("db.py", 6)), "&complete=true")

    assert {(one["id"], one["path"], one["state"]) for one in found(deployed)} == {
        (identity, "db.py", "open") for identity in before
    }


def test_a_report_that_was_broken_off_after_the_move_was_recorded_goes_on(
    deployed: Deployment, name: str, work: Work, accepted: str, environment: pytest.MonkeyPatch
) -> None:
    work.git("mv", "app.py", "db.py")
    work.commit({})
    from picket.effects.mongo import reports  # noqa: PLC0415 - as loaded by the functions

    keep = reports.keep
    environment.setattr(reports, "keep", lambda _said: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        report(deployed, name, told(("db.py", 4)), "&complete=true")
    assert len(list(collection("moved_findings").find({}))) == 1
    environment.setattr(reports, "keep", keep)
    deployed.deliver(deployed.of_type("report.received")[-1])
    deployed.drain()

    assert states(deployed) == {("db.py", accepted): "accepted"}
