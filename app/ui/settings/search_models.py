"""The search model: another one than a knowledge base was made with, and bringing it over."""

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from quire.background.reindexing import Reindexing
from quire.config import load_settings
from quire.ingest.reindexing import ReindexReport
from quire.ingest.report import Progress, ReadAgain
from quire.models import opening
from quire.models.library import Models
from quire.models.recommending import Candidate
from quire.ui import problems
from quire.ui.catalogue import duration, label, plain
from quire.ui.inert import html, markdown
from quire.ui.settings import choosing
from quire.ui.shared import Shared

_POLL = 1.0  # seconds between two looks at the work
_NAMED = 10  # documents named that could not be read again


def notice(opened: Shared, *, settings_page: StreamlitPage | None) -> None:
    """Say, above a page, that the knowledge base was made with another search model than is set, or
    that its own is not there, or that another version of Quire has read its files."""
    if opened.reindexing.state == "working":
        return
    if opened.ready.is_set() and opened.embedder_problem is not None:
        problems.warn([opened.embedder_problem])
    elif names := _two(opened):
        made_with, wanted = names
        st.info(
            label("models.made_with", made_with=made_with, wanted=wanted),
            icon=":material/difference:",
        )
    elif opened.base.is_of_other_version:
        st.info(label("models.other_version"), icon=":material/difference:")
    else:
        return
    if settings_page is not None:
        st.page_link(settings_page, label=label("models.choose"))


def draw(opened: Shared) -> None:
    """Draw which search model is at work, the choice where another one is set, and all others."""
    name = opened.base.made_with or opening.embedder_name(opened.settings)
    st.html(
        f'<div class="quire-meta">{html(plain("settings.embedder"))}</div>'
        f'<div class="quire-name">{html(name)}</div>'
    )
    job = opened.reindexing
    st.fragment(_reindexing, run_every=_POLL if job.state == "working" else None)(
        opened, job.state == "working"
    )
    if job.state == "working":
        return
    if names := _two(opened):
        _choice(opened, *names)
    if opened.base.is_of_other_version:
        st.button(
            label("models.read_again"),
            key="read-again",
            icon=":material/sync:",
            on_click=choosing.kept(job.begin_reading),
        )


def _two(opened: Shared) -> tuple[str, str] | None:
    """The search model that the knowledge base was made with, and another one that is set; None
    where they are one, or none is set."""
    made_with, settings = opened.base.made_with, opened.settings
    if made_with is None or settings.embedder == "starter":
        return None
    wanted = opening.embedder_name(settings)
    return None if wanted == made_with else (made_with, wanted)


def _choice(opened: Shared, made_with: str, wanted: str) -> None:
    with st.container(horizontal=True):
        st.button(
            label("models.keep", name=made_with),
            key="keep-search-model",
            icon=":material/check:",
            on_click=choosing.kept(lambda: _keep(opened, made_with)),
        )
        st.button(
            label("models.bring_over", name=wanted),
            key="bring-over",
            icon=":material/sync:",
            on_click=choosing.kept(lambda: use(opened, opened.settings.embedder)),
        )


def _keep(opened: Shared, made_with: str) -> None:
    choosing.tell(Models(opened.settings).use(made_with))


def use(opened: Shared, name: str) -> None:
    """Put a search model to use: at once where there is nothing to embed, else when all passages
    were embedded anew."""
    models = Models(opened.settings)
    made_with = opened.base.made_with
    if made_with is None or (made_with == name and opened.embedder_problem):
        choosing.tell(models.use(name))
        opened.follow(load_settings(language="en"), again=True)
        return

    def then() -> None:
        if opening.embedder_name(load_settings()) != opened.base.made_with:
            models.use(name)

    opened.reindexing.begin(name, then=then)


def cost(opened: Shared, candidate: Candidate) -> str:
    """How long it takes to embed all passages anew, by what was measured here."""
    passages = sum(document.chunks for document in opened.documents())
    if not passages or not candidate.passages or candidate.model.name == opened.base.made_with:
        return ""
    return plain("models.reindex_takes", n=passages, time=duration(passages / candidate.passages))


@problems.guarded
def _reindexing(opened: Shared, working: bool) -> None:
    """How far embedding anew is, or how it ended."""
    job = opened.reindexing
    if working != (job.state == "working"):
        st.rerun()
    if job.state == "idle":
        return
    if job.state == "working":
        share, words = _how_far(job)
        st.progress(min(1.0, share), text=markdown(" · ".join(words)))
        if job.stopping:
            st.caption(label("chat.stopping"))
        else:
            st.button(
                label("models.stop"),
                key="stop-reindex",
                icon=":material/stop_circle:",
                on_click=job.stop,
            )
            st.caption(label("models.meanwhile" if job.embedder else "models.meanwhile_read"))
        return
    if job.problem is not None:
        problems.show(job.problem)
    if job.state == "done" and job.report is not None:
        _tell_end(job.report)
        return
    if not job.embedder:  # the button to go on is the one that began it
        st.caption(label("models.read_stopped"))
        return
    st.caption(label("models.reindex_stopped"))
    with st.container(horizontal=True):
        st.button(
            label("models.reindex_on"),
            key="go-on-reindex",
            icon=":material/sync:",
            on_click=choosing.kept(lambda: use(opened, job.embedder)),
        )
        st.button(label("chat.dismiss"), key="clear-reindex", type="tertiary", on_click=job.clear)


def _how_far(job: Reindexing) -> tuple[float, list[str]]:
    """The share that is done, and that in words."""
    now = job.progress
    reads = not job.embedder
    words = [plain("models.reads") if reads else plain("models.reindexing", name=job.embedder)]
    if now is None:
        return 0.0, words
    if isinstance(now, Progress):
        done, total = now.files_done, now.files_total
        words.append(plain("intake.progress", done=done, total=total))
    else:
        done, total = now.done, now.total
        words.append(plain("models.passages", done=done, n=total))
    if now.remaining is not None:
        words.append(plain("intake.remaining", time=duration(now.remaining)))
    return done / total if total else 0.0, words


def _tell_end(report: ReindexReport | ReadAgain) -> None:
    """Say what was done."""
    if isinstance(report, ReadAgain):
        st.success(label("models.was_read", n=report.read), icon=":material/check:")
        if report.left:
            names = ", ".join(report.left[:_NAMED]) + (", …" if report.left[_NAMED:] else "")
            st.caption(label("models.left", names=names))
        return
    st.success(
        label("models.reindexed", n=report.chunks, name=report.embedder), icon=":material/check:"
    )
