"""A font made by hand, whose every character is a square.

Of a Chinese font that is only named in a PDF, pdfium needs another one on the machine to know how
high its characters are, and leaves out turned lines where there is none. One that lies in the PDF
is the same everywhere.
"""

from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

SQUARES = "Squares"
_EM = 1000  # units; a character is one em wide


def register_squares(folder: Path, characters: str, *, name: str = SQUARES) -> None:
    """Make the font for these characters, and have reportlab know it by a name. A name that was
    given to other characters before is not given anew."""
    names = {ord(character): f"uni{ord(character):04X}" for character in sorted(set(characters))}
    every = [".notdef", *names.values()]
    font = FontBuilder(_EM, isTTF=True)
    font.setupGlyphOrder(every)
    font.setupCharacterMap(names)
    font.setupGlyf(dict.fromkeys(every, _square()))
    font.setupHorizontalMetrics(dict.fromkeys(every, (_EM, 50)))
    font.setupHorizontalHeader(ascent=860, descent=-140)
    font.setupNameTable({"familyName": name, "styleName": "Regular", "psName": name})
    font.setupOS2(sTypoAscender=860, sTypoDescender=-140, usWinAscent=860, usWinDescent=140)
    font.setupPost()
    path = folder / "squares.ttf"
    font.save(path)
    pdfmetrics.registerFont(TTFont(name, path))


def _square() -> object:
    pen = TTGlyphPen(None)
    pen.moveTo((50, -90))
    pen.lineTo((50, 810))
    pen.lineTo((950, 810))
    pen.lineTo((950, -90))
    pen.closePath()
    return pen.glyph()
