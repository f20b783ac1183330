"""The same repository, looked at by `picket scan`, by the functions on one machine and from an artifact store.

All three find the same secrets in the same places, or each says that it could not look at everything, and names why.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.orchestration.asking import ask
from tests.support import odd, s3
from tests.support.deployment import Deployment, forget
from tests.support.repositories import GitHttpServer, Work

from picket.cli.scan import main
from picket.effects.mongo.client import collection

pytestmark = pytest.mark.stack

REPOSITORY = "h/o/r"
_PLACE = ("path", "start_line", "start_column", "end_line", "end_column", "commit", "author", "date")
_EVIDENCE = ("rule", "severity", "confidence", "redacted")

Place = tuple[Any, ...]


@dataclass(frozen=True)
class Found:
    """A secret: what it is taken for, its oldest place and all of them."""

    evidence: tuple[Any, ...]
    first: Place
    places: frozenset[Place]


@dataclass(frozen=True)
class Answer:
    """What one way of looking came to: secrets by the HMAC of their value, and what it says if that is not all."""

    is_whole: bool
    said: str
    commits: int
    found: dict[str, Found]


@dataclass(frozen=True)
class Ways:
    """Three ways to look at a repository below the forge's root."""

    deployed: Deployment
    forge: GitHttpServer
    apart: Callable[..., None]
    bucket: dict[str, str]
    output: pytest.CaptureFixture[str]

    def command(self, path: Path) -> Answer:
        """Look with `picket scan`."""
        status = main(["--format", "json", "--min-confidence", "0", str(path)])
        return by_command(status, *self.output.readouterr())

    def mirror(self, path: Path) -> Answer:
        """Look with functions that share a mirror."""
        self.apart("mirror")
        return by_functions(self.deployed, path.as_uri())

    def artifacts(self, path: Path) -> Answer:
        """Look with functions that share an artifact store, over http."""
        self.apart("artifacts", **self.bucket)
        inside = "/.git" if (path / ".git").exists() else ""
        return by_functions(self.deployed, f"{self.forge.url}/{path.relative_to(self.forge.root)}{inside}")


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A running S3 server; the environment of who uses it."""
    with s3.server(tmp_path_factory.mktemp("s3") / "log") as environment:
        yield environment


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where rules are compiled to, once for all tests here."""
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture
def apart(environment: pytest.MonkeyPatch, compiled: Path, tmp_path: Path) -> Callable[..., None]:
    """Go on with a data folder and a database of one's own."""
    environment.setenv("XDG_CACHE_HOME", str(compiled))

    def go_on(name: str, **more: str) -> None:
        data = tmp_path / name
        data.mkdir()
        (data / "rulesets").symlink_to(compiled)
        settings = {"PICKET_DATA_DIR": str(data), "PICKET_MONGODB_DATABASE": f"alike-{tmp_path.name}-{name}"}
        for variable, value in {**settings, **more}.items():
            environment.setenv(variable, value)
        forget()

    return go_on


@pytest.fixture
def ways(
    deployed: Deployment,
    forge: GitHttpServer,
    apart: Callable[..., None],
    bucket: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> Ways:
    return Ways(deployed, forge, apart, bucket, capsys)


def by_command(status: int, out: str, err: str) -> Answer:
    """Read what `picket scan` wrote."""
    document: dict[str, Any] = json.loads(out) if out else {"findings": [], "stats": {"commits": 0}, "errors": []}
    assert status == (1 if document["findings"] else 0) or status == 2
    found = {
        one["id"]: Found(values(one, _EVIDENCE), values(one, _PLACE), places(one["occurrences"]))
        for one in document["findings"]
    }
    said = "\n".join([err, *(f"{error['path']} {error['blob']}" for error in document["errors"])])
    return Answer(status != 2, said, document["stats"]["commits"], found)


def by_functions(deployed: Deployment, url: str) -> Answer:
    """Scan with the functions to the end, and read their store."""
    ask(deployed, url, "s", repository=REPOSITORY)
    deployed.drain()
    scan = deployed.api.get("/scans/s").json
    occurrences: dict[str, list[dict[str, Any]]] = {}
    for one in collection("occurrences").find():
        occurrences.setdefault(one["finding"], []).append(one)
    found = {
        one["identity"]: Found(
            values(one["evidence"], _EVIDENCE), values(one["first"], _PLACE), places(occurrences[one["_id"]])
        )
        for one in collection("findings").find()
    }
    assert scan["state"] in {"Done", "Partial", "Failed"}
    return Answer(scan["state"] == "Done", scan["history"][-1]["reason"], scan["commits"], found)


def values(document: dict[str, Any], names: tuple[str, ...]) -> Place:
    return tuple(document[name] for name in names)


def places(occurrences: list[dict[str, Any]]) -> frozenset[Place]:
    return frozenset(values(one, _PLACE) for one in occurrences)


def sha256(path: Path) -> Work:
    return odd.planted(path, "--object-format=sha256")


def detached(path: Path) -> Work:
    work = odd.planted(path)
    odd.detached(work)
    return work


def replaced(path: Path) -> Work:
    work = odd.planted(path)
    odd.replaced(work)
    return work


def borrowing(path: Path) -> Work:
    return odd.borrowing(odd.planted(path.with_name("lender")), path)


def many_branches(path: Path) -> Work:
    work = odd.planted(path)
    odd.many_branches(work, 10_000)
    return work


def wide_commit(path: Path) -> Work:
    work = odd.planted(path)
    odd.wide_commit(work, 20_000)
    return work


@pytest.mark.parametrize(
    ("made", "secrets"),
    [
        pytest.param(odd.planted, 9, id="usual"),
        pytest.param(sha256, 9, id="sha256"),
        pytest.param(detached, 10, id="detached"),
        pytest.param(Work, 0, id="empty"),
        pytest.param(borrowing, 9, id="alternates"),
        pytest.param(replaced, 10, id="replaced"),
        pytest.param(many_branches, 19, id="10,000 branches", marks=pytest.mark.slow),
        pytest.param(wide_commit, 29, id="20,000 files in a commit"),
    ],
)
def test_three_ways_find_the_same(ways: Ways, forge: GitHttpServer, made: Callable[[Path], Work], secrets: int) -> None:
    path = made(forge.root / "o" / "odd").path

    command, mirror, artifacts = ways.command(path), ways.mirror(path), ways.artifacts(path)

    assert (command.is_whole, mirror.is_whole, artifacts.is_whole) == (True, True, True)
    assert command.found == mirror.found
    assert mirror.found == artifacts.found
    assert command.commits == mirror.commits == artifacts.commits
    assert len(command.found) == secrets


def shallow(work: Work, path: Path) -> str:
    odd.shallow(work, path)
    return "shallow"


@pytest.mark.parametrize(
    ("spoiled", "named_by_command"),
    [
        pytest.param(shallow, "", id="shallow"),
        pytest.param(odd.partial, "", id="partial"),
        pytest.param(odd.without_blob, "", id="missing blob"),
        pytest.param(odd.without_tree, "", id="missing tree"),
        pytest.param(odd.without_commit, "", id="missing commit"),
        pytest.param(odd.corrupt_pack, "", id="corrupt pack"),
        pytest.param(odd.alternates_gone, "/nosuch/objects", id="alternates that are gone"),
    ],
)
def test_three_ways_say_that_something_was_not_looked_at(
    ways: Ways, forge: GitHttpServer, spoiled: Callable[[Work, Path], str], named_by_command: str
) -> None:
    work = odd.planted(forge.root / "o" / "whole")
    path = forge.root / "o" / "odd"
    lacking = spoiled(work, path)

    command, mirror, artifacts = ways.command(path), ways.mirror(path), ways.artifacts(path)

    assert (command.is_whole, mirror.is_whole, artifacts.is_whole) == (False, False, False)
    assert (named_by_command or lacking) in command.said
    assert lacking in mirror.said
    assert lacking in artifacts.said
    assert mirror.found == artifacts.found == {}
    assert command.found.keys() <= ways.command(work.path).found.keys()
