"""Tell people and systems through notice channels, and forges what was found in commits."""

from picket.events import NoticeRequested, StatusRequested
from picket.orchestration import notifying, telling
from picket.runtime import consumes


@consumes(NoticeRequested, StatusRequested)
def main(event: NoticeRequested | StatusRequested) -> None:
    """Send one notice, or set the status of commits."""
    match event:
        case NoticeRequested():
            notifying.notify(event)
        case StatusRequested():
            telling.tell(event)
