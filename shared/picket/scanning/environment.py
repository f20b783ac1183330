"""What a scan on this machine takes from its surroundings. Not `Settings`: pydantic's start alone outlasts a hook's."""

from __future__ import annotations

import os
from contextlib import suppress

TYPE_CHECKING = False  # importing the name takes 2 ms, which a scan with nothing new does without
if TYPE_CHECKING:
    from pathlib import Path

_KEY_BYTES = 32
_OF_A_REPOSITORY = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"),
    *("GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_QUARANTINE_PATH"),
)


def cache_home() -> str:
    """Return the folder of what can be made again: compiled rules, results of earlier scans."""
    return f"{_base('XDG_CACHE_HOME', '.cache')}/picket"


def cache_dir() -> Path:
    """Return `cache_home` as a path."""
    from pathlib import Path  # noqa: PLC0415 - 3 ms that a scan with nothing new does without

    return Path(cache_home())


def hash_key() -> bytes:
    """Return the key of the HMACs that stand for secrets: `PICKET_HASH_KEY`, or one kept for this user.

    Where none can be kept it lasts for this process alone, and ids differ from run to run.
    """
    given = os.environ.get("PICKET_HASH_KEY", "")
    return given.encode() if given else _kept_key(hash_key_file())


def hash_key_mark() -> str:
    """Return what tells one `PICKET_HASH_KEY` from another, and gives none away; empty where none is given."""
    given = os.environ.get("PICKET_HASH_KEY", "")
    if not given:
        return ""
    from hashlib import scrypt  # noqa: PLC0415 - as above

    return scrypt(given.encode(), salt=b"picket replay", n=2**10, r=8, p=1, dklen=16).hex()


def hash_key_file() -> str:
    """Return where the user's own key is kept."""
    return f"{_base('XDG_CONFIG_HOME', '.config')}/picket/hash-key"


def own_git_dir_name() -> str:
    """Name the repository that git runs this process for, as a hook; empty outside a hook."""
    return os.environ.get("GIT_DIR", "")


def own_git_dir() -> Path | None:
    """Return `own_git_dir_name` as a path; None outside a hook."""
    named = own_git_dir_name()
    from pathlib import Path  # noqa: PLC0415 - as above

    return Path(named) if named else None


def forget_own_repository() -> None:
    """Keep what git says of the repository that this process runs for from holding for another one.

    Source: `git rev-parse --local-env-vars`.
    """
    for name in _OF_A_REPOSITORY:
        os.environ.pop(name, None)


def pushed_by_pre_commit() -> tuple[str, str] | None:
    """Return what the pre-commit framework pushes, and to which remote: it keeps git's own words to itself.

    Source: pre-commit.com, "pre-push". A first push has no PRE_COMMIT_TO_REF, only the branch.
    """
    if "PRE_COMMIT" not in os.environ:
        return None
    what = os.environ.get("PRE_COMMIT_TO_REF") or os.environ.get("PRE_COMMIT_LOCAL_BRANCH") or "HEAD"
    return what, os.environ.get("PRE_COMMIT_REMOTE_NAME", "")


def usable_cores() -> int:
    """Count the processors that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _base(variable: str, fallback: str) -> str:
    """Source: XDG Base Directory Specification 0.8; a relative path is to be ignored."""
    given = os.environ.get(variable, "")
    return given if given.startswith("/") else f"{os.path.expanduser('~')}/{fallback}"  # noqa: PTH111 - as above


def _kept_key(path: str) -> bytes:
    from pathlib import Path  # noqa: PLC0415 - as above

    fresh = os.urandom(_KEY_BYTES).hex().encode()
    file = Path(path)
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (
            suppress(FileExistsError),
            os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as new,
        ):
            new.write(fresh)
        return file.read_bytes().strip() or fresh
    return fresh
