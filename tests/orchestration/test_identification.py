"""What it costs to tell which findings a report's problems are: it grows as the report does, and no faster."""

import time
from collections.abc import Callable

import pytest

from picket.findings.addresses import kubernetes_objects
from picket.findings.model import Problem
from picket.orchestration import identification
from picket.orchestration.identification import Identified

POD = ["apiVersion: v1", "kind: Pod", "metadata:", "  name: web"]


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def test_many_vulnerabilities_with_aliases_are_told_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("moved", "record_moves"):
        monkeypatch.setattr(f"picket.effects.mongo.reports.{name}", lambda *_: {})
    monkeypatch.setattr("picket.effects.mongo.findings.created", lambda _: {})
    problem = Problem(kind="vulnerability", rule="r", severity="low")

    def named(count: int) -> list[tuple[dict[str, str], Identified]]:
        return [
            ({f"cve-{n}": f"cve-{n}", f"ghsa-{n}": f"ghsa-{n}"}, Identified(problem, f"cve-{n}", ()))
            for n in range(count)
        ]

    few, many = named(2_000), named(20_000)
    once = seconds(lambda: identification._chosen(few, "r"))
    assert seconds(lambda: identification._chosen(many, "r")) < 40 * once + 0.2


def test_many_lines_of_a_large_manifest_are_told_in_time() -> None:
    lines = [*POD, *(["  labels: {a: b}"] * 20_000)]
    once = seconds(lambda: kubernetes_objects(lines)(5))
    at = kubernetes_objects(lines)
    assert seconds(lambda: [at(number) for number in range(1, 20_000)]) < 20 * once + 0.2


def test_a_line_of_a_separator_or_behind_the_end_is_of_what_follows_or_comes_last() -> None:
    at = kubernetes_objects([*POD, "---", *POD[:3], "  name: db", ""])
    assert [at(number) for number in (1, 4, 5, 6, 10)] == ["pod//web", "pod//web", "pod//db", "pod//db", "pod//db"]
    assert at(0) == ""
    assert kubernetes_objects(POD)(0) == "pod//web"
