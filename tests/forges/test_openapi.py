"""What GitHub is sent fits what it publishes of its API."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Generator
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema
import pytest
from tests.support.programs import OPENAPI

from picket.forges import FORGES
from picket.forges.hooks import Hook, Wanted
from picket.forges.request import Request
from picket.forges.reviewing import Ask, Remark, Reply, Review
from picket.forges.status import Commit, Status
from picket.tools import TOOLS

pytestmark = pytest.mark.real("github-openapi")

SHA = "a" * 40
COMMIT = Commit("https", "github.com", "o/r", "main", SHA)
RUN = {"id": 5, "status": "completed", "conclusion": "failure", "details_url": None}


@cache
def published() -> dict[str, Any]:
    return dict(json.loads(OPENAPI.path.read_text("utf-8")))


def resolved(node: Any) -> Any:
    """Return a part of the document in which no reference is left."""
    if isinstance(node, list):
        return [resolved(each) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        found: Any = published()
        for name in node["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return resolved(found)
    return {name: resolved(value) for name, value in node.items()}


def check(request: Request) -> None:
    """Fail unless a request is one that the document describes: method, path, query and body."""
    parts = urlsplit(request.url)
    assert (parts.scheme, parts.netloc) == ("https", "api.github.com")
    found = [path for path in published()["paths"] if _pattern(path).fullmatch(parts.path)]
    known = [published()["paths"][path] for path in found]  # `/orgs/{org}/{product}/{enablement}` fits others, too
    [operation] = [one[request.method.lower()] for one in known if request.method.lower() in one]
    schemas = {one["name"]: one["schema"] for one in resolved(operation["parameters"]) if one["in"] == "query"}
    for name, value in parse_qsl(parts.query):
        given = int(value) if schemas[name]["type"] == "integer" else value
        jsonschema.validate(given, schemas[name])
    if request.body:
        schema = resolved(operation["requestBody"]["content"]["application/json"]["schema"])
        jsonschema.validate(json.loads(request.body), _closed(schema))


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(re.escape(part) for part in re.split(r"\{[^}]+\}", path)))


def _closed(schema: Any) -> Any:
    """Return a schema that admits no field which it does not name."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _closed(value) for name, value in schema.items() if name not in {"anyOf", "oneOf"}}
    kept = {name: schema[name] for name in ("anyOf", "oneOf") if name in schema}
    names = isinstance(schema.get("properties"), dict) and schema.get("type") == "object"
    return {**found, **kept, **({"additionalProperties": False} if names else {})}


def asked(review: Review, there: list[dict[str, Any]]) -> Generator[Request, None, None]:
    """Give the requests that a review leads to where GitHub has these runs."""
    steps = FORGES["github"].reporting.review
    assert steps is not None
    running, reply = steps(review, {}), Reply(0)
    step = next(running, None)
    while step is not None:
        assert isinstance(step, Ask)
        yield step.request
        told: Any = {**RUN, "output": {"annotations_count": 0}}
        if step.request.method == "GET":
            told = {"total_count": len(there), "check_runs": there}
        reply = Reply(200, {}, json.dumps(told).encode())
        try:
            step = running.send(reply)
        except StopIteration:
            step = None


@pytest.mark.parametrize("state", ["pending", "success", "failure", "error"])
@pytest.mark.parametrize("url", ["", "https://picket.corp.io/findings/1"])
@pytest.mark.parametrize("count", [0, 1, 51, 120])
@pytest.mark.parametrize("before", [None, "i:former"])
def test_check_runs(state: Any, url: str, count: int, before: str | None) -> None:
    remarks = [Remark(f"f{each}", "a.py", each, SHA, "low", "New", url) for each in range(count)]
    review = Review("i", COMMIT, 0, Status(state, "said", url), tuple(remarks), carried=True)
    former = {**RUN, "status": "in_progress", "external_id": before, "output": {"annotations_count": 9}}

    requests = list(asked(review, [former] if before else []))
    for request in requests:
        check(request)

    assert len(requests) == 2 + max(0, -(-count // 50) - 1) + (before is not None)


@pytest.mark.parametrize("state", ["pending", "success", "failure", "error"])
@pytest.mark.parametrize("url", ["", "https://picket.corp.io/findings/1"])
def test_commit_statuses(state: Any, url: str) -> None:
    check(FORGES["github"].reporting.request(COMMIT, Status(state, "said " * 100, url)))


def test_what_the_document_does_not_have_fails() -> None:
    """The check itself."""
    good = FORGES["github"].reporting.request(COMMIT, Status("failure", "said"))
    for body in (b'{"state": "failed"}', b'{"state": "failure", "colour": "red"}', b"{}"):
        with pytest.raises(jsonschema.ValidationError):
            check(Request(good.method, good.url, {}, body))


@pytest.mark.parametrize("count", [0, 3])
def test_uploads(count: int) -> None:
    upload = FORGES["github"].reporting.upload
    assert upload is not None
    remarks = [Remark(f"f{each}", "a b/ü:c.py", each, SHA, "high", "New <b>", "") for each in range(count)]
    request = upload(Review("i", COMMIT, 7, Status("failure", "said"), tuple(remarks)))
    check(request)

    document = json.loads(gzip.decompress(base64.b64decode(json.loads(request.body)["sarif"])))
    read = TOOLS["sarif"].parse(document, "picket")
    assert [(one.places[0].path, one.places[0].start_line) for one in read.problems] == [
        ("a b/ü:c.py", max(1, each)) for each in range(count)
    ]
    found = document["runs"][0]["results"]
    assert [one["partialFingerprints"]["picketFinding/v1"] for one in found] == [f"f{each}" for each in range(count)]
    assert "<b>" not in json.dumps(document)


@pytest.mark.parametrize("name", ["o", "o/r"])
def test_what_webhooks_are_kept_with_is_described(name: str) -> None:
    managing = FORGES["github"].hooks
    [place] = managing.places("https", "github.com", name)
    events = managing.events[place.level] | managing.alerts
    wanted = Wanted("https://picket.example.com/in/github/t", "s" * 20, events)
    hook = Hook("7", "https://picket.example.com/in/github/t", frozenset({"push"}))
    redelivery = managing.redelivery
    assert redelivery is not None
    test = managing.test(place, "7")
    assert test is not None
    again = redelivery.again(place, "7", "9")
    reads = [Request("GET", managing.list_url(place)), Request("GET", redelivery.failed_url(place, "7"))]
    writes = [managing.create(place, wanted), *managing.mend(place, hook, wanted), managing.remove(place, "7")]

    for request in [*reads, *writes, test, again]:
        check(request)


def test_lists_are_described() -> None:
    listing = FORGES["github"].listing
    assert listing.user_url is not None
    for url in (listing.first_url("https", "github.com", "o"), listing.user_url("https", "github.com", "u")):
        check(Request("GET", url))
