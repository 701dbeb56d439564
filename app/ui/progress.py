"""How far the files are that are being read: one line in the band over every page, where nothing
else stands, and a word when they are done."""

import streamlit as st

from quire.background.ingesting import Ingests, counted
from quire.ui import problems
from quire.ui.catalogue import duration, label, plain
from quire.ui.inert import html
from quire.ui.shared import Shared
from quire.ui.state import state

_POLL = 0.5  # seconds between two looks at the work


def draw(opened: Shared) -> None:
    """Draw the line while files are read. When they are, what became of them is noted in `word`,
    to be told by the page that is drawn next."""
    mine = state()
    mine.settled = opened.ingests.settled
    # subtle: the place is there without a line too, or all below would be drawn anew beside what
    # stood there when the line goes
    place = st.empty()
    if opened.ingests.active:
        mine.reading = True
        with place.container():
            _line(opened)
    elif mine.reading:
        mine.reading = False
        mine.word = ended(opened.ingests)
        mine.words += 1
        st.rerun()  # the word belongs to the page, which is mounted before this


def ended(ingests: Ingests) -> str:
    """What became of the files that were read last, in a sentence."""
    items = ingests.items
    _, total = counted(items)
    refused = sum(
        len(item.report.failed) + len(item.report.skipped) if item.report else 1
        for item in items
        if item.stage != "stopped" or item.report
    )
    if any(item.stage == "stopped" for item in items):
        return plain("intake.ended_early")
    if refused:
        return plain("intake.ended_but", n=min(refused, total), total=total)
    return plain("intake.ended", n=total)


@st.fragment(run_every=_POLL)
@problems.guarded
def _line(opened: Shared) -> None:
    ingests = opened.ingests
    if ingests.settled != state().settled or not ingests.active:
        st.rerun()  # the page shows the documents as well
    share, words = _how_far(ingests)
    with st.container(key="reading", horizontal=True, vertical_alignment="center", wrap=False):
        said = html(words)
        st.html(
            f'<div class="quire-reading" role="progressbar" aria-valuenow="{100 * share:.0f}" '
            f'aria-label="{said}" title="{said}">'
            f'<span>{said}</span><i style="width:{share:.0%}"></i></div>'
        )
        st.button(
            "",
            key="notify-intake",  # page.js asks the browser, and shows it where that can be asked
            icon=":material/notifications:",
            type="tertiary",
            help=label("intake.notify"),
        )
        if not ingests.stopping:
            st.button(
                "",
                icon=":material/stop_circle:",
                key="stop-intake",
                type="tertiary",
                help=label("intake.stop"),
                on_click=ingests.stop,
            )


def _how_far(ingests: Ingests) -> tuple[float, str]:
    """The share that is done, and that in words: the files, the time left, what is read now."""
    items = ingests.items
    done, total = counted(items)
    weight = sum(item.size for item in items)
    share = sum(item.size * item.part for item in items) / max(1, weight)
    if ingests.stopping:
        return share, plain("chat.stopping")
    words = [plain("intake.read_of", done=done, total=total)]
    seconds = ingests.remaining()
    words.append(
        plain("intake.measuring")
        if seconds is None
        else plain("intake.remaining", time=duration(seconds))
    )
    now = next((item for item in items if item.stage in {"working", "reading"}), None)
    if now is not None:
        words.append(now.name)
    return min(share, 1.0), " · ".join(words)
