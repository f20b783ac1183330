"""Compiled rules are kept, found again, and never trusted blindly."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from picket.detection import Engine, Ruleset, default_ruleset, parse_ruleset
from picket.detection.model import Rule

RULESET = Ruleset((Rule("a", pattern="abc[0-9]{8}"), Rule("b", pattern="def[0-9]{8}")), digest="d" * 64)
CONTENT = b"abc31415926 def27182818"


def scanned(folder: Path, ruleset: Ruleset = RULESET) -> Engine:
    engine = Engine(ruleset, cache_dir=folder)
    assert [hit.rule.id for hit in engine.scan(CONTENT)] == ["a", "b"]
    return engine


def test_the_second_engine_loads_what_the_first_compiled(tmp_path: Path) -> None:
    assert scanned(tmp_path).prefilter.compiled
    assert not scanned(tmp_path).prefilter.compiled
    assert len(list(tmp_path.iterdir())) == 1


def test_other_rules_do_not_use_the_kept_database(tmp_path: Path) -> None:
    scanned(tmp_path)
    assert scanned(tmp_path, Ruleset(RULESET.rules, digest="e" * 64)).prefilter.compiled


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "noise"])
def test_a_damaged_database_is_compiled_again(tmp_path: Path, damage: str) -> None:
    scanned(tmp_path)
    [file] = tmp_path.iterdir()
    good = file.read_bytes()
    bad = {"cut": good[:-9], "flipped": good[:-9] + bytes([good[-9] ^ 1]) + good[-8:], "empty": b"", "noise": b"x" * 99}
    file.write_bytes(bad[damage])
    assert scanned(tmp_path).prefilter.compiled
    assert not scanned(tmp_path).prefilter.compiled


def test_a_folder_that_cannot_be_written_costs_a_warning_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        assert scanned(tmp_path / "file").prefilter.compiled
    assert "cannot keep" in caplog.text


def test_without_a_folder_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Engine(RULESET).scan(CONTENT)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "noise", "binary"])
def test_kept_rules_are_the_shipped_ones_or_are_read_again(tmp_path: Path, damage: str) -> None:
    shipped = list(default_ruleset().rules)
    for _ in range(2):
        default_ruleset.cache_clear()
        assert list(default_ruleset(tmp_path).rules) == shipped
    [kept] = tmp_path.iterdir()
    good = kept.read_bytes()
    cut, flipped = good[:-9], good[:-9] + bytes([good[-9] ^ 1]) + good[-8:]
    bad = {"cut": cut, "flipped": flipped, "empty": b"", "noise": b"x" * 99, "binary": b"\xff\n\xff"}
    kept.write_bytes(bad[damage])
    default_ruleset.cache_clear()
    assert list(default_ruleset(tmp_path).rules) == shipped
    assert kept.read_bytes() == good


def test_kept_rules_are_a_sequence_like_any_other(tmp_path: Path) -> None:
    for _ in range(2):  # written, then read
        default_ruleset.cache_clear()
        kept = default_ruleset(tmp_path).rules
    shipped = default_ruleset().rules
    assert not isinstance(kept, tuple)
    assert len(kept) == len(shipped)
    assert kept[-1] == shipped[-1]
    assert kept[3:7] == shipped[3:7]
    assert kept[0] is kept[0]
    with pytest.raises(IndexError):
        kept[len(kept)]


def test_importing_neither_loads_hyperscan_nor_parses_rules() -> None:
    code = "import sys, picket.detection as d; d.default_digest(); print({'hyperscan', 'tomllib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_rule_that_hyperscan_cannot_hold_is_tried_everywhere_and_told(tmp_path: Path) -> None:
    wide = "[[rules]]\nid = 'wide'\nregex = '(?U)begin.*end[0-9]{4}'\n"
    toml = wide + "[[rules]]\nid = 'plain'\nregex = 'abc[0-9]{8}'\n"
    for compiled in (True, False):
        engine = Engine(parse_ruleset(toml, name="t"), cache_dir=tmp_path)
        hits = engine.scan(b"begin" + b"x" * 900 + b"end2718 abc31415926")
        assert [hit.rule.id for hit in hits] == ["wide", "plain"]
        assert engine.prefilter.unheld == (0,)
        assert engine.prefilter.compiled is compiled
    alone = Engine(parse_ruleset(wide, name="t"), cache_dir=tmp_path)
    assert [hit.rule.id for hit in alone.scan(b"begin end2718")] == ["wide"]
