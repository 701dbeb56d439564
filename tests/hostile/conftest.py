"""One pool of parsers with tight limits for all hostile files, and what must hold for each."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from quire.errors import Skipped, Unreadable
from quire.ingest.limits import Limits
from quire.ingest.parsing.pool import ParserPool

LIMITS = Limits(
    wall_seconds=120,  # on a machine that is busy with something else processor time counts
    cpu_seconds=3,
    cpu_seconds_per_mb=1,
    memory_bytes=500_000_000,
    file_bytes=100_000_000,
    characters=2_000_000,
    pages=200,
    archive_bytes=30_000_000,
    archive_part_bytes=6_400_000,
)
UNSTORABLE = re.compile("[\x00-\x08\x0e-\x1f\u200b\u202a-\u202e\ud800-\udfff\U000e0000-\U000e0fff]")
Outcome = Callable[[Path], str]


@pytest.fixture(scope="session")
def outcome() -> Iterator[Outcome]:
    """Parses a file and says how that ended: "ok: text", "skipped: reason" or "failed: reason".

    Checks what must hold for every file, however it ends: its blocks lie in its text in order, and
    nothing that must not be stored is in it.
    """
    with ParserPool(limits=LIMITS) as pool:

        def parse(path: Path) -> str:
            try:
                document = pool.parse(path)
            except Skipped as error:
                return f"skipped: {error}"
            except Unreadable as error:
                assert "took longer" not in error.message  # noqa: PT017  not each one fails
                return f"failed: {error}"
            text = document.text
            assert len(text) <= LIMITS.characters + 2 * LIMITS.pages
            assert len(document.pages) <= LIMITS.pages
            assert not UNSTORABLE.search(text)
            at = 0
            for block in document.blocks:
                assert at <= block.start < block.end <= len(text)
                at = block.end
            warnings = "".join(f" ({warning})" for warning in document.warnings)
            return f"ok: {text[:1000]} {text[-1000:]}{warnings}"

        yield parse
