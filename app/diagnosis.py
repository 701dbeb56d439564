"""What `quire doctor` finds out: the machine, the libraries, the models, the paths, and what to do
about what is missing."""

import os
import platform
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from quire import __version__
from quire.config import Settings, config_path
from quire.errors import QuireError, ReplyUnusable
from quire.models import acceleration, machine, opening
from quire.models.engine import gguf
from quire.models.protocols import ChatModel, Message, runtime_of
from quire.models.store import installed, starter

_LIBRARIES = (
    "llama-cpp-python",
    "torch",
    "sentence-transformers",
    "onnxruntime",
    "faiss-cpu",
    "apsw",
    "pypdfium2",
    "langchain",
    "streamlit",
)
_TELLING = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_int8", "i8mm", "bf16")
_COMFORTABLE = 2_000_000_000  # bytes: the starter models, a large ingest and the interface together


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `todo` says what to do where `ok` is false."""

    name: str
    ok: bool
    found: str
    todo: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "ok": self.ok, "found": self.found, "todo": self.todo}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        return {"ok": self.ok, "checks": [check.to_dict() for check in self.checks]}

    def lines(self) -> Iterator[str]:
        width = max(len(check.name) for check in self.checks)
        for check in self.checks:
            yield f"{'ok ' if check.ok else '-> '} {check.name.ljust(width)}  {check.found}"
            if not check.ok and check.todo:
                yield f"    {' ' * width}  {check.todo}"
        missing = sum(not check.ok for check in self.checks)
        yield "Everything is there." if not missing else f"{missing} to look at, marked with ->."


def examine(settings: Settings) -> Diagnosis:
    """Look at everything. Loads both models and decodes one token, which takes some seconds."""
    return Diagnosis(
        (
            *_machine(),
            *_libraries(),
            _embedder(settings),
            *_reranker(settings),
            _entailment(settings),
            *_chat_model(settings),
            _ocr(settings),
            *_paths(settings),
        )
    )


def _machine() -> Iterator[Check]:
    here = machine.describe()
    yield Check("Quire", True, f"{__version__}, Python {platform.python_version()}")
    features = [feature for feature in _TELLING if feature in here.features]
    cores = f"{here.cores} core" + ("s" if here.cores != 1 else "")
    yield Check("Processor", True, f"{here.cpu}, {cores}, {' '.join(features) or 'plain'}")
    available, total = (f"{n / 1e9:.1f} GB" for n in (here.memory_available, here.memory_total))
    yield Check(
        "Memory",
        here.memory_available == 0 or here.memory_available >= _COMFORTABLE,
        f"{available} of {total} free",
        "Close other programs, or use a smaller chat model: 2 GB are comfortable.",
    )


def _libraries() -> Iterator[Check]:
    for name in _LIBRARIES:
        try:
            yield Check(name, True, metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Check(name, False, "not installed", f"Install it with: pip install {name}")
    from quire.indexes.catalog import require_sqlite, sqlite_version  # noqa: PLC0415

    try:
        require_sqlite(sqlite_version())
        yield Check(
            "SQLite", True, f"{sqlite_version()} (Python's own is {sqlite3.sqlite_version})"
        )
    except QuireError as error:
        yield Check("SQLite", False, error.message, error.hint)


def _embedder(settings: Settings) -> Check:
    try:
        embedder = opening.embedder(settings)
        dimension = len(embedder.embed_question("Is anybody there?"))
    except (QuireError, ImportError) as error:
        return _failed("Embedding model", error)
    device = getattr(embedder, "device", "") or "processor"
    notes = [getattr(embedder, name, "") for name in ("device_note", "export_note")]
    said = f"{embedder.name}, {dimension} dimensions, on the {device}"
    if runtime := runtime_of(embedder):
        said += f" by {runtime}"
    return Check("Embedding model", True, ". ".join(filter(None, (said, *notes))))


def _reranker(settings: Settings) -> Iterator[Check]:
    try:
        reranker = opening.reranker(settings)
        if reranker is not None:
            reranker.probabilities("Is anybody there?", ["Nobody is there."])
            yield Check("Reranker", True, reranker.name)
    except (QuireError, ImportError) as error:
        yield _failed("Reranker", error)


def _entailment(settings: Settings) -> Check:
    try:
        model = opening.entailment(settings)
        if model is not None:
            model.probabilities([("Nobody is there.", "There is nobody.")])
    except (QuireError, ImportError) as error:
        return _failed("Entailment model", error)
    if model is None:
        lacking = "" if settings.entailment == "none" else " (its vocabulary is not there)"
        return Check("Entailment model", True, f"none: rules check alone{lacking}")
    measured = model.name == starter.ENTAILMENT.name
    note = "" if measured else "; not measured in Quire: its word counts where it is nearly sure"
    return Check("Entailment model", True, f"{model.name}{note}")


def _chat_model(settings: Settings) -> Iterator[Check]:
    if settings.model == "none":
        yield Check("Chat model", True, "none: answers are quotes from the documents")
        return
    if settings.model == "remote":
        yield from _remote_model(settings)
        return
    try:
        opening.require_llama()
        from quire.models.engine import devices, runtime  # noqa: PLC0415  loads llama.cpp

        compiled = devices.compiled()
        built_for = " and ".join(("the processor", *compiled))
        yield Check("llama.cpp", True, f"built for {built_for}: {runtime.system_info()}")
        model = opening.llama_model(settings)
        wrote = _wrote(model, max_tokens=1)
        model.close()
        gpu = acceleration.report(
            acceleration.find(machine.describe()),
            compiled=compiled,
            asked=model.offload.total,
            got=model.offload.got,
            card=model.offload.card,
            free=model.offload.free,
            why=model.offload.why,
            visible=os.environ.get("CUDA_VISIBLE_DEVICES"),
        )
        yield Check("GPU", gpu.ok, gpu.found, gpu.todo)
        yield Check(
            "Chat model",
            True,
            f"{model.name}, {_context(model.context_tokens, settings)}, {wrote}",
        )
    except (QuireError, ImportError, OSError) as error:
        yield _failed("Chat model", error)


def _context(tokens: int, settings: Settings) -> str:
    """How long a text the chat model reads, and why where it is shorter than it should be."""
    if tokens >= settings.local_context_tokens:
        return f"{tokens} tokens of context"
    found = installed.located(settings.model, kind="chat", folder=settings.models)
    trained = gguf.read_facts(found.path).context_length
    why = "the model reads no more" if tokens == trained else "the free memory holds no more"
    return f"{tokens} tokens of context of the {settings.local_context_tokens} that are set ({why})"


def _remote_model(settings: Settings) -> Iterator[Check]:
    if (server := opening.server(settings)) is not None:
        way = "" if server.encrypted else ", without encryption on the way"
        yield Check(
            "Leaves this machine",
            True,
            f"no: the model's server at {server.url} is on this machine"
            if server.local
            else f"yes: questions, with their passages and conversations, go to {server.host}{way}",
        )
    try:
        model = opening.chat_model(settings)
        if model is None:
            return
        with closing(model):
            wrote = _wrote(model, max_tokens=16)
            yield Check(
                "Chat model",
                True,
                f"{model.fingerprint}, {model.context_tokens} tokens of context, {wrote}",
            )
    except (QuireError, ImportError, OSError) as error:
        yield _failed("Chat model", error)


def _wrote(model: ChatModel, *, max_tokens: int) -> str:
    """What a model does when it is asked for a few tokens, fit for a line. Raises ModelError."""
    try:
        text = "".join(model.stream([Message("user", "Say yes.")], max_tokens=max_tokens))
    except ReplyUnusable:  # it works, and needs more tokens than these for an answer
        return "thought"
    shown = "".join(char for char in text if char.isprintable())[:40]
    return f"wrote {shown!r}"


def _ocr(settings: Settings) -> Check:
    """Whether pages that are pictures of text can be read."""
    try:
        found = metadata.version("rapidocr")
    except metadata.PackageNotFoundError:
        return Check(
            "OCR",
            not settings.ocr,
            "not installed: scans are skipped",
            "Install it with: pip install 'quire[ocr]'",
        )
    return Check("OCR", True, f"rapidocr {found}" if settings.ocr else "switched off")


def _failed(name: str, error: Exception) -> Check:
    if isinstance(error, QuireError):
        return Check(name, False, error.message, error.hint)
    return Check(name, False, str(error), "Run the set-up again: make setup")


def _paths(settings: Settings) -> Iterator[Check]:
    for name, path in (
        ("Configuration", config_path()),
        ("Knowledge base", settings.kb),
        ("Models folder", settings.models),
        ("Cache", settings.cache),
    ):
        yield Check(name, True, f"{path} ({_size(path)})")


def _size(path: Path) -> str:
    if not path.exists():
        return "not there yet"
    inside = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return f"{sum(p.stat().st_size for p in inside) / 1e6:.1f} MB"
