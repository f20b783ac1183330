"""Tell people and systems through notice channels."""

from picket.events import NoticeRequested
from picket.orchestration import notifying
from picket.runtime import consumes


@consumes(NoticeRequested)
def main(event: NoticeRequested) -> None:
    """Send one notice."""
    notifying.notify(event)
