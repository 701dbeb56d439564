"""Pages of prose in columns, as typesetters make them, and the sentences that stand on each.

A page has one to four columns, ragged or justified, on one grid of lines or shifted against each
other, drawn column by column or line by line, with titles over them, a panel or a chart beside
them, and in English or Chinese. No sentence is like another.
"""

import io
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from quire.ingest.limits import Limits
from quire.ingest.loaders import parse
from quire.records import ParsedDocument

LATIN, HAN = "Times-Roman", "STSong-Light"
_WIDTH, _HEIGHT, _MARGIN = 595, 842, 45
_WORDS = (
    "harbour office rents boats members from April until October keeps a list of all keys every "
    "member signs the book before leaving and notes hour return oars vests lie in shed behind "
    "crane whoever breaks something tells warden on same day so that it can be mended next weekend "
    "international responsibilities must not exceed half Baltic Marine Works removed sediment "
    "channel was dredged between March June its bearing replaced at cost who are is to by with "
    "Valdary took over administration regulations temperature an at be for 14.2 2,500 90 of the"
).split()
_HAN = (
    "港口办公室向会员出租船只并保存所有钥匙的清单每位离开前须在登记簿上签字写明归还时间桨与救生衣放棚内损坏物品者"
    "应当天告知管理员以便周末修理完毕北航道三月至六月间疏浚深度公司清除泥沙委员会召开九次会议"
)

Panel = Literal["facts", "prose", ""]


@dataclass(frozen=True)
class Page:
    """How a page is set. `panel` is what stands beside the columns."""

    columns: int
    justified: bool
    shifted: bool
    by_line: bool
    han: bool
    title: bool = False
    panel: Panel = ""
    table: bool = False
    """Under the columns, over the whole page."""
    seed: int = 0


def register_fonts() -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(HAN))


def drawn(draw: Callable[[Canvas], object]) -> ParsedDocument:
    """What the loader makes of a page that is drawn so."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(595, 842))
    canvas.setFont(LATIN, 10)
    draw(canvas)
    canvas.save()
    return parse(file.getvalue(), Path("a.pdf"), limits=Limits())


def sentences(chance: random.Random, *, han: bool) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        if han:
            text = "".join(chance.choice(_HAN) for _ in range(chance.randrange(10, 36)))
            at = len(text) // 2
            yield f"{text[:at]}，{number}{text[at:]}。"
        else:
            words = [chance.choice(_WORDS) for _ in range(chance.randrange(5, 22))]
            words.insert(len(words) // 2, f"no {number}")
            text = " ".join(words)
            yield text[0].upper() + text[1:] + "."


def draw(canvas: Canvas, page: Page) -> list[str]:
    """Draws a page and gives its sentences, without those that it cuts."""
    chance = random.Random(f"{page}")
    size = chance.choice([8.5, 9, 10])
    leading = round(size * chance.choice([1.15, 1.25, 1.4]), 1)
    gap = chance.choice([1.8, 2.2, 3]) * size
    font = HAN if page.han else LATIN
    top = _HEIGHT - _MARGIN - size
    if page.title:
        canvas.setFont(font, 18)
        canvas.drawString(_MARGIN, top - 8, "港口年度报告" if page.han else "The harbour in a year")
        top -= 40
    slots = page.columns + bool(page.panel)
    width = (_WIDTH - 2 * _MARGIN - gap * (slots - 1)) / slots
    count = chance.randrange(12, 34)
    told: list[str] = []
    placed: list[tuple[int, int, float, float, _Line]] = []
    stock = sentences(chance, han=page.han)
    waiting: list[_Line] = []
    for column in range(page.columns):
        x = _MARGIN + column * (width + gap)
        y = top - (column * 0.4 * leading if page.shifted else 0)
        lines: list[_Line] = []
        while len(waiting) < count:
            paragraph = [next(stock) for _ in range(chance.randrange(1, 5))]
            told += paragraph
            waiting += _set(paragraph, width=width, font=font, size=size, han=page.han)
        lines, waiting = waiting[:count], waiting[count:]
        placed += [(at, column, x, y - at * leading, line) for at, line in enumerate(lines)]
    if page.panel:
        x = _MARGIN + page.columns * (width + gap)
        panel = _panel(chance, page, width=width, font=font, size=size, lines=count, told=told)
        placed += [(at, page.columns, x, top - at * leading, line) for at, line in enumerate(panel)]
    if page.by_line:
        placed.sort(key=lambda each: each[:2])
    for _, _, x, y, line in placed:
        line.draw(canvas, x, y, width=width, font=font, size=size, justified=page.justified)
    if page.table:
        canvas.setFont(font, size)
        below = top - (count + 3) * leading
        for at in range(5):
            for place, cell in enumerate(_row(at, han=page.han)):
                x = _MARGIN + place * (_WIDTH - 2 * _MARGIN) / 4
                canvas.drawString(x, below - at * leading, cell)
    cut = "".join(line.text for line in waiting)
    return [each for each in told if not cut or each[-12:].strip() not in cut][
        : -1 if cut else None
    ]


def _row(at: int, *, han: bool) -> Sequence[str]:
    if not at:
        return ("年份", "船次", "费用", "人数") if han else ("Year", "Calls", "Fees", "Staff")
    return (f"{2019 + at}", f"{4000 + 97 * at}", f"{310 + 7 * at}", f"{400 + at}")


@dataclass(frozen=True)
class _Line:
    text: str
    last: bool  # of its paragraph: never stretched

    def draw(
        self, canvas: Canvas, x: float, y: float, *, width: float, font: str, size: float,
        justified: bool,
    ) -> None:  # fmt: skip
        text = canvas.beginText(x, y)
        text.setFont(font, size)
        room = width - pdfmetrics.stringWidth(self.text, font, size)
        if justified and not self.last:
            # PDF's own word space does not reach characters of two bytes.
            if font == HAN:
                text.setCharSpace(room / max(len(self.text) - 1, 1))
            else:
                text.setWordSpace(room / max(self.text.count(" "), 1))
        text.textOut(self.text)
        text.setWordSpace(0)
        text.setCharSpace(0)
        canvas.drawText(text)


def _set(
    paragraph: Sequence[str], *, width: float, font: str, size: float, han: bool
) -> list[_Line]:
    joint = "" if han else " "
    whole = joint.join(paragraph)
    lines, line = [], ""
    for piece in list(whole) if han else whole.split(" "):
        longer = line + joint + piece if line else piece
        if pdfmetrics.stringWidth(longer, font, size) > width and piece not in "，。":
            lines.append(_Line(line, last=False))
            longer = piece
        line = longer
    return [*lines, _Line(line, last=True)]


def _panel(
    chance: random.Random, page: Page, *, width: float, font: str, size: float, lines: int,
    told: list[str],
) -> list[_Line]:  # fmt: skip
    if page.panel == "prose":
        found: list[_Line] = []
        stock = sentences(random.Random(f"{page} panel"), han=page.han)
        while len(found) < lines // 2:
            sentence = next(stock).replace("no ", "number ").replace("，", "、")
            told.insert(0, sentence)
            found += _set([sentence], width=width, font=font, size=size, han=page.han)
        return found
    facts = (
        ["开放时间", "周一至周五", "九点至五点", "电话", "港口街一号", "渡轮", "每小时一班"]
        if page.han
        else ["Opening hours", "Monday to Friday", "9 to 5", "Telephone", "1 Quay Street", "Ferry"]
    )
    return [_Line(chance.choice(facts), last=True) for _ in range(lines - 2)]
