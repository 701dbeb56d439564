"""What is said of a survey: how many documents mention a phrase, which, on which pages, and what
was counted."""

from collections.abc import Sequence
from dataclasses import dataclass

from quire.indexes.scope import Scope
from quire.records import Citation, Mentions, Scan, Sentence
from quire.surveys.detect import Survey
from quire.surveys.scan import Scanned

_SHOWN = 3  # quotes beside the sum, where each document has a sentence of its own


@dataclass(frozen=True, slots=True)
class Surveyed:
    """The answer to a survey. Where nothing was found there are no `sentences`, and `nothing` says
    so. `notes` tell how it was counted."""

    scan: Scan
    sentences: tuple[Sentence, ...]
    nothing: str
    notes: tuple[str, ...]


def write(survey: Survey, scanned: Scanned, *, scope: Scope | None, language: str) -> Surveyed:
    """The answer to a survey in a language."""
    return Surveyed(
        scanned.scan,
        _sentences(survey, scanned, language=language),
        _nothing(scanned, language=language),
        _notes(scanned, scope),
    )


def _sentences(survey: Survey, scanned: Scanned, *, language: str) -> tuple[Sentence, ...]:
    """The sum, then a sentence for each document that is quoted; none where nothing was found."""
    scan = scanned.scan
    chinese = language == "zh"
    by_document: dict[str, list[Citation]] = {}
    for citation in scanned.citations:
        by_document.setdefault(citation.document.id, []).append(citation)
    listed = [found for found in scan.found if found.document.id in by_document]
    said = [_sum_zh(survey, scan) if chinese else _sum_en(survey, scan)]
    if survey.kind:
        said.append(_all_kinds(survey.kind, chinese=chinese))
    firsts = tuple(cited[0] for cited in by_document.values())[:_SHOWN]
    written = [Sentence(text, "supported", firsts) for text in said] if listed else []
    for found in listed:
        text = _places_zh(found) if chinese else _places_en(found)
        written.append(Sentence(text, "supported", tuple(by_document[found.document.id])))
    return tuple(written)


def _nothing(scanned: Scanned, *, language: str) -> str:
    """That no document mentions the phrase."""
    scan = scanned.scan
    if language == "zh":
        return f"{scan.scanned_documents}个文档都没有提到“{scan.phrase}”（{_how_zh(scan)}）。"
    documents = _count(scan.scanned_documents, "document")
    return f"None of {documents} mentions “{scan.phrase}” ({_how_en(scan)})."


def _notes(scanned: Scanned, scope: Scope | None) -> tuple[str, ...]:
    """What the user should know of how it was counted."""
    said = []
    if scope:
        said.append(f"Only documents {scope} were looked at.")
    quoted = {citation.document.id for citation in scanned.citations}
    if len(quoted) < len(scanned.scan.found):
        said.append(
            f"{len(quoted)} of the {len(scanned.scan.found)} documents are shown; all are counted."
        )
    if scanned.scan.looked_up_chunks < scanned.scan.chunks or not scanned.sound:
        said.append("What the word index lacks was not counted. Run: quire verify --repair")
    return tuple(said)


def _sum_en(survey: Survey, scan: Scan) -> str:
    documents = f"{len(scan.found)} of {_count(scan.scanned_documents, 'document')}"
    verb = "mentions" if len(scan.found) == 1 else "mention"
    places = _count(scan.mentions, "place")
    how = _how_en(scan)
    if survey.unit == "pages":
        pages = _count(_pages(scan.found), "page")
        verb = "mentions" if _pages(scan.found) == 1 else "mention"
        return f"{pages} in {documents} {verb} “{scan.phrase}”, in {places} ({how})."
    if survey.unit == "mentions":
        times = _count(scan.mentions, "time")
        return f"“{scan.phrase}” is mentioned {times}, in {documents} ({how})."
    return f"{documents} {verb} “{scan.phrase}”, in {places} ({how})."


def _sum_zh(survey: Survey, scan: Scan) -> str:
    documents = f"{scan.scanned_documents}个文档中有{len(scan.found)}个"
    how = _how_zh(scan)
    if survey.unit == "pages":
        pages = _pages(scan.found)
        return f"{documents}提到“{scan.phrase}”，共{pages}页、{scan.mentions}处（{how}）。"
    if survey.unit == "mentions":
        return f"“{scan.phrase}”共被提到{scan.mentions}次，{documents}提到（{how}）。"
    return f"{documents}提到“{scan.phrase}”，共{scan.mentions}处（{how}）。"


def _how_en(scan: Scan) -> str:
    """What the count covers: which passages' words the index has, and which were read besides."""
    form = "exactly these words" if scan.exact else "these words in this order"
    passages = _count(scan.chunks, "passage")
    if scan.looked_up_chunks < scan.chunks:
        passages = f"only {scan.looked_up_chunks:,} of {passages}"
    elif scan.chunks > 1:
        passages = f"all {passages}"
    read = f"{scan.read_chunks:,} of them" if scan.read_chunks else "none of them"
    if scan.chunks == 1:
        read = "it was" if scan.read_chunks else "it was not"
    return f"{form}, looked up in the index of {passages}; {read} read"


def _how_zh(scan: Scan) -> str:
    passages = f"全部{scan.chunks}个段落"
    if scan.looked_up_chunks < scan.chunks:
        passages = f"{scan.chunks}个段落中仅{scan.looked_up_chunks}个"
    return f"按原词匹配，在{passages}的索引中查找，读取了其中{scan.read_chunks}个"


def _all_kinds(kind: str, *, chinese: bool) -> str:
    if chinese:
        return f"统计的是所有文档，无法判断其中哪些是{kind}。"
    return f"All documents are counted, since Quire does not know which of them are {kind}."


def _places_en(found: Mentions) -> str:
    places = _count(found.count, "place")
    if not found.pages:
        return f"{found.document.name}: {places}."
    pages = "page" if len(found.pages) == 1 else "pages"
    more = f" ({places})" if found.count > len(found.pages) else ""
    return f"{found.document.name}: {pages} {_listed(found.pages, ', ', ' and ')}{more}."


def _places_zh(found: Mentions) -> str:
    if not found.pages:
        return f"{found.document.name}：{found.count}处。"
    more = f"（{found.count}处）" if found.count > len(found.pages) else ""
    return f"{found.document.name}：第{_listed(found.pages, '、', '、')}页{more}。"


def _listed(numbers: Sequence[int], between: str, last: str) -> str:
    *others, final = map(str, numbers)
    return f"{between.join(others)}{last}{final}" if others else final


def _pages(found: Sequence[Mentions]) -> int:
    return sum(len(mentions.pages) for mentions in found)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
