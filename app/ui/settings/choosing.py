"""The models that one can choose: what each would do on this machine, its download, its use."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import streamlit as st

from quire.background.downloading import ModelDownload
from quire.models.catalog import Kind
from quire.models.library import Chosen, ModelEntry, Models
from quire.models.recommending import Candidate, largest
from quire.ui import problems
from quire.ui.catalogue import duration, label, language, plain, said
from quire.ui.inert import html, markdown
from quire.ui.shared import Shared, downloads, measuring
from quire.ui.state import state

_POLL = 1.0  # seconds between two looks at a download

Use = Callable[[Shared, str], None]
"""Puts a model to use, by its name."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The models of a kind. `cost` says what putting one to use takes, or nothing."""

    kind: Kind
    use: Use
    cost: Callable[[Candidate], str] = lambda _: ""


def draw(opened: Shared, offer: Offer) -> None:
    """Draw the models of a kind."""
    goes_on = _goes_on(opened)
    getting, _ = goes_on
    st.fragment(_list, run_every=_POLL if getting else None)(opened, offer, goes_on)


def _goes_on(opened: Shared) -> tuple[bool, bool]:
    """Whether a model is being got or measured, and whether one is brought to use."""
    getting = downloads().active or measuring().working
    return getting, opened.reindexing.state == "working"


@problems.guarded
def _list(opened: Shared, offer: Offer, drawn_with: tuple[bool, bool]) -> None:
    mine = state()
    if _goes_on(opened) != drawn_with or mine.told or mine.problem:
        st.rerun()  # the rest of the page tells of it, and how often this is looked at hangs on it
    models = Models(opened.settings)
    considered = measuring().found or models.candidates()
    candidates = {each.model.name: each for each in considered}
    best = largest(candidates.values(), offer.kind)
    measured = any(each.decode or each.passages for each in candidates.values())
    if (problem := measuring().problem) is not None:
        problems.show(problem)
    if not measured:
        _measure(models, offer.kind)
    entries = models.all()
    for entry in entries:
        if entry.kind != offer.kind:
            continue
        candidate = candidates.get(entry.name)
        facts = _facts(models, entry, candidate)
        if candidate is not None and entry.memory and not _in_use(opened, entry):
            facts += filter(None, [offer.cost(candidate)])
        fits_best = measured and best is not None and best is candidate
        _model(opened, offer, entry, [plain("models.best")] if fits_best else [], facts)
    if offer.kind == "chat":
        _reference(models, known={entry.name for entry in entries})


def _measure(models: Models, kind: Kind) -> None:
    if measuring().working:
        st.caption(label("models.measuring"))
    elif st.button(
        label("models.measure"), icon=":material/speed:", key=f"measure-{kind}", type="tertiary"
    ):
        measuring().begin(models)
        st.rerun()


def _model(
    opened: Shared, offer: Offer, entry: ModelEntry, badges: list[str], facts: list[str]
) -> None:
    """One model: what it is, what it takes, and what can be done with it."""
    job = downloads().of(entry.name)
    note = entry.known.notes[language()] if entry.known else plain("models.own")
    told = "".join(
        f' <span class="quire-badge">{html(text)}</span>'
        for text in (*_standing(opened, entry), *badges)
    )
    with st.container(
        key=f"model-{entry.kind}-{entry.name}", horizontal=True, vertical_alignment="center"
    ):
        st.html(
            f'<div class="quire-name">{html(entry.name)}{told}</div>'
            f'<div class="quire-meta">{html(note)}</div>'
            f'<div class="quire-meta">{html(" · ".join(facts))}</div>'
        )
        _buttons(opened, offer, entry, job)
    if job is not None and job.state == "working":
        _progress(job)
    elif job is not None and job.problem is not None:
        problems.show(job.problem)


def _standing(opened: Shared, entry: ModelEntry) -> list[str]:
    """Whether it is in use, or at least here."""
    if _in_use(opened, entry):
        return [plain("models.in_use")]
    return [plain("models.here")] if entry.here is not None else []


def _in_use(opened: Shared, entry: ModelEntry) -> bool:
    """Whether it is at work: of search models the one that the knowledge base was made with."""
    if entry.kind == "embedding" and (made_with := opened.base.made_with):
        return entry.name == made_with
    return entry.in_use


def _facts(models: Models, entry: ModelEntry, candidate: Candidate | None) -> list[str]:
    """What a reader weighs: bytes, memory, time, and what speaks against it."""
    facts = [_gigabytes(entry.size)]
    if entry.memory:
        facts.append(plain("models.memory", size=_gigabytes(entry.memory)))
    if candidate is not None:
        if candidate.burden:
            facts.append(plain("models.burden", why=said(candidate.burden)))
        elif candidate.answer_seconds:
            facts.append(plain("models.answer", time=duration(candidate.answer_seconds)))
        elif candidate.statement_seconds:
            seconds = f"{candidate.statement_seconds:.1f}"
            facts.append(plain("models.statement", seconds=seconds))
        if candidate.lack:
            facts.append(said(candidate.lack))
    if entry.here is None and (arrived := models.arrived(entry.name)):
        facts.append(plain("models.arrived", size=_gigabytes(arrived)))
    return facts


def _buttons(opened: Shared, offer: Offer, entry: ModelEntry, job: ModelDownload | None) -> None:
    models = Models(opened.settings)
    name = entry.name
    if entry.here is not None:
        if not _in_use(opened, entry) or (entry.kind == "embedding" and opened.embedder_problem):
            st.button(
                label("models.use"),
                key=f"use-{name}",
                icon=":material/check:",
                on_click=kept(lambda: offer.use(opened, name)),
            )
        removable = entry.here.path.is_relative_to(models.settings.models)
        if removable and not _in_use(opened, entry) and not entry.in_use:
            _drop(models, name, "models.remove")
    elif job is not None and job.state == "working":
        if job.stopping:
            st.caption(label("chat.stopping"))
        else:
            _stop(job)
    elif entry.known is not None and entry.known.repositories:
        begun = models.arrived(name)
        st.button(
            label("models.go_on" if begun else "models.download"),
            key=f"get-{name}",
            icon=":material/download:",
            on_click=kept(lambda: downloads().begin(models, name)),
        )
        if begun:
            _drop(models, name, "models.drop")


def _drop(models: Models, name: str, does: str) -> None:
    """The button that deletes a model, or what has arrived of it."""

    def remove() -> None:
        models.remove(name)
        downloads().forget(name)

    st.button(
        "",
        key=f"drop-{name}",
        icon=":material/delete:",
        type="tertiary",
        help=label(does, name=name),
        on_click=kept(remove),
    )


def _stop(job: ModelDownload) -> None:
    st.button(
        label("models.stop"),
        key=f"stop-{job.reference}",
        icon=":material/stop_circle:",
        on_click=job.stop,
    )


def kept(act: Callable[[], object]) -> Callable[[], None]:
    """What a button does, whose error is shown by the page that is drawn next."""

    def run() -> None:
        with problems.kept():
            act()

    return run


def _progress(job: ModelDownload) -> None:
    """How far a download is, in a line."""
    now = job.progress
    if now is None or now.stage in ("waiting", "asking"):
        st.progress(0.0, text=label(f"models.{now.stage if now else 'asking'}"))
        return
    of = plain("models.of", done=_gigabytes(now.done), total=_gigabytes(now.total or now.done))
    words = [plain(f"models.{now.stage}"), of]
    if now.stage == "downloading" and now.remaining is not None:
        words.append(plain("intake.remaining", time=duration(now.remaining)))
    share = min(1.0, now.done / now.total) if now.total else 0.0
    st.progress(share, text=markdown(" · ".join(words)))


def _reference(models: Models, *, known: set[str]) -> None:
    """Any other model, by where it is; those `known` by name are told of above."""
    with st.form("model-reference", border=False, clear_on_submit=True):
        wanted = st.text_input(
            label("models.other"), placeholder="hf:OWNER/REPO/FILE.gguf", help=label("models.about")
        )
        if st.form_submit_button(label("models.download"), icon=":material/download:"):
            with problems.caught():
                if wanted.strip():
                    downloads().begin(models, wanted.strip())
                    st.rerun()
    for job in downloads().all():
        if job.reference in known:
            continue
        if job.state == "working":
            _progress(job)
            _stop(job)
        elif job.state != "done":
            if job.problem is not None:
                problems.show(job.problem)
            _again(models, job)


def _again(models: Models, job: ModelDownload) -> None:
    """What can be done with a download that was stopped, or has failed."""
    again = "models.go_on_with" if job.problem is None else "models.again_with"
    with st.container(horizontal=True):
        st.button(
            label(again, name=job.reference),
            key=f"get-{job.reference}",
            icon=":material/download:",
            on_click=kept(partial(downloads().begin, models, job.reference)),
        )
        st.button(
            label("chat.dismiss"),
            key=f"dismiss-{job.reference}",
            icon=":material/close:",
            type="tertiary",
            on_click=partial(downloads().forget, job.reference),
        )


def tell(chosen: Chosen) -> None:
    """Say what was written, and where a variable of the environment says otherwise."""
    if chosen.overridden_by:
        state().told = plain("models.overridden", value=chosen.value, variable=chosen.overridden_by)
    else:
        state().told = plain("models.chosen", value=chosen.value)


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
