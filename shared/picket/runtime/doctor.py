"""What a deployment needs, tried where a function runs: `python -m picket.runtime.doctor` in any pod.

Each check says what it found, and where something is wrong, what to do. What it writes it takes away, but for a line in
`deliveries` where it may not; indexes that are missing it makes.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import json
import shutil
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from threading import Thread
from typing import Literal

from pymongo.errors import DuplicateKeyError, OperationFailure

from picket.channel.comparison import SETTINGS
from picket.effects import artifacts, broker, catalogue, disk
from picket.effects.mongo import client as mongo
from picket.effects.mongo import connections
from picket.errors import PicketError
from picket.orchestration import channel
from picket.runtime import remedies
from picket.runtime.problems import reason_of
from picket.settings import settings

State = Literal["ok", "wrong", "skipped"]
_SECRETS = {
    "ingest": ("PICKET_ENCRYPTION_KEY",),
    "scan": ("PICKET_HASH_KEY",),
    "collect": ("PICKET_HASH_KEY",),
    "feedback": ("PICKET_HASH_KEY",),
    "api": ("PICKET_ENCRYPTION_KEY", "PICKET_API_TOKEN"),
    "connect": ("PICKET_ENCRYPTION_KEY",),
}
"""What each function cannot do its work without."""
_SHORTEST_KEY, _FERNET_BYTES = 32, 32
_SCANS, _FETCHES, _LIMITED = {"scan"}, {"enumerate", "collect"}, {"ingest"}
LONGEST_SECONDS = 10.0
"""Seconds for a check: a request over the API waits a minute at most."""
_MOST_SKEW = 2.0
"""Seconds; leases bear as much, and half of it again."""
KEPT: mongo.Document = {"null": None, "an empty list": [], "an empty object": {}, "revision": 0}
"""What some stores that speak MongoDB's protocol leave out of a document that an upsert makes."""
_BAD_VALUE = 2
"""Source: MongoDB's error_codes.yml."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: `advice` says what to do where `state` is wrong."""

    check: str
    state: State
    found: str
    advice: str = ""


def examine(*names: str) -> list[Finding]:
    """Try everything. A check that fails unexpectedly or does not end is reported as wrong, and stops no other.

    Args:
        names: The checks to make; none: all.
    """
    return [_in_time(name, check) for name, check in _CHECKS.items() if name in (names or _CHECKS)]


def _in_time(name: str, check: Callable[[], Finding]) -> Finding:
    found: list[Finding] = []
    thread = Thread(target=lambda: found.append(_tried(name, check)), daemon=True)
    thread.start()
    thread.join(LONGEST_SECONDS)
    return found[0] if found else Finding(name, "wrong", f"no answer within {LONGEST_SECONDS:g} s", remedies.OF[name])


def _tried(name: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the operator has to know
        # The text of an error that is not ours may hold an address with a password.
        said = str(error) if isinstance(error, PicketError) else reason_of(error) or disk.reason(error)
        return Finding(name, "wrong", said or type(error).__name__, remedies.of(name, error))


def _settings() -> Finding:
    weak = settings().weakening
    if weak and not settings().on_loopback:  # on one machine its own folders are meant to be looked at
        return Finding("settings", "wrong", f"{', '.join(weak)}: weaker than need be", remedies.OF["settings"])
    return Finding("settings", "ok", f"of {settings().service}")


def _secrets() -> Finding:
    config = settings()
    held = {
        "PICKET_HASH_KEY": len(config.hash_key.get_secret_value()) >= _SHORTEST_KEY,
        "PICKET_ENCRYPTION_KEY": _are_fernet_keys(config.encryption_key.get_secret_value()),
        "PICKET_API_TOKEN": bool(config.api_token.get_secret_value()) or config.on_loopback,
    }
    needed = _SECRETS.get(config.service, ())
    if missing := [name for name in needed if not held[name]]:
        found = f"{', '.join(missing)}: missing, too short, or no key"
        return Finding("secrets", "wrong", found, remedies.OF["secrets"])
    return Finding("secrets", "ok", ", ".join(needed) or "none needed")


def _are_fernet_keys(text: str) -> bool:
    keys = text.replace(",", " ").split()
    try:
        return bool(keys) and all(len(base64.urlsafe_b64decode(key)) == _FERNET_BYTES for key in keys)
    except (ValueError, binascii.Error):
        return False


def _broker() -> Finding:
    broker.reach()
    return Finding("broker", "ok", settings().sink)


def _store() -> Finding:
    """Write as every function does. ingest's own user may write in one place, and delete nowhere: one line stays."""
    started = time.monotonic()
    if settings().service in _LIMITED:
        with suppress(DuplicateKeyError):
            mongo.collection("deliveries").insert_one({"_id": "doctor"})
    else:
        name = f"doctor-{uuid.uuid4().hex}"
        try:
            lost = _lost_by_the_store(name)
        finally:
            deleted = mongo.collection("doctor").delete_one({"_id": name}).deleted_count
        if lost or deleted != 1:
            found = f"it does not keep {lost}" if lost else "what was written is not there"
            return Finding("store", "wrong", found, remedies.ANOTHER_STORE)
    return Finding("store", "ok", f"written in {1000 * (time.monotonic() - started):.0f} ms")


def _lost_by_the_store(name: str) -> str:
    """Write the document *name* as Picket writes its own, and return what of it the store does not keep."""
    doctor = mongo.collection("doctor")
    doctor.update_one({"_id": name}, {"$setOnInsert": KEPT}, upsert=True)
    made = doctor.find_one({"_id": name}) or {}
    if lost := sorted(key for key, value in KEPT.items() if key not in made or made[key] != value):
        return f"{', '.join(lost)} of a new document"
    changed = [doctor.update_one({"_id": name, "revision": 0}, {"$inc": {"revision": 1}}).matched_count for _ in "12"]
    if changed != [1, 0]:
        return "to the revision that a change is for"
    try:
        doctor.update_one({"_id": name}, {"$set": {"pairs": [["a", 1]]}})
    except OperationFailure as error:
        if error.code != _BAD_VALUE:
            raise
        return "lists of lists"
    return ""


def _indexes() -> Finding:
    if settings().service in _LIMITED:
        return Finding("indexes", "skipped", "ingest's user sees two collections")
    if missing := mongo.missing_indexes():
        return Finding("indexes", "wrong", f"missing: {', '.join(missing)}", remedies.OF["indexes"])
    return Finding("indexes", "ok", "all there")


def _clock() -> Finding:
    """Compare with the store's clock: leases and schedules of all functions meet there."""
    told = mongo.client().admin.command("hello").get("localTime")
    if not isinstance(told, datetime):
        return Finding("clock", "skipped", "the store does not tell the time")
    skew = (datetime.now(UTC) - told.replace(tzinfo=UTC)).total_seconds()
    if abs(skew) > _MOST_SKEW:
        return Finding("clock", "wrong", f"{skew:+.1f} s against the store's", remedies.OF["clock"])
    return Finding("clock", "ok", f"{skew:+.1f} s against the store's")


def _artifacts() -> Finding:
    key = f"doctor/{uuid.uuid4().hex}"
    reference = artifacts.put(key, b"picket")
    content = artifacts.get(reference)
    artifacts.delete(reference)
    if content != b"picket":
        return Finding("artifacts", "wrong", "what was written is not there", remedies.OF["artifacts"])
    return Finding("artifacts", "ok", settings().artifacts or "the data folder")


def _rules() -> Finding:
    if settings().service not in _SCANS:
        return _named_rules()
    if find_spec("hyperscan") is None:
        return Finding("rules", "wrong", "hyperscan is not installed", remedies.OF["rules"])
    from picket.effects import ruleset  # noqa: PLC0415 - where it is needed

    started = time.monotonic()
    ruleset.engine().scan(b"")
    count = len(ruleset.current().rules)
    return Finding("rules", "ok", f"{count} rules loaded in {time.monotonic() - started:.1f} s")


def _named_rules() -> Finding:
    """Look at the team's own file where nothing is scanned: its rules are not compiled there."""
    if settings().rules is None:
        return Finding("rules", "skipped", "this function does not scan")
    return Finding("rules", "ok", f"{len(catalogue.rules())} rules are named in {settings().rules} and what it extends")


def _policy() -> Finding:
    """Read the policy; where it cannot be parsed, see whether the team's file is there."""
    path = settings().policy
    if find_spec("yaml") is None:
        if path is None:
            return Finding("policy", "skipped", "this function reads no policy")
        try:
            path.read_bytes()
        except OSError as error:
            return Finding("policy", "wrong", f"PICKET_POLICY: {path}: {error.strerror}", remedies.OF["policy"])
        return Finding("policy", "ok", f"{path} is there; feedback reads it")
    from picket.effects import policy  # noqa: PLC0415 - where it is needed

    return Finding("policy", "ok", f"{len(policy.policy().rules)} rules")


def _space() -> Finding:
    """Return whether the largest repository that is admitted has room: its packs, and as much while git writes them."""
    if settings().service not in _FETCHES:
        return Finding("space", "skipped", "this function keeps no mirrors")
    folder = settings().data_dir
    folder.mkdir(parents=True, exist_ok=True)
    free, needed = shutil.disk_usage(folder).free, 2 * settings().max_repository_bytes
    found = f"{free / 1e9:.1f} GB free in {folder}, {needed / 1e9:.1f} GB needed for the largest repository admitted"
    return Finding("space", "ok" if free >= needed else "wrong", found, remedies.OF["space"] if free < needed else "")


def _channel() -> Finding:
    """Compare the stream that events wait in with what the manifests ask for."""
    if lacking := channel.lacking():
        return Finding("channel", "skipped", f"the stream was NOT compared with the channel's template: {lacking}")
    if differing := channel.differences():
        found = "; ".join(map(str, differing))
        return Finding("channel", "wrong", found, remedies.OF["channel"])
    return Finding("channel", "ok", f"the stream is as the channel's template says: {', '.join(SETTINGS)}")


def _webhooks() -> Finding:
    if settings().service in _LIMITED:
        return Finding("webhooks", "skipped", "ingest's user sees two collections")
    if faults := connections.faults():
        found = f"{len(faults)} cannot be made or kept, such as {faults[0]}"
        return Finding("webhooks", "wrong", found, remedies.OF["webhooks"])
    return Finding("webhooks", "ok", "all those that Picket keeps")


_CHECKS: dict[str, Callable[[], Finding]] = {
    "settings": _settings,
    "secrets": _secrets,
    "broker": _broker,
    "store": _store,
    "indexes": _indexes,
    "clock": _clock,
    "artifacts": _artifacts,
    "rules": _rules,
    "policy": _policy,
    "space": _space,
    "channel": _channel,
    "webhooks": _webhooks,
}


def rows(found: list[Finding]) -> list[dict[str, str]]:
    """Return the findings as the API tells them."""
    return [asdict(one) for one in found]


def _lines(found: list[Finding]) -> Iterator[str]:
    for one in found:
        yield f"{one.state:8}{one.check:11}{one.found}" + (f"\n{'':19}{one.advice}" if one.advice else "")


def main() -> int:
    """Print what was found, as JSON with `--json`; 1 if something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m picket.runtime.doctor", description=main.__doc__)
    parser.add_argument("check", nargs="*", choices=[*_CHECKS, []], help="none: all of them")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = examine(*given.check)
    print(json.dumps(rows(found)) if given.json else "\n".join(_lines(found)))  # noqa: T201 - its purpose
    return 1 if any(one.state == "wrong" for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
