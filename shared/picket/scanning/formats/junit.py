"""JUnit XML, which every CI system shows: a failed test case for each finding."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from picket.scanning.result import Result, place_of

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(result: Result) -> str:
    """One test suite; without findings, one test case that passes. Errors are system output."""
    count = str(len(result.findings))
    root = Element("testsuites", name="picket", tests=str(max(1, len(result.findings))), failures=count)
    suite = SubElement(root, "testsuite", dict(root.attrib))
    if not result.findings:
        SubElement(suite, "testcase", classname="picket", name="no leaked credentials")
    for finding in result.findings:
        place = place_of(finding)
        case = SubElement(suite, "testcase", classname=_text(finding["rule"]), name=_text(place))
        if finding["path"]:
            case.set("file", _text(finding["path"]))
        message = f"{finding['description']} ({finding['severity']}, confidence {finding['confidence']:.2f})"
        failure = SubElement(case, "failure", type=finding["severity"], message=_text(message))
        failure.text = _text("\n".join([f"{finding['redacted']} at {place}", _origin(finding), *finding["reasons"]]))
    if result.errors:
        told = (f"{each['path']}: {each['reason']}" for each in result.errors)
        SubElement(suite, "system-err").text = _text("\n".join(told))
    indent(root)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{tostring(root, encoding='unicode')}\n"


def _origin(finding: dict[str, object]) -> str:
    reach = "unreachable " if finding.get("unreachable") else ""
    if not finding["commit"]:
        return f"{reach}blob {finding['blob']}" if finding.get("blob") else ""
    return f"{reach}commit {finding['commit']} by {finding['author']} on {finding['date']}"


def _text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
