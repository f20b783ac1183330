"""Keep the score of every repository and team."""

from picket.effects.mongo import repositories, scans
from picket.events import FindingChanged, RepositoryChanged, ScanCompleted
from picket.orchestration import rating
from picket.runtime import consumes


@consumes(FindingChanged, RepositoryChanged, ScanCompleted)
def main(event: FindingChanged | RepositoryChanged | ScanCompleted) -> None:
    """Compute the scores that the event may have moved."""
    repository = repositories.get(event.repository)
    if repository is not None:
        match event:
            case FindingChanged():
                rating.rate_repository(event.repository, event.findings)
            case RepositoryChanged():
                rating.rate_repository(event.repository, None)  # how exposed it is weighs on every finding
            case ScanCompleted():
                rating.rate_repository(event.repository, ())
        for team in repository.get("teams", ()):
            rating.rate_team(team)
    if isinstance(event, ScanCompleted):
        scans.set_scored(event.scan)
