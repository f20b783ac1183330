"""What a failed fetch means: whether asking again can help, and what to tell."""

from __future__ import annotations

import re

from picket.effects.git.command import GitFailed
from picket.errors import Damaged, Gone, PicketError, TransientError, Unsupported

# What git and the transports say when there is no such repository, or none for us: asking again will not help. ssh
# names in brackets what it tried; the same words without them are of the mirror's own disk.
_GONE = re.compile(
    r"not found|does not appear to be a git repository|does not exist|Authentication failed|could not read Username"
    r"|Permission denied \(|access denied|repository .* not exported|couldn't find remote ref"
    r"|returned error: (?:401|403|404|410)",
    re.IGNORECASE,
)
# What git says of objects that are not there or not readable, in its own words and in those of a server's git.
_DAMAGED = re.compile(
    r"(?:unable to read|could not read|bad)(?: (?:tree|blob|tag|commit))?(?: object)? [0-9a-f]{40}"
    r"|object [0-9a-f]{40,64} .*is corrupt|possible repository corruption|did not send all necessary objects"
    r"|failed to traverse parents|from promisor remote|is not a valid object",
    re.IGNORECASE,
)
_FORMAT = re.compile(r"mismatched algorithms|unknown object format|unsupported object format", re.IGNORECASE)
_NOT_OURS = re.compile(r"not our ref ([0-9a-f]{64}|[0-9a-f]{40})")
_PARTIAL = re.compile(r"promisor remote|lazy fetching disabled", re.IGNORECASE)
_OBJECT = re.compile(r"\b(?:[0-9a-f]{64}|[0-9a-f]{40})\b")
_FROM_AFAR = re.compile(r"remote: [^\n]*? / |remote: .*|(?<=remote error: ).*")
"""The server's words within an error of `command`, which are not repeated: its operator chooses them, git does not."""


class NotThere(Gone):
    """The server does not have an object: one that was asked for, or that a ref of its own names."""

    def __init__(self, oid: str) -> None:
        super().__init__(f"the server does not have object {oid}")
        self.oid = oid


def meaning(error: GitFailed) -> PicketError:
    """Return the error that a failed fetch amounts to.

    Returns:
        NotThere: The server does not have an object that it offers, or that was asked for.
        Damaged: Objects are missing or corrupt; names the first one that git names.
        Gone: There is no such repository or commit, or it is not ours to read.
        Unsupported: It has an object format that this git does not read.
        TransientError: Anything else; a later attempt may succeed.
    """
    if not_ours := _NOT_OURS.search(error.reason):
        return NotThere(not_ours[1])
    if _DAMAGED.search(error.reason):
        named = _OBJECT.search(error.reason)
        what = f"object {named[0]} cannot be read" if named else "an object cannot be read"
        why = "it is a partial clone" if _PARTIAL.search(error.reason) else "objects are missing or corrupt"
        return Damaged(f"the repository cannot be fetched whole: {what}; {why}")
    said = _FROM_AFAR.sub("", error.reason) or "the server refused"
    if _FORMAT.search(error.reason):
        return Unsupported(f"the repository's object format is not read here: {said}")
    if _GONE.search(error.reason):
        return Gone(f"the repository cannot be read: {said}")
    return TransientError(f"fetching failed: {said}")
