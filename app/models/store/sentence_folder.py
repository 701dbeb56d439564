"""Checks the folder of a sentence-transformers model before torch gets to see it.

Weights are taken as safetensors only: the other format, a pickle, runs code. Their header is read
within bounds, and every tensor must lie inside its file, so that a download cut short is found out
without loading gigabytes. The format: https://github.com/huggingface/safetensors
"""

import json
import math
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quire.errors import ModelNotFound, ModelUnusable
from quire.models.store.folders import CONFIG, MODULES
from quire.models.store.hubs import RemoteFile

_WHAT = "embedding model"
_MAX_HEADER = 32 * 2**20
_VALUES_PER_BYTE = 2  # at most: the smallest have four bits
_WANTED = re.compile(r"(?:\d+_\w+/)?(?:[\w.-]+\.(?:json|txt|model|safetensors)|LICENSE)")


@dataclass(frozen=True, slots=True)
class FolderFacts:
    """What a model's files say. `parameters` counts weights, `size` bytes."""

    size: int
    parameters: int


def read_folder(folder: Path) -> FolderFacts:
    """Check the folder. Raises ModelNotFound when there is no such model, and ModelUnusable when it
    is damaged, cut short, or has its weights as a pickle."""
    if (folder / MODULES).exists() and not (folder / MODULES).is_file():  # a pipe: it would wait
        raise _unusable(folder, f"has a {MODULES} that is no regular file")
    try:
        modules = json.loads((folder / MODULES).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelNotFound(
            f"There is no sentence-transformers model at {folder}.",
            hint=f"Name the folder that holds {MODULES}.",
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise _unusable(folder, f"has a {MODULES} that cannot be read") from error
    _require_modules(folder, modules)
    return facts(folder)


def facts(folder: Path, *, what: str = _WHAT) -> FolderFacts:
    """What the weights in a folder are, of `what` kind of model. Raises ModelUnusable where they
    are damaged, cut short, or a pickle."""
    weights = sorted(path for path in folder.rglob("*.safetensors") if path.is_file())
    if not weights:
        raise _unusable(
            folder,
            "has no weights in the safetensors format",
            hint="Quire loads no pickles (pytorch_model.bin): get the model as safetensors.",
            what=what,
        )
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return FolderFacts(size, sum(_weights(folder, path, what=what) for path in weights))


def wanted_files(files: list[RemoteFile], *, repo: str) -> list[RemoteFile]:
    """Those of a repository's files that such a model is loaded from; exports to other formats and
    pickles are left, and what an entailment model is loaded from. Raises ModelUnusable for a
    repository that holds neither."""
    wanted = [file for file in files if _WANTED.fullmatch(file.path)]
    paths = {file.path for file in wanted}
    if MODULES not in paths and CONFIG not in paths:
        raise ModelUnusable(
            f"{repo} is no sentence-transformers model: it has no {MODULES}.",
            hint="For a chat model, name its file: hf:OWNER/REPO/FILE.gguf",
        )
    if not any(path.endswith(".safetensors") for path in paths):
        raise ModelUnusable(
            f"{repo} has no weights in the safetensors format, and Quire loads no pickles.",
            hint="Choose another model.",
        )
    return wanted


def _require_modules(folder: Path, modules: Any) -> None:
    rows = modules if isinstance(modules, list) else [None]
    for row in rows:
        kind, path = (row.get("type"), row.get("path")) if isinstance(row, dict) else (None, None)
        if not isinstance(kind, str) or not isinstance(path, str):
            raise _unusable(folder, f"has a {MODULES} that lists no modules")
        if not kind.startswith("sentence_transformers."):
            raise _unusable(
                folder,
                f"brings a program of its own ({kind[:60]}), which Quire does not run",
                hint="Choose another model.",
            )
        if not (folder / path).resolve().is_relative_to(folder.resolve()):
            raise _unusable(folder, f"names a module outside of it ({path[:60]})")


def _weights(folder: Path, path: Path, *, what: str) -> int:
    """The number of weights in a safetensors file, each of which lies inside it."""
    name = path.relative_to(folder)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = struct.unpack("<Q", file.read(8))[0]
            if length > min(_MAX_HEADER, size - 8):
                wrong = f"has a damaged {name}, or one that is cut short"
                raise _unusable(folder, wrong, what=what)
            header = json.loads(file.read(length))
        count, end = 0, 0
        for tensor, row in header.items():
            if tensor != "__metadata__":
                first, last = row["data_offsets"]
                values = math.prod(row["shape"])
                if not 0 <= first <= last or not all(side >= 0 for side in row["shape"]):
                    raise ValueError(tensor)
                if values > (last - first) * _VALUES_PER_BYTE:
                    raise ValueError(tensor)
                count += values
                end = max(end, last)
    except (struct.error, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _unusable(folder, f"has a damaged {name}", what=what) from error
    except OSError as error:
        wrong = f"has a {name} that cannot be read ({error.strerror})"
        raise _unusable(folder, wrong, what=what) from error
    missing = 8 + length + end - size
    if missing > 0:
        wrong = f"has a {name} that is cut short: {missing:,} bytes are missing"
        raise _unusable(folder, wrong, what=what)
    return count


def _unusable(folder: Path, wrong: str, *, hint: str = "", what: str = _WHAT) -> ModelUnusable:
    return ModelUnusable(
        f"The {what} at {folder} {wrong}.",
        hint=hint or "Get the model again from where it came.",
    )
