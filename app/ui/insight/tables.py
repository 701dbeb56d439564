"""Tables of numbers and places, as HTML; whatever stands in them is inert."""

from collections.abc import Iterable, Sequence

import streamlit as st

from quire.ui.inert import html


def draw(caption: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Draw a table; the `caption` is for those who hear the page."""
    head = "".join(f'<th scope="col">{html(name)}</th>' for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{html(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    st.html(
        f'<div class="quire-table quire-numbers" tabindex="0" role="region" '
        f'aria-label="{html(caption)}"><table><caption class="quire-unseen">{html(caption)}'
        f"</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def facts(told: Iterable[tuple[str, str]]) -> None:
    """Draw names with their values, side by side where there is room."""
    each = "".join(
        f"<div><dt>{html(name)}</dt><dd>{html(value)}</dd></div>" for name, value in told
    )
    st.html(f'<dl class="quire-facts">{each}</dl>')
