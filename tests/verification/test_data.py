"""The verifiers that are shipped, held against what the providers are known to answer."""

from __future__ import annotations

import tomllib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.detection.tokens import examples, formats

from picket.detection import default_ruleset
from picket.verification.filling import fill
from picket.verification.judging import judge
from picket.verification.model import Verifier, fields_of
from picket.verification.nearby import Around, hosts, parts
from picket.verification.registry import shipped, verifiers

FOLDER = Path(__file__).parent / "answers"
HOST = "host.example"
NOW = datetime(2026, 1, 1, tzinfo=UTC)

SHIPPED = list(shipped())
BY_ID = {verifier.id: verifier for verifier in SHIPPED}
RULES = {rule.id: rule for rule in default_ruleset().rules}
FILES = {path.stem: tomllib.loads(path.read_text())["answers"] for path in sorted(FOLDER.glob("*.toml"))}
ANSWERS = {row["verifier"]: row for rows in FILES.values() for row in rows}

every_verifier = pytest.mark.parametrize("verifier", SHIPPED, ids=lambda verifier: verifier.id)


def test_every_verifier_has_a_name_of_its_own_and_its_answers() -> None:
    names = [row["verifier"] for rows in FILES.values() for row in rows]

    assert names == [verifier.id for verifier in SHIPPED]
    assert [name for name, number in Counter(names).items() if number > 1] == []


def test_the_rules_of_a_file_of_verifiers_stand_in_the_rules_file_of_that_name() -> None:
    categories = {
        name: {RULES[rule].category for row in rows for rule in BY_ID[row["verifier"]].rules}
        for name, rows in FILES.items()
    }

    assert categories == {name: {name} for name in FILES}


def test_every_rule_is_known_and_has_one_verifier_of_its_provider() -> None:
    asked = [(rule, verifier.provider) for verifier in SHIPPED for rule in verifier.rules]

    assert [(rule, provider) for rule, provider in asked if RULES[rule].provider != provider] == []
    assert len(asked) == len({rule for rule, _ in asked}) == len(verifiers())


def test_many_providers_can_be_asked() -> None:
    assert len({verifier.provider for verifier in SHIPPED}) >= 120


@every_verifier
def test_a_host_is_written_out_or_is_the_customers(verifier: Verifier) -> None:
    templates = [verifier.request, *([verifier.revoke.request] if verifier.revoke else [])]

    assert (verifier.request.host == "{host}") == (verifier.host is not None)
    assert all("{" not in template.host or template.host == "{host}" for template in templates)


@every_verifier
def test_an_answer_that_says_nothing_of_the_credential_is_not_taken_for_one(verifier: Verifier) -> None:
    statuses = {status for condition in (*verifier.live, *verifier.dead) for status in condition.status}

    assert [status for status in statuses if status == 429 or status >= 500 or 300 <= status < 400] == []


@every_verifier
def test_the_known_answers_are_judged_as_what_they_mean(verifier: Verifier) -> None:
    row = ANSWERS[verifier.id]
    live = _judged(verifier, row["live"])

    assert live.result == "live"
    assert (live.owner, live.scopes) == (row.get("owner", ""), tuple(row.get("scopes", ())))
    assert not verifier.dead or _judged(verifier, row["dead"]).result == "dead"
    assert row["unknown"]
    assert [_judged(verifier, answer).result for answer in row["unknown"]] == ["unknown"] * len(row["unknown"])


@every_verifier
def test_an_owner_and_scopes_are_told_only_where_an_answer_is_known_that_tells_them(verifier: Verifier) -> None:
    row = ANSWERS[verifier.id]
    told = row["live"]["status"] == 200

    assert not told or (bool(verifier.owner), bool(verifier.scopes)) == ("owner" in row, "scopes" in row)


@every_verifier
def test_what_is_sent_is_what_the_provider_wants(verifier: Verifier) -> None:
    wanted = ANSWERS[verifier.id]["request"]
    call = fill(verifier.request, _values(verifier), NOW)

    assert (call.method, call.url) == (wanted["method"], wanted["url"].replace("HOST", HOST))
    assert {**call.headers, **wanted.get("headers", {})} == call.headers
    assert call.body.decode() == wanted.get("body", "")


@every_verifier
def test_what_revokes_can_be_sent(verifier: Verifier) -> None:
    if verifier.revoke:
        call = fill(verifier.revoke.request, _values(verifier), NOW)

        assert call.method in {"POST", "DELETE"}
        assert "SECRET" in f"{call.url}{call.headers}{call.body!r}" or verifier.parts
        assert all(200 <= status < 300 for condition in verifier.revoke.done for status in condition.status)


@pytest.mark.parametrize("verifier", [each for each in SHIPPED if each.pairs or each.host], ids=lambda each: each.id)
def test_what_a_request_needs_besides_is_found_near_the_secret(verifier: Verifier) -> None:
    row = ANSWERS[verifier.id]
    start = row["context"].index("SECRET")
    around = Around(row["context"], start, start + len("SECRET"))
    found = {name: around.find(pair.regex)[0] for name, pair in verifier.pairs.items()}

    assert {**found, **({"host": hosts(verifier, around)[0]} if verifier.host else {})} == row["pairs"]


@pytest.mark.parametrize(
    ("verifier", "rule"),
    [(each, rule) for each in SHIPPED if each.parts for rule in each.rules],
    ids=lambda value: value if isinstance(value, str) else value.id,
)
def test_the_parts_are_those_of_what_the_rule_finds(verifier: Verifier, rule: str) -> None:
    found = [parts(verifier, secret) for secret in examples(formats()[rule], rule)]
    needed = {name for text in verifier.request.texts() for name in fields_of(text)} - {"secret", "host"}

    assert any(each and all(each[name] for name in needed) for each in found)


def test_keys_of_others_that_begin_as_stripes_do_are_not_shown_to_stripe() -> None:
    others = [secret for secret in examples(formats()["paystack-secret-key"], "paystack") if secret.startswith("sk_")]

    assert others
    assert [parts(BY_ID["stripe-key"], secret) for secret in others] == [None] * len(others)


def _judged(verifier: Verifier, answer: dict[str, Any]) -> Any:
    return judge(verifier, answer["status"], answer.get("headers", {}), answer.get("body", "").encode())


def _values(verifier: Verifier) -> dict[str, str]:
    names = {name for text in verifier.request.texts() for name in fields_of(text)} | set(verifier.pairs)
    return {
        **{name: f"PAIR_{name.upper()}" for name in names},
        "secret": "SECRET",
        "host": (verifier.host.default if verifier.host else "") or HOST,
    }
