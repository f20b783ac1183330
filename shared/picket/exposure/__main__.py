"""`python -m picket.exposure FOLDER`: the exposures of the manifests below a folder, as one JSON document."""

from __future__ import annotations

import argparse
import json
import os
import sys
from importlib.metadata import version
from pathlib import Path

from picket.exposure import exposures
from picket.exposure.drawing import draw
from picket.exposure.files import Files
from picket.exposure.flows import picture
from picket.exposure.gathering import gather
from picket.exposure.objects import read
from picket.exposure.rendering import Renderer
from picket.findings.model import Report


def main(arguments: list[str] | None = None) -> int:
    """Look at a folder, and print what is found."""
    parser = argparse.ArgumentParser(prog="picket.exposure", description=__doc__)
    parser.add_argument("--version", action="version", version=version("picket"))
    parser.add_argument(
        "folder", type=Path, nargs="?", default=Path(), help="where the manifests are; this one if none"
    )
    folder = parser.parse_args(arguments).folder
    if not folder.is_dir():
        parser.error("there is no such folder")
    os.chdir(folder)
    gathered = gather(Files(Path()), Renderer())
    clusters = [read(found) for found in gathered.clusters]
    reports = [exposures.inspect(cluster) for cluster in clusters]
    found = exposures.together([*reports, Report(left_out=tuple(gathered.left_out))])
    drawn = max(range(len(clusters)), key=lambda number: len(clusters[number].workloads))
    document = {
        "tool": "picket.exposure",
        "version": version("picket"),
        "problems": [one.model_dump(mode="json") for one in found.problems],
        "left_out": [one.model_dump(mode="json") for one in found.left_out],
        "svg": draw(picture(clusters[drawn], reports[drawn])),
    }
    json.dump(document, sys.stdout)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
