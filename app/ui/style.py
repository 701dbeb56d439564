"""The little of the look that Streamlit's theme cannot say."""

import functools
from collections.abc import Mapping
from importlib import resources

import streamlit as st

from quire.ingest.limits import Limits
from quire.messages.texts import tables
from quire.ui.catalogue import language, plain
from quire.ui.launch import THEME

_ICONS = {
    "notes": "documents.summary",
    "sell": "documents.about",
    "refresh": "documents.again",
    "delete": "documents.delete",
    "more_horiz": "conversations.more",
    "close": "app.close",
    "stop_circle": "chat.stop",
    "chevron_left": "source.back",
    "chevron_right": "source.on",
    "zoom_in": "source.larger",
    "zoom_out": "source.smaller",
    "fit_width": "source.fit",
    "rotate_90_degrees_cw": "source.rotate",
    "grid_view": "source.overview",
    "keyboard_arrow_up": "source.hit_back",
    "keyboard_arrow_down": "source.hit_on",
    "notifications": "intake.notify",
}
"""What the buttons do that show an icon alone."""

_KEYS = {
    "/": "app.key_field",
    "?": "app.keys",
    "Enter": "app.key_ask",
    "Shift+Enter": "app.key_line",
    "Ctrl+Shift+O": "conversations.new",
    "Esc": "app.key_escape",
    "Alt+← / Alt+→": "app.key_turn",
    "F": "app.key_find",
    "Alt+↑ / Alt+↓": "app.key_hit",
    "Alt+I / Alt+O / Alt+W": "app.key_zoom",
    "Alt+T": "app.key_rotate",
    "Alt+G": "app.key_overview",
}
"""What the keys do; "?" shows it."""

_VERDICTS = {"amber": "#8a5a00, #f2c14e", "red": "#a3231a, #ff9d94"}
"""The colours of marks, each in the light and the dark theme; of 4.5 to 1 and more."""


def apply() -> None:
    """Add the style sheet to the page, with the words that Streamlit has in English only."""
    size = Limits().file_bytes // 1024**2
    words = {
        "choose": plain("documents.choose"),
        "choose-folder": plain("documents.choose_folder"),
        "drop": plain("documents.drop", size=size),
        "drop-folder": plain("documents.drop_folder", size=size),
    }
    sheet = "".join(f"--quire-{name}: '{text}'; " for name, text in words.items())
    colours = {"background": "backgroundColor", "accent": "linkColor", "text": "textColor"}
    for name, option in colours.items():
        both = ", ".join(THEME[f"theme.{scheme}.{option}"] for scheme in ("light", "dark"))
        sheet += f"--quire-{name}: light-dark({both}); "
    for name, both in _VERDICTS.items():
        sheet += f"--quire-{name}: light-dark({both}); "
    st.html(f"<style>:root {{ {sheet}}}\n{file('style.css')}</style>")


def mount(
    *, kept: Mapping[str, str], asked: int, busy: bool, answered: str, word: tuple[int, str]
) -> bool:
    """Put what belongs to the whole page into it: see page.js. `kept` is what the browser is to
    keep, nothing where a choice was taken back; when `asked` changes, the last question is shown,
    and followed for as long as its answer makes the page `busy`. `answered` is the id of the last
    answer that came in this tab, which is told to those who hear the page. `word` is what there is
    to tell, with its number: each is told once, as a notification of the system too where that was
    allowed. What is returned says whether files are on their way from the browser.
    """
    size = Limits().file_bytes // 1024**2
    told = {
        "lost": plain("app.lost"),
        "large": plain("app.large", names="{names}", size=size),
        "missed": plain("app.missed", names="{names}"),
        "choose": plain("documents.choose"),
        "choose_folder": plain("documents.choose_folder"),
        "page": plain("app.page", n="{n}"),
        "answered": plain("app.answered"),
        "skip": plain("app.skip"),
        "keys": plain("app.keys"),
        "close": plain("app.close"),
        "no_page": plain("app.no_page"),
    }
    data = {
        "language": {"en": "en", "zh": "zh-CN"}[language()],
        "kept": dict(kept),
        "asked": asked,
        "busy": busy,
        "word": {"number": word[0], "text": word[1]},
        "texts": told,
        "most": size * 1024**2,
        "keys": [[key, plain(does)] for key, does in _KEYS.items()],
        "answered": answered,
        "words": _words(),
        "icons": {icon: plain(key) for icon, key in _ICONS.items()},
    }
    with st.container(key="page"):
        heard = _page(
            data=data,
            key="of-page",
            default={"sending": False},
            on_back_change=lambda: None,
            on_sending_change=lambda: None,
        )
    return bool(heard["sending"])


def _words() -> dict[str, str]:
    """Streamlit's own names for what can be pressed, with ours."""
    ours = tables(language())["widgets"]
    return {text: ours[key] for key, text in tables("en")["widgets"].items()}


@functools.cache
def file(name: str) -> str:
    """The text of a file that comes with the interface."""
    return (resources.files("quire.ui") / name).read_text("utf-8")


_page = st.components.v2.component("quire.page", html="<div></div>", js=file("page.js"))
