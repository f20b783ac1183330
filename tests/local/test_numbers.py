"""What processes counted, added up when they have ended."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from picket.local.numbers import VARIABLE, Numbers

PROGRAM = """
import sys
from prometheus_client import CollectorRegistry, Counter, Gauge
registry = CollectorRegistry()
Counter("calls_total", "Calls.", registry=registry).inc(float(sys.argv[1]))
Gauge("last", "The last.", registry=registry, multiprocess_mode="mostrecent").set(float(sys.argv[1]))
"""


def counted(numbers: Numbers, value: int) -> Path:
    """Let a process count *value* and end."""
    home = numbers.home("scan")
    subprocess.run([sys.executable, "-c", PROGRAM, str(value)], env={VARIABLE: str(home)}, check=True)
    return home


def told(numbers: Numbers) -> dict[str, float]:
    return {sample.name: sample.value for family in numbers.families() for sample in family.samples}


def test_counters_are_added_and_of_gauges_the_later_one_stays_whichever_process_ends_first(tmp_path: Path) -> None:
    numbers = Numbers(tmp_path / "numbers")
    earlier, later = counted(numbers, 5), counted(numbers, 3)
    expected = {"calls_total": 8, "last": 3}

    assert told(numbers) == expected
    for home in (later, earlier):
        numbers.retire(home)
        assert told(numbers) == expected
        assert not home.exists()


def test_nothing_is_told_where_nobody_counts(tmp_path: Path) -> None:
    numbers = Numbers(tmp_path / "numbers")
    home = numbers.home("scan")

    assert told(numbers) == {}
    numbers.retire(home)
    assert not home.exists()


def test_what_a_killed_process_left_half_written_costs_its_own_numbers_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    numbers = Numbers(tmp_path / "numbers")
    home = counted(numbers, 5)
    (home / "counter_99.db").write_bytes(b"\xff\xff\x00\x00\x00\x00\x00\x00\xff\xff\xff\x7f" + b"x" * 80)
    with caplog.at_level(logging.WARNING):
        numbers.retire(home)

    assert told(numbers)["calls_total"] == 5
    assert "cannot be read" in caplog.text
