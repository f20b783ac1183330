"""What stands around a candidate: its path, the name it is assigned to, remarks on its line."""

from __future__ import annotations

import re
from collections.abc import Callable

from picket.detection.evidence import FATAL, Blob, Candidate, Evidence
from picket.detection.language import reads_as_written
from picket.detection.names import NAME_REACH, is_harmless, name_of, names_nothing, says_secret, words_of
from picket.detection.paths import (
    holds_credentials,
    is_documentation,
    is_recorded,
    is_test,
    kind_of_path,
    notation_of_path,
)

_ALLOWED = re.compile(
    rb"(?:gitleaks|betterleaks|kingfisher|picket):allow|pragma: ?(?:allow|white)list[ -]?secret|"
    rb"(?:trufflehog|kingfisher):ignore|\bggignore\b"
)
_ALLOWED_NEXT = re.compile(rb"pragma: ?(?:allow|white)list[ -]nextline[ -]secret")
_IN_LIST = re.compile(rb"""["'`][ \t]*,[ \t]*["'`]?$""")
_BLANK = re.compile(rb"""[\w"'`\]][ \t]+[bBrRuUfFL@$]{0,2}(["'`])\Z""")
SHORTEST_NAME = 4  # characters
_NAME = re.compile(r"[&*!]{0,2}[A-Za-z_$@][\w$.:>\[\]-]*")
LONG_ENOUGH = 16  # characters: of names in code that are as long nearly all read as written
_INSIDE = re.compile(rb"[A-Za-z][a-z][A-Z]")  # the word for a secret began at the end of another: `statusEnhanced`
# Source: how Google Maps' script and Algolia's search are loaded, and Firebase's own words on its configuration.
_PAGE = re.compile(rb"(?i)maps/api/js|<script|script\(src|authDomain|\.firebaseapp\.com|messagingSenderId|docsearch\(")
_APP_FILE = re.compile(r"(?i)(?:^|/)google-?services?(?:-info)?\.(?:json|plist)$|\.html?$")
_CONFIGURATION_REACH = 200  # bytes after a key: a line or two of such a configuration
_ROW = re.compile(rb"(?i)insert\s+into|\bvalues\s*\(")
_CHECKSUM_OF = re.compile(rb"(?:checksum|digest|sha\d{1,3}|md5)/[\w.-]*$")  # Helm's annotation, before a file's name
_CALL = re.compile(rb"""\w[!?]?\(\s*["'`][\w.$-]*["'`]?$""")


def path(candidate: Candidate) -> Evidence | None:
    """Lower the confidence in test and documentation paths; drop what is not recognisable alone in generated ones."""
    specificity = candidate.rule.specificity
    if candidate.blob.binary and specificity != "distinctive":
        return Evidence("binary content: only distinctive formats are looked for", FATAL)
    kind = kind_of_path(candidate.blob.path)
    if kind == "generated":
        return _generated(candidate)
    if kind == "translation" and specificity == "generic":
        return Evidence("a file with the texts of a user interface", -2.5)
    if kind == "test" and is_recorded(candidate.blob.path):
        return Evidence("recorded for a test", -0.4)
    if kind == "test":
        usual = -2.6 if is_documentation(candidate.blob.path) else -2.0
        return Evidence("a test, example or documentation path", -0.7 if specificity == "distinctive" else usual)
    return None


def _generated(candidate: Candidate) -> Evidence:
    """Weigh what stands in a file that no author of the repository wrote."""
    if candidate.rule.specificity not in {"distinctive", "structural"}:
        return Evidence("a generated or third-party file", FATAL)
    if is_test(candidate.blob.path):
        return Evidence("a third-party file of tests, examples or documentation", -2.5)
    return Evidence("a generated or third-party file", -1.6)


def page(candidate: Candidate) -> Evidence | None:
    """Doubt keys that their provider has put into pages and apps: of maps' script, of Firebase's configuration."""
    around = candidate.line + candidate.after(_CONFIGURATION_REACH)
    if _PAGE.search(around) or _APP_FILE.search(candidate.blob.path):
        return Evidence("where every visitor reads it, as its provider says", -3.2)
    return None


def seeded(candidate: Candidate) -> Evidence | None:
    """Doubt hashes among the data or in the code that makes the first accounts of an application."""
    path = candidate.blob.path
    if path.endswith(".sql") or notation_of_path(path) == "code" or _ROW.search(candidate.line):
        return Evidence("among the data that an application begins with", -0.5)
    return None


def name(candidate: Candidate) -> Evidence | None:
    """Drop values whose name says that they are something else, and items of a list that follow a name in it."""
    name = name_of(candidate)
    before = candidate.blob.content[max(0, candidate.match_start - NAME_REACH) : candidate.match_start]
    if is_harmless(name) or _CHECKSUM_OF.search(before):
        return Evidence("its name says that it is something else", FATAL)
    if candidate.match_start and _INSIDE.match(candidate.blob.content, candidate.match_start - 1):
        return Evidence("its name is no word for a secret", FATAL)
    words = words_of(candidate.secret)
    if len(name) >= SHORTEST_NAME and (words.startswith(name) or words.endswith(f"_{name}")):
        return Evidence("it repeats its name", FATAL)
    content, start = candidate.blob.content, candidate.match_start
    if _IN_LIST.search(content[start : candidate.start]) and not _CALL.search(
        content[max(0, start - NAME_REACH) : start + 1]
    ):
        return Evidence("the next item of a list, not the value of its name", FATAL)
    return None


def purpose(candidate: Candidate) -> Evidence | None:
    """Doubt keys whose name does not say what for: of a map, a sort, a translation."""
    name = name_of(candidate)
    if says_secret(name):
        return None
    if names_nothing(name):
        return Evidence("its name is no word for a secret", FATAL)
    if name in {"key", "keys"}:
        held = holds_credentials(candidate.blob.path)
        return Evidence("its name is key and no more", -0.3 if held else -0.8)
    return Evidence("its name does not say what the key is for", -0.4)


def operator(candidate: Candidate) -> Evidence | None:
    """Doubt a value that only a blank parts from its name, as macros and directives have it, and prose."""
    between = _BLANK.search(candidate.blob.content[candidate.match_start : candidate.start])
    if not between:
        return None
    prose = between[1] == b"`" or name_of(candidate) in {"pass", "pw", "key", "keys", "auth"}
    return Evidence("a blank instead of an operator", FATAL if prose else -0.2)


def listed(candidate: Candidate) -> Evidence | None:
    """Drop values of a list, or in a text, whose name says that they are no secrets."""
    before = candidate.blob.content[max(0, candidate.match_start - NAME_REACH) : candidate.match_start]
    is_other = is_harmless(name_of(candidate)) or _CHECKSUM_OF.search(before)
    return Evidence("its name says that it is something else", FATAL) if is_other else None


def bare(candidate: Candidate) -> Evidence | None:
    """Doubt values without quotes where they are not the custom, and drop names and expressions of code."""
    kind = notation_of_path(candidate.blob.path)
    if kind == "data":
        return None
    text = candidate.text
    if kind == "code" and _NAME.fullmatch(text):
        random = len(text) >= LONG_ENOUGH and sum(map(str.isdigit, text)) > 1 and not reads_as_written(text)
        return Evidence("bare in code", -0.5 if random else FATAL)
    return Evidence("bare, where values stand in quotes", -0.4)


def allowed_inline(blob: Blob, start: int, end: int) -> str:
    """Say whether a remark on the lines of a match (or one above, where it says so) allows it; empty when not."""
    if _says(_ALLOWED, blob.lines(start, end)):
        return "allowed by a comment on its line"
    return "allowed by a comment on the line above" if _says(_ALLOWED_NEXT, blob.line_above(start)) else ""


def _says(remark: re.Pattern[bytes], line: bytes) -> bool:
    lowered = line.lower()  # and plain searches first: this is asked of every candidate
    return (b"allow" in lowered or b"whitelist" in lowered or b"ignore" in lowered) and bool(remark.search(lowered))


SURROUNDINGS: dict[str, Callable[[Candidate], Evidence | None]] = {
    "bare": bare,
    "listed": listed,
    "name": name,
    "operator": operator,
    "page": page,
    "path": path,
    "purpose": purpose,
    "seeded": seeded,
}
