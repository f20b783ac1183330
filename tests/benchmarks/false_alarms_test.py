"""The table of what is found in well-known packages says what it should, and shows no secret."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

from tests.benchmarks.false_alarms import Found, Tally, around, files, in_histories, report, totals
from tests.support.repositories import Work

from picket.detection import Engine, Hit, Rule, Ruleset, default_ruleset


def found(rule: str, confidence: float, severity: str = "high") -> Found:
    content = b'key = "abcdefghijklmnopqrstuvwxyz"'
    hit = Hit(Rule(rule), content[7:-1], 7, len(content) - 1, 0, len(content), severity, confidence)  # type: ignore[arg-type]
    return Found("pkg==1", "src/a.py", hit, around(content, hit))


def test_rates_are_per_ten_megabytes_and_information_is_counted_apart() -> None:
    tally = Tally(20_000_000, 2.0, [found("a", 0.9), found("b", 0.9, "info"), found("a", 0.3), found("c", 0.1)])
    first, *rest = report(tally, examples=0).splitlines()
    assert first == (
        "20.0 MB at 10 MB/s; per 10 MB: 1.00 more likely than not, 0.50 without mere information, 2.00 in all"
    )
    assert [line.split() for line in rest] == [["1", "2", "a"], ["1", "1", "b"], ["0", "1", "c"]]


def test_examples_show_where_and_no_secret() -> None:
    text = report(Tally(1_000_000, 1.0, [found("a", 0.9)]), examples=1)
    assert "pkg==1 src/a.py" in text
    assert "abcdefgh" not in text


def test_files_are_named_without_the_folder_that_all_of_a_package_is_in() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("pkg-1.0/src/a.py")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"abc"))
    assert list(files(gzip.compress(out.getvalue()))) == [("src/a.py", b"abc")]


def test_packages_held_back_count_in_the_total_that_has_a_budget() -> None:
    first, second = totals(Tally(20_000_000, 1.0, []), Tally(10_000_000, 1.0, [found("a", 0.9)])).splitlines()
    assert first == "10.0 MB held back: 1.00 more likely than not"
    assert second.endswith("packages: 0.33 more likely than not (budget 0.3: missed)")


def test_without_histories_it_says_so() -> None:
    assert in_histories(Engine(Ruleset(())), [], examples=1).startswith("no histories: ")


def test_a_secret_counts_once_in_a_history_however_many_versions_have_it(tmp_path: Path) -> None:
    work = Work(tmp_path / "work")
    identifier = "AKIA" + "Q3EG7XKZ2MNB4VHT"
    for line in range(3):
        work.commit({"app.env": "line\n" * line + f"AWS_ACCESS_KEY_ID={identifier}\n"})
    first, second = in_histories(Engine(default_ruleset()), [work.path / ".git"], examples=0).splitlines()
    assert first == "1 histories, 3 commits; per 10,000: 3333.33 more likely than not (budget 1: missed)"
    assert second.split()[:2] == ["1", "1"]
