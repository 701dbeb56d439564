"""What hostile files do to the memory of the process that takes them in."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for its peak")

_CHARACTERS = 400_000

# Each fills its limit on characters in another way.
FILES = {
    "one_wide_character.txt": lambda n: "\U0001f600" if n == 0 else f"The rent of {n} is due.\n\n",
    "paragraphs.txt": lambda n: "a b\n\n",
    "headings.md": lambda n: f"# part {n}\n\nwords of {n}\n\n",
    "rows.csv": lambda n: f"{n},b\n",
    "paragraphs.html": lambda n: "<html>" if n == 0 else "<p>a word</p>",
}

_INGEST = """
import contextlib, json, re, sys
from pathlib import Path
from quire.indexes.catalog import Catalog
from quire.ingest.limits import Limits
from quire.ingest.pipeline import Ingest
from quire.models.fakes import FakeEmbedder

def of_this_process(name):
    return int(re.search(rf"{name}:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1000

kb, jobs, *folders = sys.argv[1:]
catalog = Catalog(Path(kb), create=True)
limits = Limits(characters=400_000, chunks=4_000)
catalog.put_settings(fingerprint="fake")
grown = []
for folder in folders:
    ingest = Ingest(
        catalog,
        open_embedder=FakeEmbedder,
        writing=contextlib.nullcontext,
        jobs=int(jobs),
        limits=limits,
    )
    before = of_this_process("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    report = ingest.run([Path(folder)])
    grown.append(of_this_process("VmHWM") - before)
    assert report.added == len(list(Path(folder).iterdir())), report
print(json.dumps(grown))
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One of each file, which other memory of the process grows with, and two more of each."""
    made = []
    for name, times in (("once", 1), ("twice", 2)):
        folder = tmp_path_factory.mktemp(name)
        made.append(folder)
        for number in range(times):
            for ending, piece in FILES.items():
                text, at = f"{name} {number}. ", 0
                while len(text) < 1.05 * _CHARACTERS:
                    text += "".join(piece(n) for n in range(at, at + 10_000))
                    at += 10_000
                (folder / f"{number}_{ending}").write_text(text)
    return made


@pytest.mark.parametrize("jobs", [1, 4])
def test_the_memory_of_an_ingest_does_not_grow_with_the_number_of_files(
    tmp_path: Path, folders: list[Path], jobs: int
) -> None:
    """A text takes up to four bytes a character, which is 1.6 MB here. With a message of it as long
    as itself, objects for its sentences, and four of them parsed ahead, it was fifty times that."""
    done = subprocess.run(
        [sys.executable, "-c", _INGEST, tmp_path / "catalog.sqlite3", str(jobs), *folders],
        stdout=subprocess.PIPE,
        env={**os.environ, "MALLOC_ARENA_MAX": "1"},
        check=True,
    )
    _, grown = json.loads(done.stdout)
    assert grown < 10 * 4 * _CHARACTERS / 1e6
