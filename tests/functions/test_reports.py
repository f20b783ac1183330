"""Tools' reports become findings, and findings that a later report no longer has are fixed."""

import json
from typing import Any

import pytest
from tests.support.deployment import Deployment
from tests.support.repositories import GitHttpServer, Work
from tests.support.sarif import document, place, result, rule

from picket.effects import artifacts
from picket.effects.mongo.client import collection

SQL = "py/sql-injection"
CODE = "import db\n\ndef find(name):\n    return db.run('select ' + name)\n"


@pytest.fixture
def work(forge: GitHttpServer) -> Work:
    made = Work(forge.root / "o" / "r")
    made.commit({"app.py": CODE, "Dockerfile": "FROM x\nUSER root\n"})
    return made


@pytest.fixture
def name(deployed: Deployment, forge: GitHttpServer, work: Work) -> str:
    assert work
    answer = deployed.api.post("/repositories", json={"repository": f"{forge.url}/o/r/.git"})
    assert answer.status_code == 201
    return str(answer.json["name"])


def report(
    deployed: Deployment, name: str, content: Any, query: str = "", tool: str = "codeql", *, status: int = 202
) -> dict[str, Any]:
    """Send a report and let it be collected; what became of it."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    url = f"/reports?tool={tool}&asset={name}{query}"
    answer = deployed.api.post(url, data=body, headers={"Content-Type": "application/sarif+json"})
    assert answer.status_code == status, answer.text
    if status != 202:
        return dict(answer.json)
    deployed.drain()
    return dict(deployed.api.get(answer.headers["Location"]).json)


def found(deployed: Deployment, query: str = "") -> list[dict[str, Any]]:
    return list(deployed.api.get(f"/findings?min_confidence=0&occurrences=true{query}").json["findings"])


WEAKNESS = document(result(SQL, "app.py", 4), rules=(rule(SQL, "security", "external/cwe/cwe-089"),))


def test_a_report_becomes_findings_with_a_kind_a_reporter_a_due_date_and_a_score_item(
    deployed: Deployment, name: str
) -> None:
    told = report(deployed, name, WEAKNESS, "&complete=true")

    assert (told["state"], told["findings"], told["changed"], told["tool_version"]) == ("Applied", 1, 1, "1.2.3")
    assert told["applied_as_complete"]
    [finding] = found(deployed)
    assert {field: finding[field] for field in ("kind", "rule", "severity", "state", "path", "start_line")} == {
        "kind": "weakness",
        "rule": SQL,
        "severity": "high",
        "state": "open",
        "path": "app.py",
        "start_line": 4,
    }
    assert (finding["reporters"], finding["value_id"], finding["cwe"]) == (["codeql"], None, ["CWE-89"])
    assert finding["due"] > finding["opened_at"]
    assert finding["occurrence_count"] == len(finding["occurrences"]) == 1
    assert finding["occurrences"][0]["commit"]
    items = deployed.api.get(f"/scores/{name}").json["items"]
    assert [(one["id"], one["standing"]) for one in items] == [(finding["id"], "open")]
    assert items[0]["penalty"] > 0


def test_the_same_report_twice_changes_nothing_and_a_line_that_moves_is_the_same_finding(
    deployed: Deployment, name: str, work: Work
) -> None:
    report(deployed, name, WEAKNESS, "&complete=true")
    [before] = found(deployed)
    for message in deployed.of_type("report.received") * 2:
        deployed.deliver(message)
    deployed.drain()
    assert found(deployed) == [before]

    work.commit({"app.py": f"# a line more\n\n{CODE}"})
    moved = document(result(SQL, "app.py", 6), rules=(rule(SQL, "security", "external/cwe/cwe-089"),))
    report(deployed, name, moved, "&complete=true")

    [after] = found(deployed)
    assert (after["id"], after["start_line"], after["state"], after["first_seen"]) == (
        before["id"],
        6,
        "open",
        before["first_seen"],
    )


def test_what_a_complete_report_no_longer_has_is_fixed_and_open_again_when_it_comes_back(
    deployed: Deployment, name: str
) -> None:
    report(deployed, name, WEAKNESS, "&complete=true")
    [before] = found(deployed)

    report(deployed, name, document(rules=()), "&complete=false")
    assert found(deployed)[0]["state"] == "open", "a partial report closes nothing"
    assert report(deployed, name, document(), "&complete=true")["changed"] == 1
    [fixed] = found(deployed)
    assert (fixed["state"], fixed["due"], fixed["reporters"]) == ("fixed", None, [])
    assert fixed["fixed_at"]
    assert (fixed["history"][-1]["by"], fixed["history"][-1]["to"]) == ("report:codeql", "fixed")
    assert deployed.api.get(f"/scores/{name}").json["items"][0]["penalty"] == 0

    report(deployed, name, WEAKNESS, "&complete=true")
    [again] = found(deployed)
    assert (again["state"], again["episode"], again["id"]) == ("open", 2, before["id"])
    assert again["due"] > before["due"]


def test_a_reporter_closes_only_what_it_reported_and_one_finding_has_several(deployed: Deployment, name: str) -> None:
    report(deployed, name, WEAKNESS, "&complete=true", tool="codeql")
    graver = document(result("sql", "app.py", 4), rules=(rule("sql", "CWE-89", severity="9.8"),))
    report(deployed, name, graver, "&complete=true", tool="semgrep")
    [both] = found(deployed)
    assert (both["reporters"], both["severity"]) == (["codeql", "semgrep"], "critical")

    report(deployed, name, document(), "&complete=true", tool="bandit")
    assert found(deployed)[0]["state"] == "open", "a tool that never reported it cannot close it"
    report(deployed, name, document(), "&complete=true", tool="semgrep")
    [left] = found(deployed)
    assert (left["reporters"], left["severity"], left["state"]) == (["codeql"], "high", "open")
    report(deployed, name, document(), "&complete=true", tool="codeql")
    assert found(deployed)[0]["state"] == "fixed"


def test_equal_statements_of_a_file_are_findings_of_their_own(deployed: Deployment, name: str, work: Work) -> None:
    work.commit({"app.py": "run(x)\nother()\n    run(x)\n"})
    report(deployed, name, document(*(result("r", "app.py", line) for line in (1, 3)), rules=(rule("r", "CWE-78"),)))
    assert sorted(one["start_line"] for one in found(deployed)) == [1, 3]
    ids = {one["id"] for one in found(deployed)}

    work.commit({"app.py": "\n\nrun(x)\nother()\nrun(x)\n"})
    report(deployed, name, document(*(result("r", "app.py", line) for line in (5, 3)), rules=(rule("r", "CWE-78"),)))

    assert {one["id"] for one in found(deployed)} == ids
    assert sorted(one["start_line"] for one in found(deployed)) == [3, 5]


def test_a_report_of_another_ref_adds_and_closes_nothing_elsewhere(deployed: Deployment, name: str, work: Work) -> None:
    report(deployed, name, WEAKNESS, "&complete=true")
    work.git("checkout", "--quiet", "-b", "feature")
    work.commit({"new.py": "eval(x)\n"})
    work.git("checkout", "--quiet", "main")
    other = document(result("eval", "new.py", 1), rules=(rule("eval", "CWE-95"),))

    told = report(deployed, name, other, "&complete=true&ref=feature")

    assert (told["ref"], told["state"]) == ("refs/heads/feature", "Applied")
    assert {one["rule"]: one["state"] for one in found(deployed)} == {SQL: "open", "eval": "open"}
    report(deployed, name, document(), "&complete=true&ref=feature")
    assert {one["rule"]: one["state"] for one in found(deployed)} == {SQL: "open", "eval": "fixed"}


def test_an_older_report_does_not_undo_a_newer_one(deployed: Deployment, name: str) -> None:
    headers = {"Content-Type": "application/sarif+json"}
    url = f"/reports?tool=codeql&asset={name}&complete=true"
    first = deployed.api.post(url, data=json.dumps(WEAKNESS), headers=headers)
    held = deployed.queue.pop()
    report(deployed, name, document(), "&complete=true")
    deployed.queue.append(held)
    deployed.drain()

    assert deployed.api.get(first.headers["Location"]).json["state"] == "Superseded"
    assert found(deployed) == []


def test_a_vulnerability_is_told_by_its_advisory_and_a_misconfiguration_by_its_control(
    deployed: Deployment, name: str
) -> None:
    both = document(
        result("CVE-2021-44228", "pom.xml", 1, properties={"purl": "pkg:maven/log4j/core@2.14?type=jar"}),
        result("DS002", "Dockerfile", 2),
        rules=(rule("CVE-2021-44228", "vulnerability", severity="10.0"), rule("DS002", "misconfiguration")),
    )
    report(deployed, name, both, tool="trivy")

    kinds = {one["kind"]: one for one in found(deployed)}
    assert kinds["vulnerability"]["advisory"] == "CVE-2021-44228"
    assert kinds["vulnerability"]["component"] == "pkg:maven/log4j/core"
    assert kinds["misconfiguration"]["path"] == "Dockerfile"
    listed = deployed.api.get("/findings?kind=vulnerability").json["findings"]
    assert [one["rule"] for one in listed] == ["CVE-2021-44228"]


def test_what_cannot_be_applied_is_told_and_closes_nothing(deployed: Deployment, name: str) -> None:
    report(deployed, name, WEAKNESS, "&complete=true")
    odd = document(result("r", "gone.py", 1), result("r", "../etc/passwd", 1), rules=(rule("r", "CWE-1"),))

    told = report(deployed, name, odd, "&complete=true")

    assert (told["state"], told["not_applied_count"], told["applied_as_complete"]) == ("Applied", 2, False)
    assert {one["reason"] for one in told["not_applied"]} == {
        "the file's path does not lead into the repository",
        f"not in the files of commit {told['commit'][:12]}",
    }
    assert [one["state"] for one in found(deployed)] == ["open"]


def test_a_run_that_failed_is_no_complete_report(deployed: Deployment, name: str) -> None:
    report(deployed, name, WEAKNESS, "&complete=true")
    for run in ({"invocations": [{"executionSuccessful": False}]}, {"results": None}):
        assert not report(deployed, name, document() | {"runs": [document(**run)["runs"][0]]}, "&complete=true")[
            "applied_as_complete"
        ]
    assert found(deployed)[0]["state"] == "open"


@pytest.mark.parametrize(
    ("query", "status", "detail"),
    [
        ("?asset=NAME", 422, "tool is needed"),
        ("?tool=t", 422, "asset is needed"),
        ("?tool=t&asset=h/o/nosuch", 422, "is not known"),
        ("?tool=A b&asset=NAME", 422, "tool does not fit"),
        ("?tool=t&asset=NAME&commit=abc", 422, "commit does not fit"),
        ("?tool=t&asset=NAME&format=xml", 422, "format is one of "),
    ],
)
def test_a_report_that_says_too_little_is_refused(
    deployed: Deployment, name: str, query: str, status: int, detail: str
) -> None:
    answer = deployed.api.post(f"/reports{query.replace('NAME', name)}", json=WEAKNESS)

    assert (answer.status_code, detail in answer.json["detail"]) == (status, True), answer.text
    assert deployed.queue == []


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "empty"),
        (b"{", "not JSON at line 1, column 2"),
        (b"\xff", "not UTF-8 at byte 0"),
        (b'{"version": "2.1.0", "runs": 1}', "not SARIF at runs"),
        (b'{"version": "2.0.0", "runs": []}', "not SARIF 2.1.0"),
        (b'{"version": "2.1.0", "runs": [{"results": [{"ruleId": 7}]}]}', "not SARIF at runs.0.results.0.ruleId"),
        (b'{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "\\ud800"}}}]}', "not JSON that can be read"),
        (b"[" * 100_000, "not JSON that can be read"),
    ],
)
def test_a_report_that_cannot_be_read_says_where(deployed: Deployment, name: str, body: bytes, detail: str) -> None:
    told = report(deployed, name, body, status=400)

    assert detail in told["detail"]
    assert collection("reports").find_one({}) is None


def test_a_report_of_an_unknown_format_is_refused(deployed: Deployment, name: str) -> None:
    assert "no format that is read here: " in report(deployed, name, [], status=422)["detail"]


def test_nothing_that_a_report_quotes_is_kept(deployed: Deployment, name: str, work: Work) -> None:
    secret = "hunter" + "2" * 20
    work.commit({"conf.py": f"password = '{secret}'\n"})
    quoted = result("B105", "conf.py", 1, message={"text": f"Possible hardcoded password: '{secret}'"})
    quoted["locations"] = [place("conf.py", 1, startColumn=13, endColumn=13 + len(secret), snippet={"text": secret})]
    quoted["partialFingerprints"] = {"x": secret}
    for tool, tags in (("bandit", ("CWE-259",)), ("gitleaks", ("secret",))):
        told = report(deployed, name, document(quoted, rules=(rule("B105", *tags),)), tool=tool)
        kept = artifacts.get(f"artifact:reports/{told['id']}.json")
        assert secret.encode() not in kept

    assert {one["kind"] for one in found(deployed)} == {"weakness", "secret"}
    for each in ("findings", "occurrences", "reported", "reports", "score_history", "scores"):
        assert secret not in repr(list(collection(each).find({})))
    assert all(secret.encode() not in message.body for message in deployed.sent)


def test_an_idempotency_key_makes_one_report_of_two(deployed: Deployment, name: str) -> None:
    url, headers = f"/reports?tool=codeql&asset={name}", {"Idempotency-Key": "k"}
    answers = [deployed.api.post(url, json=WEAKNESS, headers=headers) for _ in range(2)]

    assert answers[0].json["id"] == answers[1].json["id"]
    assert {message.id for message in deployed.of_type("report.received")} == {deployed.queue[0].id}
    assert deployed.api.post(url, json=document(), headers=headers).status_code == 422


def test_a_report_of_a_repository_that_is_gone_fails_and_says_so(
    deployed: Deployment, name: str, forge: GitHttpServer
) -> None:
    forge.root.joinpath("o").rename(forge.root / "elsewhere")
    answer = deployed.api.post(f"/reports?tool=t&asset={name}", json=WEAKNESS)
    deployed.drain()

    told = deployed.api.get(answer.headers["Location"]).json
    assert told["state"] == "Failed"
    assert told["reason"]
    assert len(deployed.of_type("event.rejected")) == 1


def test_a_collector_that_dies_half_way_loses_nothing(
    deployed: Deployment, name: str, environment: pytest.MonkeyPatch
) -> None:
    from picket.effects.mongo import findings, reports  # noqa: PLC0415 - connects

    for module, step in ((findings, "record"), (reports, "keep"), (findings, "change"), (reports, "finish")):
        with environment.context() as patch:
            patch.setattr(module, step, lambda *_args, **_more: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                report(deployed, name, WEAKNESS, "&complete=true")
        deployed.deliver(deployed.of_type("report.received")[-1])
        deployed.drain()
        [finding] = found(deployed)
        assert (finding["state"], finding["reporters"]) == ("open", ["codeql"])
        assert finding["policy"], step
        report(deployed, name, document(), "&complete=true")
        assert found(deployed)[0]["state"] == "fixed"
