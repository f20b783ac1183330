"""An image holds what its function imports, and nothing else of what the project uses."""

import re
import tomllib
from importlib.metadata import requires

import pytest
from knative.image import requirements
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.images.imports import distributions, packages
from tests.support.deployment import FUNCTIONS, ROOT

PYPROJECT = (ROOT / "pyproject.toml").read_text()
LOCK = (ROOT / "requirements.lock").read_text()
OURS = tomllib.loads(PYPROJECT)["project"]
STARTS_IT = "functions-framework"
"""Nothing imports it: it imports the function."""


def names(entries: str) -> set[str]:
    """The packages of a lock file."""
    return set(re.findall(r"^([\w.-]+)==", entries, re.MULTILINE))


def declared(function: str) -> set[str]:
    return {canonicalize_name(Requirement(each).name) for each in requirements.declared(PYPROJECT, [function])}


def installed(function: str) -> str:
    return requirements.restrict(LOCK, requirements.declared(PYPROJECT, [function, "telemetry"]))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_image_has_all_that_its_function_imports(function: str) -> None:
    there = names(installed(function))

    assert {name for name in packages(function) if not distributions(name) & there} == set()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_extra_asks_for_nothing_that_its_function_does_not_import(function: str) -> None:
    imported = {name for package in packages(function) for name in distributions(package)}

    assert declared(function) - imported == {STARTS_IT}


def test_only_what_finds_secrets_has_hyperscan_and_only_what_looks_into_repositories_has_git() -> None:
    assert {each for each in FUNCTIONS if "hyperscan" in names(installed(each))} == {"scan", "verify"}
    assert {each for each in FUNCTIONS if "gitpython" in names(installed(each))} == {"collect", "enumerate", "scan"}
    dockerfile = (ROOT / "knative" / "image" / "Dockerfile").read_text()
    assert set(re.findall(r"^FROM with-git AS for-(\w+)$", dockerfile, re.MULTILINE)) == {
        "collect",
        "enumerate",
        "scan",
    }
    assert set(re.findall(r"^FROM (?:plain|with-git) AS for-(\w+)$", dockerfile, re.MULTILINE)) == set(FUNCTIONS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_image_gets_the_part_of_the_lock_file_that_pip_would_resolve(function: str) -> None:
    """Compared with what the installed distributions themselves say that they need."""
    found = set()
    waiting = [Requirement(each) for each in requirements.declared(PYPROJECT, [function, "telemetry"])]
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        if (name, frozenset(one.extras)) not in found:
            found.add((name, frozenset(one.extras)))
            for each in map(Requirement, requires(one.name) or ()):
                extras = one.extras or {""}
                if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras):
                    waiting.append(each)

    elsewhere = {
        entry.partition("==")[0]
        for entry in installed(function).splitlines()
        if (marker := re.match(r"\S+ ; (.*) \\$", entry)) and not Requirement(f"x ; {marker[1]}").marker.evaluate()  # type: ignore[union-attr]
    }
    assert names(installed(function)) - elsewhere == {name for name, _ in found}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_entry_of_an_image_is_one_of_the_lock_file_with_its_hashes(function: str) -> None:
    for entry in re.split(r"\n(?=\S)", installed(function)):
        assert entry.strip() in LOCK
        assert "--hash=sha256:" in entry


def test_what_the_lock_file_lacks_is_an_error() -> None:
    with pytest.raises(ValueError, match="run `make lock`: left-pad"):
        requirements.restrict(LOCK, ["flask>=3", "Left_Pad>=1"])


def test_an_extra_that_there_is_not_is_an_error() -> None:
    with pytest.raises(ValueError, match="no extra scam"):
        requirements.declared(PYPROJECT, ["scam"])


def test_the_whole_of_one_machine_is_one_extra() -> None:
    [all_of_it] = [each for each in OURS["optional-dependencies"]["local"] if each.startswith("picket[")]

    assert Requirement(all_of_it).extras == {*FUNCTIONS, "cli", "tools"}
