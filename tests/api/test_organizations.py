"""Organizations through the API: what is refused, and what is shown."""

from typing import Any

import pytest
from tests.support.deployment import Deployment, forget

ORDER = {"forge": "github", "name": "acme"}


@pytest.mark.parametrize(
    ("more", "status", "detail"),
    [
        pytest.param({"forge": "codecommit"}, 400, "forge", id="forge"),
        pytest.param({"forge": "bitbucket", "name": "a/b"}, 400, "fit", id="a workspace has no groups"),
        pytest.param({"forge": "bitbucket", "name": "~a"}, 400, "fit", id="a user of another forge"),
        pytest.param({"forge": "bitbucket-datacenter", "name": "A"}, 400, "fit", id="Data Center is on no host"),
        pytest.param({"forge": "azure", "name": "a/b/c"}, 400, "fit", id="deeper than a project"),
        pytest.param({"forge": "azure", "name": "a/.."}, 400, "fit", id="dots for a project"),
        pytest.param({"forge": "azure", "name": "a/b\nc"}, 400, "fit", id="line break in a project"),
        pytest.param({"forge": "azure", "name": "a/ b"}, 400, "fit", id="blank before a project"),
        pytest.param({"forge": "azure", "name": "a b"}, 400, "fit", id="blank in an organization"),
        pytest.param({"name": ""}, 400, "name", id="no name"),
        pytest.param({"name": "a/b"}, 400, "fit", id="GitHub has no groups"),
        pytest.param({"forge": "gitlab", "name": "a/../b"}, 400, "name", id="dots"),
        pytest.param({"forge": "gitlab", "name": "/".join("a" * 21)}, 400, "fit", id="deep"),
        pytest.param({"name": "-x"}, 400, "name", id="option"),
        pytest.param({"name": "a?b"}, 400, "name", id="query"),
        pytest.param({"name": "a\nb"}, 400, "name", id="line break"),
        pytest.param({"forge": "gitea"}, 400, "fit", id="Gitea has no host of its own"),
        pytest.param({"host": "user@github.com"}, 400, "fit", id="credentials"),
        pytest.param({"host": "github.com/x"}, 400, "fit", id="path"),
        pytest.param({"host": "a b"}, 400, "fit", id="blank"),
        pytest.param({"host": "https://github.com"}, 400, "fit", id="scheme"),
        pytest.param({"host": "h.example:99999"}, 400, "", id="port"),
        pytest.param({"token": "s3cret"}, 400, "token", id="a token in the request"),
        pytest.param({"token_ref": "gitlab.com"}, 422, "another host", id="another host's token"),
        pytest.param({"token_ref": "github.com/x"}, 422, "no entry", id="no such token"),
        pytest.param({"include": ["x"] * 101}, 400, "include", id="many globs"),
        pytest.param({"exclude": ["x" * 201]}, 400, "exclude", id="long glob"),
        pytest.param({"schedule": {"cron": "* * * * *"}}, 400, "more often", id="too often"),
        pytest.param({"repository_schedule": {"cron": "x"}}, 400, "cron", id="no cron"),
    ],
)
def test_an_order_that_does_not_fit_is_refused(
    deployed: Deployment, more: dict[str, Any], status: int, detail: str
) -> None:
    answer = deployed.api.post("/organizations", json={**ORDER, **more})

    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert detail in answer.json["detail"]
    assert "s3cret" not in answer.text
    assert deployed.api.get("/organizations").json["organizations"] == []
    assert not deployed.sent


def test_a_host_that_is_not_in_the_allow_list_is_refused(deployed: Deployment, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PICKET_ALLOWED_HOSTS", '["git.example"]')
    forget()

    assert deployed.api.post("/organizations", json=ORDER).status_code == 422
    assert deployed.api.post("/organizations", json={**ORDER, "host": "git.example"}).status_code == 202


@pytest.mark.parametrize(
    ("more", "identity"),
    [
        ({"name": "Acme"}, "github.com/acme"),
        ({"forge": "gitlab", "name": "Top/Sub"}, "gitlab.com/top/sub"),
        ({"forge": "gitea", "host": "Git.Example:3000", "name": "Acme"}, "git.example:3000/Acme"),
        ({"forge": "forgejo", "name": "Acme"}, "codeberg.org/acme"),
        ({"forge": "bitbucket", "name": "Acme"}, "bitbucket.org/acme"),
        ({"forge": "bitbucket-datacenter", "host": "git.example", "name": "~jo"}, "git.example/~jo"),
        ({"forge": "azure", "name": "Acme"}, "dev.azure.com/acme"),
        ({"forge": "azure", "name": "Acme/My Project"}, "dev.azure.com/acme/my%20project"),
        ({"forge": "azure", "name": "Acme/Überbau (neu)"}, "dev.azure.com/acme/%c3%9cberbau%20%28neu%29"),
    ],
)
def test_an_organization_is_named_by_host_and_name(deployed: Deployment, more: dict[str, str], identity: str) -> None:
    answer = deployed.api.post("/organizations", json={**ORDER, **more})

    assert answer.json["id"] == identity
    assert deployed.api.get(answer.headers["Location"]).json == answer.json
    if "host" not in more and "forge" in more:
        assert deployed.api.get(f"/organizations/{identity.partition('/')[0]}/{more['name']}").json == answer.json
    [listed] = deployed.api.get("/organizations").json["organizations"]
    assert listed == answer.json
    [asked] = deployed.of_type("organization.requested")
    assert (asked.headers["ce-subject"], asked.data["page"]) == (identity, 0)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/organizations/h/none"), ("POST", "/organizations/h/none/sync"), ("DELETE", "/organizations/h/none")],
)
def test_an_organization_that_is_not_there_is_a_problem(deployed: Deployment, method: str, path: str) -> None:
    answer = deployed.api.open(path, method=method, json={})

    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
