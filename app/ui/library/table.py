"""The table of documents with the folders beside it: what its component is given, and what is
pressed in it. See table.js."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from quire.records import Document
from quire.ui import answers, style
from quire.ui.catalogue import LANGUAGES, plain
from quire.ui.inert import bare
from quire.ui.library import listing
from quire.ui.library.listing import Folder
from quire.ui.state import state

_KEY = "library-table"

_component = st.components.v2.component(
    "quire.library",
    html='<div class="quire-library"></div>',
    js=style.file("library/table.js"),
    isolate_styles=False,
)


def draw(
    documents: Sequence[Document],
    folders: Sequence[Folder],
    *,
    everything: Sequence[Document],
    first: int,
    total: int,
) -> dict[str, Any] | None:
    """Draw some rows, the `first` of them that number of a `total`, beside folders that count
    `everything`. Returns what was pressed: `what`, and which document, folder or column."""
    mine = state()
    data = {
        "rows": [_row(document, checked=document.id in mine.checked) for document in documents],
        "first": first,
        "total": total,
        "seen": mine.marked_at,
        "columns": [{"key": key, "label": plain(f"library.by_{key}")} for key in listing.ORDERS],
        "order": mine.order,
        "descending": mine.descending,
        "folders": _folders(folders, everything),
        "chosen": mine.wanted.folder,
        "texts": {
            "label": plain("documents.title"),
            "all": plain("library.check_page"),
            "choose": plain("library.check", name="{name}"),
            "details": plain("documents.about"),
            "details_of": plain("library.details_of", name="{name}"),
            "folders": plain("library.folders"),
            "everything": plain("library.everything"),
        },
    }
    told = _component(
        data=data,
        key=_KEY,
        on_pressed_change=lambda: None,
        on_marked_change=_mark,
        default={"marked": None},
    )
    return None if told.pressed is None else dict(told.pressed)


def _mark() -> None:
    """Take notice of what was marked on the page of the table that is shown."""
    marked = st.session_state[_KEY].marked
    if marked:
        mine = state()
        rows, checked = ({str(id_) for id_ in marked[kind]} for kind in ("rows", "checked"))
        mine.checked = (mine.checked - rows) | checked
        mine.marked_at = int(marked["at"])


def _row(document: Document, *, checked: bool) -> dict[str, Any]:
    remarks = plain("documents.warnings", n=len(document.warnings)) if document.warnings else ""
    extent = answers.extent(document.name, document.pages) if document.pages else ""
    return {
        "id": document.id,
        "name": bare(document.name),
        "tags": list(map(bare, document.tags)),
        "remark": remarks,
        "cells": [
            listing.kind(document),
            LANGUAGES.get(document.language, document.language),
            extent or plain("documents.passages", n=document.chunks),
            listing.added(document).isoformat(),
        ],
        "checked": checked,
    }


def _folders(folders: Sequence[Folder], everything: Sequence[Document]) -> list[dict[str, Any]]:
    """All documents, the folders, and those in none, where there are any folders."""
    if not folders:
        return []
    shown: list[dict[str, Any]] = [
        {
            "path": folder.path,
            "name": bare(folder.name),
            "count": str(folder.documents),
            "depth": folder.depth,
            "unfolds": folder.has_folders,
            "open": folder.is_open,
        }
        for folder in folders
    ]
    leaf: dict[str, Any] = {"depth": 0, "unfolds": False, "open": False}
    all_: dict[str, Any] = {
        "path": None,
        "name": plain("library.everything"),
        "count": str(len(everything)),
    }
    loose = sum(not document.folder for document in everything)
    none: dict[str, Any] = {"path": "", "name": plain("library.no_folder"), "count": str(loose)}
    rows = [all_ | leaf, *shown, *([none | leaf] if loose else [])]
    return [
        row | {"about": plain("library.folder_about", name=row["name"], n=int(row["count"]))}
        for row in rows
    ]
