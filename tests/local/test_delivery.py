import pytest

from picket.local.delivery import (
    CLUSTER_DEFAULT,
    Delivery,
    Failure,
    Kind,
    Outcome,
    Profile,
    Settle,
    Verdict,
    decide,
)

NATSS, SPEC = Profile.NATSS, Profile.SPEC
LINEAR = Delivery(retry=2, policy="linear", delay=0.3)
EXPONENTIAL = Delivery(retry=3, policy="exponential", delay=0.5)


def test_waits_between_attempts_are_the_observed_ones() -> None:
    assert [LINEAR.backoff(attempt) for attempt in (1, 2)] == pytest.approx([0.3, 0.6])
    assert [EXPONENTIAL.backoff(attempt) for attempt in (1, 2, 3, 4)] == [1, 2, 4, 8]


def test_waits_for_the_dead_letter_sink_are_one_step_behind() -> None:
    assert [LINEAR.sink_backoff(attempt) for attempt in (1, 2)] == pytest.approx([0, 0.3])
    assert [EXPONENTIAL.sink_backoff(attempt) for attempt in (1, 2)] == [0.5, 1]


@pytest.mark.parametrize(
    ("timeout", "template", "wait"),
    [
        pytest.param(2.0, 4.0, 2.5, id="timeout + 0.5 s"),
        pytest.param(None, 4.0, 4.0, id="else the template's"),
        pytest.param(None, None, 30.0, id="else 30 s"),
    ],
)
def test_the_ack_wait_and_the_cancellation_a_little_before(timeout: float, template: float, wait: float) -> None:
    delivery = Delivery(retry=1, policy="linear", delay=0.1, timeout=timeout)
    assert delivery.ack_wait(template) == wait
    assert delivery.cancel_after(template) == pytest.approx(wait - 0.2)


def test_without_a_delivery_the_cluster_default_holds() -> None:
    assert (CLUSTER_DEFAULT.retry, CLUSTER_DEFAULT.policy, CLUSTER_DEFAULT.delay) == (10, "exponential", 0.2)


def answered(status: int) -> Outcome:
    return Outcome(Kind.ANSWERED, status, b"why")


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_a_success_is_acknowledged(profile: Profile, status: int) -> None:
    assert decide(profile, LINEAR, 1, answered(status)) == Verdict(Settle.ACK)


RETRIED = {
    NATSS: {408, 429, 500, 502, 503, 504},
    SPEC: {404, 408, 409, 429, 500, 502, 503, 504},
}


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize("status", [301, 400, 401, 404, 408, 409, 410, 413, 429, 500, 502, 503, 504])
def test_which_statuses_are_retried(profile: Profile, status: int) -> None:
    verdict = decide(profile, LINEAR, 1, answered(status))
    assert (verdict.settle is Settle.RETRY) == (status in RETRIED[profile])


@pytest.mark.parametrize(
    ("profile", "attempt", "outcome", "verdict"),
    [
        pytest.param(NATSS, 1, answered(500), Verdict(Settle.RETRY, 0.3), id="a first failure"),
        pytest.param(
            NATSS,
            3,
            answered(500),
            Verdict(Settle.HOLD, 0.9, bury=True, failure=Failure(500, b"why")),
            id="the last one",
        ),
        pytest.param(
            SPEC, 3, answered(500), Verdict(Settle.DROP, bury=True, failure=Failure(500, b"why")), id="the last, spec"
        ),
        pytest.param(NATSS, 1, answered(400), Verdict(Settle.DROP, failure=Failure(400, b"why")), id="400 is lost"),
        pytest.param(
            NATSS, 3, answered(400), Verdict(Settle.DROP, bury=True, failure=Failure(400, b"why")), id="400 at last"
        ),
        pytest.param(
            SPEC, 1, answered(400), Verdict(Settle.DROP, bury=True, failure=Failure(400, b"why")), id="400, spec"
        ),
        pytest.param(NATSS, 3, Outcome(Kind.STRAY_BODY), Verdict(Settle.HOLD, 0.9, bury=True), id="stray body"),
        pytest.param(NATSS, 3, Outcome(Kind.TIMED_OUT), Verdict(Settle.HOLD, 0.9, bury=True), id="timeout"),
        pytest.param(
            NATSS,
            3,
            Outcome(Kind.UNREACHABLE, body=b"refused"),
            Verdict(Settle.HOLD, 0.9, bury=True, failure=Failure(500, b"dispatch error: refused")),
            id="unreachable",
        ),
    ],
)
def test_verdicts(profile: Profile, attempt: int, outcome: Outcome, verdict: Verdict) -> None:
    found = decide(profile, LINEAR, attempt, outcome)
    assert (found.settle, found.bury, found.failure) == (verdict.settle, verdict.bury, verdict.failure)
    assert found.wait == pytest.approx(verdict.wait)


@pytest.mark.parametrize("kind", [Kind.STRAY_BODY, Kind.TIMED_OUT])
def test_under_spec_every_dead_letter_says_why(kind: Kind) -> None:
    assert decide(SPEC, LINEAR, 3, Outcome(kind)).failure is not None
