"""What kind of model a folder holds, told by its small files."""

import json
from pathlib import Path
from typing import Any, Literal

MODULES = "modules.json"  # what makes a folder a sentence-transformers model
CONFIG = "config.json"  # of a model in the format of transformers
_LIBRARY = "config_sentence_transformers.json"
_CLASSIFIERS = ("ForSequenceClassification", "ForTokenClassification")


def kind_of(folder: Path) -> Literal["embedding", "entailment"] | None:
    """An embedding model is one of sentence-transformers, and an entailment model a classifier,
    whichever of both libraries has saved it; None for anything else."""
    if (folder / MODULES).is_file():
        crossed = read(folder / _LIBRARY).get("model_type") == "CrossEncoder"
        return "entailment" if crossed else "embedding"
    architectures = read(folder / CONFIG).get("architectures")
    if isinstance(architectures, list) and any(
        isinstance(name, str) and name.endswith(_CLASSIFIERS) for name in architectures
    ):
        return "entailment"
    return None


def read(path: Path) -> dict[str, Any]:
    """The object in a JSON file; an empty one where there is none that can be read. A pipe is not
    waited for."""
    try:
        told = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
