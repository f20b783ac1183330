"""What to do where a check of the doctor fails."""

from __future__ import annotations

import errno
import os

from picket.effects import disk
from picket.effects.mongo import failures
from picket.runtime.problems import reason_of
from picket.settings import settings

OF = {
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
    "policy": "see PICKET_POLICY and the file that it names; `picket rules test` explains rules",
    "space": "raise the emptyDir's sizeLimit, or lower PICKET_MAX_REPOSITORY_BYTES",
    "channel": 'see "Change the channel" in knative/README.md; where NATS does not answer, see PICKET_NATS_URL and the '
    "NetworkPolicy functions-to-nats",
    "webhooks": "see `picket webhooks connections`: what the token lacks is named there; its entry in connect's "
    "PICKET_GIT_TOKENS may have expired",
}
"""What to do where a check fails, by its name."""
ANOTHER_STORE = (
    "this is no store for Picket, whatever else it does well: take MongoDB, or on one machine the one that comes along"
)
_FOR_STORE = {
    failures.FULL: "make room where the store keeps its data",
    failures.NOT_WRITABLE: "let the store's user write where it keeps its data, on a disk that is mounted for writing",
    failures.NOT_KNOWN: "see user and password in MONGODB_URI",
    failures.NOT_ALLOWED: "see the roles of the user in MONGODB_URI",
}
_FOR_DISK = {
    os.strerror(errno.ENOSPC): "make room, or raise the volume's size",
    os.strerror(errno.EDQUOT): "make room, or raise the quota",
    os.strerror(errno.EROFS): "mount it for writing",
    os.strerror(errno.EACCES): "let the function's user write there",
    os.strerror(errno.EPERM): "let the function's user write there",
}
_DATA = "the folder of PICKET_DATA_DIR"
_FOLDERS = {"space": _DATA, "rules": "the file of PICKET_RULES", "channel": "the file of PICKET_CHANNEL"}
"""Where a check reads and writes files; "Permission denied" of a connection is something else."""


def of(name: str, error: Exception) -> str:
    """Return what to do about *error*: what its cause asks for, else what a check most often fails for."""
    if (place := _place(name)) and (reason := disk.reason(error)):
        return f"{_FOR_DISK.get(reason, 'see that it is there')}: {place}"
    return _FOR_STORE.get(reason_of(error), OF[name])


def _place(name: str) -> str:
    """Return where the check *name* reads and writes files, "" where it does neither."""
    if name != "artifacts":
        return _FOLDERS.get(name, "")
    url = settings().artifacts
    return "the folder of PICKET_ARTIFACTS" if url.startswith("file:") else "" if url else _DATA
