"""The repository is held to its word."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from tests.support import pictures
from tests.support.deployment import FUNCTIONS, ROOT, subscriptions

from picket import events
from picket.settings import Settings, variable_of

README = (ROOT / "README.md").read_text()
FUNCTIONS_README = (ROOT / "functions" / "README.md").read_text()
RUNBOOK = (ROOT / "knative" / "README.md").read_text()
SCHEMAS = Path(__file__).parent / "schemas"
EVENTS = [kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, events.Event)]
OURS = [kind for kind in EVENTS if getattr(kind, "TYPE", "").startswith("dev.picket.")]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_has_a_service_and_a_row_in_the_readme(function: str) -> None:
    service = yaml.safe_load((ROOT / "knative" / "base" / f"{function}.yaml").read_text())

    assert (service["kind"], service["metadata"]["name"]) == ("Service", function)
    assert f"| {function} |" in FUNCTIONS_README
    assert [path.name for path in (ROOT / "functions" / function).glob("*.py")] == ["main.py"]


def test_every_function_that_consumes_has_a_trigger_and_every_trigger_a_function() -> None:
    assert set(subscriptions()) == set(FUNCTIONS) - {"ingest", "api"}


def test_the_triggers_deliver_what_the_functions_consume() -> None:
    for function, types in subscriptions().items():
        source = (ROOT / "functions" / function / "main.py").read_text()
        consumed = re.search(r"@consumes\(([^)]*)\)", source)
        assert consumed
        names = {name.strip() for name in consumed[1].split(",")}
        assert {kind.TYPE for kind in EVENTS if kind.__name__ in names} == set(types), function


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.TYPE)
def test_an_events_schema_changes_only_on_purpose(kind: type[events.Event]) -> None:
    """A breaking change is a new version; after a compatible one, write the new snapshot here."""
    snapshot = json.loads((SCHEMAS / f"{kind.TYPE}.json").read_text())

    assert kind.model_json_schema() == snapshot
    assert re.fullmatch(r"dev\.picket\.[a-z]+\.[a-z]+\.v\d+", kind.TYPE)


def test_no_schema_is_left_over() -> None:
    assert {path.stem for path in SCHEMAS.glob("*.json")} == {kind.TYPE for kind in OURS}


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_consumers_ignore_fields_they_do_not_know(kind: type[events.Event]) -> None:
    assert kind.model_config.get("extra") == "ignore"
    assert kind.model_config.get("frozen")


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_in_the_runbooks_table(name: str) -> None:
    field = Settings.model_fields[name]
    variable = variable_of(name)

    assert f"| `{variable}` |" in RUNBOOK
    assert field.description
    assert field.description in RUNBOOK


def test_the_readme_is_the_way_in_and_short() -> None:
    assert len(README.splitlines()) <= 150


@pytest.mark.parametrize("name", pictures.DOCUMENTS)
def test_the_pictures_are_those_that_make_docs_draws(name: str) -> None:
    text = (ROOT / name).read_text()

    assert pictures.drawn(text) == text


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("*/*.md")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_a_documents_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)\)", re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL))

    assert [link for link in links if "://" not in link and not (path.parent / link).exists()] == []


def test_only_the_settings_read_the_environment() -> None:
    readers = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "shared").rglob("*.py")
        if re.search(r"os\.environ|getenv", path.read_text())
    }

    # These hand it on to the processes they start; the last serves hooks, which have no time for pydantic to start.
    others = (
        *("effects/git/hardening.py", "local/environment.py", "local/servers.py", "tools/adapter/execution.py"),
        "scanning/environment.py",
    )
    assert readers <= {f"shared/picket/{name}" for name in others}


def test_the_sources_hold_no_path_of_a_machine_and_no_unfinished_business() -> None:
    pattern = re.compile(r"(?<![\w.-])/(?:work|root|home)/|\b(?:TODO|FIXME|XXX)\b")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in ("shared", "functions", "knative", "triggers")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".yaml", ".toml", ".html", ".css"}
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line)
    ]

    assert found == []


def test_every_module_stays_small_enough_to_be_one_thing() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for folder in ("shared", "functions")
        for path in (ROOT / folder).rglob("*.py")
        if (count := len(path.read_text().splitlines())) > 300
    }

    assert long == {}


def test_setting_up_says_what_each_step_does_before_it_is_done(tmp_path: Path) -> None:
    command = ["make", "--dry-run", "--no-print-directory", "setup", f"VENV={tmp_path / 'venv'}"]

    steps = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()

    said = [line.partition('"')[2][:4] for line in steps[::2]]
    assert said[:4] == ["1/4 ", "2/4 ", "3/4 ", "4/4 "]
    assert not any(line.startswith("echo") for line in steps[1::2])
