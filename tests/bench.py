"""`trappa bench` with a PostgreSQL of its own: what `make bench` and `make bench-short` run."""

import sys

from tests.database import postgresql
from web.cli import main

if __name__ == "__main__":
    with postgresql() as server:
        raise SystemExit(main(["bench", "--postgresql", server.url, *sys.argv[1:]]))
