"""A checked text as a DOCX: the overview, the text with its marks in place, the sources."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from quire.checked import CheckedText
from quire.records import Support
from quire.reports import marked, wording
from quire.reports.marked import Noted, Run, printable
from quire.reports.wording import Wording

if TYPE_CHECKING:
    from docx.document import Document

_COLOURS: dict[Support, str] = {
    "contradicted": "B3261E",
    "unsupported": "A15C00",
    "partly": "5F5F5F",
    "computed": "2E6B2E",
    "supported": "2E6B2E",
}
_SHADED: dict[Support, str] = {"contradicted": "FFD9D6", "unsupported": "FFECCC"}
_QUOTES = 4  # under a statement


def file(checked: CheckedText) -> bytes:
    """The bytes of the DOCX."""
    import docx  # noqa: PLC0415  a quarter of a second

    words = wording.wording(checked.text)
    made = docx.Document()
    made.core_properties.title = printable(checked.name or words.title)
    made.core_properties.author = ""
    _write(made, checked, words)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def _write(made: "Document", checked: CheckedText, words: Wording) -> None:
    noted = marked.notes(checked)
    made.add_heading(printable(checked.name or words.title), 0)
    for said in wording.summary(checked, words):
        made.add_paragraph(printable(said))
    if asking := marked.overview(noted):
        made.add_heading(words.overview, 1)
        for one in asking:
            _note(made, one, words, said=True)
    made.add_heading(words.text, 1)
    for paragraph in marked.paragraphs(checked):
        written = made.add_heading("", 2) if paragraph.kind == "heading" else made.add_paragraph("")
        for run in paragraph.runs:
            _run(written, run)
    made.add_heading(words.sources, 1)
    for one in noted:
        _note(made, one, words, said=False)


def _note(made: "Document", one: Noted, words: Wording, *, said: bool) -> None:
    statement = one.statement
    line = made.add_paragraph("")
    support = statement.support or "partly"
    verdict = line.add_run(f"[{one.number}] {words.verdicts[support]}")
    verdict.bold = True
    _colour(verdict, support)
    if said:
        line.add_run(f": {printable(statement.text)}")
    for text in _proof(one, words):
        made.add_paragraph(printable(text), style="Quote")


def _proof(one: Noted, words: Wording) -> Iterator[str]:
    statement = one.statement
    if statement.sentence.formula:
        yield f"{words.computed}: {statement.sentence.formula}"
    for citation in statement.citations[:_QUOTES]:
        yield f"{citation.quote}\n({wording.place(citation, words)})"
    if statement.nowhere:
        yield words.nowhere.format(words=words.between.join(statement.nowhere))


def _run(paragraph: Any, run: Run) -> None:
    written = paragraph.add_run(printable(run.text))
    if run.support is None:
        return
    _colour(written, run.support)
    if run.number is not None:
        mark = paragraph.add_run(f"[{run.number}]")
        mark.font.superscript = True
        _colour(mark, run.support)


def _colour(run: Any, support: Support) -> None:
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415
    from docx.shared import RGBColor  # noqa: PLC0415

    run.font.color.rgb = RGBColor.from_string(_COLOURS[support])
    if support in _SHADED:
        shade = OxmlElement("w:shd")
        for name, value in (("val", "clear"), ("color", "auto"), ("fill", _SHADED[support])):
            shade.set(qn(f"w:{name}"), value)
        run._r.get_or_add_rPr().append(shade)  # noqa: SLF001  python-docx knows no shading
