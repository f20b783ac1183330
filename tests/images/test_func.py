"""`func.yaml` says of each function what its Service says."""

from datetime import datetime
from typing import Any

import pytest
import yaml
from tests.support.deployment import FUNCTIONS, ROOT

Json = dict[str, Any]
# Source: knative/func, schema/func_yaml-schema.json.
KNOWN = {
    "": {"specVersion", "name", "runtime", "created", "namespace", "image", "invoke", "run", "deploy"},
    "run": {"envs", "volumes"},
    "deploy": {"namespace", "serviceAccountName", "labels", "healthEndpoints", "options"},
}


def read(function: str) -> tuple[Json, Json]:
    """A function's `func.yaml`, and its Service."""
    paths = (ROOT / "functions" / function / "func.yaml", ROOT / "knative" / "base" / f"{function}.yaml")
    func, service = (yaml.safe_load(path.read_text()) for path in paths)
    return func, service


def env_of(container: Json) -> dict[str, str]:
    """The variables that a container cannot be without, as func spells them."""
    found = {}
    for one in container["env"]:
        secret = one.get("valueFrom", {}).get("secretKeyRef", {})
        if not secret.get("optional"):
            found[one["name"]] = one.get("value") or f"{{{{ secret:{secret['name']}:{secret['key']} }}}}"
    return found


@pytest.mark.parametrize("function", FUNCTIONS)
def test_it_has_the_fields_that_func_knows(function: str) -> None:
    func, _ = read(function)

    assert set(func) == KNOWN[""]
    assert set(func["run"]) == KNOWN["run"]
    assert set(func["deploy"]) == KNOWN["deploy"]
    assert (func["specVersion"], func["runtime"], func["name"]) == ("0.36.0", "python", function)
    assert datetime.fromisoformat(func["created"]).tzinfo
    assert func["invoke"] == ("http" if function in {"ingest", "api"} else "cloudevent")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_it_agrees_with_the_service(function: str) -> None:
    func, service = read(function)
    template = service["spec"]["template"]
    [container] = template["spec"]["containers"]
    scale = {
        name: template["metadata"]["annotations"][f"autoscaling.knative.dev/{name}-scale"] for name in ("min", "max")
    }
    options = func["deploy"]["options"]

    assert func["image"] == container["image"]
    assert func["namespace"] == func["deploy"]["namespace"] == service["metadata"]["namespace"]
    assert {name: str(value) for name, value in options["scale"].items()} == scale
    assert options["resources"]["requests"] == container["resources"]["requests"]
    concurrency = {"concurrency": template["spec"]["containerConcurrency"]}
    assert options["resources"]["limits"] == container["resources"]["limits"] | concurrency
    assert {one["name"]: one["value"] for one in func["run"]["envs"] if "name" in one} == env_of(container)
    assert {one["path"]: one.get("emptyDir", one.get("configMap")) for one in func["run"]["volumes"]} == {
        mount["mountPath"]: volume["emptyDir"] if "emptyDir" in volume else volume["configMap"]["name"]
        for volume in template["spec"]["volumes"]
        for mount in container["volumeMounts"]
        if mount["name"] == volume["name"]
    }
    assert {one["key"]: one["value"] for one in func["deploy"]["labels"]}.items() <= service["metadata"][
        "labels"
    ].items()
    assert {f"/health/{probe}" for probe in ("liveness", "readiness")} == set(
        func["deploy"]["healthEndpoints"].values()
    )
