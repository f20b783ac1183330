"""A repository is known by its forge's id: renamed, moved or traded for another, it keeps its findings."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.orchestration.test_organizations import add, shown, sync
from tests.support.deployment import Deployment
from tests.support.forges import ALL, ForgeApi

from picket.commits.repository import parse_address
from picket.effects.mongo import repositories
from picket.effects.mongo.client import collection

FOLDER = {"azure": "shop/"}


@pytest.fixture(params=ALL)
def api(request: pytest.FixtureRequest, deployed: Deployment) -> Iterator[ForgeApi]:
    assert deployed
    found = ForgeApi(request.param)
    yield found
    found.close()


def path(api: ForgeApi, name: str) -> str:
    return FOLDER.get(api.forge, "") + name


def name_of(api: ForgeApi, entry: int) -> str:
    """Return a repository's canonical name by where the forge has it now."""
    return parse_address(api.clone_url(api.entries[entry]), local=True).name


def known(api: ForgeApi) -> dict[str, str]:
    """Return names and ids of what is registered, by the forge's id."""
    found: list[Any] = list(collection("repositories").find({"vanished_at": None}))
    assert all(one["url"].removeprefix("http://").removesuffix(".git") == one["name"] for one in found)
    return {one["forge_key"].removeprefix(f"{api.host}:"): f"{one['name']} {one['_id']}" for one in found}


def test_a_rename_moves_name_and_address_and_keeps_the_repository(deployed: Deployment, api: ForgeApi) -> None:
    api.add(path(api, "old"), path(api, "other"))
    add(deployed, api)
    first = name_of(api, 0)
    api.entries[0].path = path(api, "new")

    assert sync(deployed, api)["vanished"] == 0

    assert known(api)[api.id_of(api.entries[0])] == f"{name_of(api, 0)} {first}"
    assert repositories.resolve(first) == first
    assert len(known(api)) == 2


def test_two_that_trade_their_names_trade_nothing_else(deployed: Deployment, api: ForgeApi) -> None:
    api.add(path(api, "a"), path(api, "b"))
    add(deployed, api)
    first, second = name_of(api, 0), name_of(api, 1)
    api.entries[0].path, api.entries[1].path = path(api, "b"), path(api, "a")

    sync(deployed, api)

    assert known(api) == {
        api.id_of(api.entries[0]): f"{second} {first}",
        api.id_of(api.entries[1]): f"{first} {second}",
    }
    assert (repositories.resolve(first), repositories.resolve(second)) == (second, first)


@pytest.mark.parametrize("order", [1, -1], ids=["renamed first", "new first"])
def test_a_new_one_with_the_old_name_is_another_repository(deployed: Deployment, api: ForgeApi, order: int) -> None:
    api.add(path(api, "old"))
    add(deployed, api)
    first = name_of(api, 0)
    api.entries[0].path = path(api, "new")
    api.add(path(api, "old"))
    api.entries = api.entries[::order]

    sync(deployed, api)

    new, other = (0, 1) if order == 1 else (1, 0)
    key = api.id_of(api.entries[other])
    assert known(api) == {
        api.id_of(api.entries[new]): f"{name_of(api, new)} {first}",
        key: f"{first} {first}~{key}",
    }
    assert repositories.resolve(first) == f"{first}~{key}"
    assert repositories.resolve(name_of(api, new)) == first


def test_a_new_one_in_the_place_of_one_that_is_gone_is_chosen_and_scheduled_as_any_new_one(
    deployed: Deployment, api: ForgeApi
) -> None:
    api.add(path(api, "old"))
    add(deployed, api)
    api.entries.clear()
    api.add(path(api, "old"), fork=True)

    assert add(deployed, api, forks=False)["kept"] == 0
    assert add(deployed, api, repository_schedule={"cron": "0 3 * * *"})["kept"] == 1

    kept = repositories.find(name_of(api, 0), f"{api.host}:{api.id_of(api.entries[0])}")
    assert kept is not None
    assert [one["name"] for one in kept["schedules"]] == ["organization"]


@pytest.mark.parametrize("first", ["from", "to"])
def test_a_transfer_to_another_organization_moves_the_repository(
    deployed: Deployment, api: ForgeApi, first: str
) -> None:
    """Whichever of the two is listed first, in the end it is the other's, and not gone."""
    api.add(path(api, "web"), path(api, "stays"))
    add(deployed, api)
    old = name_of(api, 0)
    api.conditional = False
    moved = api.entries[0]
    here, there = [api.entries[1]], [moved]

    def list_one(name: str, entries: list[Any]) -> None:
        api.name, api.entries = name, entries
        add(deployed, api)
        assert shown(deployed, api)["state"] == "Done"

    both = [("acme", here), ("umbrella", there)]
    for name, entries in both if first == "from" else both[::-1]:
        list_one(name, entries)

    api.name, api.entries = "umbrella", there
    assert known(api)[api.id_of(moved)] == f"{name_of(api, 0)} {old}"
    [one] = collection("repositories").find({"_id": old})
    assert one["organization"] == f"{api.host}/umbrella"
    assert len(known(api)) == 2


def test_an_organization_that_is_hidden_is_not_taken_for_a_user_without_repositories(
    deployed: Deployment, api: ForgeApi
) -> None:
    api.add(path(api, "web"))
    add(deployed, api)
    users = ("/users/", "/user/")
    api.hook = lambda where, _: (200, {}, b"[]") if any(part in where for part in users) else api.problem(404, "")

    assert sync(deployed, api)["state"] == "Failed"

    assert len(known(api)) == 1


def test_numbers_and_uuids_are_kept_as_the_forge_has_them(deployed: Deployment, api: ForgeApi) -> None:
    api.add(path(api, "web"))
    add(deployed, api)

    [one] = collection("repositories").find({})
    assert one["forge_key"] == f"{api.host}:{api.id_of(api.entries[0])}"


def test_what_was_kept_by_number_before_is_still_found(deployed: Deployment, api: ForgeApi) -> None:
    """As a webhook, or a former version, recorded it."""
    api.add(path(api, "web"))
    key = f"{api.host}:{api.id_of(api.entries[0])}"
    repositories.register(f"{api.host}/former/name", f"http://{api.host}/former/name", forge_key=key)

    add(deployed, api)

    assert known(api)[api.id_of(api.entries[0])] == f"{name_of(api, 0)} {api.host}/former/name"
