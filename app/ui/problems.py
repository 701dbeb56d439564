"""Errors as sentences: what happened, and what to do next."""

import streamlit as st

from quire.errors import QuireError
from quire.ui.catalogue import label, language, texts
from quire.ui.inert import markdown
from quire.ui.state import state


def show(error: Exception) -> None:
    """Draw an error where the page is."""
    st.error(words(error), icon=":material/error:")


def show_kept() -> None:
    """Draw, once, the error of what was done between two runs of the script."""
    mine = state()
    if mine.problem is not None:
        show(mine.problem)
        mine.problem = None


def words(error: Exception) -> str:
    """An error as Markdown. The messages are in English: other languages have a heading each."""
    if not isinstance(error, QuireError):
        return label("app.failed")
    said = " ".join(markdown(part) for part in (error.message, error.hint) if part)
    if language() == "en":
        return said
    known = error.code in texts("en")["error"]
    return f"{label(f'error.{error.code}' if known else 'error.title')}\n\n{said}"
