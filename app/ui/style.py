"""The little of the look that Streamlit's theme cannot say."""

import functools
from importlib import resources

import streamlit as st


def apply() -> None:
    """Add the style sheet to the page."""
    st.html(f"<style>{file('style.css')}</style>")


@functools.cache
def file(name: str) -> str:
    """The text of a file that comes with the interface."""
    return (resources.files("quire.ui") / name).read_text("utf-8")
