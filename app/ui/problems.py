"""Errors as sentences: what happened, and what to do next."""

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

import streamlit as st

from quire.background.failures import log_place
from quire.errors import QuireError
from quire.messages.texts import tables
from quire.ui.catalogue import joined, label, language, said
from quire.ui.inert import markdown
from quire.ui.state import state

P = ParamSpec("P")


@contextmanager
def caught() -> Iterator[None]:
    """Draw an error that arises inside as a sentence, and let the rest of the page be."""
    try:
        yield
    except Exception as error:
        log_place(error)
        show(error)


def guarded(draw: Callable[P, None]) -> Callable[P, None]:
    """The same function, whose errors are drawn: for fragments, which run by themselves."""

    @functools.wraps(draw)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with caught():
            draw(*args, **kwargs)

    return run


def dialog(title: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Make a function the body of a dialog, whose errors are drawn in it: a dialog is a fragment,
    which runs by itself when something in it is pressed."""

    def make(draw: Callable[[], None]) -> Callable[[], None]:
        shown: Callable[[], None] = st.dialog(title)(guarded(draw))
        return shown

    return make


@contextmanager
def kept() -> Iterator[None]:
    """Keep an error that arises inside for the page that is drawn next."""
    try:
        yield
    except Exception as error:
        log_place(error)
        state().problem = error


def show(error: Exception) -> None:
    """Draw an error where the page is."""
    st.error(words(error), icon=":material/error:")


def warn(warnings: Iterable[QuireError]) -> None:
    """Draw what is wrong and does not keep the page from working."""
    for warning in warnings:
        st.warning(words(warning), icon=":material/warning:")


def show_kept() -> None:
    """Draw, once, the error of what was done between two runs of the script."""
    mine = state()
    if mine.problem is not None:
        show(mine.problem)
        mine.problem = None


def words(error: Exception) -> str:
    """An error as Markdown, under a heading in the interface's language where it has no other."""
    if not isinstance(error, QuireError):
        return label("app.failed")
    message = said(error.message)
    sentences = markdown(joined(message, said(error.hint)))
    if language() == "en" or message != error.message:
        return sentences
    known = error.code in tables("en")["error"]
    return f"{label(f'error.{error.code}' if known else 'error.title')}\n\n{sentences}"
