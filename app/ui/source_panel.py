"""The proof: the cited place in its document, beside the answer."""

import streamlit as st

from quire.ui import problems
from quire.ui.answers import place, unit
from quire.ui.catalogue import label, plain
from quire.ui.inert import html, markdown
from quire.ui.shared import Shared
from quire.ui.source import PageView, Source, TextView, View, look
from quire.ui.state import state

_STEP = 1.35  # one press of the magnifier


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
            st.button(
                "",
                key="close-source",
                icon=":material/close:",
                help=_with_keys("app.close", "Esc"),
                on_click=_show,
                args=(None,),
                shortcut="Alt+X",
            )
        with st.spinner(label("source.opening")):
            view = look(opened.base, source, parsers=opened.parsers)
        if view.headings:
            path = html(" › ".join(view.headings))
            st.html(f'<div class="quire-path" title="{path}">{path}</div>')
        if view.ocr:
            st.caption(label("source.ocr"))
        if view.missing:
            st.caption(label(f"source.{view.missing}_missing"))
        if view.document is not None and view.document.pages and source.current is not None:
            _pager(source, view, last=view.document.pages)
        if view.page is not None:
            _sheet(_image(view.page, source))
        elif view.text is not None:
            _sheet(_passage(view.text))


def _with_keys(key: str, keys: str) -> str:
    return markdown(f"{plain(key)} ({keys})")


def _show(source: Source | None) -> None:
    state().source = source


def _pager(source: Source, view: View, *, last: int) -> None:
    page = source.current or 1
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "",
            key="page-back",
            icon=":material/chevron_left:",
            help=_with_keys("source.back", "Alt+←"),
            disabled=page <= 1,
            on_click=_show,
            args=(source.turned(-1),),
            shortcut="Alt+Left",
        )
        st.caption(label(f"source.{unit(source.name)}", page=page, pages=last), width="content")
        st.button(
            "",
            key="page-on",
            icon=":material/chevron_right:",
            help=_with_keys("source.on", "Alt+→"),
            disabled=page >= last,
            on_click=_show,
            args=(source.turned(1),),
            shortcut="Alt+Right",
        )
        if view.page is None:
            return
        for key, icon, factor, end in (
            ("smaller", ":material/zoom_out:", 1 / _STEP, source.zoom <= 1.0),
            ("larger", ":material/zoom_in:", _STEP, source.zoom >= 3.0),
        ):
            st.button(
                "",
                key=f"zoom-{key}",
                icon=icon,
                help=label(f"source.{key}"),
                disabled=end,
                on_click=_show,
                args=(source.zoomed(factor),),
            )


def _sheet(content: str) -> None:
    st.html(f'<div class="quire-sheet">{content}</div>')


def _image(view: PageView, source: Source) -> str:
    boxes = "".join(
        f'<i style="left:{left:.3%};top:{top:.3%};width:{width:.3%};height:{height:.3%}"></i>'
        for left, top, width, height in view.boxes
    )
    alt = html(f"{source.name}, {place(source.name, source.current)}")
    # subtle: with its size told, the page has its height before the image is decoded, and page.js
    # can bring the marks into view at once
    return (
        f'<div class="quire-page" style="width:{source.zoom:.0%}">'
        f'<img src="data:image/png;base64,{view.png}" alt="{alt}" '
        f'width="{view.width}" height="{view.height}">{boxes}</div>'
    )


def _passage(view: TextView) -> str:
    return (
        f'<div class="quire-passage">{html(view.before)}'
        f"<mark>{html(view.cited)}</mark>{html(view.after)}</div>"
    )
