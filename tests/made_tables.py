"""Tables as reports set them, in English and Chinese, with the cells that a reader sees in them.

Ruled or only aligned, with headers of one and two rows, names of columns and rows that wrap, empty
cells, signs of currency at the edge of a cell, losses in parentheses, and titles between rows.
"""

import random
from dataclasses import dataclass

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from made_columns import HAN, LATIN

Told = tuple[str, str, str]
"""What a row and a column are called, and the value where they meet."""

_LABELS = (
    "Revenue|Cost of sales|Gross profit|Selling expenses|Research and development|Goodwill|Leases|"
    "Interest income|Other income, net|Income taxes|Deferred tax assets|"
    "Inventories, net of reserves|Trade receivables|Accrued liabilities|Dividends paid|"
    "Repurchase of common stock|Pension plans|"
    "Proceeds from issuance of long-term debt, net of costs of the issue|"
    "Cash at the end of the year|"
    "Effect of exchange rate changes on cash and cash equivalents held abroad"
).split("|")
_LABELS_HAN = (
    "营业收入|营业成本|毛利|销售费用|研发费用|商誉|租赁负债|利息收入|其他收益|所得税费用|递延所得税资产|存货|应收账款|"
    "应付职工薪酬|股利支付|归属于上市公司股东的扣除非经常性损益的净利润|经营活动产生的现金流量净额|期末现金余额|资本公积|"
    "处置固定资产、无形资产和其他长期资产收回的现金净额"
).split("|")
_SECTIONS = ("Operating activities:", "Investing activities:", "Financing activities:")
_SECTIONS_HAN = ("经营活动：", "投资活动：", "筹资活动：")
_NAMES = ("2023", "2022", "Change", "Share of total", "Number of units sold", "Budget")
_NAMES_HAN = ("2023年", "2022年", "增减比例", "占总额比重", "计提比例（%）", "预算金额")
_GROUPS = ("Three months ended March 31", "Year ended December 31")
_GROUPS_HAN = ("本期发生额", "上期发生额")


@dataclass(frozen=True)
class Made:
    ruled: bool
    han: bool
    groups: bool
    seed: int


def draw(canvas: Canvas, made: Made, *, top: float) -> tuple[float, list[Told]]:
    """Draws a table with its caption below `top`; gives where it ends, and its cells."""
    chance = random.Random(f"{made}")
    font = HAN if made.han else LATIN
    size = chance.choice([8.0, 9.0, 10.0])
    leading = 1.2 * size
    padding = chance.choice([2.0, 5.0]) if made.ruled else chance.choice([0.0, 0.0, 3.0])
    each = 2 if made.groups else chance.randrange(2, 6)
    names = [str(n) for n in (_NAMES_HAN if made.han else _NAMES)]
    columns = names[:2] * 2 if made.groups else chance.sample(names, each)
    widths = [chance.randrange(130, 190), *[chance.randrange(58, 84) for _ in columns]]
    xs = [50.0]
    for width in widths:
        xs.append(xs[-1] + width)
    canvas.setFont(font, size)
    told: list[Told] = []
    y = top - size
    canvas.drawString(
        50, y, "表3 主要财务数据（单位：万元）" if made.han else "Table 3: Results (in millions)"
    )
    y -= 0.6 * leading
    edges = [y]

    def wrap(text: str, width: float) -> list[str]:
        pieces, joint = (list(text), "") if made.han else (text.split(" "), " ")
        lines = [pieces[0]]
        for piece in pieces[1:]:
            longer = lines[-1] + joint + piece
            if pdfmetrics.stringWidth(longer, font, size) <= width - 6 or piece in "）。，":
                lines[-1] = longer
            else:
                lines.append(piece)
        return lines

    def row(cells: list[str], *, centred: bool = False, bottom: bool = False) -> None:
        nonlocal y
        lines = [
            wrap(cell, width) if cell else [] for cell, width in zip(cells, widths, strict=True)
        ]
        height = max(map(len, lines))
        for column, cell in enumerate(lines):
            down = height - len(cell) if bottom or (column and cells[0]) else 0
            for at, line in enumerate(cell):
                base = y - padding - size - (down + at) * leading
                left, right = xs[column] + 2, xs[column + 1] - 3
                if column == 0:
                    canvas.drawString(left, base, line)
                elif centred:
                    canvas.drawCentredString((left + right) / 2, base, line)
                else:
                    sign, _, amount = line.rpartition(" ")
                    if sign:
                        canvas.drawString(left + 6, base, sign)
                    canvas.drawRightString(right, base, amount)
        y -= height * leading + 2 * padding
        edges.append(y)

    groups: list[str] = []
    if made.groups:
        groups = list(_GROUPS_HAN if made.han else _GROUPS)
        base = y - padding - size
        for at, group in enumerate(groups):
            left, right = xs[1 + 2 * at], xs[3 + 2 * at]
            canvas.drawCentredString((left + right) / 2, base, group)
            if not made.ruled:
                canvas.line(left + 4, base - 2, right - 4, base - 2)
        y -= leading + 2 * padding
        edges.append(y)
    full = [f"{groups[at // 2]} {name}" if groups else name for at, name in enumerate(columns)]
    corner = chance.choice(["", "项目"] if made.han else ["", "(in millions)"])
    row([corner, *columns], centred=True, bottom=True)
    labels = chance.sample(_LABELS_HAN if made.han else _LABELS, chance.randrange(5, 14))
    sections: set[int] = set()
    for at, label in enumerate(labels):
        if not made.ruled and chance.random() < 0.15:
            sections.add(len(edges))
            row([chance.choice(_SECTIONS_HAN if made.han else _SECTIONS), *[""] * len(columns)])
        values = []
        for _ in columns:
            number = f"{chance.randrange(1, 99_999):,}"
            kind = chance.random()
            if kind < 0.1:
                number = ""
            elif kind < 0.2:
                number = f"({number})"
            elif kind < 0.25:
                number = "—"
            if number and at in {0, len(labels) - 1} and not made.han:
                number = f"$ {number}"
            values.append(number)
        if not any(values):
            values[0] = "7"
        row([label, *values])
        told += [(label, name, value) for name, value in zip(full, values, strict=True) if value]
    if made.ruled:
        for at, edge in enumerate(edges):
            if made.groups and at == 1:
                canvas.line(xs[1], edge, xs[-1], edge)
            else:
                canvas.line(xs[0], edge, xs[-1], edge)
        for at, x in enumerate(xs):
            inner = made.groups and at in {2, 4}
            canvas.line(x, edges[1 if inner else 0], x, edges[-1])
    else:
        canvas.line(xs[0], edges[-1], xs[-1], edges[-1])
    return y, told
