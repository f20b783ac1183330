"""What reports are written in, and which format a report is taken for."""

import json
import sys
from types import SimpleNamespace
from xml.etree.ElementTree import Element

import pytest

from picket.errors import Malformed, Unsupported
from picket.findings.model import Place, Problem, Report
from picket.tools import TOOLS, syntax
from picket.tools.reports import read
from picket.tools.tool import Syntax, Tool

BOMB = b'<!DOCTYPE a [<!ENTITY b "ccc"><!ENTITY d "&b;&b;">]><a>&d;</a>'


def test_values_stand_on_lines_or_behind_one_another_with_a_log_between() -> None:
    written = b'starting\n{"a": 1}\n{"b": {"c": [2]}}{"d": "} {"}\nlevel=info done\n[3]\n'
    assert syntax.json_values(written) == [{"a": 1}, {"b": {"c": [2]}}, {"d": "} {"}, [3]]


@pytest.mark.parametrize("body", [b'{"a": 1}\n{"b": ', b'{"a": NaN}\n{}', b"[" * 100_000, b'{"a": "\xff"}'])
def test_a_broken_value_is_refused_and_the_place_named(body: bytes) -> None:
    with pytest.raises(Malformed, match=r"the report is not"):
        syntax.json_values(body)


@pytest.mark.parametrize("body", [BOMB, b"<a>", b"<a/><b/>", b'<?xml version="1.0" encoding="none"?><a/>'])
def test_xml_that_is_broken_or_declares_entities_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed, match=r"XML"):
        syntax.xml(body)


def test_xml_may_name_a_document_type() -> None:
    assert syntax.xml(b"<!DOCTYPE nmaprun><nmaprun/>").tag == "nmaprun"


def test_a_format_is_found_in_each_syntax(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[object] = []

    def toy(name: str, written: Syntax) -> Tool:
        def parse(document: object, tool: str) -> Report:
            found.append((name, document if not isinstance(document, Element) else document.tag, tool))
            return Report()

        report = SimpleNamespace(recognises=lambda _: True, parse=parse)
        monkeypatch.setitem(sys.modules, f"toy_{name}.report", report)
        monkeypatch.setitem(sys.modules, f"toy_{name}", SimpleNamespace(report=report, __path__=[]))
        return Tool(package=f"toy_{name}", name=name, syntax=written)

    tools = {one.name: one for one in (toy("x", "xml"), toy("v", "values"), toy("j", "json"))}
    for body in (b" <a/>", b"{}\n{}", b'\xef\xbb\xbf{"a": 1}'):
        read(body, "me", "", tools)
    assert found == [("x", "a", "me"), ("v", [{}, {}], "me"), ("v", [{"a": 1}], "me")]
    read(b'{"a": 1}', "me", "j", tools)
    assert found[-1] == ("j", {"a": 1}, "me")


def test_a_tools_own_name_does_not_force_its_format() -> None:
    """hadolint writes SARIF, too."""
    report = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "hadolint"}}, "results": []}]}
    assert read(json.dumps(report).encode(), "hadolint", "", TOOLS).succeeded


def test_what_no_format_recognises_is_refused_with_those_that_are_read() -> None:
    with pytest.raises(Unsupported, match="hadolint"):
        read(b'{"unheard": "of"}', "me", "", TOOLS)


def test_a_secret_of_a_problem_is_neither_written_out_nor_shown() -> None:
    problem = Problem(kind="secret", rule="r", severity="high", secret="in clear", places=(Place(path="a"),))
    assert "in clear" not in problem.model_dump_json()
    assert "in clear" not in repr(problem)
