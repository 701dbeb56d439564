"""The answer that a table gives by itself: rows and cells, or what is computed of them.

The tables are those of the passages, whole however long they are, and the records that a document
writes one below the other. One that accounts for every word of a question answers it, whatever is
thought of the sentences around: "Which day has the longest daylight?" is like no row of a table.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from quire.answering import answer_forms, computing, lacking, showing, tables
from quire.answering.computing import Computed, Kind
from quire.answering.evidence import Evidence
from quire.answering.showing import Shown
from quire.answering.tables import Fit, Table
from quire.records import Group, Passage, Sentence
from quire.search.snapshot import Snapshot
from quire.text import analysis, around, cells, entries, statements

_MOST_TABLES = 8
_MOST_DOCUMENTS = 3  # whose records are looked for
_LONGEST = 5_000_000  # characters of a document in which records are looked for
_WHOLE = 0.6  # of a document's text: a table that is most of it has the document's name
_READ = 40  # rows of a table that a model reads, and computes with, by itself
_FEW = 3  # rows that are an answer to a question for one
_QUOTED = 12  # rows that a computed value is quoted with
_FORMULA = 6  # numbers of a sum or a mean that are told
_MANY = re.compile(r"\b(?:which|what|list|show|all|who|name)\b|哪|列出|所有|全部|有谁|什么", re.I)
_TOLD: Mapping[Kind, tuple[str, str]] = {
    "highest": ("{column}: the highest of {of} is {value}.", "{column}：{of}中最高为 {value}。"),
    "lowest": ("{column}: the lowest of {of} is {value}.", "{column}：{of}中最低为 {value}。"),
    "sum": ("{column}: the sum of {of} is {value}{how}.", "{column}：{of}合计 {value}{how}。"),
    "mean": (
        "{column}: the average of {of} is {value}{how}.",
        "{column}：{of}平均为 {value}{how}。",
    ),
}


@dataclass(frozen=True, slots=True)
class Tabled:
    """What a table answers. `computed` says that some of it stands in no row by itself, `certain`
    that the table accounts for every word of the question. `rows` are those that are shown, `of` so
    many in the table.
    """

    shown: Shown
    computed: bool
    certain: bool
    rows: tuple[tuple[Passage, int, int], ...]
    of: int

    @property
    def beyond_reading(self) -> bool:
        """Whether it was computed over more rows than a model is given to read."""
        return self.computed and self.certain and self.of > _READ


def answer(
    question: str,
    language: str,
    passages: Sequence[Passage],
    found: Sequence[Evidence],
    snapshot: Snapshot,
) -> Tabled | None:
    """What the tables among passages answer to a question, `found` being the evidence for it; None
    where none is asked of anything in particular."""
    there = list(_tables(question, passages, found, snapshot))
    outcomes = [one for table in there if (one := computing.compute(question, table))]
    if outcomes:
        return _computed(*min(outcomes, key=_doubt), language)
    fits = [tables.fit(question, table) for table in there]
    if not fits:
        return None
    best = min(fits, key=_distance)
    return _looked_up(question, best, language)


def _doubt(outcome: tuple[Fit, Computed]) -> tuple[bool, int]:
    fit, found = outcome
    return fit.partly and found.kind == "count", -fit.held


def _distance(fit: Fit) -> tuple[int, bool, int, bool, int]:
    """How far a table is from a question: what it lacks, and whether it names rows and columns."""
    exact = fit.names_rows and not fit.partly
    return len(fit.missing), not exact, -len(fit.columns), not fit.names_rows, -fit.held


def _tables(
    question: str, passages: Sequence[Passage], found: Sequence[Evidence], snapshot: Snapshot
) -> Iterator[Table]:
    """The tables of passages, those with the best evidence first; then records of the documents."""
    texts: dict[str, str] = {}

    def text_of(passage: Passage) -> str:
        document = passage.document.id
        if document not in texts:
            texts[document] = snapshot.text(document)
        return texts[document]

    def table_of(
        passage: Passage, group: Group, text: str, headings: Sequence[str] = ()
    ) -> Table | None:
        length = group.members[-1].end - group.start
        whole = length > _WHOLE * len(text)
        return tables.of(passage, group, headings=headings, whole=whole)

    words = cells.bag(cells.words(question)) - analysis.stop_terms()
    computes = bool(computing.operations(question))

    def about(group: Group) -> bool:
        """Whether all of a long table may be asked for: a column of it is named."""
        names = " ".join(name for name, _ in group.members[0].cells)
        return computes or bool(words & cells.bag(cells.words(names)))

    seen: set[tuple[str, int]] = set()
    ranked = [(proof.passage, proof.statement.group) for proof in found]
    ranked += [(passage, group.start) for passage in passages for group in passage.groups]
    for passage, start in ranked:
        group = passage.group(start)
        if group is None or group.members[0].kind != "row" or len(seen) >= _MOST_TABLES:
            continue
        if (passage.document.id, group.start) in seen:
            continue
        seen.add((passage.document.id, group.start))
        text = text_of(passage)
        path = passage.headings_at(passage.span.start)
        whole = _whole(text, group) if about(group) else group
        if table := table_of(passage, whole, text, path):
            yield table
    listed: dict[str, Passage] = {}
    for passage in passages:
        if entries.may_be_in(passage.text):
            listed.setdefault(passage.document.id, passage)
    for passage in list(listed.values())[:_MOST_DOCUMENTS]:
        text = text_of(passage)
        for made in (entries.find, entries.listed) if len(text) <= _LONGEST else ():
            if (group := made(text)) and (table := table_of(passage, group, text)):
                yield table


def _whole(text: str, group: Group) -> Group:
    """A table to its last row."""
    last = group.members[-1].end
    end = around.to_the_end(text, last)
    if end <= last and not group.cut:
        return group
    told = statements.tell(text, group.start, end)
    return next((other for other in told.groups if other.start == group.start), group)


def _looked_up(question: str, fit: Fit, language: str) -> Tabled | None:
    rows, of = fit.rows, len(fit.table.rows)
    listed = answer_forms.wants_list(question)
    many = bool(_MANY.search(question)) or listed
    if not fit.names_rows and not (listed and fit.columns):
        return None
    if fit.names_rows and len(rows) > _FEW and (fit.partly or not many):
        return None
    told = [showing.row(fit.table.passage, fit.told(at)) for at in rows]
    shown, left_out = showing.within_room(told)
    shown += _notes(question, fit, whole=len(rows) == of)
    certain = not fit.missing and (not fit.partly or len(rows) == 1)
    certain = certain and not lacking.is_unkind(question, "\n".join(each.text for each in told))
    if len(rows) in {1, of} or not many:
        return Tabled(Shown(shown, left_out, len(rows)), False, certain, _places(fit, rows), of)
    said = _count(fit, language, end=":" if rows else ".")
    cited = tuple(sentence.citations[0] for sentence in shown[:_QUOTED])
    head = Sentence(said, "computed", cited, kind="head")
    return Tabled(Shown((head, *shown), left_out, len(rows)), True, certain, _places(fit, rows), of)


def _notes(question: str, fit: Fit, *, whole: bool) -> tuple[Sentence, ...]:
    passage, last = fit.table.passage, fit.table.rows[-1]
    return showing.closing(passage, last) if whole else showing.notes(question, passage, last)


def _places(fit: Fit, rows: Sequence[int]) -> tuple[tuple[Passage, int, int], ...]:
    return tuple(
        (fit.table.passage, fit.table.rows[at].start, fit.table.rows[at].end) for at in rows
    )


def _computed(fit: Fit, found: Computed, language: str) -> Tabled:
    chinese = language == "zh"
    over = [at for at, name in enumerate(fit.table.columns) if name and name == found.column]
    rows = [showing.row(fit.table.passage, fit.told(at, columns=over)) for at in found.rows]
    cited = tuple(
        dict.fromkeys(citation for sentence in rows[:_QUOTED] for citation in sentence.citations)
    )
    if found.kind == "count":
        said = _count(fit, language, end=":" if fit.names_rows else ".")
        shown, left_out = showing.within_room(rows if fit.names_rows else [])
    else:
        pattern = _TOLD[found.kind][chinese]
        how = ""
        if found.kind in {"sum", "mean"} and 1 < len(found.terms) <= _FORMULA:
            how = f" ({' + '.join(found.terms)})"
            how = f"（{' + '.join(found.terms)}）" if chinese else how
        of = _rows_zh(fit, found.over) if chinese else _rows_en(fit, found.over)
        if found.across:
            of = f" {found.over} 列" if chinese else f"{found.over} columns"
        said = pattern.format(column=found.column, of=of, value=found.value, how=how)
        if found.left_out:
            said += (
                f"（{found.left_out} 行没有数值，未计入。）"
                if chinese
                else f" {found.left_out} without a number are left out."
            )
        decisive = found.kind in {"highest", "lowest"}
        shown, left_out = showing.within_room(rows if decisive else [])
    head = Sentence(said, "computed", cited, kind="head" if shown else "sentence")
    of_rows = len(found.rows) if shown else 0
    return Tabled(
        Shown((head, *shown), left_out, of_rows),
        True,
        True,
        _places(fit, found.rows[:_QUOTED]),
        len(fit.table.rows),
    )


def _count(fit: Fit, language: str, *, end: str = ":") -> str:
    """How many rows a question is about, of how many, and by what they were chosen."""
    chinese, of = language == "zh", len(fit.table.rows)
    name = fit.table.passage.document.name
    if not fit.names_rows:
        label = fit.table.columns[0]
        if chinese:
            return f"{name} 的表格共有 {of:,} 行{f'（{label}）' if label else ''}。"
        return f"The table in {name} has {of:,} rows{f' ({label})' if label else ''}."
    why = _condition(fit, chinese=chinese)
    if chinese:
        end = "：" if fit.rows else "。"
        return f"{of:,} 行中有 {len(fit.rows):,} 行符合{f'（{why}）' if why else ''}{end}"
    return f"{len(fit.rows):,} of {of:,} rows fit{f' ({why})' if why else ''}{end}"


def _condition(fit: Fit, *, chinese: bool) -> str:
    """The cells that chose the rows, with the names of their columns."""
    chosen = {*range(len(fit.table.rows))} - {*fit.rows} if fit.turned else fit.rows
    of_bounds = {at for at, _ in fit.bounds}
    told = [bound.told(fit.table.columns[at]) for at, bound in fit.bounds]
    for at in (at for at in fit.chose if at not in of_bounds):
        told_of = (fit.table.rows[row].cells for row in chosen)
        values = list(dict.fromkeys(row[at][1] for row in told_of if at < len(row)))
        if len(values) > _FEW or fit.partly:
            return ""
        name = fit.table.columns[at]
        said = " / ".join(values)
        if fit.turned:
            said = f"非 {said}" if chinese else f"not {said}"
        told.append(f"{name}: {said}" if name else said)
    return " · ".join(told)


def _rows_en(fit: Fit, over: int) -> str:
    why = _condition(fit, chinese=False) if fit.names_rows else ""
    return f"{over:,} {'row' if over == 1 else 'rows'}{f' ({why})' if why else ''}"


def _rows_zh(fit: Fit, over: int) -> str:
    why = _condition(fit, chinese=True) if fit.names_rows else ""
    return f" {over:,} 行{f'（{why}）' if why else ''}"
