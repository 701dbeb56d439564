"""What kind of model a folder holds, told by its small files."""

import json
from pathlib import Path
from typing import Any, Literal

MODULES = "modules.json"  # what makes a folder a sentence-transformers model
CONFIG = "config.json"  # of a model in the format of transformers
_LIBRARY = "config_sentence_transformers.json"
OF_TEXTS, OF_WORDS = "ForSequenceClassification", "ForTokenClassification"  # what has classes


def kind_of(folder: Path) -> Literal["embedding", "entailment"] | None:
    """An embedding model is one of sentence-transformers, and an entailment model a classifier,
    whichever of both libraries has saved it; None for anything else."""
    if (folder / MODULES).is_file():
        crossed = read(folder / _LIBRARY).get("model_type") == "CrossEncoder"
        return "entailment" if crossed else "embedding"
    return "entailment" if any(map(_is_classifier, architectures(folder))) else None


def _is_classifier(architecture: str) -> bool:
    return architecture.endswith((OF_TEXTS, OF_WORDS))


def architectures(folder: Path) -> list[str]:
    """What the config.json of a folder calls the model that it is of."""
    told = read(folder / CONFIG).get("architectures")
    return [name for name in told if isinstance(name, str)] if isinstance(told, list) else []


def read(path: Path) -> dict[str, Any]:
    """The object in a JSON file; an empty one where there is none that can be read. A pipe is not
    waited for."""
    try:
        told = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
