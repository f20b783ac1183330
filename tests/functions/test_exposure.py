"""Exposures of a repository's manifests, from the program to findings and score, and closed by a policy."""

import contextlib
import io
from typing import Any

import pytest
from tests.support.clusters import SERVICE, WEB, policy
from tests.support.deployment import Deployment
from tests.support.repositories import GitHttpServer, Work

from picket.exposure.__main__ import main

CLOSED = policy("podSelector: {}\npolicyTypes: [Ingress, Egress]")


@pytest.fixture
def work(forge: GitHttpServer) -> Work:
    made = Work(forge.root / "o" / "r")
    made.commit({"k8s/web.yaml": WEB, "k8s/service.yaml": SERVICE})
    return made


@pytest.fixture
def name(deployed: Deployment, forge: GitHttpServer, work: Work) -> str:
    assert work
    answer = deployed.api.post("/repositories", json={"repository": f"{forge.url}/o/r/.git"})
    return str(answer.json["name"])


def looked_at(deployed: Deployment, name: str, work: Work, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run the program on the repository, and report what it says."""
    output = io.StringIO()
    with monkeypatch.context() as there, contextlib.redirect_stdout(output):
        there.chdir(work.path)
        assert main(["."]) == 0
    url = f"/reports?tool=exposure&format=exposure&asset={name}&complete=true"
    answer = deployed.api.post(url, data=output.getvalue(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 202, answer.text
    deployed.drain()
    return dict(deployed.api.get(answer.headers["Location"]).json)


def states(deployed: Deployment) -> dict[str, str]:
    found = deployed.api.get("/findings?kind=exposure").json["findings"]
    return {one["rule"]: one["state"] for one in found}


def test_exposures_are_findings_that_count_and_a_policy_closes_them(
    deployed: Deployment, name: str, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = looked_at(deployed, name, work, monkeypatch)
    assert (told["state"], told["findings"], told["applied_as_complete"]) == ("Applied", 3, True)
    everything = {"ingress-from-internet", "ingress-without-policy", "egress-to-internet"}
    assert states(deployed) == dict.fromkeys(everything, "open")
    [internet] = deployed.api.get("/findings?rule=ingress-from-internet").json["findings"]
    assert (internet["severity"], internet["path"], internet["start_line"]) == ("high", "k8s/web.yaml", 3)
    assert internet["remediation"].startswith("Let in only what")
    items = {one["id"]: one for one in deployed.api.get(f"/scores/{name}").json["items"]}
    assert len(items) == 3
    assert items[internet["id"]]["penalty"] > 0

    work.commit({"k8s/policy.yaml": CLOSED.replace("podSelector", "podSelektor")})
    told = looked_at(deployed, name, work, monkeypatch)
    assert not told["applied_as_complete"]
    assert states(deployed) == dict.fromkeys(everything, "open"), "what is unknown closes nothing"

    work.commit({"k8s/policy.yaml": CLOSED})
    looked_at(deployed, name, work, monkeypatch)
    assert states(deployed) == dict.fromkeys(everything, "fixed")
    assert {one["penalty"] for one in deployed.api.get(f"/scores/{name}").json["items"]} == {0}
