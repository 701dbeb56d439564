"""What a reader thinks of an answer: a thumb, and what was wrong, kept with the chat."""

import streamlit as st

from quire.conversations.schema import Turn
from quire.ui import problems
from quire.ui.catalogue import label, plain
from quire.ui.shared import Shared


@st.fragment
@problems.guarded
def draw(opened: Shared, turn: Turn) -> None:
    """Draw the thumbs below an answer, and after a thumb down the place for a remark."""
    kept = opened.conversations.turn(turn.id)[1].feedback
    key, remark = f"feedback-{turn.id}", f"remark-{turn.id}"

    def keep_thumb() -> None:
        chosen = st.session_state[key]
        with problems.kept():
            opened.base.feedback(turn.id, None if chosen is None else "up" if chosen else "down")

    def keep_remark() -> None:
        opened.base.feedback(turn.id, "down", comment=st.session_state[remark])

    given = None if kept is None else int(kept.verdict == "up")
    st.feedback("thumbs", key=key, default=given, on_change=keep_thumb)
    if kept is not None and kept.verdict == "down":
        st.text_input(
            label("chat.remark"),
            value=kept.comment,
            key=remark,
            placeholder=plain("chat.remark"),
            label_visibility="collapsed",
            on_change=keep_remark,
            max_chars=2000,
        )
