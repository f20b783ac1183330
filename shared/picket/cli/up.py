"""`picket up`: the whole of Picket on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def up(
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port to listen on, on loopback; 0: any free one")
    ] = 8080,
    data_dir: Annotated[Path, typer.Option(help="Folder that everything is kept in")] = Path(".picket"),
    window: Annotated[
        float | None, typer.Option(min=0, help="Seconds until an idle function is stopped; default: its own window")
    ] = None,
    nats_url: Annotated[str, typer.Option(help="NATS with JetStream to use; default: one of its own")] = "",
    mongodb_uri: Annotated[str, typer.Option(help="MongoDB to use; default: a store of its own")] = "",
    *,
    allow_local_repositories: Annotated[
        bool, typer.Option("--allow-local-repositories", help="Admit local paths, loopback and plain http repositories")
    ] = False,
    profile: Annotated[
        str, typer.Option(help="Delivery as by the NATS channel (natss) or the specification (spec)")
    ] = "natss",
    project: Annotated[
        Path | None, typer.Option(help="Folder with functions/, knative/ and triggers/; default: the checkout")
    ] = None,
) -> None:
    """Run the functions, their broker and its servers until ctrl-C.

    Prints `ready http://127.0.0.1:PORT` once webhooks are taken.
    """
    # Imported late: other commands have no use for the servers' libraries, nor need them installed.
    from picket.local.delivery import Profile  # noqa: PLC0415
    from picket.local.serve import serve  # noqa: PLC0415
    from picket.local.stack import Options  # noqa: PLC0415

    if profile not in list(Profile):
        raise typer.BadParameter(f"{profile!r} is not one of {', '.join(Profile)}", param_hint="--profile")
    options = Options(
        project=project or _checkout(),
        data_dir=data_dir,
        port=port,
        window=window,
        nats_url=nats_url,
        mongodb_uri=mongodb_uri,
        allow_local_repositories=allow_local_repositories,
        profile=Profile(profile),
    )
    raise typer.Exit(serve(options))


def _checkout() -> Path:
    """Return the folder that holds the manifests: the checkout this package is in, or the current one."""
    here = Path(__file__).resolve()
    return next((folder for folder in here.parents if (folder / "knative" / "base").is_dir()), Path.cwd())
