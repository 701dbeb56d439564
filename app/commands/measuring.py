"""The command that measures search and answers."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from quire import output
from quire.commands.shared import Json, Kb, app


@app.command("eval", epilog="Example: quire eval my-questions/ --what retrieval")
def evaluate(
    dataset: Annotated[
        Path, typer.Argument(metavar="DATASET", help="Folder with documents/ and questions.jsonl.")
    ],
    what: Annotated[
        Literal["retrieval", "answers", "all"], typer.Option("--what", help="What to measure.")
    ] = "all",
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Only the first so many questions.")
    ] = None,
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Measure search and answers on questions whose answers are known.

    The set's documents go into a knowledge base of their own, in the cache unless --kb names one.
    """
    from quire.config import load_settings  # noqa: PLC0415  keeps --help fast
    from quire.evaluation import datasets, runner  # noqa: PLC0415
    from quire.knowledge_base import KnowledgeBase  # noqa: PLC0415

    loaded = datasets.load(dataset)
    settings = load_settings()
    folder = kb or settings.cache / "evaluation" / loaded.name
    with KnowledgeBase.open(folder, settings=settings) as base:
        base.add(loaded.documents, sync=True)
        result = runner.run(base, loaded, what=what, limit=limit)
    if json:
        output.print_json(result.to_dict())
    else:
        output.print_text(*result.lines())
