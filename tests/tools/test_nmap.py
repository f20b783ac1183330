"""Nmap's reports and runs."""

import pytest
from tests.support.reports import arguments, failed, incomplete, running
from tests.support.reports.configuration import NMAP

from picket.errors import Malformed
from picket.findings.model import Report
from picket.tools import TOOLS
from picket.tools.reports import read


def parsed(body: str) -> Report:
    return read(body.encode(), "nmap", "", TOOLS)


def test_an_open_port_is_an_exposure() -> None:
    report = parsed(NMAP)
    [problem] = report.problems
    assert (problem.kind, problem.rule, problem.resource) == ("exposure", "open-port", "tcp/443")
    assert problem.title == "tcp/443 is open: https nginx 1.18"
    assert (report.left_out, report.succeeded, report.tool_version) == ((), True, "7.93")


def test_a_port_that_may_be_open_is_left_out() -> None:
    report = parsed(NMAP.replace('state="filtered"', 'state="open|filtered"'))
    assert (len(report.problems), len(report.left_out)) == (1, 1)


@pytest.mark.parametrize(("old", "new"), [('exit="success"', 'exit="error"'), ("runstats", "other")])
def test_a_run_that_was_ended_did_not_succeed(old: str, new: str) -> None:
    assert not parsed(NMAP.replace(old, new)).succeeded


def test_hosts_that_were_not_looked_at_are_left_out() -> None:
    assert len(parsed(NMAP.replace("<host>", '<host timedout="true">')).left_out) == 1
    assert len(parsed("<nmaprun><runstats><finished exit='success'/></runstats></nmaprun>").left_out) == 1


def test_of_several_hosts_each_port_has_its_address() -> None:
    host = NMAP[NMAP.index("<host>") : NMAP.index("</host>") + 7]
    other = host.replace("192.0.2.1", "192.0.2.2")
    found = [each.resource for each in parsed(NMAP.replace("</host>", f"</host>{other}")).problems]
    assert found == ["192.0.2.1 tcp/443", "192.0.2.2 tcp/443"]


@pytest.mark.parametrize("number", ["", "-1", "65536", "9" * 5_000, "x", "²", "1.0"])
def test_a_port_that_is_none_is_left_out(number: str) -> None:
    report = parsed(NMAP.replace('portid="443"', f'portid="{number}"'))
    assert (report.problems, len(report.left_out)) == ((), 1)


@pytest.mark.parametrize(
    "body",
    ['<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><nmaprun>&x;</nmaprun>', NMAP[:-20], "<nmaprun>"],
)
def test_xml_that_is_broken_or_an_attack_is_refused(body: str) -> None:
    with pytest.raises(Malformed, match="XML"):
        parsed(body)


def test_another_document_is_refused() -> None:
    with pytest.raises(Malformed, match="Nmap"):
        TOOLS["nmap"].parse({"nmaprun": 1}, "nmap")


@pytest.mark.parametrize("target", ["192.0.2.1", "host.example.com", "a-b.example.com", "localhost"])
def test_a_target_stands_last_behind_the_options(target: str) -> None:
    assert arguments("nmap", asset_type="host", asset=target)[-2:] == ("--", target)


@pytest.mark.parametrize(
    ("addresses", "last"),
    [
        (("192.0.2.1",), ("--", "192.0.2.1")),
        (("192.0.2.1", "192.0.2.2"), ("--", "192.0.2.1", "192.0.2.2")),
        (("2001:db8::1", "192.0.2.1"), ("--", "192.0.2.1")),
        (("2001:db8::1", "2001:db8::2"), ("-6", "--", "2001:db8::1", "2001:db8::2")),
    ],
)
def test_addresses_that_were_admitted_are_looked_at_and_not_the_name(
    addresses: tuple[str, ...], last: tuple[str, ...]
) -> None:
    """By now the name may lead elsewhere. One run is of addresses of one version."""
    found = arguments("nmap", asset_type="host", asset="host.example.com", addresses=addresses)
    assert found[-len(last) :] == last
    assert "host.example.com" not in found


@pytest.mark.parametrize("address", ["host.example.com", "10.0.0.0/8", "-iL", "fe80::1%x", ""])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        arguments("nmap", asset_type="host", asset="192.0.2.1", addresses=("192.0.2.1", address))


def test_an_address_of_version_6_needs_an_option() -> None:
    assert "-6" in arguments("nmap", asset_type="host", asset="2001:db8::1")


@pytest.mark.parametrize(
    "target",
    [
        "",
        "-iL",
        "--script=x",
        "10.0.0.0/8",
        "10.0.0.1-255",
        "10.0.*.1",
        "10.0.0.1,2",
        "a b",
        "a\nb",
        "a/24",
        "fe80::1%x",
    ],
)
def test_an_option_or_a_whole_network_is_no_target(target: str) -> None:
    with pytest.raises(ValueError, match="no address and no host name"):
        arguments("nmap", asset_type="host", asset=target)


def test_runs() -> None:
    assert running("nmap").is_active
    assert running("nmap").accepts == {"host", "domain"}
    assert incomplete("nmap", 0) == ""
    assert incomplete("nmap", 1)
    assert failed("nmap", 1)
    assert "--host-timeout" in arguments("nmap", asset_type="host", asset="192.0.2.1")
