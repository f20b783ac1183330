"""Packs and manifests in a real S3 server: a scanner needs no clone, no forge and none of its credentials."""

import json
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import urllib3
from tests.benchmarks.starts import function
from tests.orchestration.asking import ask, batches_of, dying_before, push, states, tick
from tests.support import s3, secrets
from tests.support.deployment import ROOT, Deployment, Message, forget
from tests.support.repositories import GitHttpServer, Work

from picket.commits import plan
from picket.effects import artifacts
from picket.effects.mongo.client import collection
from picket.orchestration import material
from picket.settings import settings

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A running S3 server; the environment of who uses it."""
    with s3.server(tmp_path_factory.mktemp("s3") / "log") as environment:
        yield environment


@pytest.fixture
def clustered(deployed: Deployment, environment: pytest.MonkeyPatch, bucket: dict[str, str]) -> Deployment:
    """The functions with an artifact store."""
    for name, value in bucket.items():
        environment.setenv(name, value)
    forget()
    return deployed


@pytest.fixture
def work(forge: GitHttpServer) -> Work:
    """A repository with a history that packs have to get right: changes, a merge, a rename, a removal, odd names."""
    made = Work(forge.root / "o" / "r")
    made.commit({"a.py": "x = 1\n" * 500, "b.py": "y\n", "empty": ""})
    made.commit({"a.py": "x = 1\n" * 500 + f"t = '{secrets.slack_token(1)}'\n"})
    made.git("checkout", "--quiet", "-b", "side", "HEAD~1")
    made.commit({"ünï ¢.py": f"t = '{secrets.slack_token(2)}'\n"})
    made.git("checkout", "--quiet", "main")
    made.git("merge", "--quiet", "--no-ff", "-m", "merge", "side")
    made.git("mv", "b.py", "c.py")
    made.commit({"c.py": f"y\nt = '{secrets.slack_token(3)}'\n"})
    made.git("rm", "--quiet", "a.py")
    made.commit({})
    return made


def url(forge: GitHttpServer) -> str:
    return f"{forge.url}/o/r/.git"


def stored(prefix: str = material.PREFIX) -> list[str]:
    return sorted(artifacts.older_than(prefix, timedelta(seconds=-60)))


def findings(deployed: Deployment) -> list[dict[str, Any]]:
    kept = ("path", "commit", "start_line", "rule", "redacted", "author", "date", "occurrence_count")
    found = deployed.api.get("/findings?limit=200").json["findings"]
    return sorted(({name: one[name] for name in kept} for one in found), key=json.dumps)


def elsewhere(environment: pytest.MonkeyPatch, folder: Path) -> None:
    """Go on as on another machine: with an empty data folder, and no repository that could be reached."""
    environment.setenv("PICKET_DATA_DIR", str(folder))
    environment.setenv("PICKET_ALLOW_LOCAL_REPOSITORIES", "false")
    forget()


def test_a_scanner_without_clone_and_forge_finds_the_same(
    clustered: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ask(clustered, url(forge), "s")
    clustered.deliver(clustered.queue.pop(0))
    assert [name.rpartition(".")[2] for name in stored()] == ["idx", "json", "pack"]
    shutil.rmtree(work.path)
    elsewhere(environment, tmp_path / "other")

    clustered.drain()

    assert states("s") == ["Done"]
    assert not (tmp_path / "other" / "mirrors").exists()
    assert list((tmp_path / "other" / "scratch").iterdir()) == []
    by_pack = findings(clustered)
    assert sorted(one["start_line"] for one in by_pack) == [1, 2, 501]


def test_in_a_cluster_without_an_artifact_store_a_scan_waits_for_one(
    deployed: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch, bucket: dict[str, str]
) -> None:
    """A scanner there reaches no forge: it would fail over what a bucket would have given it."""
    assert work
    ask(deployed, url(forge), "s")
    [request] = deployed.queue
    environment.setenv("HOST", "0.0.0.0")  # noqa: S104 - as in a container
    forget()
    assert deployed.deliver(request) == {"enumerate": 500}
    assert not deployed.of_type("commitbatch.created")
    for name, value in bucket.items():
        environment.setenv(name, value)
    forget()
    deployed.drain()
    assert states("s") == ["Done"]


def test_what_killed_workers_left_is_removed(clustered: Deployment, forge: GitHttpServer, work: Work) -> None:
    work.commit({"of this test alone": "x\n"})  # what other tests stored is not stored again
    data = settings().data_dir
    left = [data / "scratch" / "old" / "objects", data / "mirrors" / "scratch" / "old", data / "scratch" / "at-work"]
    for path in left:
        path.mkdir(parents=True)
    for path in (left[0].parent, left[1]):
        os.utime(path, (0, 0))

    ask(clustered, url(forge), "s")
    clustered.drain()

    assert states("s") == ["Done"]
    assert [path.exists() for path in left] == [False, False, True]


def test_what_is_found_from_packs_is_what_is_found_from_the_mirror(
    deployed: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch, bucket: dict[str, str]
) -> None:
    found = []
    for number, more in enumerate(({}, bucket)):
        for name, value in more.items():
            environment.setenv(name, value)
        environment.setenv("PICKET_MONGODB_DATABASE", f"{settings().mongodb_database}-{number}")
        forget()
        ask(deployed, url(forge), f"s{number}")
        deployed.drain()
        found.append(findings(deployed))

    assert found[0] == found[1]
    assert len(found[0]) == 3
    assert work.head()


def test_a_push_brings_the_former_side_of_what_it_changes(
    clustered: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old, new = secrets.slack_token(3), secrets.slack_token(4)
    before = work.head()
    ask(clustered, url(forge), "s", **push(before, work.commit({"c.py": f"# moved\ny\nt = '{old}'\nu = '{new}'\n"})))
    clustered.deliver(clustered.queue.pop(0))
    elsewhere(environment, tmp_path / "other")

    clustered.drain()

    assert states("s") == ["Done"]
    assert [one["start_line"] for one in findings(clustered)] == [4]


@pytest.mark.slow
def test_two_scanners_on_two_data_folders_share_the_work(
    clustered: Deployment, forge: GitHttpServer, environment: pytest.MonkeyPatch, bucket: dict[str, str], tmp_path: Path
) -> None:
    environment.setattr(plan.cut, "__kwdefaults__", {"max_commits": 2, "max_bytes": plan.MAX_BYTES})
    environment.setenv("PICKET_BATCHES_IN_FLIGHT", "100")
    forget()
    work = Work(forge.root / "o" / "r")
    for number in range(24):
        work.commit({f"f{number}.py": f"t = '{secrets.slack_token(number)}'\n"})
    ask(clustered, url(forge), "s")
    clustered.deliver(clustered.queue.pop(0))
    waiting, clustered.queue[:] = list(clustered.queue), []
    shutil.rmtree(work.path)
    with sink(clustered) as ingress:
        shared = {
            **bucket,
            "PATH": "/usr/bin:/bin:/usr/local/bin",
            "MONGODB_URI": settings().mongodb_uri.get_secret_value(),
            "PICKET_MONGODB_DATABASE": settings().mongodb_database,
            "PICKET_HASH_KEY": "0" * 64,
            "K_SINK": ingress,
        }
        main = ROOT / "functions" / "scan" / "main.py"
        folders = [tmp_path / "one", tmp_path / "two"]
        with (
            function(main, {**shared, "PICKET_DATA_DIR": str(folders[0]), "K_SERVICE": "scan"}) as (one, _),
            function(main, {**shared, "PICKET_DATA_DIR": str(folders[1]), "K_SERVICE": "scan"}) as (two, _),
            ThreadPoolExecutor(2) as pool,
        ):
            halves = [(one, waiting[0::2]), (two, waiting[1::2])]
            statuses = list(pool.map(lambda half: [post(half[0], message) for message in half[1]], halves))
    assert statuses == [[204] * 6, [204] * 6]
    clustered.drain()

    assert states("s") == ["Done"]
    assert len(findings(clustered)) == 24
    for folder in folders:
        assert (folder / "rulesets").exists()
        assert not (folder / "mirrors").exists()
        assert list((folder / "scratch").iterdir()) == []


def sink(deployed: Deployment) -> Any:
    """Serve an ingress that puts what it gets into the queue."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            message = Message({name.lower(): value for name, value in self.headers.items()}, body)
            deployed.queue.append(message)
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep test output clean."""

    class Sink(ThreadingHTTPServer):
        def __enter__(self) -> str:  # type: ignore[override]
            threading.Thread(target=self.serve_forever, daemon=True).start()
            return f"http://127.0.0.1:{self.server_address[1]}/"

        def __exit__(self, *_: object) -> None:
            self.shutdown()
            self.server_close()

    return Sink(("127.0.0.1", 0), Handler)


def post(where: str, message: Message) -> int:
    answer = urllib3.request("POST", where, body=message.body, headers=message.headers, retries=False, timeout=60.0)
    return int(answer.status)


def test_what_is_too_large_is_left_out_of_the_pack_and_listed(
    clustered: Deployment, forge: GitHttpServer, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("PICKET_MAX_BLOB_BYTES", "1000")
    forget()
    work = Work(forge.root / "o" / "r")
    dice = random.Random(1)
    work.commit({"huge": dice.randbytes(200_000), "small": f"t = '{secrets.slack_token(6)}'\n"})
    work.commit({"huge": dice.randbytes(200_000)})

    ask(clustered, url(forge), "s")
    clustered.drain()

    [batch] = batches_of("s")
    assert [(path, reason) for path, _, reason in batch["skipped"]] == [("huge", "larger than the limit")] * 2
    assert len(findings(clustered)) == 1
    manifest = json.loads(artifacts.get(batch["material"]))
    assert len(manifest["too_large"]) == 2
    assert len(artifacts.get(str(batch["material"]).replace(".json", ".pack"))) < 10_000


def test_commits_without_any_new_blob_need_no_pack(clustered: Deployment, forge: GitHttpServer) -> None:
    work = Work(forge.root / "o" / "r")
    work.commit({})

    before = stored()
    ask(clustered, url(forge), "s")
    clustered.drain()

    assert states("s") == ["Done"]
    assert [name.rpartition(".")[2] for name in stored() if name not in before] == ["json"]


def test_an_enumeration_that_is_done_again_finds_what_the_first_one_stored(
    clustered: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch
) -> None:
    ask(clustered, url(forge), "s1")
    clustered.deliver(clustered.queue.pop(0))
    before, puts = stored(), list[Any]()
    put = artifacts.put

    def counted(*what: Any) -> str:
        puts.append(what)
        return put(*what)

    environment.setattr(artifacts, "put", counted)

    ask(clustered, url(forge), "s2", reason="again")
    clustered.deliver(clustered.queue.pop())

    assert (stored(), puts) == (before, [])
    assert batches_of("s1")[0]["material"] == batches_of("s2")[0]["material"]
    assert work.head()


def test_artifacts_expire_but_not_while_a_batch_or_a_letter_needs_them(
    clustered: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch
) -> None:
    ask(clustered, url(forge), "s")
    clustered.deliver(clustered.queue.pop(0))
    needed = artifacts.put("events/needed.json", b"{}")
    artifacts.put("events/other.json", b"{}")
    collection("dead_letters").insert_one({"_id": "x", "dataref": needed})
    environment.setenv("PICKET_ARTIFACT_DAYS", "0.000001")
    forget()

    assert tick(clustered, "t1") == 204
    assert len([name for name in stored() if name.partition("/")[2].startswith(batch_name())]) == 3
    assert stored("events/") == [needed]

    clustered.drain()
    assert states("s") == ["Done"]
    collection("duties").delete_many({})
    assert tick(clustered, "t2") == 204
    assert [name for name in stored() if name.partition("/")[2].startswith(batch_name())] == []
    assert work.head()


def test_what_only_an_abandoned_enumeration_needs_expires_when_its_scan_has_ended(
    clustered: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch
) -> None:
    message = ask(clustered, url(forge), "s")
    with dying_before(environment, "Scheduled"):
        clustered.deliver(message)
    name = batch_name()
    clustered.drain()
    assert (states("s"), len(batches_of("s")), bool(work.head())) == (["Done"], 2, True)
    environment.setenv("PICKET_ARTIFACT_DAYS", "0.000001")
    forget()

    assert tick(clustered, "t1") == 204

    assert [one for one in stored() if one.partition("/")[2].startswith(name)] == []


def batch_name() -> str:
    [batch] = batches_of("s")
    return str(batch["material"]).rpartition("/")[2].removesuffix(".json")


def test_artifacts_are_looked_through_once_an_hour(clustered: Deployment, environment: pytest.MonkeyPatch) -> None:
    listed: list[str] = []
    older_than = artifacts.older_than

    def noted(prefix: str, span: timedelta) -> Iterator[str]:
        listed.append(prefix)
        return older_than(prefix, span)

    environment.setattr(artifacts, "older_than", noted)

    assert [tick(clustered, f"t{number}") for number in range(3)] == [204] * 3

    assert listed == ["material/", "tools/", "events/", "secrets/"]


def test_a_store_that_is_away_keeps_the_event_waiting(
    clustered: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch
) -> None:
    message = ask(clustered, url(forge), "s")
    with environment.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        patch.setenv("AWS_MAX_ATTEMPTS", "1")
        forget()
        patch.setattr(artifacts, "store", broken)
        assert clustered.deliver(message) == {"enumerate": 503}
    forget()
    clustered.drain()

    assert states("s") == ["Done"]
    assert work.head()


def broken() -> Any:
    """Return a store whose server is not there."""
    from obstore.store import S3Store  # noqa: PLC0415 - starts a runtime

    return S3Store(
        s3.BUCKET,
        config={"endpoint": "http://127.0.0.1:9", "region": "us-east-1"},
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )


def test_the_build_of_a_push_is_kept_where_asked_with_the_same_bytes_each_time(
    clustered: Deployment, forge: GitHttpServer, work: Work, tmp_path: Path
) -> None:
    before = work.head()
    first = work.commit({"v": "1\n"})
    second = work.commit({"v": "2\n"})
    ask(clustered, url(forge), "s0", repository="h/o/r", **push(before, first))
    clustered.drain()
    assert stored("build_artifacts/") == []
    answer = clustered.api.put("/repositories/h/o/r/builds", json={"ref": "refs/heads/main"})
    assert (answer.status_code, answer.json["ref"]) == (200, "refs/heads/main")

    ask(clustered, url(forge), "s1", repository="h/o/r", **push(first, second))
    ask(clustered, url(forge), "s2", repository="h/o/r", **push(before, first, reason="late"))
    work.git("checkout", "--quiet", "-b", "else")
    elsewhere_pushed = push(second, work.commit({"v": "3\n"}), ref="refs/heads/else")
    ask(clustered, url(forge), "s3", repository="h/o/r", **elsewhere_pushed)
    clustered.drain()

    names = [f"artifact:build_artifacts/o/r{end}.zip" for end in ("", f"/{first}", f"/{second}")]
    assert sorted(stored("build_artifacts/")) == sorted(names)
    assert artifacts.get(names[0]) == artifacts.get(names[2]) != artifacts.get(names[1])
    assert clustered.api.get("/repositories/h/o/r/builds").json["commit"] == second
    again = tmp_path / "again.zip"
    environment = {"TZ": "UTC", "PATH": "/usr/bin:/bin:/usr/local/bin"}
    subprocess.run(
        ["git", "archive", "--format=zip", f"--output={again}", second], cwd=work.path, env=environment, check=True
    )
    assert artifacts.get(names[2]) == again.read_bytes()


def test_the_builds_of_pushes_that_go_together_are_all_kept(
    clustered: Deployment, forge: GitHttpServer, work: Work
) -> None:
    heads = [work.head(), *(work.commit({"w": f"{number}\n"}) for number in range(3))]
    for number in range(3):
        ask(clustered, url(forge), f"s{number}", repository="h/q/r", **push(heads[number], heads[number + 1]))
    clustered.api.put("/repositories/h/q/r/builds", json={"ref": "refs/heads/main"})

    clustered.drain()

    names = [f"artifact:build_artifacts/q/r{end}.zip" for end in ("", *(f"/{head}" for head in heads[1:]))]
    assert sorted(name for name in stored("build_artifacts/") if "/q/r" in name) == sorted(names)
    assert artifacts.get(names[0]) == artifacts.get(names[3])


def test_a_build_that_cannot_be_kept_is_told_and_holds_nothing_up(
    clustered: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch
) -> None:
    from picket.effects.git import archive  # noqa: PLC0415 - reads settings
    from picket.errors import TooLarge  # noqa: PLC0415

    def refuse(*_: object) -> None:
        raise TooLarge("the tree is larger than 5 bytes")

    environment.setattr(archive, "write", refuse)
    before = work.head()
    ask(clustered, url(forge), "s", repository="h/o/r", **push(before, work.commit({"v": "1\n"})))
    clustered.api.put("/repositories/h/o/r/builds", json={})

    clustered.drain()

    assert states("s") == ["Done"]
    assert "larger than 5 bytes" in clustered.api.get("/repositories/h/o/r/builds").json["error"]
    assert sys.version_info
