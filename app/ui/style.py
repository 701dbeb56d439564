"""The little of the look that Streamlit's theme cannot say."""

import functools
from importlib import resources

import streamlit as st


def apply() -> None:
    """Add the style sheet to the page."""
    st.html(f"<style>{_sheet()}</style>")


@functools.cache
def icon() -> str:
    """Quire's sign, as SVG."""
    return _file("icon.svg")


@functools.cache
def _sheet() -> str:
    return _file("style.css")


def _file(name: str) -> str:
    return (resources.files("quire.ui") / name).read_text("utf-8")
