"""The little of the look that Streamlit's theme cannot say."""

import functools
from importlib import resources

import streamlit as st

from quire.ingest.limits import Limits
from quire.ui.catalogue import plain
from quire.ui.launch import THEME


def apply() -> None:
    """Add the style sheet to the page, with the words that Streamlit has in English only."""
    size = Limits().file_bytes // 1024**2
    words = {"choose": plain("documents.choose"), "drop": plain("documents.drop", size=size)}
    sheet = "".join(f"--quire-{name}: '{text}'; " for name, text in words.items())
    colours = {"background": "backgroundColor", "accent": "primaryColor"}
    for name, option in colours.items():
        both = ", ".join(THEME[f"theme.{scheme}.{option}"] for scheme in ("light", "dark"))
        sheet += f"--quire-{name}: light-dark({both}); "
    st.html(f"<style>:root {{ {sheet}}}\n{file('style.css')}</style>")


@functools.cache
def file(name: str) -> str:
    """The text of a file that comes with the interface."""
    return (resources.files("quire.ui") / name).read_text("utf-8")
