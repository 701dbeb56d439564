"""The interface's texts in each of its languages, from `page.*.toml` in `quire.messages`.

The texts are plain: no Markdown and no HTML, so that one rule holds for everything that is shown,
ours or not (see `inert`).
"""

import streamlit as st

from quire.messages.texts import text
from quire.messages.translations import translated
from quire.ui.inert import markdown
from quire.ui.state import state

_ENDS = ".!?。！？…:："

LANGUAGES = {"en": "English", "zh": "中文"}


def language() -> str:
    """The interface's language in this tab: the chosen one, else the browser's, else English."""
    chosen = state().language
    if chosen in LANGUAGES:
        return str(chosen)
    return "zh" if str(st.context.locale or "").lower().startswith("zh") else "en"


def plain(key: str, **values: object) -> str:
    """The text of a key such as `chat.ask`, with values filled in, to be shown as HTML or text."""
    return text(key, language(), **values)


def said(message: str) -> str:
    """A sentence of Quire's library, which speaks English, in the interface's language, and with
    what can be done here in place of commands."""
    return translated(message, language(), on_page=True)


def label(key: str, **values: object) -> str:
    """The same, to be shown where Streamlit takes Markdown."""
    return markdown(plain(key, **values))


def joined(*sentences: str) -> str:
    """Sentences as one text. Reasons come without a full stop, and Chinese ones stand without a
    space between.

    >>> joined("notes.md does not exist", "Check the path's spelling.", "")
    "notes.md does not exist. Check the path's spelling."
    >>> joined("notes.md 不存在", "请检查路径是否写对。")
    'notes.md 不存在。请检查路径是否写对。'
    """
    text = ""
    for sentence in filter(None, map(str.strip, sentences)):
        if text and text[-1] not in _ENDS:
            text += "。" if _is_chinese(text[-1]) else "."
        text += sentence if not text or _is_chinese(text[-1]) else f" {sentence}"
    return text


def _is_chinese(character: str) -> bool:
    return character >= "\u2e80"


def duration(seconds: float) -> str:
    """A time in words, to the second or, from a minute on, to the minute."""
    if seconds < 60:
        return plain("intake.seconds", n=max(1, round(seconds)))
    return plain("intake.minutes", n=round(seconds / 60))
