"""How much a parser may use. A breach ends in "limit: …", never in a hang or a full memory."""

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Limits:
    """Budgets for reading one file. The largest of a thousand real PDFs took 8.7 s and 410 MB."""

    wall_seconds: float = 60.0
    """Time on the clock for any file: seven times the slowest real one."""
    wall_seconds_per_mb: float = 5.0
    """Added per 1,000,000 bytes, so that long reports are not cut off on slow machines."""
    wall_seconds_cap: float = 600.0
    """Nobody waits longer than ten minutes for one file."""
    cpu_seconds: float = 30.0
    """Processor time for any file; half the wall time, so that a waiting machine is no breach."""
    cpu_seconds_per_mb: float = 2.0
    """Added per 1,000,000 bytes."""
    memory_bytes: int = 1_000_000_000
    """Memory that a parser may take on top of the idle worker (POSIX; not enforced by macOS)."""
    resident_bytes: int = 400_000_000
    """Memory in use after a file past which a parser is replaced, so that it is given back."""
    file_bytes: int = 512_000_000
    """A file is read whole, so it must fit in the memory beside what is made of it."""
    characters: int = 20_000_000
    """Text kept of one file, some 7,000 dense pages; what lies past it is cut with a warning."""
    pages: int = 20_000
    """Pages, slides or sheets kept of one file; what lies past them is cut with a warning."""
    chunks: int = 100_000
    """Passages kept of one file, each with a vector: dense pages have some four."""
    table_columns: int = 1_000
    """Cells kept of one row of a table; wider rows are data dumps that no one cites."""
    archive_entries: int = 10_000
    """Files inside an office file or an EPUB; the largest real ones have some 3,000."""
    archive_bytes: int = 300_000_000
    """Size of an archive's files once inflated."""
    archive_part_bytes: int = 64_000_000
    """Size of one file of an archive once inflated: XML trees take ten times as much memory."""
    archive_ratio: float = 200.0
    """Inflated to stored size, above 1 MB inflated: real text stays below 50, bombs reach 1,000."""

    def wall_budget(self, size: int) -> float:
        """Seconds on the clock for a file of `size` bytes."""
        return min(self.wall_seconds + self.wall_seconds_per_mb * size / 1e6, self.wall_seconds_cap)

    def cpu_budget(self, size: int) -> float:
        """Seconds of processor time for a file of `size` bytes."""
        return min(self.cpu_seconds + self.cpu_seconds_per_mb * size / 1e6, self.wall_seconds_cap)

    def to_dict(self) -> dict[str, Any]:
        """As sent to a worker process: `Limits(**limits.to_dict()) == limits`."""
        return dataclasses.asdict(self)
