"""enumerate: the history decides which commits a scan concerns, whatever the payload says."""

import os
import random
from typing import Any

import pytest
from tests.orchestration.asking import dying_before, tick
from tests.support.deployment import Deployment, Message, forget
from tests.support.repositories import GitHttpServer, Work

from picket.effects.git import command, hardening, mirror
from picket.effects.mongo import repositories
from picket.effects.mongo.client import collection
from picket.events import Envelope, ScanRequested
from picket.settings import settings

ZERO = "0" * 40


@pytest.fixture
def work(forge: GitHttpServer) -> Work:
    """A repository on the forge with two commits."""
    made = Work(forge.root / "o" / "r")
    made.commit({"a": "1\n"})
    made.commit({"a": "2\n"})
    return made


def ask(deployed: Deployment, forge: GitHttpServer, scan: str = "s1", **more: Any) -> dict[str, Any]:
    """Deliver a request for a scan and return what the store then says of the scan."""
    deliver(deployed, forge, scan, **more)
    return dict(collection("scans").find_one({"_id": scan}) or {})


def deliver(deployed: Deployment, forge: GitHttpServer, scan: str, **more: Any) -> int:
    url = more.pop("url", f"{forge.url}/o/r/.git")
    repositories.register("h/o/r", url)
    request = ScanRequested(repository="h/o/r", url=url, scan=scan, **more)
    envelope = Envelope(id=f"event-{scan}", type=request.TYPE, source="/test")
    return post(deployed, envelope, request)


def post(deployed: Deployment, envelope: Envelope, event: ScanRequested) -> int:
    headers = {"ce-id": envelope.id, "ce-type": envelope.type, "ce-source": envelope.source, "ce-specversion": "1.0"}
    headers["content-type"] = "application/json"
    return deployed.deliver(Message(headers, event.model_dump_json().encode()))["enumerate"]


def planned(scan: str = "s1") -> list[str]:
    """Return the commits in the batches of a scan."""
    return [sha for batch in collection("batches").find({"scan": scan}) for sha in batch["commits"]]


def push(before: str, after: str, ref: str = "refs/heads/main", **more: Any) -> dict[str, Any]:
    return {"kind": "push", "before": before, "after": after, "ref": ref, **more}


def test_a_full_scan_plans_every_commit_of_every_ref_parents_first(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    work.git("checkout", "--quiet", "-b", "side", "HEAD~1")
    side = work.commit({"b": "1\n"})
    work.git("tag", "-a", "-m", "x", "v1")
    work.git("checkout", "--quiet", "--detach", "HEAD~1")
    detached = work.commit({"c": "1\n"})
    work.git("tag", "only-a-tag")

    scan = ask(deployed, forge)

    assert scan["state"] == "Scheduled"
    assert [step["state"] for step in scan["history"]] == ["New", "Validating", "Queued", "Scheduling", "Scheduled"]
    assert len(planned()) == 4
    assert planned()[0] == work.git("rev-list", "--max-parents=0", "main")
    assert {side, detached} <= set(planned())


def test_a_push_plans_all_of_its_range_though_the_payload_names_none(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    before = work.head()
    pushed = [work.commit({"a": f"{n}\n"}) for n in range(30)]

    ask(deployed, forge, **push(before, pushed[-1]))

    assert planned() == pushed


def test_a_merge_brings_the_commits_of_its_other_side(deployed: Deployment, forge: GitHttpServer, work: Work) -> None:
    before = work.head()
    work.git("checkout", "--quiet", "-b", "side", "HEAD~1")
    side = work.commit({"b": "1\n"})
    work.git("checkout", "--quiet", "main")
    work.git("merge", "--quiet", "--no-ff", "-m", "merge", "side")

    ask(deployed, forge, **push(before, work.head()))

    assert set(planned()) == {side, work.head()}


def test_a_new_branch_brings_what_no_scan_has_covered(deployed: Deployment, forge: GitHttpServer, work: Work) -> None:
    from picket.effects import ruleset  # noqa: PLC0415 - reads the settings
    from picket.effects.mongo import commits  # noqa: PLC0415

    commits.set_covered_tips("h/o/r", ruleset.digest(), [work.head()], "earlier")
    work.git("checkout", "--quiet", "-b", "new")
    fresh = work.commit({"n": "1\n"})

    ask(deployed, forge, **push(ZERO, fresh, "refs/heads/new"))

    assert planned() == [fresh]


def test_a_deleted_branch_is_done_at_once(deployed: Deployment, forge: GitHttpServer, work: Work) -> None:
    scan = ask(deployed, forge, **push(work.head(), ZERO, "refs/heads/gone"))

    assert (scan["state"], planned()) == ("Done", [])
    [completed] = deployed.of_type("scan.completed")
    assert (completed.data["scan"], completed.data["state"]) == ("s1", "Done")


def test_a_forced_push_brings_the_rewritten_commits_only(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    before = work.head()
    ask(deployed, forge, "first")
    work.git("reset", "--quiet", "--hard", "HEAD~1")
    rewritten = work.commit({"a": "other\n"})

    ask(deployed, forge, **push(before, rewritten, forced=True))

    assert planned() == [rewritten]


def test_a_forced_push_whose_former_commit_nobody_has_brings_what_is_not_covered(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    ask(deployed, forge, **push("f" * 40, work.head(), forced=True))

    assert len(planned()) == 2


def test_an_annotated_tag_brings_the_commit_it_names(deployed: Deployment, forge: GitHttpServer, work: Work) -> None:
    work.git("tag", "-a", "-m", "release", "v1")

    ask(deployed, forge, **push(ZERO, work.git("rev-parse", "v1"), "refs/tags/v1"))

    assert work.head() in planned()


def test_a_commit_that_no_ref_leads_to_any_more_is_still_fetched(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    before = work.head()
    lost = work.commit({"a": "lost\n"})
    work.git("reset", "--quiet", "--hard", "HEAD~1")

    ask(deployed, forge, **push(before, lost))

    assert planned() == [lost]


def test_a_range_that_is_not_in_the_repository_fails_the_scan_with_a_reason(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    scan = ask(deployed, forge, **push(work.head(), "e" * 40))

    assert scan["state"] == "Failed"
    assert "e" * 40 in scan["history"][-1]["reason"]
    assert deployed.of_type("event.rejected")[0].data["event"] == "event-s1"
    assert deployed.of_type("scan.completed")[0].data["state"] == "Failed"


def test_an_empty_repository_is_done(deployed: Deployment, forge: GitHttpServer) -> None:
    Work(forge.root / "o" / "empty")

    scan = ask(deployed, forge, url=f"{forge.url}/o/empty/.git")

    assert (scan["state"], planned()) == ("Done", [])


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("{forge}/o/none.git", id="not there"),
        pytest.param("/nowhere/at/all", id="no such folder"),
        pytest.param("https://host.invalid/o/r", id="no such host"),
    ],
)
def test_a_repository_that_is_gone_fails_the_scan_with_a_reason(
    deployed: Deployment, forge: GitHttpServer, url: str
) -> None:
    scan = ask(deployed, forge, url=url.format(forge=forge.url))

    assert scan["state"] == "Failed"
    assert scan["history"][-1]["reason"]
    rejected = collection("rejections").find_one({})
    assert rejected
    assert (rejected["kind"], rejected["event"]["id"]) == ("Gone", "event-s1")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc",
        "/etc",
        "ext::sh",
        "--upload-pack=touch",
        "https://user:word@github.com/o/r",
        "http://example.com/o/r",
        "https://10.0.0.1/o/r",
        "https://169.254.169.254/o/r",
        "https://[::1]/o/r",
        "https://127.1/o/r",
        "https://2130706433/o/r",
    ],
)
def test_a_hostile_address_is_refused_before_git_sees_it(
    deployed: Deployment, forge: GitHttpServer, environment: pytest.MonkeyPatch, url: str
) -> None:
    environment.setenv("PICKET_ALLOW_LOCAL_REPOSITORIES", "false")
    forget()

    scan = ask(deployed, forge, url=url)

    assert scan["state"] == "Failed"
    assert not list(settings().data_dir.glob("mirrors/*/config"))


@pytest.mark.usefixtures("work")
def test_a_forge_that_fails_is_tried_again(deployed: Deployment, forge: GitHttpServer) -> None:
    forge.fail_with = 500
    assert deliver(deployed, forge, "s1") == 503
    forge.fail_with = 0

    assert deliver(deployed, forge, "s1") == 204
    assert len(planned()) == 2


@pytest.mark.usefixtures("work")
def test_a_forge_that_hangs_is_given_up_after_a_time_and_tried_again(
    deployed: Deployment, forge: GitHttpServer, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("PICKET_FETCH_TIMEOUT_SECONDS", "0.5")
    forget()
    forge.hang.clear()
    try:
        assert deliver(deployed, forge, "s1") == 503
    finally:
        forge.hang.set()

    environment.setenv("PICKET_FETCH_TIMEOUT_SECONDS", "60")
    forget()
    assert deliver(deployed, forge, "s1") == 204


@pytest.mark.slow
def test_a_repository_that_is_too_large_is_not_fetched_to_its_end(
    deployed: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        work.commit({f"f{number}": random.Random(number).randbytes(1_000_000)})
    environment.setenv("PICKET_MAX_REPOSITORY_BYTES", "1000000")
    environment.setattr(command, "WATCH_SECONDS", 0.01)
    forget()

    scan = ask(deployed, forge)

    assert scan["state"] == "Failed"
    assert "larger than" in scan["history"][-1]["reason"]


@pytest.mark.usefixtures("work")
def test_what_the_broker_did_not_take_is_handed_out_when_the_event_comes_again(
    deployed: Deployment, forge: GitHttpServer
) -> None:
    deployed.is_down = True
    assert deliver(deployed, forge, "s1") == 503
    deployed.is_down = False

    assert deliver(deployed, forge, "s1") == 204
    assert deliver(deployed, forge, "s1") == 204
    batches = {event.data["batch"] for event in deployed.of_type("commitbatch.created")}
    assert len(batches) == 1
    assert len({event.id for event in deployed.of_type("commitbatch.created")}) == 1
    assert len(planned()) == 2


def test_an_enumeration_that_died_half_way_leaves_no_batches_that_count(
    deployed: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch
) -> None:
    from picket.effects.mongo import batches, scans  # noqa: PLC0415 - connects

    with dying_before(environment, "Scheduled"):
        deliver(deployed, forge, "s1")
    work.commit({"a": "meanwhile\n"})

    assert deliver(deployed, forge, "s1") == 204
    assert [batch["count"] for batch in batches.of_scan(scans.get("s1"))] == [3]


def test_what_a_killed_fetch_left_behind_is_in_nobodys_way(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    assert deliver(deployed, forge, "s1") == 204
    mirror_dir = mirror.path_of("h/o/r")
    left = [mirror_dir / "refs" / "heads" / "main.lock", mirror_dir / "objects" / "pack" / "tmp_pack_x"]
    for path in left:
        path.touch()
        os.utime(path, (0, 0))
    work.commit({"a": "more\n"})

    assert deliver(deployed, forge, "s2") == 204

    assert not any(path.exists() for path in left)
    assert len(planned("s2")) == 3


def test_a_commit_that_a_broken_fetch_left_without_its_files_is_fetched_again(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    before = work.head()
    assert deliver(deployed, forge, "s1") == 204
    after = work.commit({"a": "more\n"})
    loose = mirror.path_of("h/o/r") / "objects" / after[:2] / after[2:]
    loose.parent.mkdir(exist_ok=True)
    loose.write_bytes((work.path / ".git" / "objects" / after[:2] / after[2:]).read_bytes())

    assert deliver(deployed, forge, "s2", **push(before, after)) == 204

    assert planned("s2") == [after]


def test_commits_scanned_for_the_ruleset_are_left_out(deployed: Deployment, forge: GitHttpServer, work: Work) -> None:
    from picket.effects import ruleset  # noqa: PLC0415 - reads the settings
    from picket.effects.mongo import commits  # noqa: PLC0415

    commits.mark_scanned("h/o/r", ruleset.digest(), [work.git("rev-parse", "HEAD~1")])
    commits.mark_scanned("h/o/r", "another digest", [work.head()])

    ask(deployed, forge)

    assert planned() == [work.head()]


def test_batches_have_at_most_a_thousand_commits(deployed: Deployment, forge: GitHttpServer, work: Work) -> None:
    stream = b"".join(
        b"commit refs/heads/many\ncommitter C <c@example.com> %d +0000\ndata 0\n\n" % (1_700_000_000 + n)
        for n in range(1_205)
    )
    work.git("fast-import", "--quiet", stdin=stream)

    scan = ask(deployed, forge)

    assert sorted(batch["count"] for batch in collection("batches").find({"scan": "s1"})) == [207, 1_000]
    assert scan["commits"] == 1_207


def test_a_scheduled_scan_tells_of_commits_that_no_delivery_announced(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    from picket.effects.mongo import repositories  # noqa: PLC0415 - connects

    repositories.register("h/o/r", f"{forge.url}/o/r/.git")
    assert deliver(deployed, forge, "s1") == 204
    assert not deployed.of_type("commit.unknown")
    deployed.drain()
    unannounced = work.commit({"a": "quietly\n"})

    assert deliver(deployed, forge, "s2", kind="scheduled") == 204

    [alarm] = deployed.of_type("commit.unknown")
    assert (alarm.data["commits"], alarm.data["total"]) == ([unannounced], 1)


def test_after_a_change_of_rules_nothing_is_called_unannounced(
    deployed: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    from picket.effects.mongo import repositories  # noqa: PLC0415 - connects

    assert work.head()
    repositories.register("h/o/r", f"{forge.url}/o/r/.git")
    assert deliver(deployed, forge, "s1") == 204
    deployed.drain()
    rules = tmp_path / "rules.toml"
    rules.write_text("[extend]\nuseDefault = true\n[[rules]]\nid = 'own'\nregex = 'own-[0-9]{9}'\n")
    environment.setenv("PICKET_RULES", str(rules))
    forget()

    assert deliver(deployed, forge, "s2", kind="scheduled") == 204

    assert len(planned("s2")) == 2
    assert not deployed.of_type("commit.unknown")


def test_a_tag_of_a_tag_is_followed_to_its_commit(deployed: Deployment, forge: GitHttpServer, work: Work) -> None:
    work.git("checkout", "--quiet", "--detach")
    hidden = work.commit({"h": "1\n"})
    work.git("tag", "-a", "-m", "inner", "inner")
    work.git("tag", "-a", "-m", "outer", "outer", "inner")
    work.git("tag", "-d", "inner")
    work.git("checkout", "--quiet", "main")
    work.git("tag", "of-a-tree", "HEAD^{tree}")

    ask(deployed, forge)

    assert hidden in planned()


@pytest.mark.usefixtures("work")
def test_a_forge_that_says_a_lot_does_not_stop_a_fetch(
    deployed: Deployment, forge: GitHttpServer, environment: pytest.MonkeyPatch
) -> None:
    environment.setattr(
        hardening, "ENVIRONMENT", {**hardening.ENVIRONMENT, "GIT_TRACE_PACKET": "1", "GIT_CURL_VERBOSE": "1"}
    )
    environment.setenv("PICKET_FETCH_TIMEOUT_SECONDS", "15")
    forget()
    forge.banner = "x" * 200_000

    assert deliver(deployed, forge, "s1") == 204


@pytest.mark.usefixtures("work")
def test_a_tick_asks_for_scans_that_are_due_and_only_once(
    deployed: Deployment, forge: GitHttpServer, environment: pytest.MonkeyPatch
) -> None:
    from picket.effects.mongo import repositories  # noqa: PLC0415 - connects

    repositories.register("h/o/r", f"{forge.url}/o/r/.git")
    repositories.register("h/o/archived", f"{forge.url}/o/r/.git", archived=True)
    assert tick(deployed, "t1") == 204
    assert not deployed.of_type("scan.requested")

    environment.setenv("PICKET_SCHEDULE_HOURS", "0.0000001")
    forget()
    assert tick(deployed, "t2") == 204
    environment.setenv("PICKET_SCHEDULE_HOURS", "24")
    forget()
    assert tick(deployed, "t3") == 204

    [asked] = deployed.of_type("scan.requested")
    assert (asked.data["repository"], asked.data["kind"]) == ("h/o/r", "scheduled")
