"""Bands, intervals, labels and the picture of calibration are what they say, and name no secret or place."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.benchmarks.calibration import (
    LABELS,
    Judged,
    Label,
    Share,
    found,
    hashed,
    measured,
    points,
    read,
    share,
    table,
    written,
)
from tests.benchmarks.reliability import Point, drawing
from tests.support.repositories import Work

RIGHT, WRONG = True, False


@pytest.mark.parametrize(
    ("right", "count", "least", "most"),
    [(0, 10, 0.0, 0.278), (5, 10, 0.237, 0.763), (10, 10, 0.722, 1.0), (95, 100, 0.888, 0.978), (0, 0, 0.0, 1.0)],
)
def test_the_interval_is_wilsons(right: int, count: int, least: float, most: float) -> None:
    """Source of the figures: Newcombe 1998, table I, method 3, and the formula itself."""
    assert Share(count, right, 0.0).interval == pytest.approx((least, most), abs=0.0006)


def test_a_band_begins_with_its_lower_edge_and_the_last_includes_one() -> None:
    judged = [Judged(0.49, RIGHT), Judged(0.5, RIGHT), Judged(0.6, WRONG), Judged(0.9, RIGHT), Judged(1.0, WRONG)]
    assert share(judged, 0.5, 0.6) == Share(1, 1, 0.5)
    assert share(judged, 0.6, 0.7) == Share(1, 0, 0.6)
    assert share(judged, 0.9, 1.0) == Share(2, 1, 0.95)
    assert share(judged, 0.7, 0.8).count == 0


def test_the_table_compares_two_bands_with_their_budgets() -> None:
    lines = table([Judged(0.85, RIGHT)] * 19 + [Judged(0.95, WRONG)] + [Judged(0.55, WRONG)]).splitlines()
    assert lines[0] == "21 findings"
    assert lines[-2].startswith("0.8-1.0: 19 of 20 right, 95.0% (")
    assert lines[-2].endswith("budget 95%: met")
    assert lines[-1].endswith("budget 75%: missed")


def test_labels_survive_writing_and_reading() -> None:
    labels = [Label("ab" * 16, RIGHT, "jwt", 0.86, 0.9), Label("cd" * 16, WRONG, "generic-secret", 0.7, 0.0)]
    assert read(written(b"salt", labels)) == (b"salt", labels)


def test_what_is_not_found_any_more_has_no_confidence() -> None:
    label = Label("ab" * 16, WRONG, "jwt", 0.86, 0.86)
    assert [each.now for each in measured([label], {"ab" * 16: 0.3})] == [0.3]
    assert [each.now for each in measured([label], {})] == [0.0]


def test_labels_are_looked_up_by_what_stands_for_the_secret(tmp_path: Path) -> None:
    identifier = "AKIA" + "Q3EG7XKZ2MNB4VHT"
    work = Work(tmp_path / "work")
    work.commit({"app.env": f"AWS_ACCESS_KEY_ID={identifier}\n"})
    (tmp_path / "a.git").symlink_to(work.path / ".git")
    assert found(tmp_path, b"salt") == {hashed(b"salt", identifier.encode()): pytest.approx(0.95)}


def test_the_labels_kept_are_hashes_of_enough_findings() -> None:
    salt, labels = read(LABELS.read_text("utf-8"))
    assert len(salt) >= 16
    assert len(labels) >= 300
    assert len({each.value for each in labels}) == len(labels)
    assert all(len(each.value) == 32 and set(each.value) <= set("0123456789abcdef") for each in labels)


def test_the_picture_is_well_formed_and_says_what_it_shows() -> None:
    text = drawing({"histories": points([Judged(0.85, RIGHT)] * 3), "made": [Point(0.9, 1, 0.9, 1, 7)]})
    root = ET.fromstring(text)  # noqa: S314 - our own text
    name = "{http://www.w3.org/2000/svg}"
    assert root.attrib["role"] == "img"
    assert {root.find(f"{name}title").attrib["id"], root.find(f"{name}desc").attrib["id"]} == {"t", "d"}  # type: ignore[union-attr]
    assert root.find(f"{name}desc").text == "histories: 100% of 3 at 0.85; made: 100% of 7 at 0.90."  # type: ignore[union-attr]
    assert "prefers-color-scheme: dark" in text
