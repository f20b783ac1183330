"""What a deployment needs, tried where a function runs: `python -m picket.runtime.doctor` in any pod.

Each check says what it found, and where something is wrong, what to do. What it writes it takes away, but for a line in
`deliveries` where it may not; indexes that are missing it makes.
"""

from __future__ import annotations

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

from pymongo.errors import DuplicateKeyError

from picket.effects import artifacts, broker, catalogue
from picket.effects.mongo import client as mongo
from picket.errors import PicketError
from picket.settings import settings

State = Literal["ok", "wrong", "skipped"]
_SECRETS = {
    "ingest": ("PICKET_ENCRYPTION_KEY",),
    "scan": ("PICKET_HASH_KEY",),
    "feedback": ("PICKET_HASH_KEY",),
    "api": ("PICKET_ENCRYPTION_KEY", "PICKET_API_TOKEN"),
}
"""What each function cannot do its work without."""
_SHORTEST_KEY, _FERNET_BYTES = 32, 32
_SCANS, _FETCHES, _LIMITED = {"scan"}, {"enumerate"}, {"ingest"}
_LONGEST = 10.0
"""Seconds for a check: whoever asks over the API waits no longer than a minute for all."""
_MOST_SKEW = 2.0
"""Seconds; leases bear as much, and half of it again."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: `advice` says what to do where `state` is wrong."""

    check: str
    state: State
    found: str
    advice: str = ""


def examine() -> list[Finding]:
    """Try everything. A check that fails in a way nobody thought of, or does not end, is wrong: it ends no other."""
    return [_in_time(name, check) for name, check in _CHECKS.items()]


def _in_time(name: str, check: Callable[[], Finding]) -> Finding:
    found: list[Finding] = []
    thread = Thread(target=lambda: found.append(_tried(name, check)), daemon=True)
    thread.start()
    thread.join(_LONGEST)
    return found[0] if found else Finding(name, "wrong", f"no answer within {_LONGEST:g} s", _ADVICE[name])


def _tried(name: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the operator has to know
        # Its text may hold an address with a password.
        said = str(error) if isinstance(error, PicketError) else type(error).__name__
        return Finding(name, "wrong", said, _ADVICE[name])


def _settings() -> Finding:
    weak = settings().weakening
    if weak and not settings().on_loopback:  # on one machine its own folders are meant to be looked at
        return Finding("settings", "wrong", f"{', '.join(weak)}: weaker than need be", _ADVICE["settings"])
    return Finding("settings", "ok", f"of {settings().service}")


def _secrets() -> Finding:
    config = settings()
    held = {
        "PICKET_HASH_KEY": len(config.hash_key.get_secret_value()) >= _SHORTEST_KEY,
        "PICKET_ENCRYPTION_KEY": _is_fernet_key(config.encryption_key.get_secret_value()),
        "PICKET_API_TOKEN": bool(config.api_token.get_secret_value()) or config.on_loopback,
    }
    needed = _SECRETS.get(config.service, ())
    if missing := [name for name in needed if not held[name]]:
        found = f"{', '.join(missing)}: missing, too short, or no key"
        return Finding("secrets", "wrong", found, _ADVICE["secrets"])
    return Finding("secrets", "ok", ", ".join(needed) or "none needed")


def _is_fernet_key(key: str) -> bool:
    try:
        return len(base64.urlsafe_b64decode(key)) == _FERNET_BYTES
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
        mongo.collection("doctor").insert_one({"_id": name})
        if mongo.collection("doctor").delete_one({"_id": name}).deleted_count != 1:
            return Finding("store", "wrong", "what was written is not there", _ADVICE["store"])
    return Finding("store", "ok", f"written in {1000 * (time.monotonic() - started):.0f} ms")


def _indexes() -> Finding:
    if settings().service in _LIMITED:
        return Finding("indexes", "skipped", "ingest's user sees two collections")
    if missing := mongo.missing_indexes():
        return Finding("indexes", "wrong", f"missing: {', '.join(missing)}", _ADVICE["indexes"])
    return Finding("indexes", "ok", "all there")


def _clock() -> Finding:
    """Compare with the store's clock: leases and schedules of all functions meet there."""
    told = mongo.client().admin.command("hello").get("localTime")
    if not isinstance(told, datetime):
        return Finding("clock", "skipped", "the store does not tell the time")
    skew = (datetime.now(UTC) - told.replace(tzinfo=UTC)).total_seconds()
    if abs(skew) > _MOST_SKEW:
        return Finding("clock", "wrong", f"{skew:+.1f} s against the store's", _ADVICE["clock"])
    return Finding("clock", "ok", f"{skew:+.1f} s against the store's")


def _artifacts() -> Finding:
    key = f"doctor/{uuid.uuid4().hex}"
    reference = artifacts.put(key, b"picket")
    content = artifacts.get(reference)
    artifacts.delete(reference)
    if content != b"picket":
        return Finding("artifacts", "wrong", "what was written is not there", _ADVICE["artifacts"])
    return Finding("artifacts", "ok", settings().artifacts or "the data folder")


def _rules() -> Finding:
    if settings().service not in _SCANS:
        return _named_rules()
    if find_spec("hyperscan") is None:
        return Finding("rules", "wrong", "hyperscan is not installed", _ADVICE["rules"])
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
    """Read the feedback rules; where they cannot be parsed, see whether the team's file is there."""
    path = settings().feedback_rules
    if find_spec("yaml") is None:
        if path is None:
            return Finding("policy", "skipped", "this function reads no feedback rules")
        try:
            path.read_bytes()
        except OSError as error:
            return Finding("policy", "wrong", f"PICKET_FEEDBACK_RULES: {path}: {error.strerror}", _ADVICE["policy"])
        return Finding("policy", "ok", f"{path} is there; feedback reads it")
    from picket.effects import policy  # noqa: PLC0415 - where it is needed

    return Finding("policy", "ok", f"{len(policy.rules())} feedback rules")


def _space() -> Finding:
    """Tell whether the largest repository that is admitted has room: its packs, and as much while git writes them."""
    if settings().service not in _FETCHES:
        return Finding("space", "skipped", "this function keeps no mirrors")
    folder = settings().data_dir
    folder.mkdir(parents=True, exist_ok=True)
    free, needed = shutil.disk_usage(folder).free, 2 * settings().max_repository_bytes
    found = f"{free / 1e9:.1f} GB free in {folder}, {needed / 1e9:.1f} GB needed for the largest repository admitted"
    return Finding("space", "ok" if free >= needed else "wrong", found, _ADVICE["space"] if free < needed else "")


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
}
_ADVICE = {
    "settings": "see the settings in README: take the variable away, unless it is meant",
    "secrets": "see that the Secret picket has the keys that `picket keys` prints, and that the function names them",
    "broker": "K_SINK comes from the SinkBinding `emitters`, by the label picket.dev/emits: see that it is Ready, "
    "that the Broker is, and that the NetworkPolicy functions-to-broker names its pods",
    "store": "see MONGODB_URI, the user's roles, and the NetworkPolicy functions-to-store",
    "indexes": "see that the user may createIndex, or make them by hand",
    "clock": "see that the nodes' clocks are kept by NTP",
    "artifacts": "see PICKET_ARTIFACTS, the Secret picket-artifacts, and the NetworkPolicy functions-to-artifacts",
    "rules": "see PICKET_RULES, the file that it names, and that the image is that of scan",
    "policy": "see PICKET_FEEDBACK_RULES and the file that it names; `picket rules test` explains rules",
    "space": "raise the emptyDir's sizeLimit, or lower PICKET_MAX_REPOSITORY_BYTES",
}


def rows(found: list[Finding]) -> list[dict[str, str]]:
    """Return the findings as the API tells them."""
    return [asdict(one) for one in found]


def _lines(found: list[Finding]) -> Iterator[str]:
    for one in found:
        yield f"{one.state:8}{one.check:11}{one.found}" + (f"\n{'':19}{one.advice}" if one.advice else "")


def main() -> int:
    """Print what was found, as JSON with `--json`; 1 if something is wrong."""
    found = examine()
    print(json.dumps(rows(found)) if "--json" in sys.argv[1:] else "\n".join(_lines(found)))  # noqa: T201 - its purpose
    return 1 if any(one.state == "wrong" for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
