"""What the door shows whom it does not let in: a field for the key or the password."""

from html import escape
from typing import Literal

from quire.messages.texts import tables
from quire.ui.catalogue import LANGUAGES

Kind = Literal["key", "password", "nothing"]
Why = Literal["door.wrong", "door.used", "door.many"]

_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>Quire</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark;
  --ink: #26282b; --paper: #fff; --line: #8a8f96; --main: #2b5f8c }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #e6e4df; --paper: #17191c; --line: #6d737b; --main: #3a79b3 }}
}}
body {{ font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  display: grid; place-items: center; min-height: 90vh; margin: 0 }}
main {{ width: min(26rem, 90vw) }}
h1 {{ font-size: 1.6rem; margin: 0 0 .5rem }}
form {{ display: flex; gap: .5rem; margin-top: 1rem }}
input {{ flex: 1; min-width: 0; font: inherit; padding: .5rem .7rem; color: inherit;
  background: transparent; border: 1px solid var(--line); border-radius: .4rem }}
button {{ font: inherit; padding: .5rem 1rem; border: 0; border-radius: .4rem; color: #fff;
  background: var(--main); cursor: pointer }}
p {{ margin: .25rem 0 }}
[role=alert] {{ font-weight: 600 }}
</style></head><body><main>
<h1>Quire</h1>
{said}
<form method="post" action="{action}">
<input type="hidden" name="next" value="{next}">
<input type="password" name="key" aria-label="{label}" placeholder="{label}"
 autocomplete="current-password" autofocus required maxlength="1000">
<button>{enter}</button>
</form></main></body></html>
"""
_ENTERED = """<!doctype html>
<html><head><meta charset="utf-8"><title>Quire</title>
<meta http-equiv="refresh" content="0; url={next}"></head><body></body></html>
"""


def asking(why: Why | None, *, kind: Kind, accepts: str, then: str) -> bytes:
    """The page that asks for the key or the password, in the language that a browser `accepts`;
    `then` is where it leads."""
    language = _language(accepts)
    said = [f"<p>{escape(_text(f'door.about_{kind}', language))}</p>"]
    if why:
        said.insert(0, f'<p role="alert">{escape(_text(why, language))}</p>')
    return _PAGE.format(
        language=language,
        said="\n".join(said),
        action=ACTION,
        next=escape(then, quote=True),
        label=escape(_text(f"door.{kind}", language), quote=True),
        enter=escape(_text("door.enter", language)),
    ).encode()


def entered(then: str) -> bytes:
    """A page that leads on at once. A redirect would not do: the browser would take it for part of
    the way from wherever the link stood, and keep the cookie back."""
    return _ENTERED.format(next=escape(then, quote=True)).encode()


ACTION = "/door"
"""Where the field is sent."""


def _text(key: str, language: str) -> str:
    section, name = key.split(".")
    return str(tables(language)[section][name])


def _language(accepts: str) -> str:
    """The first of Quire's languages in an Accept-Language header, else English."""
    for part in accepts.split(","):
        code = part.strip()[:2].lower()
        if code in LANGUAGES:
            return code
    return "en"
