"""What a request or a tick asks of the store does not grow with what is stored."""

from __future__ import annotations

import pytest
from tests.benchmarks.scale import requests
from tests.benchmarks.stored import Size, fill
from tests.orchestration.asking import tick
from tests.support.commands import Counting, counting
from tests.support.deployment import Deployment, deploy, forget

_TIMES = 4
_FEW = Size(
    repositories=250,
    findings=1_500,
    in_big=300,
    occurrences_of_one=200,
    teams=60,
    in_team=60,
    scans=300,
    batches_of_one=20,
)
_MANY = Size(
    repositories=_TIMES * _FEW.repositories,
    findings=_TIMES * _FEW.findings,
    in_big=_TIMES * _FEW.in_big,
    occurrences_of_one=_TIMES * _FEW.occurrences_of_one,
    teams=_FEW.teams,  # a page of teams is one of all teams; each costs a look-up
    in_team=_TIMES * _FEW.in_team,
    scans=_TIMES * _FEW.scans,
    batches_of_one=_TIMES * _FEW.batches_of_one,
)


def commands(deployed: Deployment, count: Counting, size: Size) -> dict[str, int]:
    """Fill the store; return how many commands each request sends, and the second of two ticks."""
    fill(size)
    found: dict[str, int] = {}
    for name, path, _ in requests(size):
        assert deployed.api.get(path).status_code in {200, 422}, path  # counts that a list keeps are kept by now
        count.since()
        deployed.api.get(path)
        found[name] = count.since()
    for turn in ("first", "second"):
        assert tick(deployed, turn) == 204
        found["a tick"] = count.since()
    return found


@pytest.mark.slow
@pytest.mark.usefixtures("store")
def test_four_times_as_much_costs_no_more_commands(environment: pytest.MonkeyPatch) -> None:
    found: list[dict[str, int]] = []
    for number, size in enumerate((_FEW, _MANY)):
        environment.setenv("PICKET_MONGODB_DATABASE", f"costs-{number}")
        environment.setenv("PICKET_REQUESTS_PER_MINUTE", "0")
        count = counting(environment)
        found.append(commands(deploy(environment), count, size))
    forget()

    few, many = found
    assert max(few.values()) > 2
    grown = {name: (few[name], number) for name, number in many.items() if number > few[name] + 2}
    assert grown == {}
