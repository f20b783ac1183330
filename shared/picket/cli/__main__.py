"""`python -m picket.cli`."""

from picket.cli import main

main()
