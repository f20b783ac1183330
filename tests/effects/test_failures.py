"""An error of the store is told for what it is: an outage passes, the rest waits for somebody to mend it."""

from collections.abc import Callable

import pytest
from bson.errors import InvalidDocument
from pymongo import errors
from pymongo.errors import DocumentTooLarge, OperationFailure
from tests.support import pushes
from tests.support.deployment import Deployment, forget

from picket.effects.mongo import failures

QUOTED = "a document with what must not be told"


def failure(code: int | None, message: str = QUOTED) -> OperationFailure:
    return OperationFailure(QUOTED, code, {"errmsg": message, "code": code})


def bulk(*codes: int) -> errors.BulkWriteError:
    writes = [{"index": 0, "code": code, "errmsg": QUOTED, "op": {"_id": "no space: disk I/O error"}} for code in codes]
    return errors.BulkWriteError({"writeErrors": writes})


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        pytest.param(errors.AutoReconnect(QUOTED), "does not answer (AutoReconnect)", id="connection lost"),
        pytest.param(errors.ServerSelectionTimeoutError(QUOTED), "does not answer", id="no server"),
        pytest.param(errors.NetworkTimeout(QUOTED), "does not answer (NetworkTimeout)", id="slow network"),
        pytest.param(errors.NotPrimaryError(QUOTED), "does not answer (NotPrimaryError)", id="another primary"),
        pytest.param(errors.WaitQueueTimeoutError(QUOTED), "does not answer", id="no connection free"),
        pytest.param(errors.CursorNotFound(QUOTED, 43), "dropped a cursor", id="cursor gone"),
        pytest.param(errors.ExecutionTimeout(QUOTED, 50), "took too long", id="time limit"),
        pytest.param(errors.WTimeoutError(QUOTED, 64), "replicas took too long", id="write concern"),
        pytest.param(failure(11600), "shutting down", id="shutdown"),
        pytest.param(failure(14031), "disk is full", id="MongoDB's disk is full"),
        pytest.param(failure(8, "database or disk is full"), "disk is full", id="SQLite's disk is full"),
        pytest.param(failure(None, "database is locked"), "busy", id="SQLite is locked"),
        pytest.param(bulk(11000, 189), "another primary", id="one write of a bulk"),
    ],
)
def test_what_passes_is_an_outage_with_its_reason(error: Exception, reason: str) -> None:
    assert failures.is_outage(error)
    assert reason in failures.reason(error)
    assert QUOTED not in failures.reason(error)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        pytest.param(failure(18), "password is another one", id="wrong password"),
        pytest.param(failure(8000), "password is another one", id="wrong password at Atlas"),
        pytest.param(failure(13), "may not do this", id="not allowed"),
        pytest.param(failure(2), "(OperationFailure, 2)", id="a query that is wrong"),
        pytest.param(failure(9), "(OperationFailure, 9)", id="a query that cannot be parsed"),
        pytest.param(errors.WriteError(QUOTED, 121), "(WriteError, 121)", id="does not fit the validator"),
        pytest.param(bulk(121), "(BulkWriteError, 65, 121)", id="a bulk with a document that does not fit"),
        pytest.param(DocumentTooLarge(QUOTED), "(DocumentTooLarge)", id="too large"),
        pytest.param(InvalidDocument(QUOTED), "(InvalidDocument)", id="not BSON"),
        pytest.param(errors.InvalidURI(QUOTED), "MONGODB_URI cannot be used", id="no URI"),
        pytest.param(errors.ConfigurationError(QUOTED), "MONGODB_URI cannot be used", id="unknown host"),
    ],
)
def test_what_stays_until_it_is_mended_is_no_outage_and_has_a_reason(error: Exception, reason: str) -> None:
    assert not failures.is_outage(error)
    assert reason in failures.reason(error)
    assert QUOTED not in failures.reason(error)


def test_an_error_of_something_else_has_no_reason() -> None:
    assert not failures.is_outage(ValueError(QUOTED))
    assert failures.reason(ValueError(QUOTED)) == ""


@pytest.mark.parametrize(
    ("error", "status"),
    [
        pytest.param(lambda: failure(18), 500, id="wrong password"),
        pytest.param(lambda: failure(11600), 503, id="outage"),
        pytest.param(lambda: errors.InvalidURI("mongodb://someone:hidden-word@"), 500, id="no URI"),
    ],
)
def test_a_function_answers_and_logs_what_is_the_matter_with_the_store(
    deployed: Deployment,
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Callable[[], Exception],
    status: int,
) -> None:
    from picket.effects.mongo import repositories, scans  # noqa: PLC0415 - connects

    repositories.register("h/o/r", "https://h/o/r")

    def fail(*_: object, **__: object) -> None:
        raise error()

    environment.setattr(scans, "open_scan", fail)
    headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/x", "ce-type": "dev.picket.scan.requested.v1"}
    body = '{"repository": "h/o/r", "scan": "s", "url": "https://h/o/r"}'

    answer = deployed.clients["enumerate"].post("/", data=body, headers=headers)

    assert answer.status_code == status
    assert answer.json["detail"] == failures.reason(error())
    assert failures.reason(error()) in capsys.readouterr().err


def test_a_stranger_is_not_told_what_is_the_matter(deployed: Deployment, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MONGODB_URI", "mongodb://someone:hidden-word@host:no-port/")
    forget()
    body = pushes.encode(pushes.push("https://github.com/o/r.git", "a" * 40, "b" * 40))

    answer = deployed.clients["ingest"].post("/in/github/" + "x" * 32, data=body, headers=pushes.signed("s", body))

    assert (answer.status_code, answer.json["detail"]) == (500, "unexpected error")
