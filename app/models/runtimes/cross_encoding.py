"""A cross-encoder in a local folder, loaded by sentence-transformers."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from quire.errors import ModelNotFound, ModelUnusable
from quire.models.runtimes.pytorch import loading_options

if TYPE_CHECKING:
    from torch.nn import Module

Scores = Any
"""A loaded `CrossEncoder`: naming its type would load torch."""


def require_folder(folder: Path, *, otherwise: str) -> None:
    """Raises ModelNotFound when the folder holds no model; `otherwise` is the setting to do without
    it."""
    if not (folder / "config.json").is_file():
        raise ModelNotFound(
            f"There is no cross-encoder at {folder}.",
            hint=f"Name the folder that holds its config.json, or set {otherwise}.",
        )


def load(folder: Path, *, activation: "Module", threads: int, what: str, otherwise: str) -> Scores:
    """The model, whose scores pass through an activation. Raises ModelUnusable."""
    from sentence_transformers import CrossEncoder  # noqa: PLC0415  loads torch

    options = loading_options(threads=threads)
    try:
        return CrossEncoder(str(folder), activation_fn=activation, **options)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        raise ModelUnusable(
            f"The {what} at {folder} cannot be loaded: {error}",
            hint=f"Get it again, or set {otherwise}.",
        ) from error
