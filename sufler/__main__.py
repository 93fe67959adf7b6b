"""Run the command line with `python -m sufler`."""

from sufler.cli import main

main()
