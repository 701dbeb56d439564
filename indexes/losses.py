"""What a user is told of changes that the catalog has lost, and what can be done about it."""

from collections.abc import Sequence
from pathlib import Path

from quire.errors import KnowledgeBaseDamaged
from quire.indexes.documents import displayed
from quire.indexes.folder.ledger import Entry, Losses

_NAMED = 10  # documents named where many are missing


def told(losses: Losses, path: Path) -> list[KnowledgeBaseDamaged]:
    """One error, to be shown and not raised, for each thing to know of the catalog at `path`."""
    if not losses.commits:
        return []
    found = [
        KnowledgeBaseDamaged(
            f"{path} has lost its last {losses.commits} changes with the end of its log.",
            hint="What was changed last, such as tags, may have to be changed again.",
        )
    ]
    if missing := losses.of("added"):
        found.append(
            KnowledgeBaseDamaged(
                f"{len(missing)} documents that were added are lost: {_names(missing)}.",
                hint="Add the same files again, where what is there already costs nothing; "
                "or run: quire verify --repair",
            )
        )
    if back := losses.of("removed"):
        found.append(
            KnowledgeBaseDamaged(
                f"{len(back)} documents that were removed are there again: {_names(back)}.",
                hint="Remove them again; or run: quire verify --repair",
            )
        )
    return found


def _names(entries: Sequence[Entry]) -> str:
    """The names of the files, the first few."""
    names = [displayed(Path(Path(entry.place).name)) or entry.document_id for entry in entries]
    return ", ".join([*names[:_NAMED], *["…"] * (len(names) > _NAMED)])
