"""Whether the pages that are found are shown to the model: a switch beside the scope."""

import streamlit as st

from quire.models.protocols import ReadsPictures
from quire.ui.catalogue import label
from quire.ui.shared import Shared
from quire.ui.state import state


def draw(opened: Shared) -> None:
    """Draw the switch, where the model takes pictures."""
    if not _may(opened):
        state().look = False
        return
    state().look = st.toggle(
        label("chat.look"), value=state().look, key="look", help=label("chat.look_about")
    )


def _may(opened: Shared) -> bool:
    """Told without loading the model: before that, nothing is known of it."""
    if opened.model_state != "ready":
        return False
    model = opened.base.model
    if model is None or not isinstance(model, ReadsPictures):
        return False
    return not model.pictures_problem
