"""What it costs to notice that the end of SQLite's log is lost, for each commit of a document.

    python benchmarks/commits.py [FOLDER]

Small documents are committed one by one, in turn without a ledger, with it, with a ledger that is
renamed into its place, and with a log that is copied into the database at each commit instead.
Prints the median and the ninth decile of each, in milliseconds, and the ratio of the medians to
the first. The folder, by default that of temporary files, decides which disk is measured.
"""

import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import apsw

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from made_documents import insert
from quire.indexes.catalog import Catalog
from quire.indexes.folder import files

ROUNDS, COMMITS = 8, 60


class Without(Catalog):
    """As it was: SQLite's own commit."""

    def _counted(self):
        return None

    def _acknowledge(self, *_):
        pass


class Renamed(Catalog):
    """The ledger is written beside and renamed."""

    def _acknowledge(self, *_):
        files.write_file(self.path.with_suffix(".other"), bytes(files.ROOM))


class Copied(Without):
    """The log is copied into the database, and emptied."""

    def _acknowledge(self, *_):
        self._writer.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)


WAYS = {
    "without": Without,
    "with the ledger": Catalog,
    "ledger renamed into its place": Renamed,
    "log copied with each commit": Copied,
}


@contextlib.contextmanager
def timed(seconds: list[float]) -> Iterator[None]:
    began = time.perf_counter()
    yield
    seconds.append(time.perf_counter() - began)


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if sys.argv[1:] else None) as folder:
        print(
            f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, {ROUNDS * COMMITS} commits"
        )
        catalogs = {}
        for name, way in WAYS.items():
            path = Path(folder) / name
            path.mkdir()
            catalogs[name] = way(path / "catalog.sqlite3", create=True)
        taken: dict[str, list[float]] = {name: [] for name in WAYS}
        for turn in range(ROUNDS):
            for name, catalog in catalogs.items():
                for number in range(COMMITS):
                    text = f"Document {turn} {number} tells of gates and lamps. " * 5
                    with timed(taken[name]):
                        insert(catalog, f"{turn}-{number}.txt", text)
        base = statistics.median(taken["without"])
        for name, seconds in taken.items():
            median, ninth = statistics.median(seconds), statistics.quantiles(seconds, n=10)[-1]
            print(
                f"{name:30} {median * 1e3:6.2f} ms, ninth decile {ninth * 1e3:6.2f} ms, "
                f"{median / base:.2f} times"
            )
        print(f"load {os.getloadavg()[0]:.1f}")
        for catalog in catalogs.values():
            catalog.close()


if __name__ == "__main__":
    main()
