"""``python -m twlab`` is the command ``twlab``."""

import sys

from twlab.cli import main

if __name__ == "__main__":
    sys.exit(main())
