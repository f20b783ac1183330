"""Third-party tools on the real stack: asked for by a scan, run as jobs, and waited for.

The tool is a program of the test's own that goes by hadolint's name and writes as hadolint does: what it does is said
in the Dockerfiles that it is given. The real one is run in `tests/tools`.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support import pushes, secrets
from tests.support.repositories import GitHttpServer, Work
from tests.support.stack import Json, Running, eventually, picket_up

pytestmark = pytest.mark.stack

PROGRAM = """#!{python}
import json, os, pathlib, sys, time

if sys.argv[1:] == ["--version"]:
    print("Stand-in 1.2.3")
    raise SystemExit
found = []
for name in sys.argv[sys.argv.index("--") + 1:]:
    for number, line in enumerate(pathlib.Path(name).read_text().splitlines(), 1):
        word, _, rest = line.partition(" ")
        if word == "FINDING":
            found.append({{"code": rest, "column": 1, "file": name, "level": "error", "line": number, "message": rest}})
        elif word == "SHOW":
            found.append({{"code": rest, "column": 1, "file": name, "level": "info", "line": number,
                           "message": " ".join(sorted(os.environ))}})
        elif word == "SAY":
            print(rest, file=sys.stderr)
        elif word == "GARBAGE":
            print("{{not json")
            raise SystemExit(0)
        elif word == "END":
            raise SystemExit(int(rest))
        elif word == "ONCE":
            counter = pathlib.Path(rest)
            if not counter.exists():
                counter.touch()
                os.kill(os.getppid(), 9)
                time.sleep(60)
print(json.dumps(found))
raise SystemExit(1 if found else 0)
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A running stack on a machine that has one tool."""
    folder = tmp_path_factory.mktemp("stack")
    programs = folder / "programs"
    programs.mkdir()
    program = programs / "hadolint"
    program.write_text(PROGRAM.format(python=sys.executable))
    program.chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "PICKET_TOOLS": '["hadolint"]', "PICKET_HASH_KEY": "0" * 64}
    with picket_up(folder / "data", environment=environment) as running:
        yield running


def scanned(stack: Running, work: Work, **order: object) -> Json:
    """Scan a repository and return the scan once it has ended."""
    asked = stack.post("/scans", {"repository": str(work.path), **order})
    return eventually(lambda: next((s for s in [stack.get(f"/scans/{asked['id']}")] if s["completed_at"]), None))


def misconfigurations(stack: Running, work: Work) -> dict[str, str]:
    """Return the states of what the tool has found in a repository, by rule."""
    found = stack.all_findings(kind="misconfiguration")
    return {one["rule"]: one["state"] for one in found if one["repository"] == f"local{work.path}"}


def test_a_scan_runs_the_tool_and_waits_for_its_findings(stack: Running, tmp_path: Path) -> None:
    work = Work(tmp_path / "work")
    work.commit({"Dockerfile": "FINDING DL1\nFINDING DL2\n", "sub/Dockerfile": "FINDING DL3\n", "a.py": "x = 1\n"})
    done = scanned(stack, work)

    [run] = done["tool_runs"]
    assert (done["state"], run["state"], run["tool"], run["status"]) == ("Done", "Done", "hadolint", 1)
    assert run["version"] == "Stand-in 1.2.3"
    assert run["arguments"][-2:] == ["Dockerfile", "sub/Dockerfile"]
    assert stack.get(run["report"])["problems"] == 3
    assert misconfigurations(stack, work) == {"DL1": "open", "DL2": "open", "DL3": "open"}


def test_what_is_mended_or_deleted_is_fixed_by_the_next_scan(stack: Running, tmp_path: Path) -> None:
    work = Work(tmp_path / "work")
    work.commit({"Dockerfile": "FINDING DL1\nFINDING DL2\n"})
    scanned(stack, work)
    work.commit({"Dockerfile": "FINDING DL2\n"})
    scanned(stack, work)
    assert misconfigurations(stack, work) == {"DL1": "fixed", "DL2": "open"}

    work.git("rm", "-q", "Dockerfile")
    work.commit({"b.py": "y = 2\n"})
    assert scanned(stack, work)["tool_runs"] == []
    assert eventually(lambda: misconfigurations(stack, work) == {"DL1": "fixed", "DL2": "fixed"})


@pytest.mark.parametrize(
    ("content", "reason"),
    [("GARBAGE\n", "not JSON"), ("SAY it broke\nEND 3\n", "it ended with status 3: it broke")],
)
def test_a_run_without_a_report_fails_and_says_so(stack: Running, tmp_path: Path, content: str, reason: str) -> None:
    work = Work(tmp_path / "work")
    work.commit({"Dockerfile": content, "a.py": "x = 1\n"})
    done = scanned(stack, work)
    assert (done["state"], done["tool_runs"][0]["state"]) == ("Partial", "Failed")
    assert reason in done["tool_runs"][0]["reason"]
    assert reason in done["history"][-1]["reason"]


def test_a_run_that_has_not_looked_at_everything_closes_nothing(stack: Running, tmp_path: Path) -> None:
    work = Work(tmp_path / "work")
    work.commit({"Dockerfile": "FINDING DL1\n"})
    scanned(stack, work)
    work.commit({"Dockerfile": "FINDING DL1000\nFINDING DL2\n"})
    done = scanned(stack, work)
    assert (done["state"], done["tool_runs"][0]["state"]) == ("Partial", "Partial")
    assert misconfigurations(stack, work) == {"DL1": "open", "DL2": "open"}


def test_the_tool_sees_neither_settings_nor_secrets(stack: Running, tmp_path: Path) -> None:
    work = Work(tmp_path / "work")
    work.commit({"Dockerfile": "SHOW environment\n"})
    scanned(stack, work)
    found = stack.all_findings(kind="misconfiguration")
    [shown] = [one["description"] for one in found if one["rule"] == "environment"]
    assert set(shown.split()) <= {"HOME", "LANG", "PATH", "TMPDIR", "LC_CTYPE"}


def test_a_secret_that_a_tool_says_is_kept_nowhere(stack: Running, tmp_path: Path) -> None:
    secret = secrets.aws_key(77)
    work = Work(tmp_path / "work")
    work.commit({"Dockerfile": f"SAY key {secret}\nFINDING DL1\n", "b": f"k = '{secret}'\n"})
    done = scanned(stack, work)
    assert "key " in done["tool_runs"][0]["errors"]
    assert secret not in json.dumps(done)
    kept = [file for file in (stack.data_dir / "artifacts").rglob("*.json") if secret.encode() in file.read_bytes()]
    assert kept == []


def test_a_job_that_is_killed_is_started_again(stack: Running, tmp_path: Path) -> None:
    work = Work(tmp_path / "work")
    work.commit({"Dockerfile": f"ONCE {tmp_path / 'met'}\nFINDING DL9\n"})
    done = scanned(stack, work)
    assert (done["state"], misconfigurations(stack, work)) == ("Done", {"DL9": "open"})


def test_a_run_outlives_the_stack(stack: Running, tmp_path: Path) -> None:
    work = Work(tmp_path / "work")
    work.commit({"Dockerfile": f"ONCE {tmp_path / 'met'}\nFINDING DL8\n"})
    asked = stack.post("/scans", {"repository": str(work.path)})
    eventually((tmp_path / "met").exists)
    stack.kill_and_restart()
    done = eventually(lambda: next((s for s in [stack.get(f"/scans/{asked['id']}")] if s["completed_at"]), None))
    assert (done["state"], misconfigurations(stack, work)) == ("Done", {"DL8": "open"})


def test_a_tool_that_is_not_there_is_refused(stack: Running, tmp_path: Path) -> None:
    answer = stack.http.request(
        "POST",
        f"{stack.url}/scans",
        body=json.dumps({"repository": str(tmp_path), "tools": ["unheard-of"]}).encode(),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status == 400
    assert b"these are: hadolint" in answer.data


def test_a_push_to_the_default_branch_is_looked_at_by_tools(stack: Running, forge: GitHttpServer) -> None:
    work = Work(forge.root / "o" / "tools")
    before = work.commit({"a.py": "x = 1\n"})
    after = work.commit({"Dockerfile": "FINDING DL5\n"})
    source = stack.post("/webhooks", {"sender": "github", "name": "tools"})
    assert stack.deliver(source, pushes.push(f"{forge.url}/o/tools/.git", before, after), "d-tools") == 202
    found = eventually(lambda: [one for one in stack.all_findings(kind="misconfiguration") if one["rule"] == "DL5"])
    assert found[0]["commit"] == after
