"""What the characters of symbol fonts look like: a degree sign, a Greek letter, a ticked box.

Word processors store them by their place in the font, often shifted into the private use area
(U+F0B0), where they mean nothing to a reader of the text.
"""

_SYMBOL = dict(
    enumerate(
        " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾"
        "αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼",
        0x20,
    )
) | dict(
    enumerate(
        "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪"
        " 〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭",
        0xA0,
    )
)
# Of the fonts with pictures, those that tell something: ticks, boxes, arrows, numbers, bullets.
_WINGDINGS = {
    0x21: "✏", 0x22: "✂", 0x28: "☎", 0x29: "✆", 0x2A: "✉", 0x36: "⌛", 0x45: "☜", 0x46: "☞",
    0x4A: "☺", 0x4C: "☹", 0x4E: "☠", 0x6C: "●", 0x6E: "■", 0x6F: "□", 0x71: "❑", 0x72: "❒",
    0x74: "◆", 0x75: "◆", 0x76: "❖", 0x77: "◆", 0x78: "☒", 0xA7: "•", 0xA8: "☐", 0xAB: "★",
    0xD5: "⌫", 0xD8: "➢", 0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE7: "⬅", 0xE8: "➔",
    0xEF: "⇦", 0xF0: "⇨", 0xF3: "⬄", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑",
    **{0x80 + n: sign for n, sign in enumerate("⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿")},
}  # fmt: skip
_WINGDINGS_2 = {0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0x98: "●",
                0xA3: "☐"}  # fmt: skip
_WINGDINGS_3 = {0x22: "↑", 0x23: "↓", 0x66: "←", 0x67: "→", 0x7D: "▶"}
_WEBDINGS = {0x61: "✔", 0x63: "☐", 0x67: "■", 0x72: "✖"}
_FONTS = {
    "symbol": _SYMBOL,
    "wingdings": _WINGDINGS,
    "wingdings 2": _WINGDINGS_2,
    "wingdings 3": _WINGDINGS_3,
    "webdings": _WEBDINGS,
}
_PRIVATE = 0xF000


def is_symbol_font(font: str) -> bool:
    """Whether the letters of a font are signs."""
    return font.lower() in _FONTS


def drawn(code: int, font: str) -> str:
    """What a character of a font shows, empty where that is an ornament or not known.

    >>> drawn(0xF0B0, "Symbol"), drawn(0xF0FE, "Wingdings"), drawn(0x2603, "Arial")
    ('°', '☑', '☃')
    """
    signs = _FONTS.get(font.lower())
    if signs is None:
        return chr(code) if 0 < code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else ""
    return signs.get(code - _PRIVATE if _PRIVATE <= code < _PRIVATE + 0x100 else code, "")


def redrawn(text: str, font: str) -> str:
    """A text in a font, as it is shown; one that is in no symbol font stays as it is."""
    if font.lower() not in _FONTS:
        return text
    return "".join(" " if sign.isspace() else drawn(ord(sign), font) for sign in text)
