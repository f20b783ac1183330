"""verify asks providers whether leaked credentials still work: what they say moves findings, and nothing leaks."""

import json
import socket
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.orchestration.asking import tick
from tests.support.deployment import Deployment, Message, forget
from tests.support.providers import Providers, Request, Said
from tests.support.repositories import GitHttpServer, Work
from tests.support.secrets import github_token

from picket.effects import artifacts
from picket.effects.mongo.client import collection
from picket.orchestration import keeping

LIVE = Said(200, '{"login": "octocat"}', {"X-OAuth-Scopes": "repo, user"})
DEAD = Said(401, '{"message": "Bad credentials"}')
RULE = "{id: ask, match: {finding.provider: GitHub}, actions: [{verify: {every_hours: 6}}]}"


@pytest.fixture
def work(forge: GitHttpServer) -> Work:
    made = Work(forge.root / "o" / "r")
    made.commit({"a.py": f"token = '{github_token(1)}'\n"})
    return made


@pytest.fixture
def policy(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Have GitHub asked."""
    path = tmp_path / "policy.yaml"
    path.write_text(f"version: 1\nrules:\n- {RULE}")
    environment.setenv("PICKET_POLICY", str(path))
    forget()


@pytest.fixture
def scan(deployed: Deployment, forge: GitHttpServer, work: Work) -> Any:
    """Scan the repository, and return its findings."""
    assert work

    def scan() -> list[dict[str, Any]]:
        deployed.api.post("/scans", json={"repository": f"{forge.url}/o/r/.git"})
        deployed.drain()
        return found(deployed)

    return scan


def found(deployed: Deployment) -> list[dict[str, Any]]:
    return list(deployed.api.get("/findings?min_confidence=0").json["findings"])


def ask(deployed: Deployment, finding: dict[str, Any], status: int = 202) -> dict[str, Any]:
    answer = deployed.api.post(f"/findings/{finding['id']}/verify")
    assert answer.status_code == status, answer.text
    deployed.drain()
    return dict(deployed.api.get(f"/findings/{finding['id']}").json)


def come_due(deployed: Deployment) -> None:
    """Let what is asked about again be due, and the clock ask for it."""
    due = {"verify_due": {"$gt": "at "}}
    collection("findings").update_many(due, {"$set": {"verify_due": "at 2026-01-01T00:00:00Z"}})
    collection("duties").delete_many({})
    tick(deployed, f"verifications {len(deployed.sent)}")
    deployed.drain()


def everywhere(deployed: Deployment) -> str:
    """All that was sent and stored."""
    stored = [str(list(collection(name).find())) for name in ("findings", "occurrences", "scans", "batches", "notices")]
    return "".join([*stored, *(message.body.decode() for message in deployed.sent)])


@pytest.mark.usefixtures("policy")
def test_a_live_credential_is_critical_caps_the_score_and_is_asked_about_again(
    deployed: Deployment, provider: Providers, scan: Any
) -> None:
    provider.say = lambda _request: LIVE

    [finding] = scan()

    assert finding["severity"] == "critical"
    assert finding["confidence"] == 1.0
    said = finding["verification"]
    assert (said["result"], said["owner"], said["scopes"]) == ("live", "octocat", ["repo", "user"])
    [request] = provider.asked
    assert (request.tunnel, request.method, request.path) == ("api.github.com:443", "GET", "/user")
    assert request.headers["authorization"] == f"Bearer {github_token(1)}"
    score = deployed.api.get(f"/scores/{finding['repository']}").json
    assert score["score"] <= 49
    assert score["items"][0]["cap"]
    [stored] = collection("findings").find()
    assert stored["verify_due"] > "at "
    assert github_token(1) not in everywhere(deployed)


@pytest.mark.usefixtures("policy")
def test_a_dead_credential_is_fixed_and_leaves_residue(deployed: Deployment, provider: Providers, scan: Any) -> None:
    provider.say = lambda _request: DEAD

    [finding] = scan()

    assert (finding["state"], finding["verification"]["result"]) == ("fixed", "dead")
    move = next(line for line in finding["history"] if line.get("to") == "fixed")
    assert (move["by"], move["actor"], move["reason"]) == ("verification", "verification", "remediated")
    assert deployed.api.get(f"/scores/{finding['repository']}").json["items"][0]["standing"] == "fixed"
    [stored] = collection("findings").find()
    assert stored["verify_due"] == ""


@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize(
    "said",
    [
        pytest.param(Said(500, "oops"), id="its own error"),
        pytest.param(Said(401, '{"message": "Requires authentication"}'), id="another refusal"),
        pytest.param(Said(401, "<html>"), id="no JSON"),
        pytest.param(Said(301, "", {"Location": "https://evil.example.org/user"}), id="redirects to steal"),
        pytest.param(Said(200, "x" * 70_000), id="too long"),
        pytest.param(Said(200, "x", {"Content-Encoding": "gzip"}), id="compressed"),
        pytest.param(Said(429, "", {"Retry-After": "7200"}), id="too many requests"),
    ],
)
def test_any_other_answer_leaves_it_unknown(deployed: Deployment, provider: Providers, scan: Any, said: Said) -> None:
    provider.say = lambda _request: said

    [finding] = scan()

    assert (finding["state"], finding["verification"]["result"]) == ("open", "unknown")
    assert finding["verification"]["reason"]
    assert len(provider.asked) == 1
    assert github_token(1) not in everywhere(deployed)


@pytest.mark.usefixtures("policy")
def test_a_provider_that_says_when_is_left_alone_until_then(provider: Providers, scan: Any) -> None:
    provider.say = lambda _request: Said(429, "", {"Retry-After": "7200"})

    scan()

    [stored] = collection("findings").find()
    times = stored["verification"]["at"], stored["verify_due"].removeprefix("at ")
    asked, due = map(datetime.fromisoformat, times)
    assert timedelta(seconds=7190) < due - asked < timedelta(seconds=7210)


def test_by_default_nobody_is_asked(provider: Providers, scan: Any) -> None:
    [finding] = scan()

    assert finding["verification"] is None
    assert provider.asked == []


def test_a_person_has_it_asked_and_the_same_request_again_is_one(
    deployed: Deployment, provider: Providers, scan: Any
) -> None:
    provider.say = lambda _request: LIVE
    [finding] = scan()
    deployed.api.post(f"/findings/{finding['id']}/verify")
    [request] = deployed.queue

    for _ in range(3):
        assert deployed.deliver(request) == {"verify": 204}
    deployed.drain()

    assert len(provider.asked) == 1
    assert len({message.id for message in deployed.of_type("finding.verified")}) == 1
    [after] = found(deployed)
    assert (after["severity"], after["state"]) == ("critical", "open")


@pytest.mark.usefixtures("policy")
def test_what_somebody_called_fixed_is_open_again_where_it_works(
    deployed: Deployment, provider: Providers, scan: Any
) -> None:
    provider.say = lambda _request: LIVE
    [finding] = scan()
    deployed.api.patch(f"/findings/{finding['id']}", json={"state": "fixed"})
    deployed.drain()
    assert found(deployed)[0]["state"] == "fixed"

    come_due(deployed)

    [after] = found(deployed)
    assert (after["state"], after["episode"]) == ("open", 2)
    assert len(provider.asked) == 2


@pytest.mark.usefixtures("policy")
def test_it_is_asked_about_until_it_is_dead(deployed: Deployment, provider: Providers, scan: Any) -> None:
    answers = iter([LIVE, Said(502), DEAD])
    provider.say = lambda _request: next(answers)
    scan()

    for _ in range(4):
        come_due(deployed)

    assert len(provider.asked) == 3
    [after] = found(deployed)
    assert (after["state"], after["is_live"]) == ("fixed", False)


def test_without_a_copy_of_its_blob_nothing_is_known(deployed: Deployment, provider: Providers, scan: Any) -> None:
    [finding] = scan()
    [stored] = collection("findings").find()
    artifacts.delete(keeping.reference(stored["kept"]))

    after = ask(deployed, finding)

    assert after["verification"]["result"] == "unknown"
    assert "copy of its file is gone" in after["verification"]["reason"]
    assert provider.asked == []


def test_a_copy_goes_when_no_open_finding_needs_it_and_comes_back_with_a_scan(
    deployed: Deployment, provider: Providers, scan: Any, environment: pytest.MonkeyPatch
) -> None:
    [finding] = scan()
    [stored] = collection("findings").find()
    copy = keeping.reference(stored["kept"])
    environment.setattr(keeping, "_GRACE", keeping._GRACE * 0)

    keeping.clear("")
    assert artifacts.age(copy) is not None
    deployed.api.patch(f"/findings/{finding['id']}", json={"state": "false-positive"})
    collection("duties").delete_many({})
    keeping.clear("")

    assert artifacts.age(copy) is None
    assert ask(deployed, finding, status=409)["state"] == "false-positive"
    assert provider.asked == []


def test_hosts_that_a_repository_names_are_asked_only_where_they_are_admitted(
    deployed: Deployment, provider: Providers, scan: Any, work: Work, environment: pytest.MonkeyPatch
) -> None:
    text = f"url = 'https://github.internal.example.org/api/v3'\ntoken = '{github_token(1)}'\n"
    work.commit({"a.py": text})
    provider.say = lambda _request: DEAD
    [finding] = scan()
    where = {"kept_path": "a.py", "kept": collection("findings").find_one()["kept"]}  # type: ignore[index]
    artifacts.put(keeping.PREFIX + where["kept"], text.encode())

    said = ask(deployed, finding)["verification"]
    assert (said["result"], provider.asked) == ("unknown", [])
    assert "github.internal.example.org" in said["reason"]

    environment.setenv("PICKET_VERIFY_HOSTS", '["*.example.org"]')
    look_up = socket.getaddrinfo

    def local(host: str, *args: Any, **more: Any) -> Any:
        return look_up("127.0.0.1" if host.endswith("example.org") else host, *args, **more)

    environment.setattr(socket, "getaddrinfo", local)
    forget()
    assert ask(deployed, finding)["verification"]["result"] == "dead"
    [request] = provider.asked
    assert (request.tunnel, request.host) == ("127.0.0.1:443", "github.internal.example.org")

    environment.setenv("PICKET_ALLOW_LOCAL_REPOSITORIES", "false")
    forget()
    collection("duties").delete_many({})
    said = ask(deployed, finding)["verification"]
    assert (said["result"], len(provider.asked)) == ("unknown", 1)
    assert "not public" in said["reason"]


def test_a_host_of_the_providers_own_that_does_not_know_it_says_nothing_where_others_may(
    deployed: Deployment, provider: Providers, scan: Any, environment: pytest.MonkeyPatch
) -> None:
    environment.delenv("PICKET_VERIFY_HOSTS")
    forget()
    provider.say = lambda _request: DEAD
    [finding] = scan()

    said = ask(deployed, finding)["verification"]

    assert (said["result"], len(provider.asked)) == ("unknown", 1)
    assert "PICKET_VERIFY_HOSTS" in said["reason"]


def test_an_answer_that_quotes_the_secret_is_not_kept(deployed: Deployment, provider: Providers, scan: Any) -> None:
    def echo(request: Request) -> Said:
        return Said(200, json.dumps({"login": request.headers["authorization"]}), {"X-OAuth-Scopes": github_token(1)})

    provider.say = echo
    [finding] = scan()

    said = ask(deployed, finding)["verification"]

    assert (said["result"], said["owner"], said["scopes"]) == ("live", "", [])
    assert github_token(1) not in everywhere(deployed)


def test_a_credential_is_revoked_by_an_admin_who_confirms_it(
    deployed: Deployment, provider: Providers, scan: Any
) -> None:
    provider.say = lambda _request: Said(202)
    [finding] = scan()
    where = f"/findings/{finding['id']}/revoke"
    assert deployed.api.post(where, json={"confirm": "yes"}).status_code == 400
    assert deployed.queue == []

    assert deployed.api.post(where, json={"confirm": finding["id"]}).status_code == 202
    deployed.drain()

    [request] = provider.asked
    assert (request.method, request.path) == ("POST", "/credentials/revoke")
    assert json.loads(request.body) == {"credentials": [github_token(1)]}
    after = deployed.api.get(f"/findings/{finding['id']}").json
    assert (after["state"], after["verification"]["result"]) == ("open", "unknown")
    assert "asked GitHub to revoke it" in [line.get("comment") for line in after["history"]]

    provider.say = lambda _request: DEAD
    come_due(deployed)
    after = deployed.api.get(f"/findings/{finding['id']}").json
    assert (after["state"], after["verification"]["result"]) == ("fixed", "dead")
    assert [one.path for one in provider.asked] == ["/credentials/revoke", "/user"]


def test_what_may_be_of_another_host_is_not_revoked_at_the_providers_own(
    deployed: Deployment, provider: Providers, scan: Any, work: Work, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("PICKET_VERIFY_HOSTS", '["*.corp.io"]')
    forget()
    work.commit({"a.py": f"url = 'https://github.corp.io/api/v3'\ntoken = '{github_token(7)}'\n"})
    finding = next(one for one in scan() if one["path"] == "a.py" and one["start_line"] == 2)

    deployed.api.post(f"/findings/{finding['id']}/revoke", json={"confirm": finding["id"]})
    deployed.drain()

    assert provider.asked == []
    said = deployed.api.get(f"/findings/{finding['id']}").json["verification"]
    assert (said["result"], "github.corp.io" in said["reason"]) == ("unknown", True)


@pytest.mark.parametrize(("said", "decided"), [(DEAD, "open"), (LIVE, "fixed")])
def test_what_a_person_decides_after_an_answer_stays_however_often_its_event_comes(
    said: Said, decided: str, deployed: Deployment, provider: Providers, scan: Any
) -> None:
    provider.say = lambda _request: said
    [finding] = scan()
    ask(deployed, finding)
    deployed.api.patch(f"/findings/{finding['id']}", json={"state": decided})
    deployed.drain()

    for message in deployed.of_type("finding.verified"):
        deployed.deliver(message)
    deployed.drain()

    assert found(deployed)[0]["state"] == decided


@pytest.mark.usefixtures("policy")
def test_a_page_in_front_of_a_provider_says_nothing(provider: Providers, scan: Any) -> None:
    provider.say = lambda _request: Said(200, "<html>sign in first</html>")

    [finding] = scan()

    assert (finding["state"], finding["verification"]["result"]) == ("open", "unknown")


@pytest.mark.parametrize(
    "text",
    [
        "a = 'https://github.dev.corp.io/api/v3'\nb = 'https://github.corp.io/api/v3'\ntoken = '{}'\n",
        "a = 'https://api.github.com'\nb = 'https://github.corp.io/api/v3'\ntoken = '{}'\n# https://github.x.corp.io/api/v3",
        "a = 'https://github.corp.io:8443/api/v3'\ntoken = '{}'\n",
    ],
)
def test_where_several_hosts_or_another_port_are_named_a_no_says_nothing(
    text: str,
    deployed: Deployment,
    provider: Providers,
    scan: Any,
    environment: pytest.MonkeyPatch,
) -> None:
    [finding] = scan()
    environment.setenv("PICKET_VERIFY_HOSTS", '["*.corp.io"]')
    look_up = socket.getaddrinfo
    environment.setattr(
        socket,
        "getaddrinfo",
        lambda host, *args, **more: look_up("127.0.0.1" if str(host).endswith("corp.io") else host, *args, **more),
    )
    forget()
    kept = str(collection("findings").find_one()["kept"])  # type: ignore[index]
    artifacts.put(keeping.PREFIX + kept, text.format(github_token(1)).encode())
    provider.say = lambda _request: DEAD

    assert ask(deployed, finding)["verification"]["result"] == "unknown"


@pytest.mark.usefixtures("policy")
def test_a_provider_that_wants_to_be_left_alone_is_for_all_of_its_findings(
    provider: Providers, scan: Any, work: Work
) -> None:
    work.commit({f"{n}.py": f"token = '{github_token(n)}'\n" for n in range(2, 4)})
    provider.say = lambda _request: Said(429, "", {"Retry-After": "3600"})

    scan()

    assert len(provider.asked) == 1
    assert [one["verify_due"] > "at " for one in collection("findings").find()] == [True] * 3


def test_a_copy_that_was_lost_is_kept_again_by_a_scan(
    deployed: Deployment, provider: Providers, scan: Any, work: Work
) -> None:
    [finding] = scan()
    [stored] = collection("findings").find()
    artifacts.delete(keeping.reference(stored["kept"]))
    assert ask(deployed, finding)["verification"]["result"] == "unknown"
    work.commit({"b.py": f"again = '{github_token(1)}'\n"})
    scan()
    provider.say = lambda _request: DEAD

    assert ask(deployed, finding)["verification"]["result"] == "dead"


def test_replicas_share_the_turns_with_a_host(deployed: Deployment, provider: Providers, scan: Any, work: Work) -> None:
    work.commit({f"{n}.py": f"token = '{github_token(n)}'\n" for n in range(2, 7)})
    provider.say = lambda _request: LIVE
    scan()
    for finding in found(deployed):
        deployed.api.post(f"/findings/{finding['id']}/verify")
    waiting: list[Message] = [one for one in deployed.queue if one.type.endswith("verification.requested.v1")]
    answers: list[int] = []

    def deliver(message: Message) -> None:
        answers.append(deployed.deliver(message)["verify"])

    threads = [threading.Thread(target=deliver, args=[one]) for one in waiting]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(provider.asked) == answers.count(204) < len(waiting)
    assert set(answers) == {204, 503}  # asked again by the broker: nothing is lost
