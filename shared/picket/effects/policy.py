"""The policy in force: the shipped one and the team's file."""

from __future__ import annotations

from picket.context import context
from picket.errors import Malformed, Misconfigured
from picket.policy.rules import Policy, combined
from picket.settings import settings


@context.kept
def policy() -> Policy:
    """Return the policy of this process, read once.

    Raises:
        Misconfigured: The team's file is not a policy; names setting, file, place and reason.
    """
    path = settings().policy
    try:
        return combined(path.read_text(), name=str(path)) if path else combined()
    except (Malformed, OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"PICKET_POLICY: {error}") from error
