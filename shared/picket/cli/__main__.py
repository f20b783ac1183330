"""`python -m picket.cli`."""

from picket.cli.app import main

main()
