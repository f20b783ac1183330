"""What Bitbucket (Cloud and Data Center) and Azure DevOps show of findings, whenever a worker dies."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pydantic import SecretStr
from tests.support.insights import Azure, Cloud, DataCenter, Report, Shown
from tests.support.repositories import GitHttpServer

from picket.effects.forge import reviews
from picket.errors import Unauthorized, Unsupported
from picket.forges import FORGES
from picket.forges.reviewing import Remark, Review, marker
from picket.forges.status import CONTEXT, PROPOSED, Commit, Status

SHA, OTHER = "a" * 40, "b" * 40
PATHS = {"bitbucket": "o/r", "bitbucket-datacenter": "scm/KEY/slug", "azure": "org/my project/_git/repo"}
FAILED = Status("failure", "open findings: 1 critical", "https://picket.corp.io/findings")
PASSED, PENDING = Status("success", "no new leaked credentials"), Status("pending", "looking")
HOSTILE_PATH = "a](https://evil) <script>.py\n@all\r\n" + "x" * 1_900
HOSTILE_TEXT = "](https://evil.example) <script>alert(1)</script> @all #1 !2 `x`\n# title\n| a | b |" + " y" * 2_000


class Killed(Exception):
    """The worker has died."""


def remark(number: int, **more: Any) -> Remark:
    return replace(
        Remark(f"f{number}", f"src/{number}.py", number, SHA, "critical", f"New in aaa: secret {number}"), **more
    )


@dataclass
class Worker:
    """Shows what it is told to, and may die after so many requests, before or after their answer has arrived."""

    kind: str
    shown: Shown
    host: str
    patch: pytest.MonkeyPatch
    known: dict[str, str] = field(default_factory=dict)

    def commit(self, sha: str = SHA, context: str = CONTEXT) -> Commit:
        return Commit("http", self.host, PATHS[self.kind], "" if context == PROPOSED else "main", sha, context)

    def wanted(self, status: Status, *remarks: Remark, sha: str = SHA, context: str = "") -> Review:
        is_proposed = context == PROPOSED or (not context and self.kind == "azure")
        where = self.commit(sha, PROPOSED if is_proposed else CONTEXT)
        return Review("s1", where, 7 if is_proposed else 0, status, remarks)

    def show(self, wanted: Review) -> None:
        reviews.show(self.kind, wanted, dict(self.known), SecretStr("t0ken"), self._keep)

    def _keep(self, known: Any) -> None:
        self.known = dict(known)

    def die(self, wanted: Review, after: int, *, answered: bool) -> bool:
        """Show it, and die after so many requests; whether there were as many."""
        sent, left = reviews._sent, [after]

        def mortal(*arguments: Any) -> Any:
            if answered and not left[0]:
                raise Killed
            left[0] -= 1
            reply = sent(*arguments)
            if not answered and not left[0]:
                raise Killed
            return reply

        with self.patch.context() as patched:
            patched.setattr(reviews, "_sent", mortal)
            try:
                self.show(wanted)
            except Killed:
                return True
        return False


@pytest.fixture
def worker(request: pytest.FixtureRequest, store: str, forge: GitHttpServer, monkeypatch: pytest.MonkeyPatch) -> Worker:
    assert store
    made: dict[str, Callable[[], Shown]] = {
        "bitbucket": Cloud,
        "bitbucket-datacenter": DataCenter,
        "azure": lambda: Azure(heads=[OTHER, SHA]),
    }
    shown = made[request.param]()
    forge.also = shown.also
    return Worker(request.param, shown, forge.url.partition("//")[2], monkeypatch)


def of(*kinds: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("worker", kinds, indirect=True)


def report(worker: Worker, sha: str = SHA, name: str = "picket") -> Report | None:
    assert isinstance(worker.shown, Cloud | DataCenter)
    return worker.shown.reports.get((sha, name))


def findings(worker: Worker) -> list[str]:
    """Return which findings are shown as open, each as often as it is."""
    if isinstance(worker.shown, Azure):
        return sorted(one for one, status in worker.shown.by_finding().items() if status == "active")
    found = report(worker)
    told = found.annotations if found else []
    return sorted((one.get("external_id") or one["externalId"]).rpartition("-")[2] for one in told)


def is_clear(worker: Worker) -> bool:
    """Return whether the forge shows an all-clear."""
    if isinstance(worker.shown, Azure):
        return [one["state"] for _, one in worker.shown.of_iterations[-1:]] == ["succeeded"]
    found = report(worker)
    return bool(found) and found.told["result"].startswith("PASS")  # type: ignore[union-attr]


@of(*PATHS)
def test_what_is_shown_follows_what_is_so(worker: Worker) -> None:
    worker.show(worker.wanted(PENDING))
    assert (findings(worker), is_clear(worker)) == ([], False)
    worker.show(worker.wanted(FAILED, remark(1), remark(2, line=0)))
    assert (findings(worker), is_clear(worker)) == (["f1", "f2"], False)
    worker.show(worker.wanted(FAILED, remark(2)))
    assert (findings(worker), is_clear(worker)) == (["f2"], False)
    worker.show(worker.wanted(PASSED))
    assert (findings(worker), is_clear(worker)) == ([], True)
    worker.show(worker.wanted(PENDING))
    assert (findings(worker), is_clear(worker)) == ([], False)
    worker.show(worker.wanted(Status("error", "not everything"), remark(1)))
    assert (findings(worker), is_clear(worker)) == (["f1"], False)


@of(*PATHS)
@pytest.mark.parametrize("answered", [True, False])
def test_a_worker_that_dies_after_any_request_leaves_nothing_double_and_nothing_out(
    worker: Worker, *, answered: bool
) -> None:
    """From each state to the next one: more findings, others, none, and one that comes back."""
    many = [remark(number) for number in range(1, 8 if worker.kind == "azure" else 131)]
    ways = [
        worker.wanted(FAILED, *many),
        worker.wanted(FAILED, *many[2:], remark(900)),
        worker.wanted(PASSED),
        worker.wanted(PENDING),
        worker.wanted(FAILED, *many[:1]),
    ]
    for number, wanted in enumerate(ways):
        was_clear, after = is_clear(worker), 0 if answered else 1
        while worker.die(wanted, after, answered=answered):
            assert not is_clear(worker) or wanted.status is PASSED or was_clear, number
            after += 1
        assert after, number
        assert findings(worker) == sorted(one.finding for one in wanted.remarks), number
        assert is_clear(worker) == (wanted.status is PASSED), number


@of(*PATHS)
def test_a_worker_that_died_may_be_followed_by_another_review(worker: Worker) -> None:
    """What was decided in between: the finding that it has just shown is open no longer."""
    for after in range(1, 6):
        worker.die(worker.wanted(FAILED, remark(1), remark(2)), after, answered=False)
        worker.show(worker.wanted(PASSED))
        assert (findings(worker), is_clear(worker)) == ([], True), after


@of(*PATHS)
def test_no_text_is_markup_and_no_path_is_part_of_one(worker: Worker) -> None:
    hostile = remark(1, path=HOSTILE_PATH, text=HOSTILE_TEXT)
    worker.show(worker.wanted(FAILED, hostile, remark(2, path="y" * 4_000), remark(3, text="<>"), remark(4, path="")))

    assert findings(worker) == ["f1", "f2", "f3", "f4"]
    if isinstance(worker.shown, Azure):
        told = [(one["comments"][0]["content"], one.get("threadContext")) for one in worker.shown.threads]
        assert told[0][1] == {
            "filePath": f"/{HOSTILE_PATH}",
            "rightFileStart": {"line": 1, "offset": 1},
            "rightFileEnd": {"line": 1, "offset": 1},
        }
        assert [place for _, place in told[1:]] == [None, told[2][1], None]
        texts = [content.removesuffix(marker(hostile)) for content, _ in told[:1]]
    else:
        found = report(worker)
        assert found is not None
        assert [one.get("path") for one in found.annotations] == [HOSTILE_PATH, None, "src/3.py", None]
        assert [one.get("line") for one in found.annotations] == [1, None, 3, None]
        texts = [json.dumps({name: one[name] for name in one if name != "path"}) for one in found.annotations]
    said = "".join(texts)
    assert not any(each in said.replace("[]", "") for each in ("<", "](", "@", "#", "://", "`", "\\n", "script>"))


@of("bitbucket")
@pytest.mark.parametrize(("count", "posts"), [(100, 1), (101, 2), (1_000, 10), (1_001, 10)])
def test_bitbucket_cloud_takes_a_hundred_at_a_time_and_a_thousand_in_all(
    count: int, posts: int, worker: Worker
) -> None:
    worker.show(worker.wanted(FAILED, *(remark(number, text="x" * 451) for number in range(1, count + 1))))

    found = report(worker)
    assert found is not None
    assert [each for each, _ in worker.shown.writes()] == ["PUT", *["POST"] * posts]
    assert len(found.annotations) == min(count, 1_000)
    assert {(len(one["summary"]), len(one["details"])) for one in found.annotations} == {(450, 451)}
    assert found.told["details"].endswith("; 1 more are not shown at lines") == (count == 1_001)
    assert found.told["data"] == [{"title": "New findings", "type": "NUMBER", "value": count}]


@of("bitbucket-datacenter")
@pytest.mark.parametrize(("count", "most", "there"), [(101, 1_000, 101), (1_001, 1_000, 1_000), (350, 250, 200)])
def test_a_server_may_have_room_for_fewer_than_a_thousand(count: int, most: int, there: int, worker: Worker) -> None:
    assert isinstance(worker.shown, DataCenter)
    worker.shown.most = most
    worker.show(worker.wanted(FAILED, *(remark(number, text="x" * 2_001) for number in range(1, count + 1))))

    found = report(worker)
    assert found is not None
    assert len(found.annotations) == there
    assert {len(one["message"]) for one in found.annotations} == {2_000}


@of("bitbucket-datacenter", "azure")
def test_nothing_is_double_where_nothing_was_kept(worker: Worker) -> None:
    for _ in range(2):
        worker.known = {}
        worker.show(worker.wanted(FAILED, remark(1)))

    assert findings(worker) == ["f1"]


@of("bitbucket-datacenter")
def test_a_server_that_takes_none_at_all_is_no_success(worker: Worker) -> None:
    worker.shown.hook = lambda _method, path, _body: (400, {}) if path.endswith("/annotations") else None

    with pytest.raises(Unsupported, match="400"):
        worker.show(worker.wanted(FAILED, remark(1)))
    assert not is_clear(worker)


@of("bitbucket", "bitbucket-datacenter")
def test_a_commit_has_one_report_as_that_of_a_push_and_one_as_a_head(worker: Worker) -> None:
    worker.show(worker.wanted(FAILED, remark(1)))
    pushed, worker.known = worker.known, {}
    worker.show(worker.wanted(PASSED, context=PROPOSED))
    worker.known = pushed
    worker.show(worker.wanted(FAILED, remark(2)))

    found = report(worker, name="picket-pull-request")
    assert found is not None
    assert found.told["result"].startswith("PASS")
    assert findings(worker) == ["f2"]


@of(*PATHS)
def test_a_token_that_may_not_is_an_error(worker: Worker) -> None:
    worker.shown.hook = lambda *_: (401, {})

    with pytest.raises(Unauthorized):
        worker.show(worker.wanted(FAILED, remark(1)))


@of("azure")
@pytest.mark.parametrize("body", [None, [], {"value": [{"id": "x"}]}, {"value": None}])
def test_an_answer_that_does_not_fit_is_an_error(body: Any, worker: Worker) -> None:
    worker.shown.hook = lambda *_: (200, body)

    with pytest.raises(Unsupported, match="does not fit"):
        worker.show(worker.wanted(FAILED, remark(1)))


@of("azure")
def test_azure_shows_the_status_on_the_iteration_of_that_head_and_says_it_once(worker: Worker) -> None:
    assert isinstance(worker.shown, Azure)
    for _ in range(2):
        worker.show(worker.wanted(FAILED, remark(1)))
    worker.show(worker.wanted(PASSED, sha=OTHER))
    worker.show(worker.wanted(PASSED, sha="c" * 40))

    said = [(number, one["state"], one["context"]) for number, one in worker.shown.of_iterations]
    context = {"genre": "picket", "name": "pull-request"}
    assert said == [(2, "failed", context), (1, "succeeded", context)]
    assert worker.shown.of_iterations[0][1]["targetUrl"] == FAILED.url


@of("azure")
def test_azure_keeps_what_people_have_said_of_a_thread(worker: Worker) -> None:
    assert isinstance(worker.shown, Azure)
    system = {"id": 1, "status": None, "comments": [{"content": None}], "properties": None}
    worker.shown.threads.append(system)
    worker.show(worker.wanted(FAILED, remark(1), remark(2), remark(3)))
    _, closed, deleted, unnamed = worker.shown.threads
    closed["status"] = "wontFix"
    deleted |= {"isDeleted": True, "comments": [{"id": 1, "isDeleted": True}]}
    unnamed["properties"] = {}
    worker.known = {}
    before = len(worker.shown.writes())
    worker.show(worker.wanted(FAILED, remark(1), remark(2), remark(3)))
    assert worker.shown.writes()[before:] == []

    worker.show(worker.wanted(PASSED))
    assert [one["status"] for one in (closed, deleted, unnamed)] == ["wontFix", "active", "fixed"]


@of("azure")
def test_what_is_so_of_a_former_head_closes_no_thread_of_a_later_one(worker: Worker) -> None:
    assert isinstance(worker.shown, Azure)
    worker.show(worker.wanted(FAILED, remark(1), sha=OTHER))
    former, worker.known = worker.known, {}
    worker.show(worker.wanted(FAILED, remark(1), remark(2)))
    worker.known = former
    worker.show(worker.wanted(PASSED, sha=OTHER))

    assert worker.shown.by_finding() == {"f1": "fixed", "f2": "active"}


@of("azure")
def test_azure_gets_no_more_threads_than_people_read(worker: Worker) -> None:
    assert isinstance(worker.shown, Azure)
    worker.show(worker.wanted(FAILED, *(remark(number, url="https://picket.corp.io/f") for number in range(1, 102))))

    assert len(worker.shown.threads) == 100
    assert "\n\n[More in Picket](https://picket.corp.io/f)\n\n<!--" in worker.shown.threads[0]["comments"][0]["content"]


@of("azure")
def test_a_pushed_commit_has_no_place_for_findings_at_azure(worker: Worker) -> None:
    worker.show(worker.wanted(FAILED, remark(1), context=CONTEXT))

    assert worker.shown.requests == []


URLS = {
    "a project": ("azure", "https", "dev.azure.com", "o/p 1/_git/r", "https://dev.azure.com/o/p%201"),
    "none": ("azure", "https", "dev.azure.com", "o/_git/r", "https://dev.azure.com/o/r"),
    "ssh": ("azure", "https", "ssh.dev.azure.com", "v3/o/p/r", "https://dev.azure.com/o/p"),
    "former host": ("azure", "https", "o.visualstudio.com", "p/_git/r", "https://o.visualstudio.com/p"),
    "former, none": ("azure", "https", "o.visualstudio.com", "_git/r", "https://o.visualstudio.com/r"),
    "former, collection": (
        *("azure", "https", "o.visualstudio.com", "DefaultCollection/_git/r"),
        "https://o.visualstudio.com/DefaultCollection/r",
    ),
    "a server": ("azure", "http", "tfs:8080", "tfs/C/p/_git/r", "http://tfs:8080/tfs/C/p"),
    "a server, none": ("azure", "http", "tfs:8080", "tfs/C/_git/r", "http://tfs:8080/tfs/C/r"),
}


@pytest.mark.parametrize("name", URLS)
def test_azures_repositories_are_found_whatever_they_are_cloned_from(name: str) -> None:
    kind, scheme, host, path, base = URLS[name]
    request = FORGES[kind].reporting.request(Commit(scheme, host, path, "main", SHA), FAILED)

    assert request.url == f"{base}/_apis/git/repositories/r/commits/{SHA}/statuses?api-version=7.1"
    told = json.loads(request.body)
    assert told == {
        "state": "failed",
        "description": "open findings: 1 critical",
        "targetUrl": FAILED.url,
        "context": {"genre": "picket", "name": "picket"},
    }


@pytest.mark.parametrize(("path", "home"), [("scm/~ada/r", ""), ("~ada/r", ""), ("bitbucket/scm/~ada/r", "/bitbucket")])
def test_a_servers_repositories_are_found_whatever_they_are_cloned_from(path: str, home: str) -> None:
    reporting = FORGES["bitbucket-datacenter"].reporting
    request = reporting.request(Commit("https", "git.corp.io", path, "main", SHA), PASSED)

    base = f"https://git.corp.io{home}"
    assert request.url == f"{base}/rest/api/latest/projects/~ada/repos/r/commits/{SHA}/builds"
    told = json.loads(request.body)
    assert told["url"] == f"{base}/projects/~ada/repos/r/commits/{SHA}"
    assert (told["state"], told["ref"]) == ("SUCCESSFUL", "refs/heads/main")
