"""`python -m gan1d` is the command line."""

from gan1d.cli import main

main()
