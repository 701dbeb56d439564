"""`python -m quire.ingest PATH…` is `quire ingest PATH…`."""

import sys

from quire.cli import main

sys.argv.insert(1, "ingest")
main()
