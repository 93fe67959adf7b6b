"""python -m sufler"""

from sufler.cli import main

main()
