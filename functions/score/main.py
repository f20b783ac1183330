"""Keep the score of every repository and team."""

from picket.effects.mongo import repositories, scans
from picket.events import FindingChanged, RepositoryChanged, ScanCompleted, ScoreRequested, TeamChanged
from picket.orchestration import rating
from picket.runtime import consumes


@consumes(FindingChanged, RepositoryChanged, ScanCompleted, ScoreRequested, TeamChanged)
def main(event: FindingChanged | RepositoryChanged | ScanCompleted | ScoreRequested | TeamChanged) -> None:
    """Compute the scores that the event may have moved."""
    if isinstance(event, TeamChanged):
        rating.rate_team(event.team)
        return
    repository = repositories.get(event.repository)
    if repository is not None and "forgotten_at" not in repository:
        changed = event.findings if isinstance(event, FindingChanged) else ()
        has_moved = rating.rate_repository(event.repository, changed)
        if has_moved or isinstance(event, RepositoryChanged):
            rating.note_for_teams(repository)
    if isinstance(event, ScanCompleted):
        scans.set_scored(event.scan)
