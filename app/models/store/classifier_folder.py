"""Checks the folder of an entailment model, a classifier in the format of transformers, before
torch gets to see it; see `sentence_folder`, which does so for embedding models."""

from pathlib import Path

from quire.errors import ModelNotFound, ModelUnusable
from quire.models.store import sentence_folder
from quire.models.store.folders import CONFIG, MODULES, kind_of, read
from quire.models.store.sentence_folder import FolderFacts

_WHAT = "entailment model"


def read_folder(folder: Path) -> FolderFacts:
    """Check the folder. Raises ModelNotFound when there is no such model, and ModelUnusable when it
    is damaged, cut short, has its weights as a pickle, or brings a program of its own."""
    require_classifier(folder)
    if (folder / MODULES).exists():  # sentence-transformers has saved it
        return sentence_folder.read_folder(folder)
    return sentence_folder.facts(folder, what=_WHAT)


def require_classifier(folder: Path) -> None:
    """Raises what `read_folder` does where the folder's config.json is not that of a classifier."""
    if kind_of(folder) != "entailment":
        raise ModelNotFound(
            f"There is no entailment model at {folder}.",
            hint=f"Name the folder of a classifier: its {CONFIG} says "
            "…ForSequenceClassification or …ForTokenClassification.",
        )
    if "auto_map" in read(folder / CONFIG):
        raise ModelUnusable(
            f"The entailment model at {folder} brings a program of its own, which Quire does not "
            "run.",
            hint="Choose another model.",
        )
