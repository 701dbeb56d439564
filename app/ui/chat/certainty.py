"""How many wrong answers a reader bears among those shown: chosen beside the scope, and kept by the
browser. What a risk promises stands in `quire.answering.confidence`."""

import streamlit as st

from quire.answering import confidence
from quire.answering.confidence import Calibration
from quire.config import Settings
from quire.models import opening
from quire.ui import problems
from quire.ui.catalogue import label
from quire.ui.shared import Shared
from quire.ui.state import state

LOOSE = 0.5
"""The risk at which nearly every question has an answer: what comes nearest, right or wrong."""

CHOICES: tuple[float | None, ...] = (LOOSE, None, 0.35, 0.3, 0.25)
"""None is what the settings say. A risk above a third refuses less than that does in English; one
below a quarter leaves hardly any answer."""


def draw(opened: Shared) -> None:
    """Draw what is chosen, as a button that leads to the choice."""
    if st.button(
        _name(state().risk),
        key="risk-choose",
        icon=":material/verified:",
        type="tertiary",
        help=label("risk.about"),
    ):
        _choose(opened)


def kept(risk: float | None) -> str:
    """A choice as the browser keeps it."""
    return "" if risk is None else _percent(risk)


def recalled(text: str | None) -> float | None:
    """The choice that the browser kept; anything that is none counts as the usual one."""
    return next((risk for risk in CHOICES if risk is not None and _percent(risk) == text), None)


def told(risk: float) -> str:
    """What is said below a question that was left unanswered under such a risk."""
    return label("risk.told", percent=_percent(risk))


def _choose(opened: Shared) -> None:
    names = {kept(risk): risk for risk in CHOICES}

    def take() -> None:
        state().risk = names[st.session_state["risk"]]

    @problems.dialog(label("risk.title"))
    def ask() -> None:
        st.write(label("risk.explained"))
        st.radio(
            label("risk.title"),
            list(names),
            index=CHOICES.index(state().risk),
            format_func=lambda name: _name(names[name]),
            captions=[_caption(risk, opened.base.settings) for risk in CHOICES],
            key="risk",
            label_visibility="collapsed",
        )
        st.caption(label("risk.measured"))
        if st.button(label("risk.take"), key="risk-take", type="primary", on_click=take):
            st.rerun()

    ask()


def _name(risk: float | None) -> str:
    if risk == LOOSE:
        return label("risk.loose")
    return label("risk.usual") if risk is None else label("risk.at_most", percent=_percent(risk))


def _caption(risk: float | None, settings: Settings) -> str:
    """What a choice costs: the share of the questions that were answered when it was measured."""
    if risk is None:
        if settings.max_risk is not None:
            return label("risk.set", percent=_percent(settings.max_risk))
        return label("risk.usual_about")
    if risk == LOOSE:
        return label("risk.loose_about", percent=_percent(risk))
    name = opening.embedder_name(settings)
    english, chinese = (
        _answered(confidence.calibration(language, embedder=name), risk)
        for language in ("en", "zh")
    )
    return label("risk.answered", english=english, chinese=chinese)


def _answered(made: Calibration, risk: float) -> str:
    """The share of the calibration's questions that are answered at a risk."""
    threshold = made.threshold(risk)
    covered = (coverage for least, coverage, _, _ in made.curve if least >= threshold)
    return _percent(max(covered, default=0.0))


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"
