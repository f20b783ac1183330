"""Strict validation against CustomResourceDefinitions: what a field is, and that there are no others."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

Document = dict[str, Any]


@cache
def schemas(folder: Path) -> dict[tuple[str, str], Document]:
    """Return the schema of each (apiVersion, kind) that the CRDs in *folder* define, closed to unknown fields."""
    found: dict[tuple[str, str], Document] = {}
    for file in sorted(folder.glob("*.yaml")):
        for crd in yaml.safe_load_all(file.read_text(encoding="utf-8")):
            if not crd or crd["kind"] != "CustomResourceDefinition":
                continue
            for version in crd["spec"]["versions"]:
                name = f"{crd['spec']['group']}/{version['name']}"
                schema = _closed(version["schema"]["openAPIV3Schema"])
                # Kubernetes' own, which some CRDs leave out.
                schema["properties"] |= {name: {"type": "string"} for name in ("apiVersion", "kind")}
                schema["properties"]["metadata"] = {"type": "object"}
                found[name, crd["spec"]["names"]["kind"]] = schema
    return found


def complaints(document: Document, schema: Document) -> Iterator[str]:
    """Tell what is wrong with an object."""
    for error in jsonschema.Draft202012Validator(schema).iter_errors(document):
        where = "/".join(map(str, error.absolute_path))
        yield f"{document['kind']} {document['metadata']['name']}: {where}: {error.message[:300]}"


def _closed(schema: Document) -> Document:
    """Turn Kubernetes' dialect into JSON schema, and admit no field that is not named."""
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    result = {key: value for key, value in schema.items() if key not in {"properties", "items", "nullable", "format"}}
    if "properties" in schema:
        result["properties"] = {name: _closed(value) for name, value in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields") and "additionalProperties" not in schema:
            result["additionalProperties"] = False
    if isinstance(schema.get("additionalProperties"), dict):
        result["additionalProperties"] = _closed(schema["additionalProperties"])
    if "items" in schema:
        result["items"] = _closed(schema["items"])
    if schema.get("nullable"):
        return {"anyOf": [result, {"type": "null"}]}
    return result
