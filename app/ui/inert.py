r"""Text from outside, made inert: it is shown as it is, and nothing in it acts.

Documents, file names, questions and answers are data. Whatever they contain, the browser must load
no image, follow no link, set no formula and run no script for them. There are two ways onto a
page, and each has its function here; nothing else may put foreign text there.

`html` is for texts: they become the content of elements that Quire writes, where only `&`, `<`,
`>` and quotes have a meaning. `markdown` is for labels, where Streamlit takes nothing but its
Markdown dialect. There every ASCII punctuation mark has a backslash before it, which ends all
syntax of CommonMark, of tables and formulas; but addresses (`www.…`), emoji names (`:smile:`),
icons (`:material/home:`), arrows and dashes are looked for in the finished text, after the
backslashes are gone. A word joiner, which has no width, keeps those apart.

>>> markdown("![x](http://a.b/c.png)").replace(JOINER, "")
'\\!\\[x\\]\\(http\\:\\/\\/a\\.b\\/c\\.png\\)'
>>> html('<img src=x onerror="alert(1)">')
'&lt;img src=x onerror=&quot;alert(1)&quot;&gt;'
"""

import re
from html import escape

JOINER = "\u2060"

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_REPLACED = re.compile(r"([:@<>=-]|www(?=\.))", re.IGNORECASE)
# Controls act on terminals and hide text; the marks of direction can show a text in another order
# than it has, so that a file's ending seems to be another.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


def bare(text: str) -> str:
    """`text` on one line, where Streamlit shows plain text: the choices of a list."""
    return " ".join(_CONTROLS.sub("", text).split())


def html(text: str) -> str:
    """`text` as the content of an HTML element or a quoted attribute."""
    return escape(_CONTROLS.sub("", text), quote=True)


def markdown(text: str) -> str:
    """`text` on one line, as a label in Streamlit's Markdown."""
    kept_apart = _REPLACED.sub(rf"\1{JOINER}", bare(text))
    return _PUNCTUATION.sub(r"\\\1", kept_apart)
