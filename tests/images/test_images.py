"""The functions' images, run as a cluster runs them: one after the other they carry a push to its score."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn

import pytest
from cryptography.fernet import Fernet
from knative.image import build, engine
from tests.images.imports import packages
from tests.support import containers, pushes, s3, secrets
from tests.support.containers import Container
from tests.support.deployment import FUNCTIONS, ROOT, Message
from tests.support.repositories import GitHttpServer, Work
from tests.support.sink import Sink, sink

pytestmark = [pytest.mark.real("images"), pytest.mark.stack]

EVENT_FUNCTIONS = sorted(set(FUNCTIONS) - {"ingest", "api"})
TOKEN = "only-for-this-test-" + "0" * 20
LIMIT_MB = {"scan": 250, "verify": 220}
OTHERS_MB = 120
STARTS = 3
STRANGE = Message(
    {
        "Content-Type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": "strange-1",
        "ce-source": "/test",
        "ce-type": "dev.picket.nothing.known.v1",
        "ce-partitionkey": "test",
    },
    b"{}",
)


def _cannot(reason: str) -> NoReturn:
    """Skip, or fail where images are required."""
    if os.environ.get("PICKET_REQUIRE_IMAGES"):
        pytest.fail(f"PICKET_REQUIRE_IMAGES is set: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def images() -> dict[str, str]:
    """All images, built where something has changed; their names."""
    done = subprocess.run(
        [sys.executable, "-m", "knative.image.build"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode == build.UNUSABLE:
        _cannot(done.stderr[-1000:])
    assert done.returncode == 0, done.stderr[-4000:]
    return {function: f"localhost/picket/{function}:latest" for function in FUNCTIONS}


@pytest.fixture(scope="module")
def broker() -> Iterator[Sink]:
    with sink() as found:
        yield found


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHttpServer]:
    server = GitHttpServer(tmp_path_factory.mktemp("forge"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def settings(nx_uri: str, broker: Sink, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What all functions are given; what scanners need goes through an S3 server."""
    with s3.server(tmp_path_factory.mktemp("s3") / "log") as bucket:
        yield {
            **bucket,
            "K_SINK": broker.url,
            "MONGODB_URI": nx_uri,
            "PICKET_MONGODB_DATABASE": "images",
            "PICKET_HASH_KEY": "0" * 64,
            "PICKET_ENCRYPTION_KEY": Fernet.generate_key().decode(),
            "PICKET_API_TOKEN": TOKEN,
            "PICKET_ALLOW_LOCAL_REPOSITORIES": "true",
            "THREADS": "3",
        }


@pytest.fixture(scope="module")
def deployed(
    images: dict[str, str], settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Container]]:
    """A container of each function."""
    folder = tmp_path_factory.mktemp("data")
    with ExitStack() as stack:
        yield {
            function: stack.enter_context(
                containers.running(image, {**settings, "K_SERVICE": function}, folder / function)
            )[0]
            for function, image in images.items()
        }


def ask(api: Container, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    method, data = ("POST", json.dumps(body).encode()) if body is not None else ("GET", b"")
    answer = api.request(method, path, data, headers)
    assert answer.status < 300, (path, answer.status, answer.data)
    return dict(json.loads(answer.data))


def test_a_push_goes_through_every_image_to_its_score(
    deployed: dict[str, Container], broker: Sink, forge: GitHttpServer
) -> None:
    """From a signed delivery on: each function is given what the one before it emitted, and the secret is found."""
    work = Work(forge.root / "o" / "r")
    before = work.commit({"README.md": "hello\n"})
    after = work.commit({"settings.py": f"token = '{secrets.slack_token(5)}'\n"})
    url = f"{forge.url}/o/r"
    source = ask(deployed["api"], "/webhooks", {"sender": "github", "name": "push"})
    body = pushes.encode(pushes.push(url, before, after))
    path = "/in/" + source["url"].partition("/in/")[2]

    answer = deployed["ingest"].request("POST", path, body, pushes.signed(source["secret"], body))

    assert answer.status == 202, answer.data
    way = {
        "normalize": "webhook.received",
        "enumerate": "scan.requested",
        "scan": "commitbatch.created",
        "feedback": "commitbatch.scanned",
        "score": "finding.changed",
    }
    for function, name in way.items():
        answer = deployed[function].post(broker.take(name))
        assert (function, answer.status, answer.data) == (function, 204, b"")
    score = broker.take("score.changed")
    assert score.data["repository"].endswith("/o/r")
    [finding] = ask(deployed["api"], "/findings")["findings"]
    assert (finding["provider"], finding["path"]) == ("Slack", "settings.py")
    assert secrets.slack_token(5) not in "".join(container.log() for container in deployed.values())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_image_answers_the_probes(deployed: dict[str, Container], function: str) -> None:
    for probe in ("readiness", "liveness"):
        answer = deployed[function].request("GET", f"/health/{probe}")
        assert (answer.status, answer.headers["Server"]) == (204, "gunicorn")


@pytest.mark.parametrize("function", EVENT_FUNCTIONS)
def test_an_image_refuses_what_is_no_event_and_keeps_one_that_is_not_its_own(
    deployed: dict[str, Container], broker: Sink, function: str
) -> None:
    nothing = {name: value for name, value in STRANGE.headers.items() if name != "ce-type"}
    strange = Message({**STRANGE.headers, "ce-id": f"strange-{function}"}, STRANGE.body)
    broker.sent.clear()

    assert deployed[function].request("POST", "/", b"{}", nothing).status == 400
    assert deployed[function].post(strange).status == 204
    assert broker.take("event.rejected").data["function"] == function


def test_ingest_and_api_let_no_stranger_in(deployed: dict[str, Container]) -> None:
    body = pushes.encode(pushes.push("https://example.com/o/r", pushes.ZERO, "1" * 40))

    assert deployed["ingest"].request("POST", "/in/github/x", body, pushes.signed("no", body)).status == 401
    assert deployed["api"].request("GET", "/findings").status == 401


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_image_runs_as_anybody_and_writes_nowhere_but_below_data_and_tmp(
    deployed: dict[str, Container], function: str
) -> None:
    tried = (
        "import os, tempfile; print(os.getuid(), os.access('/app', os.W_OK), os.access('/picket', os.W_OK));"
        "[tempfile.TemporaryFile(dir=place).close() for place in ('/data', '/tmp')];"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('CapEff')))"
    )

    assert deployed[function].python(tried).split() == ["12345", "False", "False", "0" * 16]
    assert deployed[function].state()["HostConfig"]["ReadonlyRootfs"] is True


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_image_imports_all_that_its_function_may_need(deployed: dict[str, Container], function: str) -> None:
    """Libraries that these load are looked for by the loader only now."""
    wanted = sorted(packages(function))

    program = "import importlib, sys; print(*[importlib.import_module(name).__name__ for name in sys.argv[1:]])"
    assert deployed[function].python(program, *wanted).split() == wanted


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_image_has_no_tools_that_its_function_does_not_use(deployed: dict[str, Container], function: str) -> None:
    program = (
        "import os, importlib.util as u; print(*os.listdir('/usr/bin'), *os.listdir('/picket/bin'));"
        "print(*[name for name in ('pip', 'setuptools', 'ensurepip') if u.find_spec(name)])"
    )
    found, modules = deployed[function].python(program).partition("\n")[::2]

    git = {"git", "ssh", "sh", "dash", "true"} if function in {"enumerate", "scan"} else set()
    assert {name for name in found.split() if not name.startswith("python")} == git
    assert modules.strip() == ""


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_image_says_what_it_is_and_what_is_in_it(deployed: dict[str, Container], function: str) -> None:
    program = "import importlib.metadata as m; print(*(f'{each.name}=={each.version}' for each in m.distributions()))"
    labels = engine.inspect(f"localhost/picket/{function}:latest")["Labels"]
    document = json.loads((ROOT / "build" / "sbom" / f"{function}.cdx.json").read_text())
    purls = [each.get("purl", "") for each in document["components"]]

    there = {
        f"{each['name']}=={each['version']}" for each in document["components"] if "pkg:pypi" in each.get("purl", "")
    }
    installed = deployed[function].python(program).split()
    assert there == {each for each in installed if not each.startswith("picket==")}
    assert any(purl.startswith("pkg:deb/debian/libc6@") for purl in purls)
    assert any(purl.startswith("pkg:deb/debian/git@") for purl in purls) == (function in {"enumerate", "scan"})
    assert deployed[function].python(f"print(open('/usr/share/sbom/{function}.cdx.json').read())") == json.dumps(
        document, indent=1
    )
    assert labels["org.opencontainers.image.title"] == f"picket/{function}"
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    revision = labels["org.opencontainers.image.revision"].removesuffix("-dirty")
    assert subprocess.run(["git", "cat-file", "-e", revision], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_image_has_bytecode_of_every_module(deployed: dict[str, Container], function: str) -> None:
    """Without it a start takes more than twice the time, each time, as nothing can be written."""
    program = (
        "import importlib.util as u, pathlib, sysconfig;"
        "print(*[path for place in ('/app', '/picket/lib', sysconfig.get_path('stdlib'))"
        " for path in pathlib.Path(place).rglob('*.py') if not pathlib.Path(u.cache_from_source(path)).exists()])"
    )

    assert deployed[function].python(program) == ""


def test_scan_has_its_rules_compiled(deployed: dict[str, Container]) -> None:
    program = (
        "import os; os.environ['PICKET_DATA_DIR'] = '/tmp/nothing-kept-yet';"
        "from picket.effects import ruleset; engine = ruleset.engine(); engine.prefilter.windows(b'');"
        "print(engine.prefilter.compiled)"
    )

    assert deployed["scan"].python(program) == "False"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_image_keeps_nothing_of_where_it_was_built(images: dict[str, str], function: str) -> None:
    known = engine.inspect(images[function])
    told = json.dumps([known["Config"], known["History"], known["Labels"]])

    assert str(ROOT) not in told
    assert "index-url" not in told.lower()
    assert known["Config"]["User"] == "65532:65532"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_sigterm_ends_an_image_within_its_grace_time(
    images: dict[str, str], settings: dict[str, str], tmp_path: Path, function: str
) -> None:
    with containers.running(images[function], {**settings, "K_SERVICE": function}, tmp_path / "data") as (one, _):
        assert one.stop(grace=10) == 0  # 137 where it had to be killed


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_image_is_small(images: dict[str, str], function: str) -> None:
    """Counted beside Python and what it needs, which is less than the base."""
    size = json.loads(build.SIZES.read_text())[function]

    assert images[function]
    assert size["over_bare"] <= LIMIT_MB.get(function, OTHERS_MB) * 1_000_000


def test_the_start_of_each_image_is_measured_beside_that_of_an_empty_function(
    images: dict[str, str], settings: dict[str, str], tmp_path: Path
) -> None:
    """Figures for `build/images.json`; that they are in budget is for `make bench` to say, on an idle machine."""
    # Elsewhere than the image's own main.py, whose bytecode is taken without a look at the source.
    mounts = (f"{ROOT / 'tests' / 'benchmarks' / 'empty.py'}:/empty/main.py:ro",)
    times: dict[str, list[float]] = {}
    for _ in range(STARTS):
        for function in ("", *FUNCTIONS):
            given = {**settings, "K_SERVICE": function or "empty"}
            more = () if function else (mounts, ("--source", "/empty/main.py"))
            with containers.running(images[function or "normalize"], given, tmp_path / "data", *more) as (one, seconds):
                assert function or one.request("GET", "/nothing").status == 204, "this is not the empty function"
                times.setdefault(function, []).append(seconds)
    least = statistics.median(times.pop(""))
    figures = json.loads(build.SIZES.read_text())
    for function, taken in times.items():
        middle = statistics.median(taken)
        figures[function] |= {"start_ms": round(1e3 * middle), "start_ratio": round(middle / least, 2)}
        sys.stdout.write(f"{function}: {figures[function]}\n")
    build.SIZES.write_text(json.dumps(figures, indent=1))

    assert least > 0
