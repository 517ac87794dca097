"""`python -m framemill`: the same program as `framemill`."""

import sys

from framemill.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
