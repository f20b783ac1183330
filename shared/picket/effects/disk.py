"""What the operating system says of a disk that does not take or give a file."""

from __future__ import annotations

import errno
import os
import re

_OS_ERROR = re.compile(r"\(os error (\d{1,3})\)")
"""As Rust's standard library ends its messages, and with it obstore's."""
_REASONS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.ENOENT)


def reason(error: BaseException) -> str:
    """Return why a file could not be written or read, as the operating system words it, without the file's name.

    Args:
        error: An error, maybe raised from another one.

    Returns:
        Words such as "No space left on device"; "" where neither *error* nor what it was raised from tells.
    """
    number = _number(error)
    if number in _REASONS:
        return os.strerror(number)
    return reason(error.__cause__) if error.__cause__ else ""


def _number(error: BaseException) -> int:
    if isinstance(error, OSError) and error.errno:
        return error.errno
    found = _OS_ERROR.search(str(error))
    return int(found[1]) if found else 0
