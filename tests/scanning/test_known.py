"""Secrets that are accepted stay hidden, whatever happens around them; others never are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.scanning.conftest import Picket
from tests.support import secrets
from tests.support.repositories import Work


def line(seed: int) -> str:
    return f"token = '{secrets.slack_token(seed)}'\n"


def test_a_baseline_hides_what_it_holds_after_moves_and_rewrites_and_nothing_else(
    picket: Picket, work: Work, tmp_path: Path
) -> None:
    baseline = tmp_path / "baseline.json"
    work.commit({"a.py": line(1), "b.py": line(2)})
    written = picket(work.path, "--write-baseline", baseline)
    assert (written.status, len(written.findings)) == (0, 2)
    assert f"accepted in {baseline}" in written.err

    hidden = picket(work.path, "--baseline", baseline)
    assert (hidden.status, hidden.findings, hidden.json["stats"]["in_baseline"]) == (0, [], 2)

    work.git("mv", "a.py", "moved.py")
    work.git("commit", "-q", "--amend", "-m", "rewritten")
    (work.path / "moved.py").write_text(line(3))  # another secret on the same line
    work.commit({})
    [finding] = picket(work.path, "--baseline", baseline).findings
    assert finding["path"] == "moved.py"
    assert finding["redacted"]


def test_a_baseline_gives_no_secret_away_and_keeps_its_salt(picket: Picket, work: Work, tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.json"
    work.commit({"a.py": line(1)})
    picket(work.path, "--write-baseline", baseline)
    first = json.loads(baseline.read_text())
    assert secrets.slack_token(1) not in baseline.read_text()

    work.commit({"b.py": line(2)})
    picket(work.path, "--baseline", baseline, "--write-baseline", baseline)
    second = json.loads(baseline.read_text())
    assert second["salt"] == first["salt"]
    assert len(second["secrets"]) == 2
    assert first["secrets"][0] in second["secrets"]

    picket(work.path, "--write-baseline", tmp_path / "other.json")
    assert not {each["hash"] for each in json.loads((tmp_path / "other.json").read_text())["secrets"]} & {
        each["hash"] for each in second["secrets"]
    }


def test_a_baseline_in_the_repository_is_used_unasked(picket: Picket, work: Work) -> None:
    work.commit({"a.py": line(1)})
    picket(work.path, "--write-baseline", work.path / ".picketignore")
    assert picket(work.path).status == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        '{"version": 2}',
        '{"version": 1, "salt": "x", "secrets": []}',
        '{"version": 1, "salt": "' + "a" * 32 + '", "secrets": [1]}',
        '{"version": 1, "salt": "' + "a" * 32 + '", "secrets": [{"hash": "b"}]}',
    ],
)
def test_what_is_no_baseline_is_an_error_and_not_overwritten(
    picket: Picket, work: Work, tmp_path: Path, text: str
) -> None:
    baseline = tmp_path / "baseline.json"
    baseline.write_text(text)
    work.commit({"a.py": line(1)})
    for option in ("--baseline", "--write-baseline"):
        done = picket(work.path, option, baseline)
        assert (done.status, done.out) == (2, "")
        assert str(baseline) in done.err
    assert baseline.read_text() == text


def test_a_gitleaksignore_hides_the_secrets_it_points_at(picket: Picket, work: Work) -> None:
    sha = work.commit({"a.py": line(1) + line(2), "b.py": line(3)})
    first, second, third = (
        each["fingerprint"] for each in sorted(picket(work.path).findings, key=lambda f: f["fingerprint"])
    )
    assert first.startswith(f"{sha}:a.py:")
    ignore = work.path / ".gitleaksignore"

    ignore.write_text(f"# a comment\n\nnonsense\n{first}\n")
    assert [each["fingerprint"] for each in picket(work.path).findings] == [second, third]

    ignore.write_text(third.removeprefix(f"{sha}:"))  # for any commit
    assert [each["fingerprint"] for each in picket(work.path).findings] == [first, second]


def test_a_fingerprint_by_another_scanners_rule_name_means_the_one_secret_there(picket: Picket, work: Work) -> None:
    sha = work.commit({"a.py": line(1), "b.py": line(2).strip() + line(3)})
    (work.path / ".gitleaksignore").write_text(f"{sha}:a.py:some-rule:1\n{sha}:b.py:some-rule:1\n")
    done = picket(work.path)
    assert {each["path"] for each in done.findings} == {"b.py"}
    assert len(done.findings) == 2
    assert done.json["stats"]["ignored"] == 1


def test_ignores_survive_a_clone_and_are_explained(picket: Picket, work: Work, tmp_path: Path) -> None:
    sha = work.commit({"a.py": line(1)})
    work.commit({".gitleaksignore": f"{sha}:a.py:whatever:1\n"})
    work.git("clone", "-q", "--bare", str(work.path), str(tmp_path / "bare"))
    done = picket(tmp_path / "bare", "--explain")
    assert done.status == 0
    assert "an ignore file names it" in [each["reason"] for each in done.json["dropped"]]


def test_explain_tells_of_doubtful_findings(picket: Picket, work: Work) -> None:
    work.commit({"a.py": line(1), "b.py": "password = 'changeme'\n"})
    done = picket(work.path, "--explain", "--min-confidence", "1")
    assert done.findings == []
    assert any("least confidence" in each["reason"] for each in done.json["dropped"])
    assert any(each["path"] == "b.py" and each["line"] == 1 for each in done.json["dropped"])


def test_a_teams_rules_are_used_and_a_broken_file_names_itself(picket: Picket, work: Work, tmp_path: Path) -> None:
    work.commit({"a.py": line(1) + "acme-1234\n"})
    rules = tmp_path / "team.toml"
    rules.write_text("[[rules]]\nid = 'acme'\nregex = 'acme-[0-9]{4}'\n")
    assert [each["rule"] for each in picket(work.path, "--rules", rules).findings] == ["acme"]

    (work.path / ".gitleaks.toml").write_text(rules.read_text() + "[extend]\nuseDefault = true\n")
    found = picket(work.path)
    assert len(found.findings) == 2
    assert "rules from .gitleaks.toml" in found.err

    rules.write_text("[[rules]]\nid = 'acme'\nregex = '('\n")
    done = picket(work.path, "--rules", rules)
    assert (done.status, done.out) == (2, "")
    assert str(rules) in done.err
    assert "acme" in done.err


def test_an_allow_list_of_commits_holds_for_those_commits(picket: Picket, work: Work, tmp_path: Path) -> None:
    allowed = work.commit({"a.py": line(1)})
    other = work.commit({"b.py": line(1)})
    rules = tmp_path / "team.toml"
    rules.write_text(f"[extend]\nuseDefault = true\n[[allowlists]]\ncommits = ['{allowed}']\n")
    [finding] = picket(work.path, "--rules", rules).findings
    assert [each["commit"] for each in finding["occurrences"]] == [other]
