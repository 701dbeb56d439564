"""Tables of web pages: those with rows, and those that only arrange a page.

A small table in a cell of another is the cell's text; a large one stands behind it, under the name
of its row.
"""

from dataclasses import dataclass, field

from quire.ingest.limits import Limits
from quire.ingest.loaders import tables
from quire.ingest.loaders.cleaning import clean_line
from quire.ingest.loaders.content import ContentBuilder
from quire.ingest.loaders.tables import Cell

_LONG_CELL = 400  # letters; a table whose cells are as long on average lays out a page
_SMALL = 200  # characters of a table that is a cell's text in another


@dataclass
class Table:
    """A table being read: of each cell its place, and what is in it, texts and tables."""

    rows: "Rows" = field(default_factory=list)
    cell: "tuple[Cell, list[str | Table]] | None" = None
    in_head: bool = False


Rows = list[list[tuple[Cell, list[str | Table]]]]


def add_table(table: Table, builder: ContentBuilder, *, limits: Limits) -> None:
    """Adds what is read of a table, as rows or, if it lays out a page, as paragraphs. What is read
    of it later is another table."""
    if table.cell is not None:
        table.rows = [*table.rows, [table.cell]]
        table.cell = (table.cell[0], [])
    rows, table.rows = table.rows, []
    if _lays_out(rows):
        for part in (part for row in rows for _, parts in row for part in parts):
            if isinstance(part, Table):
                add_table(part, builder, limits=limits)
            else:
                for line in part.split("\n"):
                    builder.add("paragraph", clean_line(line))
        return
    large: list[tuple[str, Table]] = []
    for row in rows:
        for cell, parts in row:
            inner = [(part, _flat(part)) for part in parts if isinstance(part, Table)]
            own = [part for part in parts if isinstance(part, str)]
            small = [text for _, text in inner if len(text) <= _SMALL]
            cell.text = clean_line("\n".join(own + small))
            large += [(row[0][0].text, each) for each, text in inner if len(text) > _SMALL]
    builder.add("table", tables.lines(([cell for cell, _ in row] for row in rows), limits=limits))
    for name, each in large:
        builder.add("paragraph", name)
        add_table(each, builder, limits=limits)


def _lays_out(rows: Rows) -> bool:
    """Whether a table only arranges a page: its cells are long, it has one column, or whole tables
    stand in it and it has no header."""
    cells = [each for row in rows for each in row]
    if not cells:
        return True
    own = [text for _, parts in cells for text in parts if isinstance(text, str) and text.strip()]
    inner = [part for _, parts in cells for part in parts if isinstance(part, Table)]
    filled = [sum(map(_is_filled, (parts for _, parts in row))) for row in rows]
    if not sum(filled) or max(sum(cell.columns for cell, _ in row) for row in rows) < 2:
        return True
    if sum(map(len, own)) / sum(filled) > _LONG_CELL:
        return True
    if not inner or any(cell.is_header for cell, _ in cells):
        return False
    return sum(cells > 1 for cells in filled) < 2 or any(len(_flat(t)) > _SMALL for t in inner)


def _is_filled(parts: list[str | Table]) -> bool:
    return any(not isinstance(part, str) or part.strip() for part in parts)


def _flat(table: Table) -> str:
    """A small table as the text of a cell; of a large one a part that is too long for that."""
    said: list[str] = []
    size = 0
    for row in table.rows:
        cells = (
            clean_line(" ".join(part if isinstance(part, str) else _flat(part) for part in parts))
            for _, parts in row
        )
        said.append(" ".join(filter(None, cells)))
        size += len(said[-1])
        if size > _SMALL:
            break
    return "; ".join(filter(None, said))
