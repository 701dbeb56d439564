"""The sheet that a source is drawn on: a page image with its marks, or its text."""

from collections.abc import Iterable

from quire.ui import typeset
from quire.ui.answers import Unit, place
from quire.ui.inert import html
from quire.ui.source import Box, PageView, Source, TextView

# subtle: turned about its top left corner, a page would leave the sheet; it is drawn back by its
# own height or width, which are meant by 100%
_TURNED = {
    90: "rotate(90deg) translate(0, -100%)",
    180: "rotate(180deg) translate(-100%, -100%)",
    270: "rotate(270deg) translate(-100%, 0)",
}


def page(view: PageView, source: Source, number: int | None) -> str:
    """The image of page `number`, as large as the reader wants it and turned so, with the marks."""
    marks = _marks(view.boxes) + _marks(view.found, "found") + _marks(view.now, "found now")
    alt = html(f"{source.name}, {place(source.name, number)}")
    # subtle: with its size told, the page has its height before the image is decoded, and page.js
    # can bring the marks into view at once
    drawn = (
        f'<img src="data:image/png;base64,{view.png}" alt="{alt}" '
        f'width="{view.width}" height="{view.height}">{marks}'
    )
    if not source.turned_by:
        return _sheet(f'<div class="quire-page" style="width:{source.zoom:.0%}">{drawn}</div>')
    lies = source.turned_by in {90, 270}
    across, down = (view.height, view.width) if lies else (view.width, view.height)
    return _sheet(
        f'<div class="quire-turned" style="width:{source.zoom:.0%};aspect-ratio:{across}/{down}">'
        f'<div class="quire-page" style="width:{view.width / across:.3%};'
        f'transform:{_TURNED[source.turned_by]}">{drawn}</div></div>'
    )


def text(view: TextView, unit: Unit) -> str:
    """A text, set as headings, lists and tables; of a sheet, as a grid."""
    drawn = typeset.draw(
        view.text,
        view.start,
        view.end,
        marks=view.marks,
        headings=view.headings,
        code=view.code,
    )
    before, after = ("<p>…</p>" if more else "" for more in (view.before, view.after))
    return _sheet(f'<div class="quire-passage quire-set of-{unit}">{before}{drawn}{after}</div>')


def thumbnail(png: str) -> str:
    """A small page image, which says nothing that its button does not."""
    return f'<img class="quire-thumb" alt="" src="data:image/png;base64,{png}">'


def _marks(boxes: Iterable[Box], kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return "".join(
        f'<i{named} style="left:{left:.3%};top:{top:.3%};width:{width:.3%};height:{height:.3%}">'
        "</i>"
        for left, top, width, height in boxes
    )


def _sheet(content: str) -> str:
    return f'<div class="quire-sheet" tabindex="0">{content}</div>'
