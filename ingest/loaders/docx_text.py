"""The text of a DOCX's paragraphs and cells as the word processor shows it.

Deleted and hidden words and the codes of fields are not shown; signs of symbol fonts, equations,
check boxes, the descriptions of pictures and the words of a watermark are, each where it stands.
"""

from typing import Any

from quire.ingest.loaders import symbols
from quire.ingest.loaders.content import aside
from quire.ingest.loaders.drawings import alt_text
from quire.ingest.loaders.equations import in_a_line
from quire.ingest.loaders.furniture import PAGE_NUMBER

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
"""Namespace of WordprocessingML."""

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}oMath"
# What holds no text that a reader sees: deleted words, field codes, properties, readings of ruby.
_UNSEEN = {
    *(W + name for name in ("del", "moveFrom", "instrText", "delText", "rt")),
    *(W + name for name in ("pPr", "rPr", "tblPr", "trPr", "tcPr", "sdtPr", "sectPr")),
    _MC + "Fallback",
}
_PAGE_FIELDS = {"PAGE", "NUMPAGES", "SECTIONPAGES", "SECTION"}
_OFF = {"0", "false", "off"}
_BOXES = {True: "☒", False: "☐"}


def text_of(element: Any) -> str:
    """The visible text inside an element. Walks without recursion: nesting has no bound."""
    parts: list[str] = []
    fields: list[str | None] = []  # the code of each open field; None once its result has begun
    counting = 0  # fields open whose result is a page number
    stack = [iter(element)]
    while stack:
        for child in stack[-1]:
            tag = child.tag
            if tag == W + "fldChar":
                kind = child.get(W + "fldCharType")
                if kind == "begin":
                    fields.append("")
                    parts.append(_form_field(child))
                elif kind == "separate" and fields:
                    if counting or _counts_pages(fields[-1]):
                        counting += 1
                        parts.append(PAGE_NUMBER)
                    fields[-1] = None
                elif kind == "end" and fields:
                    fields.pop()
                    counting -= counting > 0
            elif tag == W + "instrText" and fields and fields[-1] is not None:
                fields[-1] += child.text or ""
            elif tag in _UNSEEN or (tag == W + "r" and _vanishes(child)):
                continue
            elif tag == W + "fldSimple" and _counts_pages(child.get(W + "instr")):
                parts.append(PAGE_NUMBER)
            elif tag == W + "t":
                if not counting:
                    parts.append(symbols.redrawn(child.text or "", _font(child)))
            elif tag in _SIGNS:
                parts.append(_SIGNS[tag])
            elif tag == W + "sym":
                parts.append(_symbol(child))
            elif tag == _MATH:
                parts.append(in_a_line(child))
            else:
                parts.append(_said_by(child))
                if tag == W + "p":
                    parts.append("\n")
                stack.append(iter(child))
                break
        else:
            stack.pop()
    return "".join(parts)


_SIGNS = {
    W + "tab": "\t",
    W + "ptab": "\t",
    W + "br": "\n",
    W + "cr": "\n",
    W + "noBreakHyphen": "-",
}


def _said_by(element: Any) -> str:
    """What an element says by itself: the description of a picture, the words of a watermark."""
    tag = element.tag if isinstance(element.tag, str) else ""
    if tag.endswith(("}docPr", "}shape")):
        text = alt_text(element.get("descr") or element.get("alt") or "")
        return f" {aside(text)} " if text else ""
    return f" {element.get('string') or ''} " if tag.endswith("}textpath") else ""


def _counts_pages(code: str | None) -> bool:
    words = (code or "").split()
    return bool(words) and words[0].upper() in _PAGE_FIELDS


def _form_field(begin: Any) -> str:
    """What a field of a form shows that has no text of its own: a box, the entry chosen."""
    box = begin.find(f"{W}ffData/{W}checkBox")
    if box is not None:
        marks = [box.find(W + name) for name in ("checked", "default")]
        mark = next((mark for mark in marks if mark is not None), None)
        return _BOXES[mark is not None and mark.get(W + "val") not in _OFF]
    choice = begin.find(f"{W}ffData/{W}ddList")
    if choice is not None:
        entries = [entry.get(W + "val", "") for entry in choice.iterfind(W + "listEntry")]
        marks = [choice.find(W + name) for name in ("result", "default")]
        chosen = next((mark.get(W + "val", "0") for mark in marks if mark is not None), "0")
        if chosen.isdigit() and len(chosen) < 6 and int(chosen) < len(entries):
            return str(entries[int(chosen)])
    return ""


def _symbol(mark: Any) -> str:
    code = mark.get(W + "char", "")
    try:
        return symbols.drawn(int(code, 16), mark.get(W + "font", ""))
    except ValueError:
        return ""


def _font(text: Any) -> str:
    """The font of a piece of text, where its run names one."""
    fonts = text.getparent().find(f"{W}rPr/{W}rFonts")
    return "" if fonts is None else fonts.get(W + "ascii") or fonts.get(W + "hAnsi") or ""


def _vanishes(run: Any) -> bool:
    """True for hidden text (`w:vanish`)."""
    properties = run.find(W + "rPr")
    if properties is None:
        return False
    for name in ("vanish", "webHidden", "specVanish"):
        mark = properties.find(W + name)
        if mark is not None and mark.get(W + "val") not in _OFF:
            return True
    return False
