"""A cross-encoder in a local folder, loaded by sentence-transformers."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from quire.errors import ModelNotFound, ModelUnusable
from quire.models.runtimes.pytorch import loading_options

if TYPE_CHECKING:
    from torch.nn import Module

Scores = Any
"""A loaded `CrossEncoder`: naming its type would load torch."""

Loaded = TypeVar("Loaded")


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

    def loaded() -> Scores:
        from sentence_transformers import CrossEncoder  # noqa: PLC0415  loads torch

        options = loading_options(threads=threads)
        return CrossEncoder(str(folder), activation_fn=activation, **options)

    return guarded(loaded, folder=folder, what=what, otherwise=otherwise)


def load_parts(folder: Path, *, threads: int) -> tuple[Any, Any]:
    """The classifier inside a cross-encoder, its weights as safetensors, and its tokenizer."""
    from sentence_transformers import CrossEncoder  # noqa: PLC0415  loads torch

    options = loading_options(threads=threads)
    options["model_kwargs"] = {**options.get("model_kwargs", {}), "use_safetensors": True}
    loaded = CrossEncoder(str(folder), **options)
    if loaded.model is None:
        raise ValueError("it holds no transformer")
    return loaded.model.eval(), loaded.tokenizer


def guarded(loads: Callable[[], Loaded], *, folder: Path, what: str, otherwise: str) -> Loaded:
    """What `loads` gives. Raises ModelUnusable for what the libraries raise."""
    try:
        return loads()
    except Exception as error:  # each library raises what it likes, down to Exception itself
        raise ModelUnusable(
            f"The {what} at {folder} cannot be loaded: {error}",
            hint=f"Get it again, or set {otherwise}.",
        ) from error
