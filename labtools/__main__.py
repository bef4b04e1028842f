"""``python -m labtools``: the command line."""

from labtools.cli.main import main

main()
