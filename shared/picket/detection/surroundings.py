"""What stands around a candidate: its path, the name it is assigned to, remarks on its line."""

from __future__ import annotations

import re
from collections.abc import Callable

from picket.detection.evidence import FATAL, Blob, Candidate, Evidence
from picket.detection.names import NAME_REACH, is_harmless, name_of
from picket.detection.paths import kind_of_path

_ALLOWED = re.compile(rb"(?:gitleaks|betterleaks|picket):allow|pragma: ?(?:allow|white)list[ -]?secret")
_ALLOWED_NEXT = re.compile(rb"pragma: ?(?:allow|white)list[ -]nextline[ -]secret")
_IN_LIST = re.compile(rb"""["'`][ \t]*,[ \t]*["'`]?$""")
_CALL = re.compile(rb"""\(\s*["'`][\w.$-]*["'`]?$""")


def path(candidate: Candidate) -> Evidence | None:
    """Lower the confidence in test and documentation paths; drop what is not recognisable alone in generated ones."""
    specificity = candidate.rule.specificity
    if candidate.blob.binary and specificity != "distinctive":
        return Evidence("binary content: only distinctive formats are looked for", FATAL)
    kind = kind_of_path(candidate.blob.path)
    if kind == "generated":
        strong = specificity in {"distinctive", "structural"}
        return Evidence("a generated or third-party file", -1.0 if strong else FATAL)
    if kind == "test":
        return Evidence("a test, example or documentation path", -0.7 if specificity == "distinctive" else -2.0)
    return None


def name(candidate: Candidate) -> Evidence | None:
    """Drop values whose name says that they are something else, and items of a list that follow a name in it."""
    if is_harmless(name_of(candidate)):
        return Evidence("its name says that it is something else", FATAL)
    content, start = candidate.blob.content, candidate.match_start
    if _IN_LIST.search(content[start : candidate.start]) and not _CALL.search(
        content[max(0, start - NAME_REACH) : start + 1]
    ):
        return Evidence("the next item of a list, not the value of its name", FATAL)
    return None


def allowed_inline(blob: Blob, start: int, end: int) -> str:
    """Say whether a remark on the lines of a match (or one above, where it says so) allows it; empty when not."""
    if _says(_ALLOWED, blob.lines(start, end)):
        return "allowed by a comment on its line"
    return "allowed by a comment on the line above" if _says(_ALLOWED_NEXT, blob.line_above(start)) else ""


def _says(remark: re.Pattern[bytes], line: bytes) -> bool:
    lowered = line.lower()  # and plain searches first: this is asked of every candidate
    return (b"allow" in lowered or b"whitelist" in lowered) and bool(remark.search(lowered))


SURROUNDINGS: dict[str, Callable[[Candidate], Evidence | None]] = {"path": path, "name": name}
