"""Where to look: the documents that questions of a tab are confined to."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from quire.indexes.scope import Scope
from quire.records import Document
from quire.ui import problems
from quire.ui.catalogue import LANGUAGES, label, plain
from quire.ui.inert import bare, markdown
from quire.ui.shared import Shared
from quire.ui.state import state

_KINDS = ("folders", "files", "tags")
_NAMED = 2  # names on the button; of more, the number is told


@dataclass(frozen=True, slots=True)
class Choices:
    """What of a knowledge base can be chosen, each in order."""

    folders: tuple[str, ...]
    files: tuple[str, ...]
    tags: tuple[str, ...]


def choices(documents: Iterable[Document], *, uploads: Path) -> Choices:
    """The names, the folders and the tags of documents. `uploads` is where copies of uploads are:
    its folders are named after hashes, and nobody knows them."""
    folders: set[str] = set()
    files: set[str] = set()
    tags: set[str] = set()
    for document in documents:
        files.add(document.name)
        tags.update(document.tags)
        folder = Path(document.uri).parent
        if not folder.is_relative_to(uploads):
            folders.add(str(folder))
    return Choices(tuple(sorted(folders)), tuple(sorted(files)), tuple(sorted(tags)))


def draw(opened: Shared) -> None:
    """Draw what the scope is, as a button that leads to a choice, and another that lifts it."""
    mine = state()
    if st.button(
        label("scope.all") if not mine.scope else markdown(words(mine.scope)),
        key="scope-choose",
        icon=":material/filter_alt:",
        type="tertiary",
        help=label("scope.about"),
    ):
        _choose(opened)
    if mine.scope and st.button(
        "", key="scope-lift", icon=":material/close:", type="tertiary", help=label("scope.lift")
    ):
        mine.scope = None
        st.rerun()


def words(scope: Scope) -> str:
    """A scope in a few words, in the interface's language."""
    parts = [
        *_names("scope.n_folders", [Path(folder).name or folder for folder in scope.folders]),
        *_names("scope.n_files", scope.files),
        *_names("scope.n_tags", scope.tags),
        *_names("scope.n_languages", [LANGUAGES.get(code, code) for code in scope.languages]),
    ]
    for day, end in ((scope.since, "since"), (scope.until, "until")):
        if day is not None:
            parts.append(plain(f"scope.{scope.dates}_{end}", day=day.isoformat()))
    return plain("scope.only", where=plain("scope.and").join(parts))


def _names(key: str, values: Iterable[str]) -> list[str]:
    named = list(values)
    if len(named) > _NAMED:
        return [plain(key, n=len(named))]
    return [plain("scope.or").join(named)] if named else []


def _choose(opened: Shared) -> None:
    def take() -> None:
        chosen = {kind: st.session_state.get(f"scope-{kind}", ()) for kind in _KINDS}
        wanted = Scope(folder=chosen["folders"], file=chosen["files"], tag=chosen["tags"])
        state().scope = wanted or None

    @problems.dialog(label("scope.title"))
    def ask() -> None:
        now = state().scope or Scope()
        known = choices(opened.documents(), uploads=opened.base.folder / "originals")
        for kind in _KINDS:
            options: tuple[str, ...] = getattr(known, kind)
            if options:
                st.multiselect(
                    label(f"scope.{kind}"),
                    options,
                    default=[value for value in getattr(now, kind) if value in options],
                    format_func=bare,
                    key=f"scope-{kind}",
                    placeholder=plain("scope.any"),
                    select_all=False,
                )
        st.caption(label("scope.rule"))
        if st.button(label("scope.take"), key="scope-take", type="primary", on_click=take):
            st.rerun()

    ask()
