"""Rate limits: a minute's worth at once, then as it flows in."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.deployment import Deployment, forget

from picket.runtime import limits
from picket.runtime.limits import MINUTE, Allowance, Buckets


def taken(buckets: Buckets, count: int, per_minute: int, clock: float, key: str = "k") -> list[Allowance]:
    return [buckets.take(key, per_minute, clock) for _ in range(count)]


def test_a_minutes_worth_is_taken_at_once_and_then_as_it_flows_in() -> None:
    buckets = Buckets()
    first = taken(buckets, 5, 4, 100.0)

    assert [one.left for one in first] == [3, 2, 1, 0, 0]
    assert [bool(one.refused_for) for one in first] == [False] * 4 + [True]
    assert first[-1].refused_for == pytest.approx(15.0)
    assert buckets.take("k", 4, 114.0).refused_for == pytest.approx(1.0)
    assert not buckets.take("k", 4, 115.01).refused_for
    assert buckets.take("k", 4, 115.01).refused_for


def test_a_bucket_that_has_rested_is_full_and_no_fuller() -> None:
    buckets = Buckets()
    taken(buckets, 10, 10, 0.0)

    later = taken(buckets, 12, 10, 10_000.0)

    assert sum(not one.refused_for for one in later) == 10


def test_keys_do_not_take_from_each_other() -> None:
    buckets = Buckets()
    taken(buckets, 3, 2, 0.0, "a")

    assert not buckets.take("b", 2, 0.0).refused_for


def test_memory_is_bounded_and_the_idlest_key_is_forgotten() -> None:
    buckets = Buckets(max_keys=3)
    for key in ("a", "b", "a", "c", "d"):
        buckets.take(key, 1, 0.0)

    assert list(buckets._full_at) == ["a", "c", "d"]


def test_threads_do_not_share_one_request() -> None:
    buckets = Buckets()
    allowed: list[bool] = []

    def run() -> None:
        allowed.extend(not one.refused_for for one in taken(buckets, 200, 500, 0.0))

    threads = [threading.Thread(target=run) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(allowed) == 500


@given(st.integers(1, 1_000), st.lists(st.floats(0, 30), min_size=1, max_size=200))
def test_no_minute_sees_more_than_two_buckets(per_minute: int, pauses: list[float]) -> None:
    """A full bucket, and what flows in meanwhile; and whoever waits as long as told is let in."""
    buckets, clock, passed = Buckets(), 1_000.0, []
    for pause in pauses:
        clock += pause / per_minute
        found = buckets.take("k", per_minute, clock)
        assert 0 <= found.left < per_minute or found.left == per_minute - 1
        if found.refused_for:
            assert 0 < found.refused_for <= MINUTE / per_minute + 1e-6
            assert not Buckets.take(buckets, "k", per_minute, clock + found.refused_for).refused_for
            clock += found.refused_for
        passed.append(clock)
    for start in passed:
        assert sum(start <= one < start + MINUTE for one in passed) <= 2 * per_minute + 1


def test_no_limit_counts_nothing() -> None:
    assert limits.take("anybody", 0) is None
    limits.spend("anybody", 0, "things")


@pytest.fixture
def token(deployed: Deployment, environment: pytest.MonkeyPatch) -> dict[str, str]:
    """Headers with a token that may ask twice a minute, beyond loopback."""
    made = deployed.api.post("/tokens", json={"name": "t", "scope": "read"}).json["token"]
    environment.setenv("HOST", "0.0.0.0")  # noqa: S104 - what a container listens on
    environment.setenv("PICKET_REQUESTS_PER_MINUTE", "2")
    forget()
    return {"Authorization": f"Bearer {made}"}


def test_a_token_that_asks_too_often_is_told_when_to_come_again(deployed: Deployment, token: dict[str, str]) -> None:
    answers = [deployed.api.get("/scans", headers=token) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["RateLimit-Policy"] == '"minute";q=2;w=60'
    assert [answer.headers["RateLimit"].split(";")[1] for answer in answers] == ["r=1", "r=0", "r=0"]
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 30
    assert answers[2].content_type == "application/problem+json"


def test_what_a_token_may_not_do_is_counted_as_well(deployed: Deployment, token: dict[str, str]) -> None:
    statuses = [deployed.api.get("/tokens", headers=token).status_code for _ in range(3)]

    assert statuses == [403, 403, 429]


def test_strangers_use_up_nobodys_requests(deployed: Deployment, token: dict[str, str]) -> None:
    for _ in range(20):
        assert deployed.api.get("/scans", headers={"Authorization": "Bearer picket_" + "A" * 43}).status_code == 401

    assert deployed.api.get("/scans", headers=token).status_code == 200


def test_the_brokers_dead_letters_are_never_too_many(deployed: Deployment, token: dict[str, str]) -> None:
    assert token
    inside: Any = {"Host": "api.picket.svc.cluster.local"}

    assert {deployed.api.post("/dead-letters/scan", headers=inside).status_code for _ in range(5)} == {400}


def test_on_loopback_nobody_is_counted(deployed: Deployment, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PICKET_REQUESTS_PER_MINUTE", "1")
    forget()

    assert {deployed.api.get("/scans").status_code for _ in range(5)} == {200}
