"""Complete an image's bill of materials: what cyclonedx-py knows are Python's distributions; add Debian's packages.

Usage: `python sbom.py FUNCTION FOLDER < python.json`; FOLDER has what each package says of itself, in a file each.
It is checked against the schema of CycloneDX. Source of the package URLs: the purl specification's type `deb`.
"""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

Component = dict[str, Any]


def complete(document: dict[str, Any], function: str, packages: list[str]) -> dict[str, Any]:
    """Return a CycloneDX *document* that is about the image of *function* and holds *packages*, too.

    Args:
        document: CycloneDX JSON, with the project as what it is about.
        function: The function's name.
        packages: Stanzas of `/var/lib/dpkg/status`.
    """
    project = document["metadata"]["component"]
    subject = {
        "type": "container",
        "bom-ref": "image",
        "name": f"{project['name']}/{function}",
        "version": project["version"],
        "licenses": project.get("licenses", []),
    }
    added = [_python(), *map(_debian, packages)]
    requires = [project["bom-ref"], *(each["bom-ref"] for each in added)]
    return {
        **document,
        "metadata": {**document["metadata"], "component": subject},
        "components": [project, *document.get("components", []), *added],
        "dependencies": [*document.get("dependencies", []), {"ref": "image", "dependsOn": requires}],
    }


def _python() -> Component:
    version = platform.python_version()
    return {
        "type": "platform",
        "bom-ref": "python",
        "name": "python",
        "version": version,
        "cpe": f"cpe:2.3:a:python:python:{version}:*:*:*:*:*:*:*",
    }


def _debian(stanza: str) -> Component:
    fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line and not line.startswith(" "))
    name, version = fields["Package"], fields["Version"]
    purl = f"pkg:deb/debian/{quote(name, safe='')}@{quote(version, safe='')}?arch={fields['Architecture']}"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


if __name__ == "__main__":
    _, of, folder = sys.argv
    stanzas = [path.read_text("utf-8") for path in sorted(Path(folder).iterdir())]
    found = complete(json.load(sys.stdin), of, stanzas)
    text = json.dumps(found, indent=1)
    if error := JsonStrictValidator(SchemaVersion.from_version(found["specVersion"])).validate_str(text):
        raise SystemExit(f"not CycloneDX: {error}")
    sys.stdout.write(text)
