"""Adding a forge, a tool, a kind, a probe or a notice channel costs a folder or module, and a line of a registry.

A toy of each is written into a package of its own, added to its registry, and seen to work through the functions.
"""

import hashlib
import hmac
import importlib
import json
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pytest
from tests.support import secrets
from tests.support.deployment import Deployment, forget
from tests.support.forges import ForgeApi
from tests.support.repositories import GitHttpServer, Work

from picket.effects.mongo.client import collection
from picket.findings.kinds import KINDS
from picket.forges import FORGES
from picket.notices import CHANNELS
from picket.probes import PROBES
from picket.tools import TOOLS

TOYS = {
    "__init__.py": "",
    "toyforge/__init__.py": """
from picket.forges.forge import Forge

FORGE = Forge(package=__name__, receives=True, lists=True, pull_requests=("refs/toys",))
""",
    "toyforge/listing.py": """
import json

from picket.forges.listing import Listed, Listing


def parse(name, url, body):
    return [Listed(one, f"http://{url.split('/')[2]}/{name}/{one}.git", one * 2, "public", False, False)
            for one in json.loads(body)["toys"]]


def next_url(url, headers, body):
    more = json.loads(body)["more"]
    return f"{url.partition('#')[0].partition('?')[0]}?page={more}" if more else ""


LISTING = Listing(
    first_url=lambda scheme, host, name: f"{scheme}://{host}/toys/{name}",
    headers=lambda token: {},
    parse=parse,
    next_url=next_url,
)
""",
    "toyforge/receiving.py": """
import hashlib
import hmac

from picket.webhooks.events import Push, Repository
from picket.webhooks.receiving import Receiving, any_equal


def is_signed(headers, body, secrets, clock):
    made = (hmac.new(each.encode(), body, hashlib.sha1).hexdigest().encode() for each in secrets)
    return any_equal(made, [headers.get("x-toy-sum", "").encode()])


def interpret(event, payload):
    return [Push(Repository(payload["where"]), payload["what"], payload["old"], payload["new"])]


RECEIVING = Receiving(
    is_signed=is_signed, named=lambda headers, payload: (payload["number"], "push"), interpret=interpret
)
""",
    "toytool/__init__.py": """
from picket.tools.tool import Tool

TOOL = Tool(package=__name__, name="toytool", receives=True)
""",
    "toytool/report.py": """
from picket.findings.model import Place, Problem, Report


def recognises(document):
    return isinstance(document, dict) and "smells" in document


def parse(document, tool):
    return Report(
        problems=tuple(
            Problem(kind="smell", rule=one["nose"], severity="high", places=(Place(path=one["path"]),))
            for one in document["smells"]
        )
    )


""",
    "toytool/receiving.py": """
from picket.webhooks.events import ReportTold, Repository
from picket.webhooks.receiving import Receiving

from .report import parse


def interpret(event, payload):
    return [ReportTold(Repository(payload["where"]), "toytool", parse(payload, "toytool"), complete=True)]


RECEIVING = Receiving(
    is_signed=lambda headers, body, secrets, clock: headers.get("x-toy-secret", "") in tuple(secrets),
    named=lambda headers, payload: (headers.get("x-toy-id", ""), "report"),
    interpret=interpret,
)
""",
    "smell.py": """
from picket.findings.kinds.kind import Kind, never, path_of

KIND = Kind(
    name="smell",
    identify=lambda tool, problem, lines: ((problem.rule, path_of(problem)),),
    needs_lines=False,
    equals_are_distinct=never,
    closes_by_report=True,
    leaves_residue=False,
    remediation="Open a window.",
)
""",
    "luck.py": """
from picket.probes.probe import Probe

PROBE = Probe(
    weight=1000.0,
    needs=("name",),
    judge=lambda facts: ("pass", "lucky") if "lucky" in facts["name"] else ("fail", "no luck"),
    untold="no name",
    remediation="Rename it.",
    link="/luck",
)
""",
    "pigeon.py": """
from picket.notices.channel import Channel, Request

CHANNEL = Channel(
    needs=("loft",),
    check=lambda config: "" if config["loft"].startswith("http") else "loft is no place",
    render=lambda config, notice, clock: Request(config["loft"], {}, f"coo {notice.message}".encode()),
)
""",
}
SPECIMENS: dict[str, dict[str, Any]] = {
    "forges": FORGES,
    "tools": TOOLS,
    "kinds": KINDS,
    "probes": PROBES,
    "channels": CHANNELS,
}


@pytest.fixture
def toys(tmp_path: Path, environment: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A package with a toy of each, every one added to its registry by one line."""
    folder = tmp_path / "package" / "toybox"
    for name, text in TOYS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    environment.syspath_prepend(str(folder.parent))
    box = importlib.import_module("toybox")

    def of(name: str) -> Any:
        return importlib.import_module(f"toybox.{name}")

    environment.setitem(FORGES, "toyforge", of("toyforge").FORGE)
    environment.setitem(TOOLS, "toytool", of("toytool").TOOL)
    environment.setitem(KINDS, "smell", of("smell").KIND)
    environment.setitem(PROBES, "luck", of("luck").PROBE)
    environment.setitem(CHANNELS, "pigeon", of("pigeon").CHANNEL)
    yield box
    for name in [name for name in sys.modules if name.partition(".")[0] == "toybox"]:
        del sys.modules[name]


@pytest.fixture
def work(forge: GitHttpServer) -> Work:
    made = Work(forge.root / "o" / "r")
    made.commit({"a.py": "x = 1\n"})
    return made


def deliver(deployed: Deployment, source: dict[str, Any], body: bytes, **headers: str) -> int:
    where = source["url"].removeprefix("http://127.0.0.1:8080")
    sent = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return int(deployed.clients["ingest"].post(where, data=body, headers=sent).status_code)


@pytest.mark.usefixtures("toys")
def test_a_webhook_of_a_toy_forge_becomes_a_scan(deployed: Deployment, forge: GitHttpServer, work: Work) -> None:
    old = work.head()
    new = work.commit({"b.py": f"t = '{secrets.slack_token(1)}'\n"})
    source = deployed.api.post("/webhooks", json={"sender": "toyforge", "name": "t"}).json
    told = {"where": f"{forge.url}/o/r/.git", "what": "refs/heads/main", "old": old, "new": new, "number": "7"}
    body = json.dumps(told).encode()
    signed = hmac.new(source["secret"].encode(), body, hashlib.sha1).hexdigest()

    assert deliver(deployed, source, body, x_toy_sum="0" * 40) == 401
    assert deliver(deployed, source, body, x_toy_sum=signed) == 202
    deployed.drain()

    [scan] = deployed.api.get("/scans?state=all").json["scans"]
    assert (scan["state"], scan["kind"]) == ("Done", "push")
    [finding] = deployed.api.get("/findings").json["findings"]
    assert finding["commit"] == new


@pytest.mark.usefixtures("toys")
def test_a_toy_forge_lists_its_organizations(deployed: Deployment) -> None:
    api = ForgeApi("toyforge")
    api.hook = lambda path, _: (
        200,
        {},
        b'{"toys": ["b"], "more": 0}' if "?" in path else b'{"toys": ["a"], "more": 1}',
    )
    try:
        deployed.api.post("/organizations", json={"forge": "toyforge", "host": api.host, "name": "acme"})
        deployed.drain()
    finally:
        api.close()

    found = deployed.api.get(f"/organizations/{api.host}/acme").json
    assert (found["state"], found["kept"]) == ("Done", 2)
    kept = {f"{api.host}/acme/{name}": f"{api.host}:{name * 2}" for name in "ab"}
    assert {one["_id"]: one["forge_key"] for one in collection("repositories").find({})} == kept


@pytest.mark.usefixtures("toys")
def test_a_report_of_a_toy_tool_becomes_findings_of_a_toy_kind_with_a_score_item(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    assert work
    name = deployed.api.post("/repositories", json={"repository": f"{forge.url}/o/r/.git"}).json["name"]
    smells = {"smells": [{"nose": "fish", "path": "a.py"}, {"nose": "smoke", "path": "a.py"}]}

    assert deployed.api.post(f"/reports?tool=toytool&asset={name}&complete=true", json=smells).status_code == 202
    deployed.drain()

    found = deployed.api.get("/findings?kind=smell").json["findings"]
    assert {(one["rule"], one["kind"], one["remediation"]) for one in found} == {
        ("fish", "smell", "Open a window."),
        ("smoke", "smell", "Open a window."),
    }
    items = deployed.api.get(f"/scores/{name}").json["items"]
    assert {item["label"] for item in items if item["penalty"] > 0} == {"fish in a.py", "smoke in a.py"}


@pytest.mark.usefixtures("toys")
def test_a_toy_tool_that_sends_webhooks_reports_and_closes_by_them(
    deployed: Deployment, forge: GitHttpServer, work: Work
) -> None:
    assert work
    source = deployed.api.post("/webhooks", json={"sender": "toytool", "name": "t"}).json
    where = {"where": f"{forge.url}/o/r/.git"}
    for number, smells in enumerate(([{"nose": "fish", "path": "a.py"}], [])):
        body = json.dumps({**where, "smells": smells}).encode()
        assert deliver(deployed, source, body, x_toy_secret=source["secret"], x_toy_id=f"d{number}") == 202
        deployed.drain()
        expected = "open" if smells else "fixed"
        assert [one["state"] for one in deployed.api.get("/findings?kind=smell").json["findings"]] == [expected]


@pytest.mark.usefixtures("toys")
def test_a_toy_probe_moves_a_score(
    deployed: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch
) -> None:
    assert work
    Work(forge.root / "o" / "lucky").commit({"a": "1\n"})
    for name in ("r", "lucky"):
        deployed.api.post("/scans", json={"repository": f"{forge.url}/o/{name}/.git"})
    deployed.drain()
    host = forge.url.removeprefix("http://")
    scores = {name: deployed.api.get(f"/scores/{host}/o/{name}").json for name in ("r", "lucky")}

    assert scores["lucky"]["score"] - scores["r"]["score"] == pytest.approx(29, abs=1)
    [check] = [check for check in scores["r"]["checks"] if check["id"] == "luck"]
    assert (check["outcome"], check["reason"], check["remediation"], check["link"]) == (
        "fail",
        "no luck",
        "Rename it.",
        "/luck",
    )
    assert environment


@pytest.mark.usefixtures("toys")
def test_a_toy_channel_carries_a_notice(
    deployed: Deployment, forge: GitHttpServer, work: Work, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    taken: list[bytes] = []

    class Loft(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep test output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Loft)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    loft = f"http://127.0.0.1:{server.server_address[1]}/"
    environment.setenv("PICKET_CHANNELS", json.dumps({"roof": {"type": "pigeon", "loft": loft}}))
    rule = "{id: t, match: {finding.kind: secret}, actions: [{notify: {message: leak, channel: roof}}]}"
    (tmp_path / "policy.yaml").write_text(f"version: 1\nrules:\n- {rule}")
    environment.setenv("PICKET_POLICY", str(tmp_path / "policy.yaml"))
    forget()
    work.commit({"b.py": f"t = '{secrets.slack_token(1)}'\n"})
    try:
        deployed.api.post("/scans", json={"repository": f"{forge.url}/o/r/.git"})
        deployed.drain()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

    assert taken == [b"coo leak"]


@pytest.mark.parametrize("name", SPECIMENS)
def test_everything_that_is_shipped_is_registered_under_the_name_of_its_module(name: str) -> None:
    package = {"kinds": "findings/kinds", "channels": "notices"}.get(name, name)
    folder = Path(__file__).parents[1] / "shared" / "picket" / package
    mark = {
        "forges": "FORGE = ",
        "tools": "TOOL = ",
        "kinds": "KIND = ",
        "probes": "PROBE = ",
        "channels": "CHANNEL = ",
    }
    modules = [*folder.glob("*.py"), *folder.glob("*/__init__.py")]
    shipped = {
        (path.parent.name if path.name == "__init__.py" else path.stem)
        for path in modules
        if f"\n{mark[name]}" in path.read_text()
    }

    assert {entry.replace("-", "_") for entry in SPECIMENS[name]} == shipped


def test_a_hook_needs_no_more_of_the_forges_than_their_facts() -> None:
    import subprocess  # noqa: PLC0415 - only here

    code = "import sys, picket.commits.refs; sys.exit('pydantic' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
