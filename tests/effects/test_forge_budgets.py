"""What replicas share of a forge's rate limit: together they keep within it, and write no more than that takes."""

import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from picket.effects.mongo import forge_budgets as budgets
from picket.effects.mongo.client import collection
from picket.forges import FORGES
from picket.forges.limits import LONGEST, Limits

pytestmark = pytest.mark.usefixtures("store")
NOW = 1_800_000_000.0
GITHUB = FORGES["github"].allowances
PLENTY = Limits(4_000, 1_800.0, None)


def stored() -> list[dict[str, object]]:
    return list(collection("forge_budgets").find({}))


def test_while_plenty_is_left_nothing_is_written() -> None:
    for number in range(50):
        assert budgets.admit("t", NOW + number) == 0.0
        budgets.note("t", PLENTY, NOW + number)

    assert stored() == []


def test_what_is_left_is_counted_down_by_all_and_then_waited_for() -> None:
    budgets.note("t", Limits(3, 600.0, None), NOW)
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: budgets.admit("t", NOW), range(20)))

    assert sorted(waits) == [0.0] * 3 + [600.0] * 17
    assert budgets.admit("t", NOW + 599) == 1.0
    assert budgets.admit("t", NOW + 600) == 0.0
    assert budgets.admit("other", NOW) == 0.0


def test_an_answer_that_comes_late_gives_nothing_back() -> None:
    """Two requests were on their way, and the first one's answer comes last."""
    budgets.note("t", Limits(3, 600.0, None), NOW)
    for _ in range(2):
        budgets.admit("t", NOW)
    budgets.note("t", Limits(1, 599.0, None), NOW + 1)
    budgets.note("t", Limits(2, 601.0, None), NOW + 1)
    budgets.note("t", Limits(101, 600.0, None), NOW)

    assert [budgets.admit("t", NOW + 1) == 0.0 for _ in range(2)] == [True, False]


def test_a_limit_that_is_full_again_early_is_believed() -> None:
    budgets.note("t", Limits(0, 600.0, None), NOW)
    assert budgets.admit("t", NOW + 1) == 599.0

    budgets.note("t", Limits(5_000, 3_600.0, None), NOW + 2)

    assert [budgets.admit("t", NOW + 3) for _ in range(3)] == [0.0] * 3


def test_a_pause_is_everybodys_and_is_only_made_longer() -> None:
    assert budgets.pause("t", 120.0, NOW) == 120.0
    assert budgets.pause("t", 30.0, NOW + 1) == 30.0

    assert budgets.admit("t", NOW + 20) == 100.0
    assert budgets.admit("t", NOW + 120) == 0.0


def test_refusals_that_name_no_time_are_waited_for_longer_and_longer_until_one_succeeds() -> None:
    waits, at = [], NOW
    for _ in range(9):
        waits.append(budgets.pause("t", None, at))
        assert budgets.pause("t", None, at) == waits[-1], "what was on its way is refused as well: that counts once"
        at += waits[-1]

    assert waits[:4] == [60.0, 120.0, 240.0, 480.0]
    assert waits[-1] == waits[-2] == 3_840.0
    budgets.note("t", PLENTY, at)
    assert budgets.pause("t", None, at + 1) == 60.0


def test_a_success_that_was_on_its_way_ends_no_pause() -> None:
    budgets.pause("t", None, NOW)
    budgets.note("t", PLENTY, NOW + 1)

    assert budgets.admit("t", NOW + 2) == 58.0
    assert budgets.pause("t", None, NOW + 60) == 120.0


def test_azure_asks_for_a_pause_with_a_success() -> None:
    budgets.note("t", Limits(None, None, 30.0), NOW)

    assert budgets.admit("t", NOW + 10) == 20.0


@pytest.mark.parametrize("seed", range(3))
def test_writes_stay_within_every_minute_and_hour_and_use_them(seed: int) -> None:
    chance, at, sent = random.Random(seed), NOW, []
    while at < NOW + 2 * 3_600:
        wait = budgets.take("t", GITHUB, at)
        if wait:
            assert wait <= 3_600
            at += wait
        else:
            sent.append(at)
            at += chance.choice([0.0, 0.1, 1.0])

    for count, seconds in GITHUB:
        for number, one in enumerate(sent[count:]):
            assert one - sent[number] >= seconds - 1e-3
    assert len([one for one in sent if one < NOW + 3_600]) == 500


def test_without_an_allowance_nothing_is_counted() -> None:
    assert budgets.take("t", FORGES["gitea"].allowances, NOW) == 0.0
    assert stored() == []


@pytest.mark.parametrize("ahead", [3_600.0, 86_400.0, 40 * 365 * 86_400.0])
def test_what_a_clock_that_jumped_has_left_does_not_stop_anybody_for_long(ahead: float) -> None:
    for _ in range(80):
        assert budgets.take("t", GITHUB, NOW + ahead) == 0.0
    budgets.pause("t", LONGEST, NOW + ahead)
    budgets.note("t", Limits(0, LONGEST, None), NOW + ahead)

    assert budgets.admit("t", NOW) == 0.0
    assert budgets.take("t", GITHUB, NOW) == 60.0, "as if it were now"
    assert budgets.take("t", GITHUB, NOW + 60) == 0.0


@pytest.mark.parametrize("behind", [2.0, 500.0])
def test_of_two_whose_clocks_differ_none_lets_the_other_send_more(behind: float) -> None:
    taken = [budgets.take("t", GITHUB, NOW - behind * (number % 2)) == 0.0 for number in range(400)]

    assert taken == [True] * 80 + [False] * 320


WRITES = """
import sys
from picket.effects.mongo import forge_budgets as budgets
from picket.errors import Busy
from picket.forges import FORGES

taken = 0
for _ in range(100):
    while True:
        try:
            taken += budgets.take("t", FORGES["github"].allowances, 1_800_000_000.0) == 0.0
        except Busy:
            continue
        break
print(taken)
"""


def test_two_processes_take_no_more_together_than_one_may() -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", WRITES], stdout=subprocess.PIPE, text=True, env=dict(os.environ))
        for _ in range(2)
    ]
    taken = [int(each.communicate()[0]) for each in running]

    assert sum(taken) == 80
    assert len(stored()) == 1
