"""Which scope a token needs for each route. One that is not here needs `admin`."""

from __future__ import annotations

from picket.runtime.access import Scope

_READ = (
    *("scans.show", "scans.page", "events.stream", "findings.page", "findings.show"),
    *("repositories.page", "repositories.show", "builds.show", "schedules.page", "schedules.show"),
    *("scores.show", "scores.team", "scores.teams", "webhooks.page", "organizations.page", "organizations.show"),
    *("connections.page", "connections.show"),
    *("reports.page", "triage.page", "triage.show", "policy.show"),
    *("dead_letters.page", "dead_letters.counts", "openapi.show", "pages.start", "pages.static"),
)
_SUBMIT = (
    *("scans.submit", "repositories.add", "organizations.sync", "builds.keep", "builds.stop"),
    "dead_letters.show",  # the whole event, as its sender made it, to judge a replay by
    "dead_letters.send_again",
)
_ADMIN = (
    *("scans.cancel", "dead_letters.drop"),  # either would hide a leak
    "dead_letters.keep",  # the Broker needs none, see dead_letters.is_from_broker
    *(
        "repositories.set_team",
        "repositories.forget",
        "schedules.put",
        "schedules.remove",
        "organizations.add",
        "organizations.remove",
    ),
    *("connections.add", "connections.check", "connections.remove"),
    *("webhooks.add", "webhooks.rotate", "webhooks.revoke", "tokens.add", "tokens.page", "tokens.revoke"),
    "doctor.show",  # tells where things are, and does some work
    "people.forget",
    "verifications.revoke",  # what uses the credential stops working
    "policy.test",  # its patterns are tried on everything that is stored
)

_REPORT = ("reports.add", "reports.show")
_TRIAGE = ("triage.change", "triage.change_many", "triage.decide", "verifications.verify")

SCOPES: dict[str, Scope] = {
    **dict.fromkeys(_READ, "read"),
    **dict.fromkeys(_SUBMIT, "submit"),
    **dict.fromkeys(_REPORT, "report"),
    **dict.fromkeys(_TRIAGE, "triage"),
    **dict.fromkeys(_ADMIN, "admin"),
}
"""Scope by endpoint, `blueprint.function`."""


def needed(endpoint: str | None) -> Scope:
    """Return the scope for *endpoint*; None is where no route leads, which any token may learn."""
    return "read" if endpoint is None else SCOPES.get(endpoint, "admin")
