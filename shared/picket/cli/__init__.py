"""The `picket` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line, and say what to install where a part of it is not there."""
    try:
        _run()
    except ModuleNotFoundError as error:
        needs = "pip install 'picket[cli]', or 'picket[local]' for `up` and `run`"
        sys.stderr.write(f"{error.name} is not installed: {needs}\n")
        sys.exit(2)  # 1 would say that a scan has found something


def _run() -> None:
    """`scan` goes its own way, past what the other commands need to start."""
    if "" in sys.argv[1:]:  # a variable that is not set must not mean the current folder, or everything
        sys.stderr.write("picket: an argument is empty\n")
        sys.exit(2)
    if sys.argv[1:2] == ["scan"]:
        from picket.cli.quickly import quickly  # noqa: PLC0415

        status = quickly(sys.argv[2:])
        if status is None:
            if sys.flags.no_site:  # as the hooks start it
                import site  # noqa: PLC0415

                site.main()
            from picket.cli.scan import main as scan  # noqa: PLC0415

            status = scan(sys.argv[2:])
        sys.exit(status)
    from picket.cli.app import main as others  # noqa: PLC0415

    others()
