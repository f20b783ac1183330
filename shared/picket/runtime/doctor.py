"""What a deployment needs, tried where a function runs: `python -m picket.runtime.doctor` in any pod.

Each check says what it found, and where something is wrong, what to do. What it writes it takes away, but for a line in
`deliveries` where it may not; indexes that are missing it makes.
"""

from __future__ import annotations

import base64
import binascii
import errno
import json
import os
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

from picket.effects import artifacts, broker, disk
from picket.effects.mongo import client as mongo
from picket.effects.mongo import failures
from picket.errors import PicketError
from picket.runtime.problems import reason_of
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


_KEPT: mongo.Document = {"null": None, "an empty list": [], "an empty object": {}, "revision": 0}
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
        # The text of an error that is not ours may hold an address with a password.
        said = str(error) if isinstance(error, PicketError) else reason_of(error) or disk.reason(error)
        return Finding(name, "wrong", said or type(error).__name__, _advice(name, error))


def _advice(name: str, error: Exception) -> str:
    """Return what to do about *error*: what its cause asks for, else what a check most often fails for."""
    if reason := disk.reason(error):
        return f"{_ADVICE_FOR_DISK.get(reason, 'see that there is the folder')}: {_FOLDERS.get(name, _FOLDER)}"
    return _ADVICE_FOR_STORE.get(reason_of(error), _ADVICE[name])


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
        try:
            lost = _lost_by_the_store(name)
        finally:
            deleted = mongo.collection("doctor").delete_one({"_id": name}).deleted_count
        if lost or deleted != 1:
            found = f"it does not keep {lost}" if lost else "what was written is not there"
            return Finding("store", "wrong", found, _ANOTHER_STORE)
    return Finding("store", "ok", f"written in {1000 * (time.monotonic() - started):.0f} ms")


def _lost_by_the_store(name: str) -> str:
    """Write the document *name* as Picket writes its own, and return what of it the store does not keep."""
    doctor = mongo.collection("doctor")
    doctor.update_one({"_id": name}, {"$setOnInsert": _KEPT}, upsert=True)
    made = doctor.find_one({"_id": name}) or {}
    if lost := sorted(key for key, value in _KEPT.items() if key not in made or made[key] != value):
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
        return Finding("rules", "skipped", "this function does not scan")
    if find_spec("hyperscan") is None:
        return Finding("rules", "wrong", "hyperscan is not installed", _ADVICE["rules"])
    from picket.effects import ruleset  # noqa: PLC0415 - where it is needed

    started = time.monotonic()
    ruleset.engine().scan(b"")
    count = len(ruleset.current().rules)
    return Finding("rules", "ok", f"{count} rules loaded in {time.monotonic() - started:.1f} s")


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
    "artifacts": "see PICKET_ARTIFACTS, which every function must share, the Secret picket-artifacts, "
    "and the NetworkPolicy functions-to-artifacts",
    "rules": "see PICKET_RULES, the file that it names, and that the image is that of scan",
    "space": "raise the emptyDir's sizeLimit, or lower PICKET_MAX_REPOSITORY_BYTES",
}
_ANOTHER_STORE = (
    "this is no store for Picket, whatever else it does well: take MongoDB, or on one machine the one that comes along"
)
_ADVICE_FOR_STORE = {
    failures.FULL: "make room where the store keeps its data",
    failures.NOT_WRITABLE: "let the store's user write where it keeps its data, on a disk that is mounted for writing",
    failures.NOT_KNOWN: "see user and password in MONGODB_URI",
    failures.NOT_ALLOWED: "see the roles of the user in MONGODB_URI",
}
_ADVICE_FOR_DISK = {
    os.strerror(errno.ENOSPC): "make room, or raise the volume's size",
    os.strerror(errno.EDQUOT): "make room, or raise the quota",
    os.strerror(errno.EROFS): "mount it for writing",
    os.strerror(errno.EACCES): "let the function's user write there",
    os.strerror(errno.EPERM): "let the function's user write there",
}
_FOLDER = "the folder of PICKET_DATA_DIR, or the file:// of PICKET_ARTIFACTS"
_FOLDERS = {"space": "the folder of PICKET_DATA_DIR", "rules": "the file of PICKET_RULES"}
"""Where a check reads and writes files."""


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
