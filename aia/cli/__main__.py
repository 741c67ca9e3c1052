"""`python -m aia.cli`: the same as the `aia` command."""

from aia.cli.main import main

main()
