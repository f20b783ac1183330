"""PingSources: events on a schedule."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from croniter import croniter

from picket.events.cloudevent import CloudEvent
from picket.local.outbound import Outbound
from picket.local.resources import PingSource
from picket.local.wire import Unreachable

log = logging.getLogger(__name__)

_TYPE = "dev.knative.sources.ping"


def next_time(source: PingSource, after: datetime) -> datetime:
    """Return when *source* is due next, strictly *after* that moment; without a time zone of its own, in UTC."""
    local = after.astimezone(source.timezone or UTC)
    moment: datetime = croniter(source.schedule, local).get_next(datetime)
    return moment.astimezone(UTC)


def ping(source: PingSource, due: datetime) -> CloudEvent:
    """Return the event of *source* for the time it was *due*; the same time always makes the same event id."""
    return CloudEvent(
        {
            "specversion": "1.0",
            "id": f"{source.namespace}/{source.name}/{due.isoformat()}",
            "source": f"/apis/v1/namespaces/{source.namespace}/pingsources/{source.name}",
            "type": _TYPE,
            "time": due.isoformat().replace("+00:00", "Z"),
            "datacontenttype": source.content_type,
            **source.extensions,
        },
        source.data,
    )


async def run(source: PingSource, outbound: Outbound) -> None:
    """Send the events of *source* for ever. A time missed while the machine slept is not made up for."""
    while True:
        due = next_time(source, datetime.now(UTC))
        await asyncio.sleep((due - datetime.now(UTC)).total_seconds())
        try:
            response = await outbound.post(source.sink, ping(source, due))
        except Unreachable as error:
            log.warning("PingSource %s: its sink is unreachable: %s", source.name, error)
            continue
        if response.status >= 300:  # noqa: PLR2004 - no success
            log.warning("PingSource %s: its sink answered %d", source.name, response.status)
