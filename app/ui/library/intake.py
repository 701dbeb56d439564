"""Adding documents: the uploader, how far the work is, and its outcome in plain words."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from quire.background.ingesting import Intake
from quire.errors import QuireError
from quire.indexes.folder import originals
from quire.ingest.report import Refusal
from quire.ui import problems
from quire.ui.catalogue import joined, label, plain, said
from quire.ui.inert import html
from quire.ui.launch import DOOR
from quire.ui.library.paths import checked_path
from quire.ui.shared import Shared
from quire.ui.state import state

_POLL = 0.5  # seconds between two looks at the work
_ROWS = 60  # files listed at once, those that need a look first
_FIRST = ("working", "reading", "failed", "stopped", "waiting", "scanned", "done")


def upload_area(opened: Shared) -> None:
    """Draw the place for files. What is put there is taken in at once."""
    _uploader(opened, "documents.upload", several=True, key="upload")


def folder_area(opened: Shared) -> None:
    """Draw the place for a folder with all that is in it, uploaded like single files."""
    _uploader(opened, "documents.upload_folder", several="directory", key="upload-folder")


def path_area(opened: Shared) -> None:
    """Draw the field for a path on this machine, whose files stay where they are."""
    with st.form("path", border=False, clear_on_submit=True):
        given = st.text_input(
            label("documents.path"), placeholder="~/Documents", help=label("documents.path_about")
        )
        if st.form_submit_button(label("documents.path_add")) and given.strip():
            path = checked_path(given, folders=opened.base.settings.folders)
            opened.ingests.add(
                [Intake(str(path), _size(path), path=path, password=_password() or None)]
            )
            state().uploads += 1
            st.rerun()


def paths_can_be_named() -> bool:
    """Whether the reader has shown this start's key, and so is its owner at the machine."""
    return os.environ.get(DOOR) == "key"


def password_field() -> None:
    """Draw the field for the password of encrypted files; what is added next uses what is in it."""
    st.text_input(
        label("documents.password"),
        key=f"password-{state().uploads}",  # another field, and so an empty one, after each use
        type="password",
        help=label("documents.password_about"),
        autocomplete="off",
    )


def take_in_uploads(
    opened: Shared, files: Iterable[UploadedFile], *, password: str | None = None
) -> list[Intake]:
    """Queue uploaded files and empty the uploader."""
    items = [
        Intake(file.name, file.size, content=file.getvalue(), password=password) for file in files
    ]
    opened.ingests.add(items)
    state().uploads += 1
    return items


def draw(opened: Shared, *, quiet: bool = False) -> None:
    """Draw the files on their way, and those that are done until they are dismissed; if `quiet`,
    of those only what this tab has dropped into its chat."""
    mine = state()
    items = opened.ingests.items
    told = not quiet or any(item in mine.dropped for item in items)
    if opened.ingests.active:
        if not quiet:
            _working(opened)
    elif items and told:
        _finished(opened)


def _uploader(opened: Shared, text: str, *, several: bool | str, key: str) -> None:
    files = st.file_uploader(
        label(text),
        accept_multiple_files=several,
        key=f"{key}-{state().uploads}",
        help=label("documents.upload_about"),
    )
    if files:
        take_in_uploads(opened, files, password=_password() or None)
        st.rerun()


def _password() -> str:
    return str(st.session_state.get(f"password-{state().uploads}") or "")


def _size(path: Path) -> int:
    """Bytes of a file, or of those in a folder; it weighs what is done in the estimate."""
    total = 0
    for file in path.rglob("*") if path.is_dir() else (path,):
        try:
            total += file.stat().st_size
        except OSError:
            continue  # it is reported when it is read
    return max(1, total)


@st.fragment(run_every=_POLL)
@problems.guarded
def _working(opened: Shared) -> None:
    items = opened.ingests.items
    with st.container(border=True, key="intake"):
        _rows(items)


def _finished(opened: Shared) -> None:
    items = opened.ingests.items
    with st.container(border=True, key="intake"):
        if len(items) > 1:
            st.html(f'<div class="quire-meta">{html(_summary(items))}</div>')
        _rows(items)
        _doubles(opened, items)
        if st.button(label("intake.clear"), key="clear-intake"):
            opened.ingests.clear()
            st.rerun()


def _doubles(opened: Shared, items: Sequence[Intake]) -> None:
    """Offer to delete the older documents of the names that were uploaded.

    A changed file at a path replaces its older version, because the place is the same. An upload
    has no place, and two folders may each have a report.pdf: what replaces what, its reader knows.
    """
    names = {
        originals.safe_name(item.name)
        for item in items
        if item.kept is not None and item.kept.uploaded and item.report and item.report.added
    }

    def remove(document_id: str) -> None:
        with problems.kept():
            opened.base.remove(document_id)

    for name in sorted(names):
        called = [document for document in opened.documents() if document.name == name]
        for older in sorted(called, key=lambda document: document.added_at)[:-1]:
            added = datetime.fromisoformat(older.added_at).astimezone()
            told = plain("intake.double", name=name, date=f"{added:%Y-%m-%d %H:%M}")
            with st.container(horizontal=True, vertical_alignment="center"):
                st.html(f'<div class="quire-meta">{html(told)}</div>', width="content")
                st.button(
                    label("intake.delete_older"),
                    key=f"older-{older.id}",
                    icon=":material/delete:",
                    type="tertiary",
                    on_click=remove,
                    args=(older.id,),
                )


def _summary(items: Sequence[Intake]) -> str:
    """How many files had which outcome."""
    counts: Counter[str] = Counter()
    for item in items:
        counts.update(_counts(item))
    return _counted(counts)


def _counted(counts: Counter[str]) -> str:
    return " · ".join(plain(f"intake.n_{kind}", n=n) for kind, n in counts.items() if n)


def _counts(item: Intake) -> Counter[str]:
    report = item.report
    if report is None:
        return Counter({"stopped" if item.stage == "stopped" else "failed": 1})
    unread = sum(_is_unread(refusal) for refusal in report.skipped)
    return Counter(
        taken=report.added + report.updated,
        unchanged=report.unchanged,
        skipped=len(report.skipped) - unread,
        failed=len(report.failed),
        stopped=unread,
    ) or Counter({"stopped": 1})


def _is_unread(refusal: Refusal) -> bool:
    """Whether a file of a folder was not reached before the work was stopped."""
    return refusal.reason == "not reached: the ingest was stopped"


def _rows(items: Sequence[Intake]) -> None:
    ordered = sorted(items, key=lambda item: (_FIRST.index(item.stage), item.all_well))
    rows = []
    for item in ordered[:_ROWS]:
        rows.append(
            f'<div><span class="quire-name">{html(item.name)}</span> '
            f'<span class="quire-meta">{html(_outcome(item))}</span></div>'
        )
        rows += [f'<div class="quire-meta">{html(line)}</div>' for line in _remarks(item)]
    if ordered[_ROWS:]:
        more = plain("intake.more", n=len(ordered) - _ROWS)
        rows.append(f'<div class="quire-meta">{html(more)}</div>')
    st.html(f'<div class="quire-rows">{"".join(rows)}</div>')


def _outcome(item: Intake) -> str:
    """What became of a file, or of the files of a folder, in words."""
    if item.problem is not None:
        if isinstance(item.problem, QuireError):
            reason = joined(said(item.problem.message), said(item.problem.hint))
            return plain("intake.failed", reason=reason)
        return plain("app.failed")
    if item.stage == "scanned":
        return plain("intake.scanned")
    if item.stage == "reading":
        heard = item.heard
        if heard is None or not heard.to_read:
            return plain("intake.scanned")
        page = min(heard.read + 1, heard.to_read)
        told = plain("intake.reading", page=page, pages=heard.to_read)
        name = Path(heard.current).name
        return told if name == item.name else f"{told} · {name}"
    if item.stage == "working":
        heard, words = item.heard, f"{plain('intake.working')} {item.part:.0%}"
        if heard is None or heard.files_total < 2:
            return words
        told = plain("intake.progress", done=heard.files_done, total=heard.files_total)
        return f"{words} · {told} · {Path(heard.current).name}"
    report = item.report
    if report is not None and _is_folder(item):
        return _counted(_counts(item))
    if report is None or item.stage == "stopped":
        return plain(f"intake.{item.stage}")
    for outcome, refused in (("failed", report.failed), ("skipped", report.skipped)):
        if refused:
            return plain(f"intake.{outcome}", reason=_reason(refused[0]))
    if report.unchanged:
        return plain("intake.unchanged")
    outcome = plain("intake.updated" if report.updated else "intake.added")
    return f"{outcome} · {plain('intake.passages', n=report.chunks)}"


def _remarks(item: Intake) -> list[str]:
    """What else is worth knowing: warnings, and the files of a folder that were not taken in."""
    report = item.report
    if report is None:
        return []
    if not _is_folder(item):
        return [said(warning.split(": ", 1)[-1]) for warning in report.warnings]
    refused = [
        f"{refusal.path} — {plain(f'intake.{kind}', reason=_reason(refusal))}"
        for kind, refusals in (("failed", report.failed), ("skipped", report.skipped))
        for refusal in refusals
        if not _is_unread(refusal)
    ]
    warned = [": ".join(map(said, warning.split(": ", 1))) for warning in report.warnings]
    return [*refused, *warned][:_ROWS]


def _is_folder(item: Intake) -> bool:
    """Whether more than one file was found at a path, as far as is known."""
    if item.path is None:
        return False
    heard, report = item.heard, item.report
    found = heard.files_total if heard is not None else 0
    if report is not None:
        refused = len(report.skipped) + len(report.failed)
        found = max(found, report.added + report.updated + report.unchanged + refused)
    return found > 1


def _reason(refusal: Refusal) -> str:
    return joined(said(refusal.reason), said(refusal.hint))
