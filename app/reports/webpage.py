"""A checked text as one HTML file: the overview, the text with its marks in place, the sources.

It loads nothing, runs nothing, and what texts and documents say stays text.
"""

import html
from collections.abc import Iterator

from quire.checked import CheckedText
from quire.records import Sentence
from quire.reports import marked, wording
from quire.reports.marked import Noted, Paragraph, Run
from quire.reports.wording import Wording

_QUOTES = 4  # under a statement
_NEAREST = 300  # characters of a passage that comes near
STYLE = """
body { font: 16px/1.6 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem;
  color: #1c1c1c; background: #fff; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
p, li { white-space: pre-wrap; } ol, ul { padding-left: 1.5rem; }
.contradicted { background: #ffd9d6; border-bottom: 2px solid #b3261e; }
.unsupported { background: #ffeccc; border-bottom: 2px dashed #a15c00; }
.partly { border-bottom: 2px dotted #6b6b6b; }
.supported, .computed { border-bottom: 2px solid #9ccc9c; }
.verdict { font-weight: 600; } .about { color: #555; font-size: .9rem; }
blockquote { margin: .3rem 0 .3rem .2rem; padding-left: .7rem; border-left: 3px solid #ccc; }
sup a { text-decoration: none; }
@media (prefers-color-scheme: dark) { body { color: #e6e6e6; background: #161616; }
  .contradicted { background: #5c1f1b; } .unsupported { background: #54390f; }
  .about { color: #aaa; } a { color: #9cc2ff; } }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(checked: CheckedText) -> str:
    """The HTML of a checked text."""
    words = wording.wording(checked.text)
    name = checked.name or words.title
    return document(name, "\n".join(_body(checked, words)), chinese=words is wording.CHINESE)


def document(title: str, body: str, *, chinese: bool) -> str:
    """A whole HTML file around a body that is HTML already."""
    return (
        f'<!DOCTYPE html>\n<html lang="{"zh" if chinese else "en"}">\n<head>\n'
        f'<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width">\n'
        f"<title>{escaped(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def escaped(text: str) -> str:
    """A text in which HTML obeys nothing; controls are shown as what they are not."""
    return html.escape(marked.printable(text))


def _body(checked: CheckedText, words: Wording) -> Iterator[str]:
    noted = marked.notes(checked)
    yield f"<h1>{escaped(checked.name or words.title)}</h1>"
    for said in wording.summary(checked, words):
        yield f'<p class="about">{escaped(said)}</p>'
    if asking := marked.overview(noted):
        yield f"<h2>{words.overview}</h2>\n<ol>"
        for one in asking:
            yield f"<li>{_link(one, words)}{''.join(_proof(one, words))}</li>"
        yield "</ol>"
    yield f"<h2>{words.text}</h2>"
    yield from map(_paragraph, marked.paragraphs(checked))
    yield f"<h2>{words.sources}</h2>\n<ol>"
    for one in noted:
        inside = "".join(_proof(one, words))
        yield f'<li id="note-{one.number}">{_verdict(one.statement.sentence, words)}{inside}</li>'
    yield "</ol>"


def _link(one: Noted, words: Wording) -> str:
    sentence = one.statement.sentence
    said = f'<a href="#at-{one.number}">{escaped(sentence.text)}</a>'
    return f'{_verdict(sentence, words)}: <span class="{sentence.support}">{said}</span>'


def _verdict(sentence: Sentence, words: Wording) -> str:
    return f'<span class="verdict">{words.verdicts[sentence.support or "partly"]}</span>'


def _proof(one: Noted, words: Wording) -> Iterator[str]:
    """What a statement rests on, or what comes near it."""
    statement = one.statement
    if statement.sentence.formula:
        yield f"<div>{words.computed}: {escaped(statement.sentence.formula)}</div>"
    for citation in statement.citations[:_QUOTES]:
        where = escaped(wording.place(citation, words))
        yield f'<blockquote>{escaped(citation.quote)}<div class="about">{where}</div></blockquote>'
    if statement.nowhere:
        said = words.nowhere.format(words=words.between.join(statement.nowhere))
        yield f'<div class="about">{escaped(said)}</div>'
    if statement.support == "unsupported":
        for passage in statement.nearest:
            citation = passage.cite(passage.span.start, passage.text[:_NEAREST])
            where = escaped(wording.place(citation, words))
            yield (
                f'<blockquote class="about">{words.nearest}: {where}<br>'
                f"{escaped(citation.quote)}</blockquote>"
            )


def _paragraph(one: Paragraph) -> str:
    inside = "".join(map(_run, one.runs))
    return f"<h3>{inside}</h3>" if one.kind == "heading" else f"<p>{inside}</p>"


def _run(run: Run) -> str:
    text = escaped(run.text)
    if run.support is None:
        return text
    if run.number is None:
        return f'<span class="{run.support}">{text}</span>'
    note = f'<sup><a href="#note-{run.number}">{run.number}</a></sup>'
    return f'<span class="{run.support}" id="at-{run.number}">{text}</span>{note}'
