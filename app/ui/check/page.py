"""The page that checks a text: pasted or a file; what the documents contradict comes first."""

import streamlit as st

from quire.checked import CheckedText
from quire.indexes.folder.originals import safe_name
from quire.reports import webpage, word
from quire.ui import answers, problems, source_panel
from quire.ui.catalogue import duration, label, language, plain, said
from quire.ui.check.marks import Marked, marked_text
from quire.ui.inert import html, markdown
from quire.ui.jobs.checking import CheckJob
from quire.ui.shared import Shared
from quire.ui.state import state

_POLL = 0.5  # seconds between two looks at the work
_AT_ONCE = 0.5  # seconds to wait before a check is drawn as being made
_MOST = 200_000  # characters of a pasted text
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def draw(opened: Shared) -> None:
    """Draw the page."""
    mine = state()
    # subtle: as in the chat, the columns are there without a source too
    sheet, beside = st.columns((5, 6), gap="large")
    with sheet:
        st.header(label("check.title"), anchor=False)
        st.caption(label("check.about"))
        job = mine.check
        if not opened.documents():
            st.caption(label("documents.none"))
        elif job is not None and not job.done:
            _working(job)
        else:
            _give(opened)
        problems.show_kept()
        if job is not None and job.done:
            _outcome(job)
    if mine.source is not None:
        with beside:
            source_panel.draw(opened)


def _give(opened: Shared) -> None:
    pasted, file = st.tabs([label("check.paste"), label("check.file")])
    with pasted, st.form("check-text", border=False):
        before = state().check
        text = st.text_area(
            label("check.text"),
            value=before.text if before else "",  # to be put right and checked again
            height=180,
            max_chars=_MOST,
        )
        if st.form_submit_button(label("check.do"), type="primary") and text.strip():
            _begin(CheckJob(opened.base, text, scope=state().scope))
    with file:
        given = st.file_uploader(
            label("check.upload"), key=f"upload-check-{state().uploads}", help=label("check.kept")
        )
        if given is not None:
            state().uploads += 1
            content = given.getvalue()
            _begin(CheckJob(opened.base, name=given.name, content=content, scope=state().scope))


def _begin(job: CheckJob) -> None:
    mine = state()
    if mine.check is not None:
        mine.check.stop()
    mine.check, mine.source = job, None
    job.wait(_AT_ONCE)
    st.rerun()


@st.fragment(run_every=_POLL)
@problems.guarded
def _working(job: CheckJob) -> None:
    if job.done:
        st.rerun()
    words = [plain("check.progress", n=job.seen, of=job.statements)]
    if job.stopping:
        words = [plain("chat.stopping")]
    elif (seconds := job.remaining) is not None:
        words.append(plain("intake.remaining", time=duration(seconds)))
    share = job.seen / job.statements if job.statements else 0.0
    st.progress(min(share, 1.0), text=markdown(" · ".join(words)))
    if not job.stopping:
        st.button(
            label("chat.stop"), icon=":material/stop_circle:", key="stop-check", on_click=job.stop
        )


def _outcome(job: CheckJob) -> None:
    if job.problem is not None:
        problems.show(job.problem)
        return
    checked = job.checked
    if checked is None:
        return
    if checked.name:
        st.subheader(markdown(checked.name), anchor=False)
    st.html(f'<div class="quire-found" role="status">{html(_counted(checked))}</div>')
    _searched(checked)
    drawn = marked_text(checked)
    if drawn.asking:
        st.html(f'<h3 class="quire-title">{html(plain("check.asking"))}</h3>')
        _proof(drawn, drawn.asking, key="check-asking")
    _reports(checked)
    st.html(f'<h3 class="quire-title">{html(plain("check.whole"))}</h3>')
    _proof(drawn, drawn.whole, key="check-whole")


def _counted(checked: CheckedText) -> str:
    counts = checked.counts
    told = plain("answer.between").join(
        plain(f"check.{support}", n=n) for support, n in counts.items() if n
    )
    said_all = plain("check.statements", n=len(checked.judged), counts=told)
    return said_all if checked.judged else plain("check.nothing")


def _searched(checked: CheckedText) -> None:
    found = checked.searched
    lines = [plain("answer.looked_at", n=found.documents, passages=found.passages)]
    if found.pages_without_text:
        lines.append(plain("answer.without_text", n=found.pages_without_text))
    if checked.left_out:
        lines.append(plain("check.left_out", n=checked.left_out))
    lines += map(said, checked.notes)
    joint = "" if language() == "zh" else " "
    st.html(f'<div class="quire-meta">{html(joint.join(lines))}</div>')


def _proof(drawn: Marked, blocks: list[dict[str, object]], *, key: str) -> None:
    pressed = answers.proof(answers.data(blocks, citations=drawn.citations), key=key)
    if pressed is not None:
        answers.open_place(drawn.citations[pressed])


def _reports(checked: CheckedText) -> None:
    """The report as a file, to go to somebody else."""
    stem = safe_name(checked.name.rpartition(".")[0] or checked.name or plain("check.title"))[:60]
    with st.container(horizontal=True):
        st.download_button(
            label("check.as_html"),
            lambda: webpage.page(checked).encode(),
            file_name=f"{stem}.html",
            mime="text/html",
            icon=":material/download:",
            key="check-html",
            on_click="ignore",
        )
        st.download_button(
            label("check.as_docx"),
            lambda: word.file(checked),
            file_name=f"{stem}.docx",
            mime=_DOCX,
            icon=":material/download:",
            key="check-docx",
            on_click="ignore",
        )
