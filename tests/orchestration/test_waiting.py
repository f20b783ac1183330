"""Who may fetch and who waits: places at a forge, one scan a repository, and forges that do not answer."""

import time
from pathlib import Path
from typing import Any

import pytest
from tests.orchestration.asking import ask, push, states, tick
from tests.support.commands import keeping
from tests.support.deployment import Deployment, forget
from tests.support.repositories import GitHttpServer, Work

from picket.effects.git import mirror
from picket.effects.mongo import places, queues, scans
from picket.effects.mongo.client import collection
from picket.effects.mongo.documents import Scan
from picket.errors import Busy
from picket.events import Envelope, ScanRequested

FORGE = "127.0.0.1"


@pytest.fixture
def works(forge: GitHttpServer) -> list[Work]:
    """Repositories on a forge."""
    made = [Work(forge.root / "o" / f"r{number}") for number in range(6)]
    for work in made:
        work.commit({"a": "1\n"})
    return made


@pytest.fixture
def one_place(environment: pytest.MonkeyPatch, deployed: Deployment) -> Deployment:
    """The functions, with room for two scans at a forge, and one for a full scan."""
    environment.setenv("PICKET_FETCHES_PER_HOST", "2")
    forget()
    return deployed


def url(forge: GitHttpServer, work: Work) -> str:
    return f"{forge.url}/o/{work.path.name}/.git"


def hold(name: str, repository: str) -> None:
    """Let a scan be at the forge, in the first place that is free."""
    fetching = {"fetching": FORGE, "lease_until": time.time() + 9, "repository": repository, "revision": 1}
    collection("scans").insert_one({"_id": name, **fetching, "created_at": "2026"})
    number = len(list(collection("places").find({})))
    collection("places").insert_one({"_id": f"{FORGE}|{number}", "scan": name, "revision": -1})


def leave(name: str) -> None:
    collection("scans").delete_one({"_id": name})


def test_a_scan_without_a_place_waits_and_is_asked_for_when_there_is_one(
    one_place: Deployment, forge: GitHttpServer, works: list[Work]
) -> None:
    hold("other", "h/x")
    ask(one_place, url(forge, works[0]), "waits")
    one_place.drain()
    assert states("waits") == ["Queued"]
    assert scans.get("waits")["history"][-1]["reason"] == "waits: forge is busy"

    leave("other")
    ask(one_place, url(forge, works[1]), "next")
    one_place.drain()

    assert states("waits", "next") == ["Done", "Done"]
    assert "queue" not in scans.get("waits")


def test_a_scan_that_waited_goes_on_in_its_own_trace_whoever_wakes_it(
    one_place: Deployment, forge: GitHttpServer, works: list[Work]
) -> None:
    hold("other", "h/x")
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    ask(one_place, url(forge, works[0]), "waits").headers.update({"ce-correlationid": "mine", "ce-traceparent": trace})
    one_place.drain()
    leave("other")
    ask(one_place, url(forge, works[1]), "next").headers.update({"ce-correlationid": "another's"})

    one_place.drain()

    [woken] = [message for message in one_place.of_type("scan.requested") if message.data["scan"] == "waits"]
    assert (woken.headers["ce-correlationid"], woken.headers["ce-traceparent"]) == ("mine", trace)
    assert woken.headers["ce-causationid"] == "event-next"


def waiting_for(deployed: Deployment, forge: GitHttpServer, works: list[Work], name: str = "waits") -> None:
    """Let a scan of the first repository wait until a scan of another kind of it has left."""
    hold("other", "h/same")
    ask(deployed, url(forge, works[0]), name, repository="h/same")
    deployed.drain()
    assert states(name) == ["Queued"]
    leave("other")


def test_whoever_died_between_the_end_of_its_work_and_saying_so_wakes_the_next_when_it_is_done_again(
    deployed: Deployment, forge: GitHttpServer, works: list[Work], environment: pytest.MonkeyPatch
) -> None:
    from picket.orchestration import waiting  # noqa: PLC0415 - reads settings

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    waiting_for(deployed, forge, works)
    message = ask(deployed, url(forge, works[1]), "next", repository="h/same")
    with environment.context() as patch:
        patch.setattr(waiting, "notify_next", die)
        with pytest.raises(KeyboardInterrupt):
            deployed.deliver(message)
    assert states("waits", "next") == ["Queued", "Scheduled"]

    deployed.drain()

    assert states("waits", "next") == ["Done", "Done"]


def test_a_scan_that_is_taken_along_while_its_request_is_handled_does_not_wait_as_well(
    deployed: Deployment, forge: GitHttpServer, works: list[Work], environment: pytest.MonkeyPatch
) -> None:
    from picket.effects.mongo import leases  # noqa: PLC0415 - connects

    hold("other", "h/same")
    message = ask(deployed, url(forge, works[0]), "follower", repository="h/same")
    take = leases.take

    def late(name: str, of: type[Scan], document: str) -> Any:
        """Take the lease after somebody else has taken the scan along."""
        follower = scans.get("follower")
        assert scans.move(follower, "Queued", "enumerate", "taken along by other", unset=("branch",), taken_by="other")
        return take(name, of, document)

    with environment.context() as patch:
        patch.setattr(leases, "take", late)
        deployed.deliver(message)

    assert "queue" not in scans.get("follower")
    assert scans.get("follower")["history"][-1]["reason"] == "taken along by other"


def test_a_scan_that_was_woken_and_needs_no_place_any_more_passes_it_on(
    deployed: Deployment, forge: GitHttpServer, works: list[Work]
) -> None:
    waiting_for(deployed, forge, works)
    cancelled = ask(deployed, url(forge, works[0]), "cancelled", repository="h/same")
    assert deployed.api.delete("/scans/cancelled").status_code == 202
    deployed.queue[:] = [cancelled]

    deployed.drain()

    assert states("cancelled", "waits") == ["Cancelled", "Done"]


def test_a_scan_that_fails_leaves_its_place_to_the_next(
    deployed: Deployment, forge: GitHttpServer, works: list[Work]
) -> None:
    waiting_for(deployed, forge, works)
    ask(deployed, f"{forge.url}/o/none/.git", "fails", repository="h/same")
    collection("scans").update_one({"_id": "waits"}, {"$set": {"url": url(forge, works[0])}})

    deployed.drain()

    assert states("fails", "waits") == ["Failed", "Done"]


def test_one_that_waits_anew_before_it_was_taken_from_its_queue_stays_in_it(
    deployed: Deployment, forge: GitHttpServer, works: list[Work], environment: pytest.MonkeyPatch
) -> None:
    from picket.effects import broker  # noqa: PLC0415 - reads settings
    from picket.orchestration import waiting  # noqa: PLC0415

    waiting_for(deployed, forge, works)
    emit_for, overtaken = broker.emit_for, list[Any]()

    def slow(origin: dict[str, str], event: Any, turn: int) -> None:
        """Send it, and let it be handled before the sender goes on, while somebody else has the place."""
        emit_for(origin, event, turn)
        if not overtaken:
            overtaken.append(event)
            hold("third", "h/same")
            assert deployed.deliver(deployed.queue.pop()) == {"enumerate": 204}

    environment.setattr(broker, "emit_for", slow)
    with broker.caused_by(Envelope(id="x", type="t", source="/t")):
        waiting.ask_again(scans.get("waits"))

    assert overtaken
    assert scans.get("waits")["queue"].startswith("repository|h/same|")


def test_one_that_waits_anew_is_woken_by_another_event_though_the_same_one_leads_to_it(
    deployed: Deployment, forge: GitHttpServer, works: list[Work]
) -> None:
    """The broker drops an id that it has seen: a redelivery that wakes a scan once more must not use it again."""
    waiting_for(deployed, forge, works)
    message = ask(deployed, url(forge, works[1]), "next", repository="h/same")
    deployed.deliver(message)
    hold("third", "h/same")
    [first] = [one for one in deployed.queue if one.data.get("scan") == "waits" and one is not message]
    deployed.queue.clear()
    deployed.deliver(first)
    assert scans.get("waits")["queue"].startswith("repository|h/same|")
    leave("third")

    deployed.deliver(message)

    [second] = [one for one in deployed.queue if one.type == first.type]
    assert (second.data, second.id != first.id) == (first.data, True)
    deployed.drain()
    assert states("waits", "next") == ["Done", "Done"]


def test_a_scan_that_is_cancelled_while_it_fetches_leaves_its_place_to_the_next(
    deployed: Deployment, forge: GitHttpServer, works: list[Work], environment: pytest.MonkeyPatch
) -> None:
    message = ask(deployed, url(forge, works[0]), "cancelled")
    other = ask(deployed, url(forge, works[0]), "waits", kind="scheduled")
    deployed.queue.clear()
    fetch = mirror.fetch

    def meanwhile(*arguments: Any, **named: Any) -> mirror.Fetched:
        if states("waits") != ["Queued"]:
            assert deployed.deliver(other) == {"enumerate": 204}
            assert deployed.api.delete("/scans/cancelled").status_code == 202
        return fetch(*arguments, **named)

    with environment.context() as patch:
        patch.setattr(mirror, "fetch", meanwhile)
        assert deployed.deliver(message) == {"enumerate": 503}
    deployed.drain()

    assert states("cancelled", "waits") == ["Cancelled", "Done"]


def test_a_push_has_a_place_where_full_scans_have_none(
    one_place: Deployment, forge: GitHttpServer, works: list[Work]
) -> None:
    hold("other", "h/x")
    for number in range(3):
        ask(one_place, url(forge, works[number]), f"all{number}")
    head = works[4].head()
    ask(one_place, url(forge, works[4]), "push", **push(head, works[4].commit({"a": "2\n"})))

    for _ in range(4):
        one_place.deliver(one_place.queue.pop(0))

    assert states("all0", "all1", "all2", "push") == ["Queued"] * 3 + ["Scheduled"]


def test_whoever_leaves_a_place_asks_for_pushes_before_all_others(
    one_place: Deployment, forge: GitHttpServer, works: list[Work]
) -> None:
    hold("other", "h/x")
    hold("another", "h/y")
    ask(one_place, url(forge, works[0]), "all")
    ask(one_place, url(forge, works[1]), "scheduled", kind="scheduled")
    head = works[2].head()
    ask(one_place, url(forge, works[2]), "push", **push(head, works[2].commit({"a": "2\n"})))
    one_place.drain()
    assert states("all", "scheduled", "push") == ["Queued"] * 3
    leave("other")
    leave("another")
    head = works[3].head()
    ask(one_place, url(forge, works[3]), "last", **push(head, works[3].commit({"a": "2\n"})))

    one_place.deliver(one_place.queue.pop(0))

    asked = [message.data["scan"] for message in one_place.queue if message.type.endswith("scan.requested.v1")]
    assert asked == ["push", "scheduled"]
    one_place.drain()
    assert states("all", "scheduled", "push", "last") == ["Done"] * 4


def test_one_scan_of_a_repository_fetches_at_a_time_and_others_do_not_wait_for_it(
    deployed: Deployment, forge: GitHttpServer, works: list[Work]
) -> None:
    hold("other", "h/same")
    ask(deployed, url(forge, works[0]), "same", repository="h/same")
    ask(deployed, url(forge, works[1]), "else")
    deployed.drain()

    assert states("same", "else") == ["Queued", "Done"]
    assert scans.get("same")["history"][-1]["reason"] == "waits: repository is busy"
    leave("other")
    assert tick(deployed, "t1", idle=True) == 204
    deployed.drain()
    assert states("same") == ["Done"]


def test_of_two_that_saw_the_same_last_place_the_later_one_gives_way(
    deployed: Deployment, forge: GitHttpServer, works: list[Work], environment: pytest.MonkeyPatch
) -> None:
    look, looks = places.free, []

    def blind(*asked: Any) -> list[places.Place]:
        """Look just before the other scan takes the place."""
        seen = look(*asked)
        looks.append(seen)
        if len(looks) == 1:
            hold("other", "h/other")
        return seen

    environment.setenv("PICKET_FETCHES_PER_HOST", "1")
    forget()
    environment.setattr(places, "free", blind)
    ask(deployed, url(forge, works[0]), "later")

    deployed.drain()

    assert states("later") == ["Queued"]
    assert "fetching" not in scans.get("later")
    assert [place.identity for place in looks[0]] == [f"{FORGE}|0"]


def test_a_full_scan_has_a_place_that_pushes_do_not_take(
    deployed: Deployment, forge: GitHttpServer, works: list[Work], environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("PICKET_FETCHES_PER_HOST", "3")
    forget()
    hold("first", "h/x")  # takes the place that is for no push, and leaves it again
    for number in range(2):
        hold(f"push{number}", f"h/{number}")
    leave("first")
    head = works[0].head()
    ask(deployed, url(forge, works[0]), "push", **push(head, works[0].commit({"a": "2\n"})))
    ask(deployed, url(forge, works[1]), "all")

    for _ in range(2):
        deployed.deliver(deployed.queue.pop(0))

    assert states("push", "all") == ["Queued", "Scheduled"]


def test_scans_of_a_former_version_name_no_place_and_count(
    one_place: Deployment, forge: GitHttpServer, works: list[Work]
) -> None:
    for name in ("old", "older"):
        hold(name, f"h/{name}")
    collection("places").delete_many({})
    ask(one_place, url(forge, works[0]), "s")
    one_place.drain()

    assert states("s") == ["Queued"]


def test_a_place_that_a_dead_worker_left_is_free(
    one_place: Deployment, forge: GitHttpServer, works: list[Work]
) -> None:
    for name in ("dead1", "dead2"):
        hold(name, name)
        collection("scans").update_one({"_id": name}, {"$set": {"lease_until": time.time() - 1}})
    ask(one_place, url(forge, works[0]), "s")
    one_place.deliver(one_place.queue.pop(0))

    assert states("s") == ["Scheduled"]


def test_a_forge_that_does_not_answer_is_asked_again_for_longer_than_the_broker_would(
    deployed: Deployment, forge: GitHttpServer, works: list[Work]
) -> None:
    message = ask(deployed, url(forge, works[0]), "s")
    forge.fail_with = 500
    deployed.queue.clear()

    assert [deployed.deliver(message)["enumerate"] for _ in range(4)] == [503, 503, 503, 204]
    assert states("s") == ["Queued"]
    assert "500" in scans.get("s")["history"][-1]["reason"]
    assert tick(deployed, "early") == 204
    assert not deployed.queue
    assert tick(deployed, "late", idle=True) == 204
    assert [deployed.deliver(deployed.queue.pop(0))["enumerate"]] == [204]
    forge.fail_with = 0
    assert tick(deployed, "later", idle=True) == 204
    deployed.drain()

    assert states("s") == ["Done"]


def test_a_worker_that_is_busy_with_the_mirror_is_not_the_forges_fault(
    deployed: Deployment, forge: GitHttpServer, works: list[Work], environment: pytest.MonkeyPatch
) -> None:
    message = ask(deployed, url(forge, works[0]), "s")

    def busy(*_: object, **__: object) -> Path:
        raise Busy("somebody fetches")

    with environment.context() as patch:
        patch.setattr(mirror, "fetch", busy)
        assert [deployed.deliver(message)["enumerate"] for _ in range(3)] == [503] * 3
    deployed.drain()

    assert states("s") == ["Done"]


def test_of_a_long_list_only_as_many_are_asked_for_as_the_forge_has_places(
    one_place: Deployment, forge: GitHttpServer, works: list[Work]
) -> None:
    parent = one_place.api.post("/scans", json=[{"repository": url(forge, work)} for work in works]).json
    one_place.deliver(one_place.queue.pop(0))
    assert len(one_place.queue) == 2

    waiting = []
    while one_place.queue:
        one_place.deliver(one_place.queue.pop(0))
        waiting.append(sum(message.type.endswith("scan.requested.v1") for message in one_place.queue))

    assert max(waiting) <= 3
    assert states(parent["id"]) == ["Done"]


def test_whose_turn_it_is_comes_from_the_index_and_queues_of_like_names_stay_apart(
    deployed: Deployment, environment: pytest.MonkeyPatch
) -> None:
    """A queue may be long: who leaves a place does not sort it."""
    assert deployed
    names = {"a": "forge|integral|h", "b": "forge|integral|h", "c": "forge|integral|h.example"}
    for name, queue in names.items():
        scans.open_scan(ScanRequested(scan=name, repository="h/o/r", url="file:///nosuch"), "test")
        queues.enqueue(name, queue, {})
    reads = keeping(environment)

    waiting = [[scan["_id"] for scan in queues.waiting(queue, 10)] for queue in ("forge|integral|h", names["c"])]

    assert waiting == [["a", "b"], ["c"]]
    assert reads.sorts == [{"queue": 1}, {"queue": 1}]
