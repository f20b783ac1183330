"""From a repository's files to clusters: plain files, kustomizations and charts, with and without what renders them."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.clusters import SERVICE, WEB, policy

from picket.exposure import files as bounds
from picket.exposure import rendering
from picket.exposure.documents import Document
from picket.exposure.exposures import inspect, together
from picket.exposure.files import Files
from picket.exposure.gathering import gather
from picket.exposure.objects import read
from picket.exposure.rendering import Renderer
from picket.findings.model import LeftOut, Report

CLOSED = policy("podSelector: {}\npolicyTypes: [Ingress, Egress]")
KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n"
CHART = "apiVersion: v2\nname: shop\nversion: 0.1.0\n"
Gather = Callable[..., Report]


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gather:
    """Write files, and look at them; nothing that renders is installed."""
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.chdir(tmp_path)

    def look(**written: str) -> Report:
        for name, text in written.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        gathered = gather(Files(Path()), Renderer())
        reports = [inspect(read(objects)) for objects in gathered.clusters]
        return together([*reports, Report(left_out=tuple(gathered.left_out))])

    return look


def program(folder: Path, name: str, body: str) -> Path:
    """A program that stands for helm or kubectl."""
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!{sys.executable}\nimport sys, time\n{body}\n")
    path.chmod(0o755)
    return path


def rules(report: Report) -> set[tuple[str, str]]:
    return {(one.resource, one.rule) for one in report.problems}


def test_plain_files_are_one_cluster(found: Gather) -> None:
    assert found(**{"a/web.yaml": WEB, "b/p.yml": CLOSED}) == Report()
    assert len(found(**{"b/p.yml": ""}).problems) == 2


def test_what_is_no_manifest_is_passed_over_and_what_cannot_be_read_is_not(found: Gather, tmp_path: Path) -> None:
    found(
        **{"ci.yaml": "on: [push\n", "x.yaml": "a: {{ b }}\n", "web.yaml": WEB, "node_modules/a.yaml": "apiVersion: ["}
    )
    (tmp_path / "loop.yaml").symlink_to("web.yaml")
    assert found().left_out == ()
    (tmp_path / "latin.yaml").write_bytes(b"apiVersion: v1\nkind: Pod\nmetadata: {name: \xe9}\n")
    report = found()
    assert (report.problems, [one.where for one in report.left_out]) == ((), ["latin.yaml"])


def test_files_and_their_bytes_are_bounded(found: Gather, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_FILE_BYTES", 100)
    assert [one.where for one in found(**{"web.yaml": WEB}).left_out] == ["web.yaml"]
    monkeypatch.undo()
    monkeypatch.setattr(bounds, "MAX_FILES", 1)
    assert [one.where for one in found(**{"other.yaml": WEB}).left_out] == ["."]


def test_a_kustomization_of_files_alone_is_read_as_it_is_in_its_namespace(found: Gather) -> None:
    base = WEB.replace(", namespace: shop", "")
    report = found(
        **{
            "base/kustomization.yaml": f"{KUSTOMIZATION}- web.yaml\n",
            "base/web.yaml": base,
            "base/unused.yaml": WEB.replace("name: web", "name: unused"),
            "live/kustomization.yaml": f"{KUSTOMIZATION}- ../base\n- ns.yaml\nnamespace: live\n",
            "live/ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: live}\n",
        }
    )
    assert {one.resource for one in report.problems} == {"live/Deployment/web"}
    assert {(one.places[0].path, one.places[0].start_line) for one in report.problems} == {("base/web.yaml", 3)}
    assert report.left_out == ()


def test_overlays_that_make_one_object_differently_are_clusters_of_their_own(found: Gather) -> None:
    files = {
        "base/kustomization.yaml": f"{KUSTOMIZATION}- web.yaml\n",
        "base/web.yaml": WEB,
        "one/kustomization.yaml": f"{KUSTOMIZATION}- ../base\n- p.yaml\n",
        "one/p.yaml": CLOSED,
        "two/kustomization.yaml": f"{KUSTOMIZATION}- ../base\n- p.yaml\n",
        "two/p.yaml": policy("podSelector: {}\npolicyTypes: [Ingress, Egress]\ningress: [{}]"),
    }
    report = found(**files)
    assert rules(report) == {("shop/Deployment/web", "ingress-from-any-namespace")}
    assert report.left_out == ()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        pytest.param("patches: [{path: p.yaml}]\n", "it has patches", id="patches"),
        pytest.param("namePrefix: x-\ncomponents: [../c]\n", "it has components, namePrefix", id="prefix, component"),
    ],
)
def test_a_kustomization_that_needs_a_build_is_named_and_its_files_are_read(
    found: Gather, more: str, reason: str
) -> None:
    report = found(
        **{
            "k/kustomization.yaml": f"{KUSTOMIZATION}- web.yaml\n{more}",
            "k/web.yaml": WEB,
            "k/p.yaml": "x: 1",
            "c/kustomization.yaml": "kind: Component",
        }
    )
    assert rules(report) == {
        ("shop/Deployment/web", "ingress-without-policy"),
        ("shop/Deployment/web", "egress-to-internet"),
    }
    assert [one.where for one in report.left_out] == ["k/kustomization.yaml"]
    assert reason in report.left_out[0].reason
    assert "kustomize or kubectl is not installed" in report.left_out[0].reason


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"k/kustomization.yaml": "- https://example.com/x.yaml\n"}, id="a remote base"),
        pytest.param({"k/kustomization.yaml": "- ../../../etc\n"}, id="outside"),
        pytest.param({"k/kustomization.yaml": "components: [https://example.com/x]\n"}, id="a remote component"),
        pytest.param({"k/kustomization.yaml": "patches: [{target: {kind: NetworkPolicy}, patch: x}]\n"}, id="a target"),
        pytest.param({"k/kustomization.yaml": "patches: [{path: p.yaml}]\n", "k/p.yaml": CLOSED}, id="a patch"),
        pytest.param(
            {
                "k/kustomization.yaml": "components: [../c]\n",
                "c/kustomization.yaml": f"{KUSTOMIZATION.replace('Kustomization', 'Component')}- p.yaml\n",
                "c/p.yaml": CLOSED,
            },
            id="a component",
        ),
        pytest.param({"k/kustomization.yaml": "patches: [\n"}, id="broken"),
    ],
)
def test_a_kustomization_that_is_not_built_and_may_change_policies_makes_everything_unknown(
    found: Gather, files: dict[str, str]
) -> None:
    first = {"k/kustomization.yaml": f"{KUSTOMIZATION}- web.yaml\n{files['k/kustomization.yaml']}"}
    report = found(**{**files, **first, "k/web.yaml": WEB, "other.yaml": WEB})
    assert (report.problems, [one.where for one in report.left_out]) == ((), ["k/kustomization.yaml"])


@pytest.mark.usefixtures("found")
def test_nothing_outside_of_the_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "secret.yaml").write_text(WEB)
    (tmp_path / "inside" / "kustomization.yaml").write_text(
        f"{KUSTOMIZATION}- ../secret.yaml\n- {tmp_path}/secret.yaml\n"
    )
    [objects] = gather(Files(tmp_path / "inside"), Renderer()).clusters
    assert not [one for one in objects if isinstance(one, Document)]


def test_what_kustomize_builds_is_taken(found: Gather, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = WEB.replace("namespace: shop", "namespace: live")
    kubectl = program(tmp_path, "kubectl", f"assert sys.argv[1:] == ['kustomize', './k']\nprint({built!r})")
    monkeypatch.setattr("shutil.which", lambda name: str(kubectl) if name == "kubectl" else None)
    report = found(**{"k/kustomization.yaml": f"{KUSTOMIZATION}- web.yaml\nnamePrefix: x\n", "k/web.yaml": WEB})
    assert {one.resource for one in report.problems} == {"live/Deployment/web"}
    assert {(one.places[0].path, one.places[0].start_line) for one in report.problems} == {("k/kustomization.yaml", 0)}
    assert report.left_out == ()


def test_kustomizations_that_name_each_other_end(found: Gather) -> None:
    wide = "".join(f"- ../d{{}}/../d{{}}/{'../x/' * n}../d{{}}\n" for n in range(4))
    files = {f"d{n}/kustomization.yaml": KUSTOMIZATION + wide.replace("{}", str(n + 1)) for n in range(12)}
    files |= {f"x{n}/kustomization.yaml": f"{KUSTOMIZATION}- ../x{1 - n}\n" for n in range(2)}
    report = found(**files, **{"d12/kustomization.yaml": f"{KUSTOMIZATION}- web.yaml\n", "d12/web.yaml": WEB})
    assert any("more than 5000 files or" in one.reason for one in report.left_out)


def test_a_chart_is_rendered_by_helm_and_its_places_are_its_templates(
    found: Gather, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = f"---\n# Source: shop/templates/web.yaml{WEB}---\n# Source: shop/charts/db/templates/s.yaml{SERVICE}"
    check = "assert sys.argv[1:] == ['template', 'shop', './deploy/shop', '--skip-tests', '--namespace', 'default']"
    helm = program(tmp_path, "helm", f"{check}\nprint({rendered!r})")
    monkeypatch.setattr("shutil.which", lambda name: str(helm) if name == "helm" else None)
    report = found(
        **{
            "deploy/shop/Chart.yaml": CHART,
            "deploy/shop/templates/web.yaml": "apiVersion: v1\nkind: {{ .Values.kind }}\n",
            "deploy/shop/charts/db/Chart.yaml": CHART,
            "deploy/shop/crds/x.yaml": WEB,
        }
    )
    assert {one.rule for one in report.problems} >= {"ingress-from-internet", "ingress-without-policy"}
    assert {(place.path, place.start_line) for one in report.problems for place in one.places} == {
        ("deploy/shop/templates/web.yaml", 0)
    }
    assert report.left_out == ()


def test_a_chart_that_cannot_be_rendered_is_named_and_nothing_is_said_where_its_policies_may_hold(
    found: Gather,
) -> None:
    chart = {"shop/Chart.yaml": CHART, "shop/templates/web.yaml": WEB, "web.yaml": WEB}
    report = found(**chart)
    assert {one.places[0].path for one in report.problems} == {"web.yaml"}
    reason = "Helm chart shop cannot be rendered here: helm is not installed"
    assert report.left_out == (LeftOut(where="shop/Chart.yaml", reason=reason),)

    report = found(**{"shop/charts/db/templates/policy.yaml": f"{{{{ if .Values.closed }}}}{CLOSED}{{{{ end }}}}"})
    assert (report.problems, report.left_out) == ((), (LeftOut(where="shop/Chart.yaml", reason=reason),))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param("sys.exit(3)", "helm ended with status 3", id="fails"),
        pytest.param("time.sleep(60)", "helm took longer than 1 seconds", id="takes long"),
        pytest.param("print('x' * 2000)", "it makes more than 1000 bytes", id="writes much"),
    ],
)
def test_a_program_that_misbehaves_makes_the_chart_unknown(
    found: Gather, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, reason: str
) -> None:
    helm = program(tmp_path, "helm", body)
    monkeypatch.setattr("shutil.which", lambda _name: str(helm))
    monkeypatch.setattr(rendering, "SECONDS", 1.0)
    monkeypatch.setattr(rendering, "MAX_BYTES", 1_000)
    [left_out] = found(**{"Chart.yaml": CHART, "templates/a.yaml": "a"}).left_out
    assert left_out == LeftOut(where="Chart.yaml", reason=f"Helm chart . cannot be rendered here: {reason}")


def test_templates_outside_of_charts_are_unknown(found: Gather) -> None:
    report = found(**{"web.yaml": WEB, "p.yaml": CLOSED.replace("name: p", "name: {{ name }}")})
    assert (report.problems, [one.where for one in report.left_out]) == ((), ["p.yaml:1"])


def test_objects_that_do_not_matter_take_no_memory(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    [objects] = gather(Files(tmp_path), Renderer()).clusters
    assert objects == []
