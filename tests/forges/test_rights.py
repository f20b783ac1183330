"""What a token lacks is named as its forge says it, and nothing else that an answer may hold."""

import json

import pytest

from picket.forges.rights import missing


@pytest.mark.parametrize(
    ("headers", "body", "said"),
    [
        (
            {"x-accepted-oauth-scopes": "admin:org_hook", "x-oauth-scopes": "repo, read:org"},
            b"",
            "it wants admin:org_hook, the token has repo, read:org",
        ),
        ({"x-accepted-oauth-scopes": "admin:org_hook"}, b"", "it wants admin:org_hook"),
        ({"x-accepted-github-permissions": "organization_hooks=write"}, b"", "it wants organization_hooks=write"),
        (
            {},
            b'{"message": "token does not have at least one of required scope(s): [write:repository]"}',
            "it wants write:repository",
        ),
        (
            {},
            json.dumps({"error": "insufficient_scope", "error_description": "x" * 100, "scope": "api"}).encode(),
            "it wants api",
        ),
        (
            {},
            b'{"message":"required scope(s), required=[read:user write:organization], token scope=read:user"}',
            "it wants read:user write:organization",
        ),
        ({}, b"", ""),
        ({"x-accepted-oauth-scopes": "", "x-oauth-scopes": "repo"}, b"", ""),
    ],
)
def test_what_is_missing_is_named(headers: dict[str, str], body: bytes, said: str) -> None:
    assert missing(headers, body) == said


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"x-accepted-oauth-scopes": "<script>alert(1)</script>"}, b""),
        ({"x-accepted-oauth-scopes": "a" * 300}, b""),
        ({}, b"required scope(s): [ghp_SECRET/../]"),
        ({}, b"required scope(s)" * 100_000),
        ({}, b'"insufficient_scope"' * 100_000),
    ],
)
def test_nothing_else_is_repeated(headers: dict[str, str], body: bytes) -> None:
    assert not missing(headers, body)
