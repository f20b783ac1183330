"""`picket ci`: what a forge's own CI is to do, for those who want no webhook."""

from __future__ import annotations

import sys
from importlib.resources import files
from typing import Annotated

import typer

from picket.forges import FORGES


def ci(
    forge: Annotated[str, typer.Argument(help="github, gitlab, gitea, forgejo, bitbucket, azure or codecommit.")],
    *,
    path: Annotated[bool, typer.Option("--path", help="Print where a repository keeps it instead.")] = False,
) -> None:
    """Print what a forge's CI is to do, so that it looks at each push and pull request; needs no server."""
    known = FORGES.get(forge)
    if known is None or not known.pipeline:
        able = ", ".join(sorted(name for name, one in FORGES.items() if one.pipeline))
        print(f"picket: there is no CI template for {forge!r}; choose one of {able}", file=sys.stderr)
        raise typer.Exit(2)
    print(known.pipeline if path else (files(known.package) / "ci.yaml").read_text(), end="\n" if path else "")
