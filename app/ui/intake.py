"""Adding documents: the uploader, how far the work is, and its outcome in plain words."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from quire.errors import QuireError
from quire.ui.catalogue import label, plain, said
from quire.ui.inert import html
from quire.ui.ingesting import Intake
from quire.ui.shared import Shared
from quire.ui.state import state

_POLL = 0.5  # seconds between two looks at the work


def upload_area(opened: Shared) -> None:
    """Draw the place for files. What is put there is taken in at once."""
    mine = state()
    files = st.file_uploader(
        label("documents.upload"),
        accept_multiple_files=True,
        key=f"upload-{mine.uploads}",
        help=label("documents.upload_about"),
    )
    if files:
        password = st.session_state.get("password") or None
        take_in_uploads(opened, files, password=password)
        st.rerun()


def password_field() -> None:
    """Draw the field for the password of encrypted files; `upload_area` uses what is in it."""
    st.text_input(
        label("documents.password"),
        key="password",
        type="password",
        help=label("documents.password_about"),
        autocomplete="off",
    )


def take_in_uploads(
    opened: Shared, files: Iterable[UploadedFile], *, password: str | None = None
) -> None:
    """Queue uploaded files and empty the uploader."""
    opened.ingests.add(
        [Intake(file.name, file.size, content=file.getvalue(), password=password) for file in files]
    )
    state().uploads += 1


def take_in_paths(opened: Shared, paths: Sequence[Path]) -> None:
    """Queue files on this machine, and draw the page anew."""
    opened.ingests.add([Intake(path.name, path.stat().st_size, path=path) for path in paths])
    st.rerun()


def draw(opened: Shared) -> None:
    """Draw the files on their way, and those that are done until they are dismissed."""
    state().settled = opened.ingests.settled
    if opened.ingests.active:
        _working(opened)
    elif opened.ingests.items:
        _finished(opened)


@st.fragment(run_every=_POLL)
def _working(opened: Shared) -> None:
    ingests = opened.ingests
    if ingests.settled != state().settled or not ingests.active:
        st.rerun()  # the page shows the documents as well
    items = ingests.items
    done = sum(item.part for item in items)
    words = [label("intake.progress", done=int(done), total=len(items))]
    if (seconds := ingests.remaining()) is not None:
        words.append(label("intake.remaining", time=_duration(seconds)))
    with st.container(border=True, key="intake"):
        st.progress(min(done / len(items), 1.0), text=" · ".join(words))
        _rows(items)
        if st.button(label("intake.stop"), icon=":material/stop_circle:", key="stop-intake"):
            ingests.stop()


def _finished(opened: Shared) -> None:
    items = opened.ingests.items
    with st.container(border=True, key="intake"):
        if len(items) > 1:
            st.html(f'<div class="quire-meta">{html(_summary(items))}</div>')
        _rows(items)
        if st.button(label("intake.clear"), key="clear-intake"):
            opened.ingests.clear()
            st.rerun()


def _summary(items: Sequence[Intake]) -> str:
    """How many files had which outcome."""
    counts = Counter(_kind(item) for item in items)
    return " · ".join(plain(f"intake.n_{kind}", n=n) for kind, n in counts.items())


def _kind(item: Intake) -> str:
    report = item.report
    if item.stage in ("failed", "stopped") or report is None:
        return "stopped" if item.stage == "stopped" else "failed"
    if report.skipped:
        return "skipped"
    return "unchanged" if report.unchanged else "taken"


def _rows(items: Sequence[Intake]) -> None:
    rows = []
    for item in items:
        rows.append(
            f'<div><span class="quire-name">{html(item.name)}</span> '
            f'<span class="quire-meta">{html(_outcome(item))}</span></div>'
        )
        rows += [
            f'<div class="quire-meta">{html(said(warning.split(": ", 1)[-1]))}</div>'
            for warning in (item.report.warnings if item.report else ())
        ]
    st.html(f'<div class="quire-rows">{"".join(rows)}</div>')


def _outcome(item: Intake) -> str:
    """What became of a file, in words."""
    if item.problem is not None:
        if isinstance(item.problem, QuireError):
            reason = f"{said(item.problem.message)} {said(item.problem.hint)}".strip()
            return plain("intake.failed", reason=reason)
        return plain("app.failed")
    if item.stage == "working":
        return f"{plain('intake.working')} {item.part:.0%}"
    report = item.report
    if report is None or item.stage == "stopped":
        return plain(f"intake.{item.stage}")
    for outcome, refused in (("failed", report.failed), ("skipped", report.skipped)):
        if refused:
            hint = f" — {said(refused[0].hint)}" if refused[0].hint else ""
            return plain(f"intake.{outcome}", reason=f"{said(refused[0].reason)}{hint}")
    if report.unchanged:
        return plain("intake.unchanged")
    outcome = plain("intake.updated" if report.updated else "intake.added")
    return f"{outcome} · {plain('intake.passages', n=report.chunks)}"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return plain("intake.seconds", n=max(1, round(seconds)))
    return plain("intake.minutes", n=round(seconds / 60))
