"""The main job on the real stack: a signed push goes in over http, a finding and a score come out."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support import pushes, secrets
from tests.support.repositories import GitHttpServer, Work
from tests.support.stack import Running, eventually, picket_up

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module", params=["natss", "spec"])
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A running stack, of each broker profile."""
    with picket_up(tmp_path_factory.mktemp("stack") / "data", "--profile", request.param) as running:
        yield running


def test_a_push_announced_by_a_signed_webhook_ends_as_a_finding_and_a_lower_score(
    stack: Running, forge: GitHttpServer
) -> None:
    work = Work(forge.root / "o" / "r")
    before = work.commit({"a.py": "x = 1\n"})
    secret = secrets.aws_key(1)
    after = work.commit({"a.py": f"x = 1\nkey = '{secret}'\n"})
    source = stack.post("/webhooks", {"sender": "github", "name": "t"})

    assert stack.deliver(source, pushes.push(f"{forge.url}/o/r/.git", before, after), "d-1") == 202
    [finding] = eventually(lambda: [found for found in stack.all_findings() if found["commit"] == after])
    score = eventually(
        lambda: next((s for s in [stack.find(f"/scores/{finding['repository']}")] if s and s["items"]), None)
    )

    assert (finding["path"], finding["start_line"], finding["severity"]) == ("a.py", 2, score["items"][0]["severity"])
    assert score["items"][0]["id"] == finding["id"]
    assert score["score"] < 70 + 0.3 * score["posture"]
    assert secret not in json.dumps([finding, score])


def test_a_scan_asked_for_at_the_api_is_followed_to_its_end(stack: Running, tmp_path: Path) -> None:
    work = Work(tmp_path / "work")
    for number in range(3):
        work.commit({f"f{number}": f"token = '{secrets.slack_token(number)}'\n"})

    scan = stack.post("/scans", {"repository": str(work.path)})
    done = eventually(lambda: next((s for s in [stack.get(f"/scans/{scan['id']}")] if s["scored"]), None))

    assert (done["state"], done["commits"], done["batches"]["done"]) == ("Done", 3, 1)
    assert len(stack.all_findings(scan=scan["id"])) == 3


def test_a_list_of_repositories_is_one_request_that_is_done_when_all_are(stack: Running, tmp_path: Path) -> None:
    works = [Work(tmp_path / f"work{n}") for n in range(5)]
    for number, work in enumerate(works):
        work.commit({"f": f"key = '{secrets.aws_key(100 + number)}'\n"})

    parent = stack.post("/scans", [{"asset_type": "repository", "asset_value": str(work.path)} for work in works])
    done = eventually(lambda: next((s for s in [stack.get(f"/scans/{parent['id']}")] if s["completed_at"]), None))

    assert done["state"] == "Done"
    assert [child["state"] for child in done["children"]] == ["Done"] * 5
