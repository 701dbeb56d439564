"""The proof: the cited place in its document, beside the answer."""

import base64
import contextlib
from pathlib import Path

import streamlit as st

from quire.errors import QuireError
from quire.ingest.parsing.pool import ParserPool
from quire.records import Document
from quire.ui import problems, source_sheet
from quire.ui.answers import unit
from quire.ui.catalogue import label, plain
from quire.ui.inert import html, markdown
from quire.ui.shared import Shared
from quire.ui.source import Source, View, look, thumbnail
from quire.ui.state import state

_STEP = 1.35  # one press of the magnifier
_SMALL = 12  # pages that the overview shows at once


@st.fragment
@problems.guarded
def draw(opened: Shared) -> None:
    """Draw the panel for the open source. Turning pages redraws it alone."""
    source = state().source
    if source is None:
        st.rerun()
        return
    with st.container(key="source", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            st.html(f'<div class="quire-name">{html(source.name)}</div>')
            _button("close-source", "close", "app.close", to=None, keys="Alt+X", told="Esc")
        with st.spinner(label("source.opening")):
            view = look(opened.base, source, parsers=opened.parsers, prints=opened.prints)
        source = view.source
        # below the name of a sheet stand those of its columns, which are in the grid
        headings = view.headings[:1] if unit(source.name) == "sheet" else view.headings
        if headings:
            path = html(" › ".join(headings))
            st.html(f'<div class="quire-path" title="{path}">{path}</div>')
        if view.ocr:
            st.caption(label("source.ocr"))
        if view.missing:
            st.caption(label(f"source.{view.missing}_missing"))
        if view.document is not None:
            _tools(source, view)
            _search(source, view)
            if source.overview and view.file is not None:
                _overview(opened, view.document, view, view.file)
        if view.page is not None:
            st.html(source_sheet.page(view.page, source, view.number))
        elif view.text is not None:
            text = view.text
            if text.before:
                _more("source.earlier", source.moved(text.earlier))
            st.html(source_sheet.text(text, unit(source.name)))
            if text.after:
                _more("source.later", source.moved(text.later))


def _show(source: Source | None) -> None:
    state().source = source


def _button(
    key: str,
    icon: str,
    does: str,
    *,
    to: Source | None,
    keys: str,
    told: str = "",
    disabled: bool = False,
) -> None:
    """A button of an icon alone, which opens a source so; `told` are the keys in words."""
    st.button(
        "",
        key=key,
        icon=f":material/{icon}:",
        help=markdown(f"{plain(does)} ({told or keys})"),
        disabled=disabled,
        on_click=_show,
        args=(to,),
        shortcut=keys,
    )


def _tools(source: Source, view: View) -> None:
    """What turns and enlarges the pages, as far as there are any."""
    page, pages = view.number or 1, view.pages
    if not pages and view.page is None:
        return
    with st.container(key="source-tools", horizontal=True, vertical_alignment="center"):
        if pages:
            _button(
                "page-back",
                "chevron_left",
                "source.back",
                to=source.opened(page - 1),
                keys="Alt+Left",
                told="Alt+←",
                disabled=page <= 1,
            )
            told = label(f"source.{unit(source.name)}", page=page, pages=pages)
            st.caption(told, width="content")
            _button(
                "page-on",
                "chevron_right",
                "source.on",
                to=source.opened(page + 1),
                keys="Alt+Right",
                told="Alt+→",
                disabled=page >= pages,
            )
        if view.page is None:
            return
        smaller, larger = source.zoomed(1 / _STEP), source.zoomed(_STEP)
        fits = source.zoom <= 1.0
        for key, icon, does, to, keys, end in (
            ("zoom-smaller", "zoom_out", "source.smaller", smaller, "Alt+O", fits),
            ("zoom-larger", "zoom_in", "source.larger", larger, "Alt+I", source.zoom >= 3.0),
            ("zoom-fit", "fit_width", "source.fit", source.fitted(), "Alt+W", fits),
            ("rotate", "rotate_90_degrees_cw", "source.rotate", source.rotated(), "Alt+T", False),
        ):
            _button(key, icon, does, to=to, keys=keys, disabled=end)
        if pages > 1:
            to = source.overviewed()
            _button("overview", "grid_view", "source.overview", to=to, keys="Alt+G")


def _search(source: Source, view: View) -> None:
    """The field for words to look for in the document, and the way from one to the next."""
    key = f"find-{source.document_id}-{source.start}"

    def find() -> None:
        _show(source.searched(str(st.session_state.get(key, "")).strip()))

    with st.container(key="find", horizontal=True, vertical_alignment="center"):
        st.text_input(
            label("source.find"),
            value=source.words,
            key=key,
            on_change=find,
            placeholder=plain("source.find"),
            label_visibility="collapsed",
            max_chars=200,
        )
        if not source.words:
            return
        number = source.hit + 1 if view.hits else 0
        told = label("source.hits", number=number, n=view.hits)
        st.caption(told if view.hits else label("source.no_hits"), width="content")
        for key, icon, does, step, keys, arrow in (
            ("hit-back", "keyboard_arrow_up", "source.hit_back", -1, "Alt+Up", "Alt+↑"),
            ("hit-on", "keyboard_arrow_down", "source.hit_on", 1, "Alt+Down", "Alt+↓"),
        ):
            _button(
                key,
                icon,
                does,
                to=source.searched(source.words, source.hit + step),
                keys=keys,
                told=arrow,
                disabled=not view.hits,
            )


def _overview(opened: Shared, document: Document, view: View, file: Path) -> None:
    """Small images of the pages around the one that is looked at; a press opens one."""
    source, now, pages = view.source, view.number or 1, view.pages
    first = max(1, min(now - 2, pages - _SMALL + 1))
    with st.container(key="thumbs", horizontal=True, wrap=False, gap="small"):
        for page in range(first, min(pages, first + _SMALL - 1) + 1):
            with st.container(key=f"thumb{'-now' if page == now else ''}-{page}", width="content"):
                with contextlib.suppress(QuireError):  # its number is there to be pressed
                    png = _small(document.content_hash, page, _file=file, _parsers=opened.parsers)
                    st.html(source_sheet.thumbnail(png))
                name = label(f"source.{unit(source.name)}", page=page, pages=pages)
                st.button(
                    str(page),
                    key=f"open-{page}",
                    help=name,
                    on_click=_show,
                    args=(source.opened(page),),
                )


# the hash stands for the file: it is what the images are kept by
@st.cache_data(max_entries=500, ttl=600, show_spinner=False)
def _small(content_hash: str, page: int, *, _file: Path, _parsers: ParserPool) -> str:  # noqa: ARG001
    """The small image of a page in base64. Raises QuireError where it cannot be drawn."""
    return base64.b64encode(thumbnail(_file, page, parsers=_parsers)).decode("ascii")


def _more(does: str, to: Source) -> None:
    st.button(label(does), key=does, on_click=_show, args=(to,))
