"""What an export is: the description that lies beside it, with the hash of each of its files.

A description is read as it was written or not at all: it carries a hash of itself, since a wrong
prompt would give wrong vectors without a word.
"""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from quire.models import known_hashes

GRAPH, TOKENIZER, MANIFEST = "model.onnx", "tokenizer.json", "export.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """An export of an embedding model, or, where `refused` says why, that there is to be none.

    `max_tokens` are without the special ones, which stand `before` and `after` each text; `pad` is
    the token that fills shorter texts of a batch. `passages` says whether it embeds many texts
    faster than torch does, by the `speeds` of all runtimes, in tokens per second of processor time.
    `cosines` are the lowest between their vectors and those of torch in float32, over texts that
    were padded.
    """

    refused: str = ""
    runtime: str = ""
    dimension: int = 0
    max_tokens: int = 0
    before: Sequence[int] = ()
    after: Sequence[int] = ()
    pad: int = 0
    query_prompt: str = ""
    passage_prompt: str = ""
    passages: bool = True
    speeds: dict[str, float] = dataclasses.field(default_factory=dict)
    cosines: dict[str, float] = dataclasses.field(default_factory=dict)
    sums: dict[str, str] = dataclasses.field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Put it beside its files, whose hashes it takes."""
        sums = {
            name: known_hashes.sha256(folder / name, None)
            for name in (GRAPH, TOKENIZER)
            if not self.refused
        }
        told = dataclasses.asdict(dataclasses.replace(self, sums=sums))
        text = json.dumps({"sum": _sum_of(told), "export": told}, indent=1, ensure_ascii=False)
        (folder / MANIFEST).write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The description of a whole export; None where there is none, or where it is damaged, cut
        short or of another version."""
        try:
            told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            if told["sum"] != _sum_of(told["export"]):
                return None
            found = cls(**told["export"])
            kept = folder.parent / known_hashes.FILE
            whole = all(
                known_hashes.sha256(folder / name, kept) == sum_
                for name, sum_ in found.sums.items()
            )
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return found if whole else None


def _sum_of(told: dict[str, object]) -> str:
    text = json.dumps(told, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
