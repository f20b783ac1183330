"""Who is let in where, and by which door."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.support.deployment import Deployment, forget

BOOTSTRAP = "b" * 40


@pytest.fixture
def beyond(deployed: Deployment, environment: pytest.MonkeyPatch) -> Any:
    """The API where others than this machine can reach it."""
    environment.setenv("HOST", "0.0.0.0")  # noqa: S104 - what a container listens on
    environment.setenv("PICKET_API_TOKEN", BOOTSTRAP)
    forget()
    return deployed.api


def basic(password: str, user: str = "me") -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


def test_a_browser_shows_pages_with_a_token_as_password(beyond: Any) -> None:
    asked = beyond.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})

    assert asked.status_code == 401
    assert any(kind.startswith("Basic ") for kind in asked.headers.getlist("WWW-Authenticate"))
    assert beyond.get("/", headers=basic(BOOTSTRAP)).status_code == 200
    assert beyond.get("/", headers=basic("wrong")).status_code == 401
    assert beyond.get("/", headers=basic("", BOOTSTRAP)).status_code == 401


def test_a_script_is_not_asked_for_a_password(beyond: Any) -> None:
    assert beyond.get("/scans").headers.getlist("WWW-Authenticate") == ["Bearer"]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/scans"), ("DELETE", "/scans/x"), ("PUT", "/repositories/x/team")]
)
def test_a_password_that_a_browser_remembers_changes_nothing(beyond: Any, method: str, path: str) -> None:
    assert beyond.open(path, method=method, json={}, headers=basic(BOOTSTRAP)).status_code == 401


@pytest.mark.parametrize("header", ["bearer", "BEARER", "Bearer"])
def test_the_scheme_is_read_in_any_case(beyond: Any, header: str) -> None:
    assert beyond.get("/scans", headers={"Authorization": f"{header} {BOOTSTRAP}"}).status_code == 200


@pytest.mark.parametrize("header", [f"Token {BOOTSTRAP}", BOOTSTRAP, "Basic %%%", "Basic", "Digest a=b"])
def test_no_other_scheme_is_read(beyond: Any, header: str) -> None:
    assert beyond.get("/scans", headers={"Authorization": header}).status_code == 401


def test_on_loopback_a_page_of_another_site_changes_nothing(deployed: Deployment) -> None:
    """An empty form needs no content type: the browser sends it without asking, and says whose page it is."""
    for origin in ("https://evil.example", "null", "http://127.0.0.1:9"):
        headers = {"Host": "127.0.0.1:8080", "Origin": origin}
        assert deployed.api.post("/dead-letters/x/replay", headers=headers).status_code == 403, origin
    own = {"Host": "127.0.0.1:8080", "Origin": "http://127.0.0.1:8080"}
    assert deployed.api.post("/dead-letters/x/replay", headers=own).status_code == 404
    assert deployed.api.post("/dead-letters/x/replay").status_code == 404


def test_an_address_that_another_sites_name_was_pointed_at_answers_nobody(deployed: Deployment) -> None:
    for path in ("/", "/scans", "/findings", "/openapi.json", "/tokens"):
        assert deployed.api.get(path, headers={"Host": "evil.example:8080"}).status_code == 421
