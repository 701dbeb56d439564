"""Whether the model looks things up by itself: a switch beside the scope, and its steps."""

from collections.abc import Sequence

import streamlit as st

from quire.answering.agent import aptitude
from quire.records import Step
from quire.ui.catalogue import label, plain
from quire.ui.inert import html
from quire.ui.shared import Shared
from quire.ui.state import state

_SHOWN = 6  # steps, the last ones
_LONGEST = 120  # characters of one
_KNOWN = frozenset("search read_page list_documents table_query calculate check look".split())


def draw(opened: Shared) -> None:
    """Draw the switch, where the model can be given tools and did not fail its trial."""
    if not _may(opened):
        state().agent = False
        return
    state().agent = st.toggle(
        label("chat.agent"), value=state().agent, key="agent", help=label("chat.agent_about")
    )


def draw_steps(steps: Sequence[Step]) -> None:
    """Draw what was looked up so far, the last steps in words."""
    if not steps:
        return
    lines = "".join(f"<div>{html(told(step))}</div>" for step in steps[-_SHOWN:])
    st.html(f'<div class="quire-meta quire-steps">{lines}</div>')


def told(step: Step) -> str:
    """A step in one line, in the interface's language."""
    if step.tool == "try":
        return plain("chat.agent_trying", **step.arguments)
    what = step.told.partition(": ")[2][:_LONGEST]
    known = plain(f"chat.step_{step.tool}", what=what) if step.tool in _KNOWN else step.told
    return plain("chat.step_refused", what=step.told[:_LONGEST]) if step.refused else known


def standing(opened: Shared) -> aptitude.Standing:
    """What is known of the model, which is loaded, without trying it."""
    return aptitude.standing(opened.base.model, opened.base.settings.cache / aptitude.FILE)


def _may(opened: Shared) -> bool:
    """Told without loading the model: before that, nothing is known of it."""
    return opened.model_state == "ready" and standing(opened) in {"apt", "untried"}
