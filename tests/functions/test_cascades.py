"""What a rule of the policy has looked at next, on account of what a tool reports."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.deployment import Deployment, forget

from picket.components.assets import canonical
from picket.effects.mongo import scans, tool_runs
from picket.effects.mongo.client import collection
from picket.errors import Malformed
from picket.events import ScanRequested
from picket.policy.rules import parse_policy
from picket.policy.templates import fill

POLICY = """
version: 1
rules:
  - id: look-at-web-ports
    match: {finding.kind: exposure, finding.resource: [tcp/80, tcp/8080]}
    actions:
      - scan: {asset_type: url, asset_value: "http://{asset}:{port}/"}
"""


def ports(*numbers: int) -> bytes:
    """Return what Nmap writes of a host with these ports open."""
    opened = "".join(
        f'<port protocol="tcp" portid="{number}"><state state="open"/><service name="http"/></port>'
        for number in numbers
    )
    return (
        '<nmaprun scanner="nmap" version="7.93"><host><status state="up"/>'
        f'<address addr="192.0.2.7" addrtype="ipv4"/><ports>{opened}</ports></host>'
        '<runstats><finished exit="success"/></runstats></nmaprun>'
    ).encode()


@pytest.fixture
def policed(environment: pytest.MonkeyPatch, tmp_path: Path, deployed: Deployment) -> Deployment:
    """The functions, with a policy that has web ports looked at."""
    (tmp_path / "policy.yaml").write_text(POLICY)
    environment.setenv("PICKET_POLICY", str(tmp_path / "policy.yaml"))
    forget()
    return deployed


def report(deployed: Deployment, *numbers: int) -> None:
    url = "/reports?tool=nmap&asset=192.0.2.7&asset_type=host&complete=true"
    answer = deployed.api.post(url, data=ports(*numbers), headers={"Content-Type": "application/xml"})
    assert answer.status_code == 202, answer.text
    deployed.drain()


def asked() -> list[dict[str, Any]]:
    """Return the scans that there are."""
    return [dict(one) for one in collection("scans").find({})]


def test_an_open_port_has_its_url_looked_at_once(policed: Deployment) -> None:
    report(policed, 22, 8080)
    [scan] = asked()
    assert (scan["repository"], scan["asset_type"]) == ("url:http://192.0.2.7:8080/", "url")
    assert (scan["chain"], scan["reason"]) == (["look-at-web-ports"], "rule look-at-web-ports")
    assert scan["state"] == "Failed", "no tool that is deployed looks at a URL"
    assert "no tool that is deployed" in scan["history"][-1]["reason"]


def test_each_event_that_comes_twice_asks_once(policed: Deployment) -> None:
    report(policed, 80)
    for message in policed.of_type("report.collected") * 2:
        policed.deliver(message)
    policed.drain()
    assert [one["repository"] for one in asked()] == ["url:http://192.0.2.7/"]


def test_a_chain_goes_on_through_a_tools_report_and_ends(policed: Deployment) -> None:
    """What is found by a run that the rule has asked for does not ask by the same rule again."""
    report(policed, 80)
    [scan] = asked()
    request = ScanRequested(repository="host:192.0.2.7", url="", scan="scan-2", chain=("look-at-web-ports",))
    scans.record(request, "test")
    tool_runs.create("scan-2", "host:192.0.2.7", [tool_runs.Wanted("nmap", "host", "192.0.2.7")])
    [run] = tool_runs.of_scan("scan-2")
    url = "/reports?tool=nmap&asset=192.0.2.7&asset_type=host"
    answer = policed.api.post(url, data=ports(8080), headers={"Content-Type": "application/xml"})
    assert tool_runs.reported(run, json.loads(answer.data)["id"], {})
    policed.drain()
    assert {one["_id"] for one in asked()} == {scan["_id"], "scan-2"}


@pytest.mark.parametrize(
    ("action", "complaint"),
    [
        ('scan: {asset_type: url, asset_value: "http://{secret}/"}', "a template has no field 'secret'"),
        ("scan: {asset_type: url}", "asset_type and asset_value go together"),
        ('scan: {asset_type: repository, asset_value: "x"}', "asset_type"),
        ("tool: {run: []}", "run"),
        ('tool: {run: ["../x"]}', "run"),
    ],
)
def test_a_rule_that_could_name_anything_is_refused(action: str, complaint: str) -> None:
    text = f"version: 1\nrules:\n  - id: a\n    match: {{finding.kind: exposure}}\n    actions:\n      - {action}\n"
    with pytest.raises(Malformed, match=complaint):
        parse_policy(text, name="policy.yaml")


@pytest.mark.parametrize("resource", ["tcp/80\nx", "tcp/", "", "tcp/99999999"])
def test_what_a_finding_says_cannot_name_another_target(resource: str) -> None:
    with pytest.raises(Malformed):
        canonical("url", fill("http://h:{port}/", "h", {"evidence": {"resource": resource}}))
