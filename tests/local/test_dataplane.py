"""The broker beside the table of what Knative's genuine data plane does: a test a row, times scaled down.

Rows that have no test, and why:

- *rig*, *throughput* (two rows): they measure the genuine components.
- *functions-framework, cloudevent signature*: its answer is 200 "OK", the row above it; the stack starts functions
  with the http signature only.
- *broker-filter away*: filtering is no process of its own here, so it cannot be away.
- *changed delivery of a Trigger*: modelled from source, not run; a new consumer would lose what the old one has not
  delivered. Here the consumer stays, and takes the new delivery.
- *delivery without backoffPolicy*, *consumerType Pull*: the genuine components break; such a manifest is refused
  (test_manifests.py).
- *ce-tracestate* in the delivered headers: empty there, which no attribute may be; here it is not added.
- *nats-server and dispatcher killed -9 with a backlog*: test_stack.py, as the dispatcher is the stack.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from pathlib import Path
from typing import Any

import nats
import pytest
from aiohttp import web
from tests.local.rig import (
    Received,
    Sink,
    always,
    broker,
    delivery,
    eventually,
    no_sooner,
    running,
    slowly,
    trigger,
    with_sink,
)

from picket.local import channel, dispatcher, ingress

pytestmark = pytest.mark.stack

NATSS, SPEC = "natss", "spec"


def dead(there: Sink, name: str = "dead") -> dict[str, Any]:
    return {"deadLetterSink": {"uri": f"{there.url}/{name}"}}


def test_a_function_posts_to_the_ingress_and_the_next_one_gets_it(tmp_path: Path) -> None:
    async def test(there: Sink, folder: Path) -> None:
        async with running(folder, trigger("a", f"{there.url}/a"), trigger("b", f"{there.url}/b")) as rig:

            async def forward(_: Received) -> web.Response:
                return web.Response(status=204 if await rig.post("b") == 202 else 500)

            there.answers["a"] = forward
            assert await rig.post("a") == 202
            await eventually(lambda: there.calls("b"))
            await rig.settled()
            assert (len(there.calls("a")), len(there.calls("b"))) == (1, 1)

    with_sink(test, tmp_path)


def test_filter_attributes_match_exactly_and_by_case(tmp_path: Path) -> None:
    async def test(there: Sink, folder: Path) -> None:
        async with running(folder, trigger("a", f"{there.url}/a")) as rig:
            for kind in ("ab", "A", "", "a.b", "a"):
                assert await rig.post(kind) == 202
            assert await rig.post("x", type="T.A") == 202
            await rig.settled()
            assert [one.headers["ce-type"] for one in there.calls("a")] == ["t.a"]

    with_sink(test, tmp_path)


def test_filters_override_filter_and_prefix_works(tmp_path: Path) -> None:
    async def test(there: Sink, folder: Path) -> None:
        both: dict[str, Any] = {"filter": {"attributes": {"type": "t.old"}}, "filters": [{"prefix": {"type": "t.ne"}}]}
        async with running(folder, trigger("a", f"{there.url}/a", **both)) as rig:
            await rig.post("old")
            await rig.post("new")
            await rig.post("ne")
            await rig.settled()
            assert [one.headers["ce-type"] for one in there.calls("a")] == ["t.new", "t.ne"]

    with_sink(test, tmp_path)


@pytest.mark.parametrize("profile", [NATSS, SPEC])
@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_empty_success_is_the_end(tmp_path: Path, status: int, profile: str) -> None:
    async def test(there: Sink, folder: Path) -> None:
        there.answers["a"] = always(status)
        one = trigger("a", f"{there.url}/a", delivery(2, **dead(there)))
        async with running(folder, one, profile=profile) as rig:
            await rig.post("a")
            await eventually(lambda: there.calls("a"))
            await rig.settled()
            assert (len(there.calls("a")), len(there.calls("dead"))) == (1, 0)

    with_sink(test, tmp_path)


@pytest.mark.parametrize(("profile", "code"), [(NATSS, None), (SPEC, "502")])
def test_a_stray_body_is_a_502(tmp_path: Path, profile: str, code: str | None) -> None:
    """And under natss its dead letter does not say so."""

    async def test(there: Sink, folder: Path) -> None:
        there.answers["a"] = always(200, "OK")
        one = trigger("a", f"{there.url}/a", delivery(2, **dead(there)))
        async with running(folder, one, profile=profile) as rig:
            await rig.post("a")
            await eventually(lambda: there.calls("dead"))
            await rig.settled()
            assert no_sooner(there.gaps("a"), [0.1, 0.2])
            assert len(there.calls("dead")) == 1
            assert there.calls("dead")[0].extensions.get("ce-knativeerrorcode") == code

    with_sink(test, tmp_path)


def test_exponential_back_off_doubles_and_holds_the_slot_once_more(tmp_path: Path) -> None:
    async def test(there: Sink, folder: Path) -> None:
        there.answers["a"] = always(500)
        one = trigger("a", f"{there.url}/a", delivery(3, "PT0.1S", "exponential", **dead(there)))
        async with running(folder, one) as rig:
            await rig.post("a")
            await eventually(lambda: there.calls("dead"))
            await rig.settled()
            held = time.monotonic() - there.calls("a")[-1].at
            assert no_sooner([*there.gaps("a"), held], [0.2, 0.4, 0.8, 1.6])
            assert (len(there.calls("a")), len(there.calls("dead"))) == (4, 1)

    with_sink(test, tmp_path)


def test_under_spec_a_dead_letter_frees_its_slot_at_once(tmp_path: Path) -> None:
    async def test(there: Sink, folder: Path) -> None:
        there.answers["a"] = always(500)
        one = trigger("a", f"{there.url}/a", delivery(0, "PT1H", **dead(there)))
        async with running(folder, one, profile=SPEC) as rig:
            await rig.post("a")
            await eventually(lambda: there.calls("dead"))
            await rig.settled()

    with_sink(test, tmp_path)


def test_nothing_tells_a_redelivery_from_the_first_delivery(tmp_path: Path) -> None:
    async def test(there: Sink, folder: Path) -> None:
        there.answers["a"] = always(500)
        async with running(folder, trigger("a", f"{there.url}/a", delivery(2, "PT0.02S"))) as rig:
            await rig.post("a")
            await eventually(lambda: len(there.calls("a")) == 3)
            first, *others = (one.headers for one in there.calls("a"))
            assert all(other == first for other in others)

    with_sink(test, tmp_path)


def test_a_dead_letter_is_the_original_event_and_why(tmp_path: Path) -> None:
    async def test(there: Sink, folder: Path) -> None:
        there.answers["a"] = always(500, "no-500" + "x" * 5000)
        one = trigger("a", f"{there.url}/a", delivery(1, "PT0.02S", **dead(there)))
        async with running(folder, one) as rig:
            await rig.post("a", b'{"x":1}', id="the-one", custom="kept")
            await eventually(lambda: there.calls("dead"))
            letter = there.calls("dead")[0]
            headers = letter.headers
            assert (letter.body, headers["ce-id"], headers["ce-type"]) == (b'{"x":1}', "the-one", "t.a")
            assert (headers["ce-custom"], headers["ce-knativebrokerttl"]) == ("kept", "255")
            assert (headers["ce-knativeerrorcode"], headers["ce-knativeerrordest"]) == ("500", f"{there.url}/a")
            assert len(headers["ce-knativeerrordata"]) == 1024
            assert base64.b64decode(headers["ce-knativeerrordata"], validate=True).startswith(b"no-500")

    with_sink(test, tmp_path)


@pytest.mark.parametrize(
    ("profile", "status", "retry", "outcome"),
    [
        pytest.param(NATSS, 400, 2, (1, 0), id="natss: 400 is terminated while retries remain"),
        pytest.param(NATSS, 404, 2, (1, 0), id="natss: so is 404"),
        pytest.param(NATSS, 409, 2, (1, 0), id="natss: so is 409"),
        pytest.param(NATSS, 400, 0, (1, 1), id="natss: 400 without retries is dead-lettered"),
        pytest.param(NATSS, 408, 2, (3, 1), id="natss: 408 is retried"),
        pytest.param(NATSS, 429, 2, (3, 1), id="natss: 429 is retried"),
        pytest.param(NATSS, 503, 2, (3, 1), id="natss: 503 is retried"),
        pytest.param(SPEC, 400, 2, (1, 1), id="spec: 400 is dead-lettered at once"),
        pytest.param(SPEC, 404, 2, (3, 1), id="spec: 404 is retried"),
        pytest.param(SPEC, 409, 2, (3, 1), id="spec: 409 is retried"),
        pytest.param(SPEC, 429, 2, (3, 1), id="spec: 429 is retried"),
    ],
)
def test_which_answers_are_retried(
    tmp_path: Path, profile: str, status: int, retry: int, outcome: tuple[int, int]
) -> None:
    async def test(there: Sink, folder: Path) -> None:
        there.answers["a"] = always(status)
        one = trigger("a", f"{there.url}/a", delivery(retry, "PT0.02S", **dead(there)))
        async with running(folder, one, profile=profile) as rig:
            await rig.post("a")
            await eventually(lambda: there.calls("a"))
            await rig.settled()
            assert (len(there.calls("a")), len(there.calls("dead"))) == outcome  # attempts, dead letters

    with_sink(test, tmp_path)


def test_an_unreachable_function_counts_as_a_500(tmp_path: Path) -> None:
    async def test(there: Sink, folder: Path) -> None:
        one = trigger("a", "http://127.0.0.1:1/", delivery(2, "PT0.02S", **dead(there)))
        async with running(folder, one) as rig:
            await rig.post("a")
            await eventually(lambda: there.calls("dead"))
            headers = there.calls("dead")[0].headers
            assert (headers["ce-knativeerrorcode"], headers["ce-knativeerrordest"]) == ("500", "http://127.0.0.1:1/")
            assert base64.b64decode(headers["ce-knativeerrordata"]).startswith(b"dispatch error: ")

    with_sink(test, tmp_path)


@pytest.mark.parametrize(
    ("timeout", "consumer"),
    [
        pytest.param({"timeout": "PT0.5S"}, None, id="delivery timeout"),
        pytest.param({}, {"deliverPolicy": "New", "ackWait": "1s"}, id="ackWait of the template"),
    ],
)
def test_a_slow_request_is_cancelled_before_the_ack_wait_and_redelivered_while_it_runs(
    tmp_path: Path, timeout: dict[str, str], consumer: dict[str, str] | None
) -> None:
    """Both come to an ack wait of 1 s, so to a request of 0.8 s."""

    async def test(there: Sink, folder: Path) -> None:
        async def until_it_is_buried(_: Received) -> web.Response:
            await eventually(lambda: there.calls("dead"))
            return web.Response(status=204)

        there.answers["a"] = until_it_is_buried
        one = trigger("a", f"{there.url}/a", delivery(1, "PT0.1S", **timeout, **dead(there)))
        async with running(folder, one, channel=broker(consumer=consumer)) as rig:
            await rig.post("a")
            await eventually(lambda: there.calls("dead"))
            assert len(there.calls("a")) == 2
            assert there.most["a"] == 2
            assert there.calls("dead")[0].extensions == {}

    with_sink(test, tmp_path)


@pytest.mark.parametrize("profile", [NATSS, SPEC])
def test_a_cloudevent_as_the_answer_is_a_new_event(tmp_path: Path, profile: str) -> None:
    async def test(there: Sink, folder: Path) -> None:
        there.answers["a"] = always(
            200,
            "{}",
            ce_specversion="1.0",
            ce_id="r1",
            ce_source="/reply",
            ce_type="t.b",
            content_type="application/json",
        )
        both = trigger("a", f"{there.url}/a"), trigger("b", f"{there.url}/b")
        async with running(folder, *both, profile=profile) as rig:
            await rig.post("a")
            await eventually(lambda: there.calls("b"))
            await rig.settled()
            assert [one.headers["ce-source"] for one in there.calls("b")] == ["/reply"]
            assert len(there.calls("a")) == 1

    with_sink(test, tmp_path)


def big_reply() -> Any:
    headers = {"ce_specversion": "1.0", "ce_id": "r1", "ce_source": "/reply", "ce_type": "t.b"}
    return always(200, json.dumps("x" * 1_200_000), **headers, content_type="application/json")


def test_a_reply_that_is_refused_does_not_call_the_function_again(tmp_path: Path) -> None:
    async def test(there: Sink, folder: Path) -> None:
        there.answers["a"] = big_reply()
        one = trigger("a", f"{there.url}/a", delivery(2, "PT0.02S", **dead(there)))
        async with running(folder, one) as rig:
            await rig.post("a")
            await eventually(lambda: there.calls("dead"))
            await rig.settled()
            assert (len(there.calls("a")), len(there.calls("dead"))) == (1, 1)
            headers = there.calls("dead")[0].headers
            assert (headers["ce-type"], headers["ce-knativeerrorcode"]) == ("t.a", "500")
            assert headers["ce-knativeerrordest"] == f"{rig.stack.ingress_url}/sample/default"

    with_sink(test, tmp_path)


def test_under_spec_a_reply_that_is_refused_is_a_failed_attempt(tmp_path: Path) -> None:
    async def test(there: Sink, folder: Path) -> None:
        there.answers["a"] = big_reply()
        one = trigger("a", f"{there.url}/a", delivery(2, "PT0.02S", **dead(there)))
        async with running(folder, one, profile=SPEC) as rig:
            await rig.post("a")
            await eventually(lambda: there.calls("dead"))
            assert len(there.calls("a")) == 3

    with_sink(test, tmp_path)


@pytest.mark.parametrize(("profile", "pending"), [(NATSS, 0), (SPEC, 1)])
def test_which_comes_first_the_ack_or_the_reply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str, pending: int
) -> None:
    async def test(there: Sink, folder: Path) -> None:
        there.answers["a"] = always(200, "{}", ce_specversion="1.0", ce_id="r", ce_source="/r", ce_type="t.b")
        found: list[int] = []
        async with running(folder, trigger("a", f"{there.url}/a"), profile=profile) as rig:

            async def watched(*_: object) -> None:
                if not pending:
                    await rig.settled()  # the acknowledgement may still be on its way to the server
                found.append((await rig.stack.backlog())["a"])

            monkeypatch.setattr(ingress.Ingress, "reply", watched)
            await rig.post("a")
            await eventually(lambda: found)
            assert found == [pending]

    with_sink(test, tmp_path)


def test_max_ack_pending_bounds_what_a_function_gets_at_once(tmp_path: Path) -> None:
    async def test(there: Sink, folder: Path) -> None:
        there.answers["a"] = slowly(0.1)
        bounded = broker(consumer={"deliverPolicy": "New", "maxAckPending": 5})
        async with running(folder, trigger("a", f"{there.url}/a"), channel=bounded) as rig:
            await asyncio.gather(*(rig.post("a") for _ in range(20)))
            await eventually(lambda: len(there.calls("a")) == 20)
            assert there.most["a"] == 5

    with_sink(test, tmp_path)


def test_events_in_back_off_hold_up_the_good_one_behind_them(tmp_path: Path) -> None:
    """For the first wait (0.3 s), and the second that the last attempt holds (0.6 s)."""

    async def test(there: Sink, folder: Path) -> None:
        async def answer(received: Received) -> web.Response:
            await asyncio.sleep(0)
            return web.Response(status=500 if received.body == b'"bad"' else 204)

        there.answers["a"] = answer
        bounded = broker(consumer={"deliverPolicy": "New", "maxAckPending": 3})
        async with running(folder, trigger("a", f"{there.url}/a", delivery(1, "PT0.3S")), channel=bounded) as rig:
            for _ in range(3):
                await rig.post("a", b'"bad"')
            await rig.post("a", b'"good"')
            await eventually(lambda: there.calls("a") and there.calls("a")[-1].body == b'"good"')
            assert no_sooner([there.calls("a")[-1].at - there.calls("a")[0].at], [0.9])

    with_sink(test, tmp_path)


def test_the_consumer_of_a_deleted_trigger_goes(tmp_path: Path) -> None:
    async def test(there: Sink, folder: Path) -> None:
        kept, deleted = (trigger(name, f"{there.url}/{name}") for name in "ab")
        async with running(folder, kept, deleted) as rig:
            assert set(await rig.stack.backlog()) == {"a", "b"}
        async with running(folder, kept) as rig:
            assert set(await rig.stack.backlog()) == {"a"}

    with_sink(test, tmp_path)


def test_a_failing_dead_letter_sink_is_tried_as_often_and_then_the_event_is_gone(tmp_path: Path) -> None:
    async def test(there: Sink, folder: Path) -> None:
        there.answers["a"] = there.answers["dead"] = always(500)
        one = trigger("a", f"{there.url}/a", delivery(2, "PT0.2S", **dead(there)))
        async with running(folder, one) as rig:
            await rig.post("a")
            await eventually(lambda: len(there.calls("dead")) == 3)
            await rig.settled()
            assert (len(there.calls("a")), len(there.calls("dead"))) == (3, 3)
            assert no_sooner(there.gaps("dead"), [0.0, 0.2])

    with_sink(test, tmp_path)


def test_a_slow_function_is_not_called_again_while_its_time_lasts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's own wait is short, so that a dead stack's events come soon again: what is alive says so."""
    monkeypatch.setattr(channel, "LEASE_SECONDS", 1.5)
    monkeypatch.setattr(dispatcher, "TOUCH_SECONDS", 0.1)

    async def test(there: Sink, folder: Path) -> None:
        there.answers["a"] = slowly(4)
        async with running(folder, trigger("a", f"{there.url}/a", delivery(3))) as rig:
            await rig.post("a")
            await rig.settled()
            assert len(there.calls("a")) == 1

    with_sink(test, tmp_path)


def test_an_event_whose_last_attempt_the_stack_did_not_survive_is_dead_lettered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The genuine channel loses it: its consumer delivers no more than retry + 1 times."""
    monkeypatch.setattr(channel, "LEASE_SECONDS", 0.5)

    async def test(there: Sink, folder: Path) -> None:
        there.answers["a"] = slowly(20)
        one = trigger("a", f"{there.url}/a", delivery(0, **dead(there)))
        async with running(folder, one) as rig:
            await rig.post("a", id="it")
            await eventually(lambda: there.calls("a"))
        async with running(folder, one) as rig:
            await rig.settled()
            assert [one.headers["ce-id"] for one in there.calls("dead")] == ["it"]
            assert len(there.calls("a")) == 1

    with_sink(test, tmp_path)


def test_what_is_no_event_does_not_stay_in_the_stream(tmp_path: Path) -> None:
    async def test(there: Sink, folder: Path) -> None:
        everything = trigger("a", f"{there.url}/a", filter={})
        async with running(folder, everything) as rig:
            connection = await nats.connect(rig.stack.nats_url)
            await connection.jetstream().publish("events.sample_default.t.a", b"no event")
            await connection.close()
            await rig.post("a")
            await rig.settled()
            assert len(there.calls("a")) == 1

    with_sink(test, tmp_path)
