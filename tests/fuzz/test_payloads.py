"""Whatever stands in a signed payload: it means something, or it does not fit; nothing else is raised."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support import deliveries, pushes
from tests.support.deliveries import NEW, OLD
from tests.support.examples import how_many

from picket.effects import senders
from picket.errors import Malformed, Unsupported
from picket.webhooks.events import ForgeEvent

KNOWN = {"id": 7, "clone_url": "https://git.corp.io/o/r.git", "private": True, "updated_at": 1_777_629_600}
PULL = {
    "number": 1,
    "pull_request": {"head": {"ref": "t", "sha": NEW, "repo": KNOWN}, "base": {"ref": "m", "sha": OLD}},
}
ALERT: dict[str, Any] = {
    "number": 1,
    "dependency": {"package": {"ecosystem": "pip", "name": "x"}, "manifest_path": "a"},
    "security_advisory": {"cve_id": "CVE-2021-20191", "cwes": [{"cwe_id": "CWE-1"}], "epss": {"percentage": 0.5}},
    "security_vulnerability": {"severity": "high", "first_patched_version": {"identifier": "1"}},
    "rule": {"id": "a/b", "severity": "error", "tags": ["cwe-89"]},
    "tool": {"name": "CodeQL"},
    "most_recent_instance": {
        "ref": "refs/heads/main",
        "commit_sha": NEW,
        "location": {"path": "a", "start_line": 1, "end_line": 2},
    },
    "id": 4,
    "affected_package_name": "x",
}
OWN = {"ghsa_id": "GHSA-8f4m-hccc-8qph", "vulnerabilities": [{"package": {"ecosystem": "npm", "name": "x"}}]}
GITLAB_ALERT = {
    "url": "https://git.corp.io/g/p/-/security/vulnerabilities/4",
    "project_id": 7,
    "state": "detected",
    "report_type": "sast",
    "location": {"file": "a", "start_line": 1, "dependency": {"package": {"name": "x"}}},
    "identifiers": [{"external_type": "cwe", "external_id": "89", "name": "CWE-89"}],
}
MERGE = {"iid": 3, "action": "open", "target_branch": "main", "last_commit": {"id": NEW}, "source_project_id": 8}
PROJECT = {"path_with_namespace": "g/p", "project_id": 7, "x_gitlab_instance": "https://git.corp.io"}
DATACENTER = {"id": "refs/heads/t", "latestCommit": NEW, "repository": deliveries.datacenter_repository()}
CLOUD = {"branch": {"name": "t"}, "repository": deliveries.bitbucket_repository()}
NAMES = {"full_name": {"old": "a/b", "new": "a/c"}}

DETAIL = {
    "event": "referenceUpdated",
    "repositoryName": "demo",
    "repositoryId": deliveries.UUID,
    "referenceFullName": "refs/heads/main",
    "commitId": NEW,
    "oldCommitId": OLD,
}
ARN = "arn:aws:codecommit:us-east-2:123456789012:demo"
REFERENCE = {"ref": "refs/heads/main", "commit": NEW, "created": True}


def _of(event: str, **payload: Any) -> tuple[str, dict[str, Any]]:
    return event, {"action": "created", "repository": KNOWN, **payload}


GITHUBS = [
    _of("push", **pushes.push("https://git.corp.io/o/r.git", OLD, NEW)),
    _of("pull_request", **{**PULL, "action": "opened"}),
    _of("repository", action="renamed", changes={"repository": {"name": {"from": "x"}}}),
    _of("repository", action="transferred", changes={"owner": {"from": {"user": {"login": "x"}}}}),
    _of("delete", ref="x", ref_type="branch"),
]
GENUINE: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "github": [
        *GITHUBS,
        *(_of(f"{name}_alert", alert=ALERT) for name in ("dependabot", "code_scanning", "repository_vulnerability")),
        _of("secret_scanning_alert_location", location={"type": "commit"}),
        _of("repository_advisory", action="published", repository_advisory=OWN),
    ],
    "gitlab": [
        ("", deliveries.gitlab_push()),
        ("", deliveries.gitlab_push(event_name="repository_update", changes=[{"ref": "refs/heads/a"}])),
        ("", {"object_kind": "merge_request", "project": deliveries.gitlab_project(), "object_attributes": MERGE}),
        ("", {"event_name": "project_rename", "old_path_with_namespace": "g/o", **PROJECT}),
        ("", {"object_kind": "vulnerability", "object_attributes": GITLAB_ALERT}),
    ],
    "gitea": GITHUBS,
    "forgejo": GITHUBS,
    "bitbucket": [
        ("repo:push", deliveries.bitbucket_push()),
        ("repo:updated", {"repository": deliveries.bitbucket_repository(), "changes": NAMES}),
        (
            "pullrequest:created",
            {
                "repository": deliveries.bitbucket_repository(),
                "pullrequest": {"id": 1, "source": CLOUD, "destination": CLOUD},
            },
        ),
    ],
    "bitbucket-datacenter": [
        ("repo:refs_changed", deliveries.datacenter_push()),
        ("repo:modified", {"old": deliveries.datacenter_repository(), "new": deliveries.datacenter_repository(id=5)}),
        ("pr:opened", {"pullRequest": {"id": 1, "fromRef": DATACENTER, "toRef": DATACENTER}}),
        ("repo:secret_detected", {"secretLocations": [{"repository": deliveries.datacenter_repository()}]}),
    ],
    "azure": [
        ("git.push", deliveries.azure_push()),
        ("git.repo.renamed", deliveries.azure("git.repo.renamed", oldName="x")),
        (
            "git.pullrequest.created",
            deliveries.azure(
                "git.pullrequest.created",
                pullRequestId=1,
                targetRefName="refs/heads/main",
                lastMergeSourceCommit={"commitId": NEW},
                forkSource={"repository": deliveries.azure_repository()},
            ),
        ),
    ],
    "codecommit": [
        (
            "Notification",
            {"detail-type": "CodeCommit Repository State Change", "region": "eu-west-1", "detail": DETAIL},
        ),
        ("Notification", {"Records": [{"eventSourceARN": ARN, "codecommit": {"references": [REFERENCE]}}]}),
    ],
    "standard": [
        ("push", {"data": {"repository": KNOWN["clone_url"], "ref": "refs/heads/m", "before": OLD, "after": NEW}})
    ],
}
_odd_text = st.text(max_size=20) | st.sampled_from(
    [
        "\ud800",
        "\x00",
        "a" * 5_000,
        "refs/heads/\u202e",
        "https://[",
        "https://a@b:c/d",
        "://",
        "9" * 5_000,
        "-1",
        "../..",
    ]
)
_odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _odd_text | st.just(10**400),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=6), part, max_size=3),
    max_leaves=6,
)


def _places(node: Any) -> list[tuple[Any, Any]]:
    """Return each part of a payload, as what holds it and by which name or number."""
    own: list[tuple[Any, Any]]
    if isinstance(node, dict):
        own = [(node, name) for name in node]
    elif isinstance(node, list):
        own = [(node, number) for number in range(len(node))]
    else:
        return []
    return [*own, *(place for holder, name in own for place in _places(holder[name]))]


@st.composite
def _changed(draw: st.DrawFn, genuine: dict[str, Any]) -> dict[str, Any]:
    """Give a payload of which up to three parts are something else, or are not there."""
    payload = copy.deepcopy(genuine)
    for _ in range(draw(st.integers(1, 3))):
        places = _places(payload)
        if not places:
            break
        holder, name = places[draw(st.integers(0, len(places) - 1))]
        if draw(st.booleans()) or isinstance(holder, list):
            holder[name] = draw(_odd)
        else:
            del holder[name]
    return payload


@pytest.mark.parametrize(
    ("forge", "event", "genuine"),
    [
        pytest.param(forge, event, payload, id=f"{forge} {number} {event}")
        for forge, samples in GENUINE.items()
        for number, (event, payload) in enumerate(samples)
    ],
)
def test_a_payload_that_was_changed_anywhere_means_something_or_does_not_fit(
    forge: str, event: str, genuine: dict[str, Any]
) -> None:
    interpret = senders.receiving(forge).interpret
    is_wrapped = forge == "codecommit"

    @settings(max_examples=how_many(150), database=None)
    @given(payload=_changed(genuine))
    def ask(payload: dict[str, Any]) -> None:
        try:
            meanings = interpret(event, {"Message": json.dumps(payload)} if is_wrapped else payload)
        except (Malformed, Unsupported):
            return
        assert all(isinstance(meaning, ForgeEvent) for meaning in meanings)

    ask()


@pytest.mark.parametrize("forge", GENUINE)
def test_any_event_of_any_payload_means_something_or_does_not_fit(forge: str) -> None:
    receiving = senders.receiving(forge)
    events = sorted({event for event, _ in GENUINE[forge]})

    @settings(max_examples=how_many(150), database=None)
    @given(event=st.sampled_from(events) | st.text(max_size=50), payload=st.dictionaries(st.text(max_size=10), _odd))
    def ask(event: str, payload: dict[str, Any]) -> None:
        try:
            meanings = receiving.interpret(event, payload)
        except (Malformed, Unsupported):
            return
        assert all(isinstance(meaning, ForgeEvent) for meaning in meanings)

    ask()
