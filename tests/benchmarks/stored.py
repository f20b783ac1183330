"""A store with much in it, as years of use would leave it: written as the functions write, only faster."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from picket.effects.mongo import costs, findings, repositories, scans
from picket.effects.mongo.client import collection
from picket.events import ScanRequested
from picket.findings import lists

Json = dict[str, Any]
RULES = [f"rule-{number}" for number in range(200)]
_AT_ONCE = 2_000
_SEVERITIES = ("critical", "high", "medium", "low", "info")
_KINDS = ("secret", "secret", "secret", "weakness", "misconfiguration", "vulnerability")
_STATES = ("open", "open", "open", "fixed", "false-positive")


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is: of `big` repositories each has `in_big` findings; one team owns `in_team` repositories."""

    repositories: int = 10_000
    findings: int = 1_000_000
    big: int = 3
    in_big: int = 20_000
    occurrences_of_one: int = 50_000
    teams: int = 200
    in_team: int = 2_000
    scans: int = 50_000
    batches_of_one: int = 5_000

    def scaled(self, share: float) -> Size:
        """Return the same in small."""
        return Size(**{name: max(3, int(getattr(self, name) * share)) for name in self.__slots__})


def name_of(number: int) -> str:
    """Return the name of a repository."""
    return f"forge.example/org{number % 50}/r{number}"


def fill(size: Size) -> None:
    """Write all of it."""
    chance = random.Random(7)
    first = _example()
    _insert("repositories", (_repository(first["repository"], number, size) for number in range(size.repositories)))
    _insert("names", ({"_id": name_of(n), "repository": name_of(n)} for n in range(size.repositories)))
    _insert("findings", _findings(first["finding"], size, chance))
    _insert("occurrences", _occurrences(first["occurrence"], size))
    _insert("scores", _scores(size, chance))
    _insert("scans", (_scan(first["scan"], number, size) for number in range(size.scans)))
    _insert("batches", _batches(size))


def _example() -> Json:
    """Let the functions' own code write one of each, and return them."""
    repository = repositories.register("forge.example/o/example", "https://forge.example/o/example")
    place: Json = {"rank": "0", "commit": "c" * 40, "path": "a.py", "start_line": 1, "start_column": 1}
    evidence: Json = {"rule": RULES[0], "description": "d", "provider": "p", "credential": "key", "severity": "high"}
    evidence |= {"confidence": 0.9, "reasons": ["r"], "redacted": "x…y", "remediation": "m"}
    one: Any = {"_id": "example", "repository": repository["_id"], "kind": "secret", "identity": "i"}
    one |= {"scored_in": repository["_id"], "scan": "s", "severity": "high", "confidence": 0.9, "first": place}
    one |= {"first_rank": "0", "evidence": evidence, "evidence_rank": "0"}
    shown: Any = {"finding": "example", "repository": repository["_id"], **place}
    findings.record([one], [shown])
    scan = scans.open_scan(ScanRequested(repository=repository["_id"], scan="example", url="u"), "bench")
    found: Json = {"repository": repository, "scan": scan, "finding": findings.get("example")}
    found["occurrence"] = collection("occurrences").find_one({"finding": "example"})
    for name in ("repositories", "findings", "occurrences", "scans", "names"):
        collection(name).delete_many({})
    return found


def _insert(name: str, documents: Iterator[Json]) -> None:
    while some := list(islice(documents, _AT_ONCE)):
        collection(name).insert_many(some, ordered=False)


def _repository(example: Json, number: int, size: Size) -> Json:
    name = name_of(number)
    team = "big" if number < size.in_team else f"team-{number % size.teams}"
    told = {"_id": name, "name": name, "url": f"https://{name}", "list_key": name, "team": team, "teams": [team]}
    return {
        **example,
        **told,
        "scanned_at": example["created_at"],
        "score": 80.0,
        "grade": "B",
        "score_revision": 1,
        "history_scanned_at": example["created_at"],
    }


def _findings(example: Json, size: Size, chance: random.Random) -> Iterator[Json]:
    for number in range(size.findings):
        in_big = number < size.big * size.in_big
        where = name_of(number // size.in_big if in_big else size.big + number % (size.repositories - size.big))
        identity = hashlib.sha256(str(number).encode()).hexdigest()
        severity, rule = chance.choice(_SEVERITIES), chance.choice(RULES)
        told = {"severity": severity, "confidence": round(chance.random(), 2), "kind": chance.choice(_KINDS)}
        opened = (datetime.now(UTC) - timedelta(days=chance.random() * 200)).isoformat()
        cost = {"label": "l", "severity": severity, "standing": "open", "penalty": 0.01, "cap": ""}
        one = {
            **example,
            **told,
            "_id": identity,
            "list_key": identity,
            "repository": where,
            "scored_in": where,
            "identity": hashlib.sha256(f"v{number}".encode()).hexdigest(),
            "rated": f"{where}|today",
            "state": chance.choice(_STATES),
            "evidence": {**example["evidence"], "rule": rule, **told},
            "judged": "p:x|1",
            "created_at": opened,
            "opened_at": opened,
            "occurrence_count": None,
            "cost": {**cost, "bare_penalty": 0.01, "bare_cap": ""},
        }
        yield {**one, **lists.keys(one), "weighs": costs.weight_key(where, one["cost"], identity)}


def _occurrences(example: Json, size: Size) -> Iterator[Json]:
    for number in range(size.findings):
        finding = hashlib.sha256(str(number).encode()).hexdigest()
        count = size.occurrences_of_one if number == 0 else 1
        for index in range(count):
            yield {**example, "_id": f"{finding}{index}", "finding": finding, "rank": f"{index:06}"}


def _scores(size: Size, chance: random.Random) -> Iterator[Json]:
    for number in range(size.repositories):
        value = round(chance.uniform(20, 100), 1)
        change = {
            "cause": "c",
            "at": "t",
            "score": value,
            "previous": None,
            "grade": "B",
            "model": "v1.1",
            "deltas": [],
        }
        tally = {"items": 0, "total": 0, "bare": 0, "caps": {}, "bare_caps": {}}
        yield {
            "_id": name_of(number),
            "score": value,
            "exact": value,
            "grade": "B",
            "model": "v1.1",
            "coverage": 1.0,
            "posture": 90.0,
            "score_without_exemptions": value,
            "checks": [],
            "tally": tally,
            "costs": {},
            "rating": "today",
            "revision": 1,
            "last_change": {**change, "kind": "repository"},
        }


def _scan(example: Json, number: int, size: Size) -> Json:
    identity = f"scan-{number:06}"
    counts = {"Done": size.batches_of_one if number == 0 else 1}
    ended = {name: value for name, value in example.items() if name not in {"running", "open", "due", "branch"}}
    told = {"_id": identity, "repository": name_of(number % size.repositories), "state": "Done", "window": 8}
    asked = datetime.now(UTC) - timedelta(minutes=size.scans - number)
    told |= {"place": f"at {asked.isoformat()}|{identity}", "planned": 0, "ruleset": "r", "refs": 1, "attempt": 1}
    told["tally"] = {"by_state": counts, "skipped": {"total": 0, "first": []}, "failures": []}
    return {**ended, **told}


def _batches(size: Size) -> Iterator[Json]:
    for number in range(size.batches_of_one):
        step = {"state": "Done", "at": "t", "actor": "a", "reason": ""}
        told = {"_id": f"b{number}", "scan": "scan-000000", "state": "Done", "index": number, "history": [step]}
        told |= {
            "findings": [],
            "skipped": [],
            "scanned_for": "r",
            "repository": name_of(0),
            "count": 1,
            "revision": 1,
            "attempt": 1,
        }
        yield {**told, "place": f"{number:08}", "commits": []}
