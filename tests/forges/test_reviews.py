"""Findings are shown at their lines: nothing is doubled, whenever a worker dies, and no markup gets through."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pydantic import SecretStr
from tests.support.repositories import GitHttpServer
from tests.support.reviews import OTHER, Asked, Gitea, GitHub, GitLab, Shows

from picket.effects.forge import client, reviews
from picket.errors import TransientError
from picket.forges.reviewing import Remark, Review, comment, plain
from picket.forges.status import CONTEXT, PROPOSED, Commit, Status

SHA = "a" * 40
PATH = "a](https://evil) <script>`x`\n@all.py"
HOSTILE = "**x** <script>alert(1)</script> [a](https://evil.example) @all &commat;all `b` www.evil.example #1 !1 ~a %1"
FORGES: dict[str, Callable[[], Shows]] = {"github": GitHub, "gitlab": GitLab, "gitea": Gitea, "forgejo": Gitea}


def remarks(count: int, **more: Any) -> tuple[Remark, ...]:
    """Return so many remarks."""
    made = [
        Remark(f"f{each:04}", f"src/{each}.py", each + 1, SHA, "high", f"New in aaa: {each}") for each in range(count)
    ]
    return tuple(replace(one, **more) for one in made)


@dataclass
class Desk:
    """Someone who has a forge show something, and keeps what is to be kept."""

    forge: str
    shows: Any
    host: str
    monkeypatch: pytest.MonkeyPatch
    known: dict[str, str] = field(default_factory=dict)

    def show(self, *found: Remark, state: Any = "failure", **more: Any) -> None:
        """Show a set of remarks."""
        number = 0 if self.forge == "github" else 7
        commit = Commit("http", self.host, "o/r", "", SHA, PROPOSED if number else CONTEXT)
        status = Status(state, "open findings: 1 high", "https://picket.corp.io/findings/1")
        review = replace(Review("i" * 64, commit, number, status, found, carried=True), **more)

        def keep(what: Any) -> None:
            self.known = dict(what)

        reviews.show(self.forge, review, dict(self.known), SecretStr("ghs_t0ken"), keep)

    def dying(self, after: int, is_counted: Callable[[Any], bool] = lambda _step: True) -> None:
        """Have each run end when so many requests were made and answered, the last answer lost."""
        real, left = client, [after]

        def lost(answer: Any, method: str) -> Any:
            left[0] -= is_counted(method)
            if left[0] == 0:
                raise TransientError("the worker is dead")
            return answer

        class Client:
            Absent, Refused = real.Absent, real.Refused

            @staticmethod
            def get(*arguments: Any, **more: Any) -> Any:
                return lost(real.get(*arguments, **more), "GET")

            @staticmethod
            def send(caller: Any, method: str, *arguments: Any) -> Any:
                return lost(real.send(caller, method, *arguments), method)

        self.monkeypatch.setattr(reviews, "client", Client)

    def living(self) -> None:
        """Have runs end by themselves."""
        self.monkeypatch.undo()


@pytest.fixture
def desk(store: str, forge: GitHttpServer) -> Callable[[str], Desk]:
    assert store

    def desk(name: str) -> Desk:
        shows = FORGES[name]()
        if isinstance(shows, GitLab):
            shows.sha = SHA
        forge.also = shows.answer
        return Desk(name, shows, forge.url.partition("//")[2], pytest.MonkeyPatch())

    return desk


def seen(desk: Desk) -> list[tuple[Any, ...]]:
    """Return what a person sees at lines: path, line and text, and whether it counts as open."""
    shows = desk.shows
    if isinstance(shows, GitHub):
        run = shows.shown()
        assert run["status"] == "completed"
        return [(one["path"], one["start_line"], one["message"]) for one in run["annotations"]]
    if isinstance(shows, GitLab):
        notes = [one["notes"][0] for one in shows.discussions]
        return [(_place(one["position"]), one["body"], one["resolved"]) for one in notes]
    assert {one["state"] for one in shows.reviews} <= {"COMMENT"}
    return [(one["path"], one["new_position"], one["body"]) for one in shows.comments()]


def _place(position: Any) -> Any:
    return (position["new_path"], position.get("new_line")) if position else None


@pytest.mark.parametrize("name", FORGES)
@pytest.mark.parametrize("count", [1, 50, 51, 120])
def test_every_finding_is_shown_once_at_its_line(name: str, count: int, desk: Callable[[str], Desk]) -> None:
    at = desk(name)
    at.show(*remarks(count))
    first = seen(at)
    before = len(at.shows.writes())
    at.show(*remarks(count))

    assert len(first) == count == len(set(first))
    assert seen(at) == first
    assert name == "github" or len(at.shows.writes()) == before


@pytest.mark.parametrize("name", FORGES)
def test_a_worker_that_dies_after_any_request_doubles_nothing(name: str, desk: Callable[[str], Desk]) -> None:
    """First all of it, then less, then all again: each time a worker dies, and another one goes on."""
    all_of, less = {"github": (120, 3), "gitlab": (6, 3)}.get(name, (52, 49))
    phases = [remarks(all_of), remarks(less), remarks(all_of)]
    whole = desk(name)
    wanted = []
    for phase in phases:
        whole.show(*phase)
        wanted.append(seen(whole))

    after, died = 0, True
    while died:
        after, died = after + 1, False
        at = desk(name)
        for phase, shown in zip(phases, wanted, strict=True):
            at.dying(after)
            try:
                at.show(*phase)
            except TransientError:
                died = True
            at.living()
            at.show(*phase)
            assert sorted(seen(at), key=str) == sorted(shown, key=str), after

    assert after > 4


@pytest.mark.parametrize("name", FORGES)
def test_workers_that_die_after_each_write_come_to_an_end(name: str, desk: Callable[[str], Desk]) -> None:
    at = desk(name)
    for _ in range(40):
        at.dying(1, lambda method: method != "GET")
        try:
            at.show(*remarks(12 if name == "gitlab" else 120))
        except TransientError:
            at.living()
            continue
        break
    else:
        pytest.fail("it never ends")
    at.living()

    count = 12 if name == "gitlab" else 120
    assert count == len(seen(at)) == len(set(seen(at)))


@pytest.mark.parametrize("name", FORGES)
def test_no_path_and_no_description_becomes_markup(name: str, desk: Callable[[str], Desk]) -> None:
    at = desk(name)
    long = "d/" * 1_999 + "x\n"
    at.show(*remarks(1, path=PATH, text=HOSTILE), replace(remarks(2)[1], path=long, line=0))

    assert [one.query for one in at.shows.asked if set("`<[\n") & set(one.path)] == []
    texts = [text for one in at.shows.writes() for text in _texts(one.body)]
    assert any("x script alert" in text for text in texts)
    for text in texts:
        ours = re.sub(r"<!-- picket f\d{4} -->", "", text)
        assert not set("<>[]()@`#!~%&*\\") & set(ours), text
        assert "www." not in ours
        assert "d/d/" not in ours
        assert "evil" not in ours or "://" not in ours.replace("https://picket.corp.io/findings/1", "")
    places = [place for one in at.shows.writes() for place in _places(one.body)]
    assert {PATH, long} <= set(places)


def _texts(body: Any, key: str = "") -> list[str]:
    """Return the texts of a request that a forge may render."""
    if isinstance(body, dict):
        return [text for name, value in body.items() for text in _texts(value, name)]
    if isinstance(body, list):
        return [text for value in body for text in _texts(value, key)]
    return [body] if key in {"body", "message", "title", "summary", "description"} else []


def _places(body: Any, key: str = "") -> list[str]:
    if isinstance(body, dict):
        return [text for name, value in body.items() for text in _places(value, name)]
    if isinstance(body, list):
        return [text for value in body for text in _places(value, key)]
    return [body] if key in {"path", "new_path"} else []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a &commat;all &#64;all", "a commat;all 64;all"),
        ("https://evil.example www.evil.example WWW.Evil", "evil.example www evil.example WWW Evil"),
        (
            "ask HTTPS://evil.example, ftp://evil.example, hthttps://tps://evil.example",
            "ask evil.example, ftpevil.example, hthttpstpsevil.example",
        ),
        ("<h>ttps://evil.example https:<>//evil.example", "h ttpsevil.example evil.example"),
        ("javascript:x mailto:a :+1:", "javascript: x mailto: a : +1:"),
        ("a\n\n/close\r\n# b", "a /close b"),
    ],
)
def test_plain_text_holds_nothing_that_a_forge_looks_for(text: str, said: str) -> None:
    assert plain(text) == said
    assert plain(said) == said


def test_a_link_leads_to_picket_alone() -> None:
    [remark] = remarks(1, url="https://picket.corp.io/findings/f0000", text=HOSTILE)

    assert re.findall(r"\]\((.*?)\)", comment(remark)) == ["https://picket.corp.io/findings/f0000"]


@pytest.mark.parametrize("name", ["gitlab", "gitea", "forgejo"])
def test_a_finding_that_is_no_longer_open_is_said_to_be_so_and_open_again_when_it_is_back(
    name: str, desk: Callable[[str], Desk]
) -> None:
    at = desk(name)
    at.show(*remarks(3))
    first = seen(at)
    at.show(*remarks(3)[1:])
    less = seen(at)
    at.show(*remarks(3))

    changed = [after for before, after in zip(first, less, strict=True) if before != after]
    assert len(changed) == 1
    assert changed[0][-1] is True or "no longer open" in changed[0][-1]
    assert seen(at) == first


@pytest.mark.parametrize("name", ["gitlab", "gitea", "forgejo"])
def test_a_new_head_takes_the_comments_of_the_former_one(name: str, desk: Callable[[str], Desk]) -> None:
    at = desk(name)
    at.show(*remarks(3))
    at.known = {}
    at.show(*remarks(4))

    assert len(seen(at)) == 4


@pytest.mark.parametrize("name", ["gitlab", "gitea", "forgejo"])
def test_what_somebody_else_writes_with_our_marker_is_not_ours(name: str, desk: Callable[[str], Desk]) -> None:
    at, [remark] = desk(name), remarks(1)
    if isinstance(at.shows, GitLab):
        at.shows.add(comment(remark), OTHER, position=None)
    else:
        at.shows.add([{"path": "x", "new_position": 1, "body": comment(remark)}], OTHER)
    at.show(remark)

    assert len(seen(at)) == 2


@pytest.mark.parametrize("name", ["gitlab", "gitea", "forgejo"])
def test_a_comment_that_somebody_deleted_stays_away(name: str, desk: Callable[[str], Desk]) -> None:
    at = desk(name)
    at.show(*remarks(2))
    if isinstance(at.shows, GitLab):
        del at.shows.discussions[0]
    else:
        del at.shows.reviews[0]["comments"][0]
    at.show(*remarks(2)[1:])

    assert len(seen(at)) == 1


@pytest.mark.parametrize("name", ["gitlab", "gitea"])
def test_a_commit_that_is_no_pull_requests_head_gets_no_comment(name: str, desk: Callable[[str], Desk]) -> None:
    at = desk(name)
    at.show(*remarks(2), number=0)

    assert at.shows.asked == []


@pytest.mark.parametrize("page", [100, 20])
def test_discussions_of_many_pages_are_all_looked_at(page: int, desk: Callable[[str], Desk]) -> None:
    at = desk("gitlab")
    at.shows.page = page
    for each in range(101):
        at.shows.add(f"a word, {each}", OTHER, position=None)
    at.show(*remarks(1))
    at.known = {}
    at.show(*remarks(1))

    assert len(at.shows.discussions) == 102
    assert {one.query["page"] for one in at.shows.asked if "page" in one.query} == {
        str(each + 1) for each in range(-(-102 // page))
    }


def test_a_line_that_is_not_in_the_diff_gets_a_discussion_without_one(desk: Callable[[str], Desk]) -> None:
    at = desk("gitlab")
    at.shows.lines = {("src/0.py", 1)}
    at.show(*remarks(2))

    assert [place for place, _, _ in seen(at)] == [("src/0.py", 1), None]
    assert "src/1.py" not in seen(at)[1][1]


def test_a_merge_request_whose_head_moved_on_is_left_to_the_scan_of_that(desk: Callable[[str], Desk]) -> None:
    at = desk("gitlab")
    at.shows.sha = "b" * 40
    at.show(*remarks(2))

    assert at.shows.discussions == []


def test_a_review_that_gitea_was_interrupted_in_is_sent(desk: Callable[[str], Desk]) -> None:
    at, found = desk("gitea"), remarks(2)
    at.shows.add([{"path": "x", "new_position": 1, "body": comment(found[0])}], state="PENDING")
    at.show(*found)

    assert len(seen(at)) == 2


def test_reviews_of_several_pages_are_all_looked_at_without_asking_who_one_is(desk: Callable[[str], Desk]) -> None:
    """A token of `write:repository` alone may not ask for its user."""
    at = desk("gitea")
    at.shows.refuses = lambda asked: (403, {}, {"message": "token scope"}) if asked.path.endswith("/user") else None
    at.shows.page = 2
    at.show(*remarks(1))
    for _ in range(5):
        at.shows.reviews.insert(0, {"id": 1, "state": "APPROVED", "user": {"id": OTHER}, "comments": []})
    at.known = {}
    at.show(*remarks(1))

    assert len(at.shows.comments()) == 1


def test_a_review_is_of_the_commit_whose_lines_are_meant(desk: Callable[[str], Desk]) -> None:
    """Gitea fails at a line that is beyond a file's end."""
    at = desk("gitea")
    first, second = remarks(2)
    at.show(replace(first, commit="e" * 40), second)

    made = [one.body for one in at.shows.writes()]
    assert [(one["commit_id"], one["comments"][0]["path"]) for one in made] == [
        ("e" * 40, "src/0.py"),
        (SHA, "src/1.py"),
    ]


def test_a_check_run_is_pending_until_it_is_known_and_follows_the_state(desk: Callable[[str], Desk]) -> None:
    at = desk("github")
    at.show(state="pending")
    assert (at.shows.shown()["status"], at.shows.shown()["conclusion"]) == ("in_progress", None)
    at.show(*remarks(2))
    assert at.shows.shown()["conclusion"] == "failure"
    assert len(at.shows.runs) == 1
    at.show(*remarks(2), state="success")
    assert at.shows.shown()["conclusion"] == "success"
    assert len(at.shows.runs) == 1
    at.show(*remarks(1), state="error")
    assert (at.shows.shown()["conclusion"], len(at.shows.shown()["annotations"])) == ("action_required", 1)
    at.show(*remarks(2))
    assert (len(at.shows.runs), len(at.shows.shown()["annotations"])) == (3, 2)
    assert {run["status"] for run in at.shows.runs} == {"completed"}


def test_a_run_that_was_left_unfinished_is_ended_when_another_takes_its_place(desk: Callable[[str], Desk]) -> None:
    at = desk("github")
    at.dying(2)
    with pytest.raises(TransientError):
        at.show(*remarks(120))
    at.living()
    at.show(*remarks(60))

    assert [(run["conclusion"], len(run["annotations"])) for run in at.shows.runs] == [
        ("cancelled", 50),
        ("failure", 60),
    ]


def test_a_path_that_github_refuses_costs_the_lines_and_not_the_state(desk: Callable[[str], Desk]) -> None:
    at = desk("github")
    at.show(*remarks(2, path=""))

    assert (at.shows.shown()["conclusion"], at.shows.shown()["annotations"]) == ("failure", [])


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_app_that_may_make_no_check_runs_sets_a_commit_status(method: str, desk: Callable[[str], Desk]) -> None:
    at = desk("github")

    def refuses(asked: Asked) -> Any:
        denied = "check-runs" in asked.path and asked.method == method
        return (403, {}, {"message": "Resource not accessible by integration"}) if denied else None

    at.shows.refuses = refuses
    at.show(*remarks(2))

    assert [one["state"] for one in at.shows.statuses] == ["failure"]
    assert at.shows.runs == []


def test_a_token_of_no_app_makes_no_check_run(desk: Callable[[str], Desk]) -> None:
    at = desk("github")
    at.show(*remarks(2), carried=False)

    assert at.shows.asked == []


def test_a_run_of_somebody_else_is_left_alone(desk: Callable[[str], Desk]) -> None:
    at = desk("github")
    other = {"id": 900, "name": CONTEXT, "head_sha": SHA, "status": "queued", "annotations": [], "output": {}}
    at.shows.runs.append({**other, "external_id": None})
    at.shows.runs += [{**other, "id": 900 + each, "external_id": "x"} for each in range(1, 120)]
    at.show(*remarks(2))
    at.show(*remarks(2))

    assert len(at.shows.runs) == 121
    assert at.shows.runs[0] == {**other, "external_id": None}


@pytest.mark.parametrize("name", FORGES)
def test_what_is_sent_is_json_that_any_reader_takes(name: str, desk: Callable[[str], Desk]) -> None:
    """A path that is not UTF-8."""
    at = desk(name)
    at.show(*remarks(1, path="caf\udce9.py"))

    assert json.dumps([one.body for one in at.shows.writes()])
    assert len(seen(at)) == 1
