"""scan: what a batch introduces, once, however often its event comes."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.orchestration import asking
from tests.support import secrets
from tests.support.deployment import Deployment, forget
from tests.support.repositories import GitHttpServer, Work

from picket.cli.scan import main
from picket.effects import ruleset
from picket.effects.mongo import batches, commits, leases
from picket.effects.mongo.client import collection
from picket.effects.mongo.documents import Batch


@pytest.fixture
def work(forge: GitHttpServer) -> Work:
    return Work(forge.root / "o" / "r")


def scan(deployed: Deployment, work: Work) -> list[dict[str, Any]]:
    """Scan the whole repository and return the findings."""
    answer = deployed.api.post("/scans", json={"repository": str(work.path)})
    assert answer.status_code == 202
    deployed.drain()
    shown = deployed.api.get(f"/scans/{answer.json['id']}").json
    assert (shown["state"], shown["scored"]) == ("Done", True)
    return list(deployed.api.get("/findings?occurrences=true").json["findings"])


def test_a_secret_is_one_finding_however_many_commits_hold_it(deployed: Deployment, work: Work) -> None:
    secret = secrets.slack_token(1)
    first = work.commit({"a.py": f"t = '{secret}'\n"})
    work.commit({"a.py": "t = 1\n"})
    work.commit({"b/c.py": f"\n\nt = '{secret}'\n"})
    work.git("checkout", "--quiet", "-b", "side")
    work.commit({"d.py": f"u = '{secret}'\n"})

    [finding] = scan(deployed, work)

    assert (finding["commit"], finding["path"], finding["start_line"]) == (first, "a.py", 1)
    assert [(place["path"], place["start_line"]) for place in finding["occurrences"]] == [
        ("a.py", 1),
        ("b/c.py", 3),
        ("d.py", 1),
    ]


def test_the_oldest_occurrence_is_the_same_by_the_pipeline_and_by_a_scan_on_this_machine(
    deployed: Deployment,
    work: Work,
    environment: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    environment.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    line = f"t = '{secrets.slack_token(1)}'\n"
    for name, date in (("later", "2020-01-01T20:00:00-05:00"), ("sooner", "2020-01-02T00:30:00+09:00")):
        work.git("checkout", "--quiet", "--orphan", name)
        work.git("rm", "--quiet", "-rf", "--ignore-unmatch", ".")
        (work.path / f"{name}.py").write_text(line)
        (work.path / f"{name}.py.old").write_text(line + line)
        work.git("add", "--all")
        environment.setenv("GIT_COMMITTER_DATE", date)
        work.git("commit", "--quiet", "-m", name)
    environment.delenv("GIT_COMMITTER_DATE")

    [stored] = scan(deployed, work)
    main(["--format", "json", str(work.path)])
    [shown] = json.loads(capsys.readouterr().out)["findings"]

    assert (stored["commit"], stored["path"], stored["start_line"]) == (work.head(), "sooner.py", 1)
    place = ("commit", "author", "path", "start_line", "start_column")
    for one, other in [(stored, shown), *zip(stored["occurrences"], shown["occurrences"], strict=True)]:
        assert [one[name] for name in place] == [other[name] for name in place]


def test_another_secret_on_the_same_line_is_another_finding(deployed: Deployment, work: Work) -> None:
    for number in range(2):
        work.commit({"a.py": f"t = '{secrets.slack_token(number)}'\n"})

    assert len({finding["id"] for finding in scan(deployed, work)}) == 2


def test_a_commit_introduces_only_what_its_old_side_lacks(deployed: Deployment, work: Work) -> None:
    secret = secrets.slack_token(1)
    work.commit({"a.py": f"t = '{secret}'\n"})
    work.commit({"a.py": f"# moved down\n\nt = '{secret}'\n"})

    [finding] = scan(deployed, work)

    assert finding["occurrence_count"] == 1


def test_what_a_merge_itself_introduces_is_found(deployed: Deployment, work: Work) -> None:
    work.commit({"a": "1\n", "b": "1\n"})
    work.git("checkout", "--quiet", "-b", "side")
    work.commit({"a": "side\n"})
    work.git("checkout", "--quiet", "main")
    work.commit({"b": "main\n"})
    work.git("merge", "--quiet", "--no-ff", "--no-commit", "side")
    merge = work.commit({"a": f"t = '{secrets.slack_token(3)}'\n"})

    [finding] = scan(deployed, work)

    assert finding["commit"] == merge


def test_what_came_in_with_a_merged_side_is_not_found_twice(deployed: Deployment, work: Work) -> None:
    work.commit({"a": "1\n"})
    work.git("checkout", "--quiet", "-b", "side")
    side = work.commit({"s": f"t = '{secrets.slack_token(3)}'\n"})
    work.git("checkout", "--quiet", "main")
    work.commit({"b": "main\n"})
    work.git("merge", "--quiet", "--no-ff", "-m", "merge", "side")

    [finding] = scan(deployed, work)

    assert [place["commit"] for place in finding["occurrences"]] == [side]


def test_a_binary_blob_and_bytes_that_are_not_utf8_do_not_stop_a_scan(deployed: Deployment, work: Work) -> None:
    secret = secrets.slack_token(4)
    work.commit({"image.png": bytes(range(256)) * 40, "latin": b"caf\xe9 t = '" + secret.encode() + b"'\n"})

    assert [finding["path"] for finding in scan(deployed, work)] == ["latin"]


def test_paths_and_authors_that_are_not_utf8_are_shown_with_replacements(deployed: Deployment, work: Work) -> None:
    line = f"t = '{secrets.slack_token(5)}'\n".encode()
    work.git(
        "fast-import",
        "--quiet",
        stdin=b"commit refs/heads/main\nauthor \xff <\xfe@example.com> 1700000000 +0000\n"
        b"committer C <c@example.com> 1700000000 +0000\ndata 0\n\nM 100644 inline \xffname\n"
        b"data %d\n%s\n" % (len(line), line),
    )

    [finding] = scan(deployed, work)

    assert (finding["path"], finding["author"]) == ("\ufffdname", "\ufffd")


def test_a_blob_over_the_limit_is_listed_not_passed_over_in_silence(
    deployed: Deployment, work: Work, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("PICKET_MAX_BLOB_BYTES", "1000")
    forget()
    work.commit({"huge": "x" * 2_000_000, "small": f"t = '{secrets.slack_token(6)}'\n"})

    assert len(scan(deployed, work)) == 1
    [batch] = collection("batches").find({})
    assert [(path, reason) for path, _, reason in batch["skipped"]] == [("huge", "larger than the limit")]


def test_a_file_in_lfs_is_listed_and_its_pointer_looked_at(deployed: Deployment, work: Work) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'5' * 64}\nsize 9\n"
    work.commit({"big": pointer, "small": f"t = '{secrets.slack_token(6)}'\n"})

    assert len(scan(deployed, work)) == 1
    [batch] = collection("batches").find({})
    assert [(path, reason) for path, _, reason in batch["skipped"]] == [
        ("big", "its content is in Git LFS, and not here")
    ]


def test_no_raw_secret_is_anywhere_in_the_store_events_or_logs(
    deployed: Deployment, work: Work, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = secrets.slack_token(7)
    work.commit({"a.py": f"t = '{secret}'\n"}, "message without it")
    scan(deployed, work)

    database = collection("findings").database
    kept = repr([list(database[name].find({})) for name in database.list_collection_names()])
    sent = repr(deployed.sent)
    logged = "".join(capsys.readouterr())
    assert secret not in kept + sent + logged
    assert secret[-12:] not in kept + sent + logged


def test_no_secret_is_remembered_once_a_batch_is_scanned(deployed: Deployment, work: Work) -> None:
    for number in range(3):
        line = f"password = '{secrets.slack_token(number)[-14:]}'"
        work.commit({"a.py": f"{line}\n"}, message=f"use {line}")

    scan(deployed, work)

    examination = ruleset.engine()._examination
    assert examination
    assert not examination._verdicts._files


def test_an_event_that_comes_twice_changes_nothing(deployed: Deployment, work: Work) -> None:
    work.commit({"a.py": f"t = '{secrets.slack_token(8)}'\n"})
    before = scan(deployed, work)
    first_run = list(deployed.sent)

    for message in [*first_run, *reversed(first_run)]:
        assert set(deployed.deliver(message).values()) <= {204}

    assert {message.id for message in deployed.sent} == {message.id for message in first_run}
    assert deployed.api.get("/findings?occurrences=true").json["findings"] == before


def test_a_batch_that_somebody_else_scans_is_left_to_them(deployed: Deployment, work: Work) -> None:
    work.commit({"a.py": "1\n"})
    deployed.api.post("/scans", json={"repository": str(work.path)})
    deployed.deliver(deployed.queue.pop(0))
    [created] = [deployed.queue.pop(0)]

    with leases.held("batches", Batch, created.data["batch"]):
        assert deployed.deliver(created) == {"scan": 503}
    assert deployed.deliver(created) == {"scan": 204}


def test_a_scanner_that_died_before_it_said_so_is_followed_by_one_that_does(deployed: Deployment, work: Work) -> None:
    work.commit({"a.py": f"t = '{secrets.slack_token(9)}'\n"})
    deployed.api.post("/scans", json={"repository": str(work.path)})
    deployed.deliver(deployed.queue.pop(0))
    [created] = [deployed.queue.pop(0)]
    deployed.is_down = True
    assert deployed.deliver(created) == {"scan": 503}
    deployed.is_down = False

    assert deployed.deliver(created) == {"scan": 204}
    deployed.drain()
    assert len(deployed.api.get("/findings").json["findings"]) == 1


def test_a_repository_that_went_away_meanwhile_ends_the_scan_as_failed(
    deployed: Deployment, work: Work, environment: pytest.MonkeyPatch
) -> None:
    work.commit({"a.py": "1\n"})
    answer = deployed.api.post("/scans", json={"repository": str(work.path)}).json
    deployed.deliver(deployed.queue.pop(0))
    work.path.rename(work.path.with_name("moved"))
    environment.setenv("PICKET_DATA_DIR", str(work.path.parent / "another"))
    forget()

    deployed.drain()

    shown = deployed.api.get(f"/scans/{answer['id']}").json
    assert (shown["state"], shown["batches"]["by_state"]) == ("Failed", {"Failed": 1})


def test_rules_that_cannot_be_read_keep_the_event_waiting(
    deployed: Deployment, work: Work, environment: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    work.commit({"a.py": "1\n"})
    deployed.api.post("/scans", json={"repository": str(work.path)})
    deployed.deliver(deployed.queue.pop(0))
    broken = tmp_path / "rules.toml"
    broken.write_text("[[rules]]\nid = 'x'\nregex = '('\n")
    environment.setenv("PICKET_RULES", str(broken))
    forget()

    assert deployed.deliver(deployed.queue[0]) == {"scan": 500}
    assert not deployed.of_type("event.rejected")


def test_a_scan_of_what_was_scanned_does_nothing(deployed: Deployment, work: Work) -> None:
    work.commit({"a.py": "1\n"})
    scan(deployed, work)
    batches = len(deployed.of_type("commitbatch.created"))

    scan(deployed, work)

    assert len(deployed.of_type("commitbatch.created")) == batches
    assert json.loads(deployed.sent[-1].body)["repository"]


def test_what_a_cancelled_batch_has_found_is_found_again_and_judged(
    deployed: Deployment, work: Work, environment: pytest.MonkeyPatch
) -> None:
    work.commit({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    wanted = deployed.api.post("/scans", json={"repository": str(work.path)}).json["id"]
    deployed.deliver(deployed.queue.pop(0))
    move = batches.move

    def cancel(batch: Any, target: str, *rest: Any, **fields: Any) -> Any:
        """Let the scan be cancelled when all is stored but that the batch is scanned."""
        if target == "Scanned":
            assert asking.cancel(deployed, wanted) == 202
        return move(batch, target, *rest, **fields)

    with environment.context() as patch:
        patch.setattr(batches, "move", cancel)
        created = deployed.queue.pop(0)
        assert deployed.deliver(created) == {"scan": 503}
    deployed.queue.append(created)
    deployed.drain()
    assert deployed.of_type("finding.changed") == []

    [finding] = scan(deployed, work)

    assert [message.data["findings"] for message in deployed.of_type("finding.changed")] == [[finding["id"]]]


def test_commits_count_as_scanned_though_the_scanner_died_before_it_noted_them(
    deployed: Deployment, work: Work, environment: pytest.MonkeyPatch
) -> None:
    work.commit({"a.py": f"t = '{secrets.slack_token(1)}'\n"})
    deployed.api.post("/scans", json={"repository": str(work.path)})
    deployed.deliver(deployed.queue.pop(0))
    created = deployed.queue.pop(0)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with environment.context() as patch:
        patch.setattr(commits, "mark_scanned", die)
        with pytest.raises(KeyboardInterrupt):
            deployed.deliver(created)
    assert collection("commits").count_documents({}) == 0

    assert deployed.deliver(created) == {"scan": 204}

    assert collection("commits").count_documents({}) == 1
