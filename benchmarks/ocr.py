"""How well scans are read: characters and retrieval, on pages whose text is known.

    python benchmarks/ocr.py [--pages N] [--font FILE] [--blur X] [--noise X] [--quality N]

Documents of examples/evaluation that no rule was fitted on are set as text PDFs, and the same lines
are drawn as pictures of pages that went through a bad scanner: turned by 0.7 degrees, blurred,
noisy, JPEG of quality 40, 150 dots to the inch. Half of the pages are English, half Chinese; those
of the samples, with their tables and running lines, come first.

Printed are, by language, the character error rate (edits in a hundred characters, white space left
out and width folded, against the text that Quire extracts from the text PDF), R@1 on both (the best
hit is on the page that holds the question's evidence), the processor time for a page, and how sure
OCR was of words with digits that are right and of those that are wrong. Needs a font with Chinese
characters; fontconfig is asked for one unless it is named.
"""

import argparse
import difflib
import json
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from quire.models.engine.openmp import wait_passively

wait_passively()

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from made_scans import DOTS, edits, page_image, save_pdf, scanned
from quire.config import load_settings
from quire.ingest import loaders
from quire.knowledge_base import KnowledgeBase
from quire.records import Document

SIZE, LEADING, LINES = 11, 17, 42  # points; lines on a page
LEFT, TOP, WIDTH = 60, 780, 470  # points
SAMPLES = {"en": "lease-and-handbook.pdf", "zh": "设备维护规程.pdf"}
LATIN_FONT = Path(sys.modules["reportlab"].__file__ or "").parent / "fonts" / "Vera.ttf"


@dataclass(frozen=True)
class Made:
    """A document in both forms."""

    name: str
    lang: str
    text_pdf: Path
    scan: Path
    pages: int


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--pages", type=int, default=60)
    arguments.add_argument("--font", default="")
    arguments.add_argument("--blur", type=float, default=0.6, help="pixels")
    arguments.add_argument("--noise", type=float, default=8.0, help="of 255")
    arguments.add_argument("--quality", type=int, default=40, help="of the JPEG")
    arguments.add_argument("--json", type=Path, help="write each page and number there")
    given = arguments.parse_args()
    pdfmetrics.registerFont(TTFont("Vera", LATIN_FONT))
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    fonts = {"en": (str(LATIN_FONT), 0), "zh": _chinese_font(given.font)}
    with tempfile.TemporaryDirectory() as folder:
        made = [
            document
            for lang in ("en", "zh")
            for document in _make(Path(folder), lang, given, fonts[lang])
        ]
        _measure(Path(folder), made, given.json)


def _chinese_font(named: str) -> tuple[str, int]:
    if named:
        return named, 0
    found = subprocess.run(
        ["fc-match", "-f", "%{file}|%{index}", "Noto Sans CJK SC:lang=zh-cn"],
        check=True, capture_output=True, text=True,
    ).stdout.split("|")  # fmt: skip
    return found[0], int(found[1]) & 0xFFFF


def _make(
    folder: Path, lang: str, given: argparse.Namespace, font: tuple[str, int]
) -> Iterator[Made]:
    sample = ROOT / "examples" / "documents" / SAMPLES[lang]
    left = given.pages // 2
    for document in (sample, *_sources(lang)):
        if left <= 0:
            return
        name = f"{document.stem}.pdf"
        text_pdf, scan = folder / "text" / name, folder / "scan" / name
        for path in (text_pdf, scan):
            path.parent.mkdir(exist_ok=True)
        if document is sample:
            count = len(loaders.load(sample).pages)
            text_pdf.write_bytes(sample.read_bytes())
            pictures = [page_image(sample, page) for page in range(1, count + 1)]
        else:
            sheets = _set(loaders.load(document).text, lang)[:left]
            count = len(sheets)
            _draw_text(text_pdf, sheets, lang)
            pictures = [_picture(sheet, font) for sheet in sheets]
        worn = (
            scanned(each, seed=at, blur=given.blur, noise=given.noise, quality=given.quality)
            for at, each in enumerate(pictures)
        )
        save_pdf(scan, worn, quality=given.quality)
        left -= count
        yield Made(name, lang, text_pdf, scan, count)


def _sources(lang: str) -> list[Path]:
    folder = ROOT / "examples" / "evaluation" / f"{lang}-unseen" / "documents"
    return sorted(path for path in folder.iterdir() if path.suffix not in {".xlsx", ".csv"})


def _set(text: str, lang: str) -> list[list[str]]:
    """Lines of a text, page by page, broken between words or characters."""
    font = {"en": "Vera", "zh": "STSong-Light"}[lang]
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in paragraph.split(" ") if lang == "en" else paragraph:
            longer = f"{line} {piece}".strip() if lang == "en" else line + piece
            if line and pdfmetrics.stringWidth(longer, font, SIZE) > WIDTH:
                lines.append(line)
                longer = piece
            line = longer
        lines.append(line)
    return [lines[at : at + LINES] for at in range(0, len(lines), LINES)]


def _draw_text(path: Path, sheets: list[list[str]], lang: str) -> None:
    canvas = Canvas(str(path), pagesize=A4)
    for sheet in sheets:
        canvas.setFont({"en": "Vera", "zh": "STSong-Light"}[lang], SIZE)
        for number, line in enumerate(sheet):
            canvas.drawString(LEFT, TOP - number * LEADING, line)
        canvas.showPage()
    canvas.save()


def _picture(sheet: list[str], font: tuple[str, int]) -> Image.Image:
    scale = DOTS / 72
    face = ImageFont.truetype(font[0], round(SIZE * scale), index=font[1])
    picture = Image.new("L", (round(A4[0] * scale), round(A4[1] * scale)), 255)
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(sheet):
        at = (LEFT * scale, (A4[1] - TOP + number * LEADING) * scale)
        draw.text(at, line, font=face, fill=20, anchor="ls")
    return picture


def _measure(folder: Path, made: list[Made], kept: Path | None) -> None:
    spent: dict[str, float] = {}
    with _base(folder / "kb-text") as texts, _base(folder / "kb-scan") as scans:
        texts.add(folder / "text")
        began = time.monotonic()
        for lang in ("en", "zh"):
            before = time.process_time(), _children()
            report = scans.add([each.scan for each in made if each.lang == lang])
            spent[lang] = _children() - before[1]
            for refusal in (*report.failed, *report.skipped):
                print(f"NOT READ {refusal.path}: {refusal.reason}")
            print(f"{lang}: read after {time.monotonic() - began:.0f} s", file=sys.stderr)
        rows, numbers = _characters(texts, scans, made)
        hits = {lang: _retrieval(lang, texts, scans) for lang in ("en", "zh")}
    for lang in ("en", "zh"):
        of_it = [row for row in rows if row["lang"] == lang]
        wrong, characters = sum(r["edits"] for r in of_it), sum(r["characters"] for r in of_it)
        text, scan, asked = hits[lang]
        asked = max(asked, 1)
        print(
            f"{lang}: {len(of_it)} pages, {characters} characters, CER {wrong / characters:.2%}; "
            f"R@1 text {text}/{asked} = {text / asked:.3f}, scan {scan}/{asked} = "
            f"{scan / asked:.3f}; {spent[lang] / max(len(of_it), 1):.1f} s of processor time a page"
        )
    for limit in (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99):
        below = [right for sure, right in numbers if sure < limit]
        above = [right for sure, right in numbers if sure >= limit]
        print(
            f"numbers of which OCR is sure by {limit}: {len(above)}, "
            f"wrong {above.count(False)}; less sure: {len(below)}, wrong {below.count(False)}"
        )
    if kept:
        kept.write_text(json.dumps({"pages": rows, "numbers": numbers}, ensure_ascii=False))


def _children() -> float:
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _base(folder: Path) -> KnowledgeBase:
    return KnowledgeBase.open(settings=load_settings(kb=folder, model="none"))


def _characters(
    texts: KnowledgeBase, scans: KnowledgeBase, made: list[Made]
) -> tuple[list[dict[str, object]], list[tuple[float, bool]]]:
    rows: list[dict[str, object]] = []
    numbers: list[tuple[float, bool]] = []
    there = {document.name: document for document in scans.documents()}
    for each in made:
        true = texts.pages(texts.document(each.name))
        document = there.get(each.name)
        found = scans.pages(document) if document else ()
        for at, page in enumerate(true):
            read = found[at].text if at < len(found) else ""
            a, b = _folded(read), _folded(page.text)
            rows.append(
                {"document": each.name, "page": at + 1, "lang": each.lang,
                 "edits": edits(a, b), "characters": len(b)}
            )  # fmt: skip
            if document:
                numbers += _numbers(scans, document, at + 1, read, page.text)
    return rows, numbers


def _numbers(
    base: KnowledgeBase, document: Document, page: int, read: str, true: str
) -> Iterator[tuple[float, bool]]:
    """How sure OCR was of each word with digits, and whether it stands so in the page's text."""
    recognized = base.recognized(document, page)
    match = difflib.SequenceMatcher(None, read, true, autojunk=False)
    right = [False] * len(read)
    for block in match.get_matching_blocks():
        right[block.a : block.a + block.size] = [True] * block.size
    for word in recognized.words if recognized else ():
        digits = [at for at in range(word.start, word.end) if read[at].isdigit()]
        if digits and word.confidence is not None:
            yield word.confidence, all(right[at] for at in digits)


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _retrieval(lang: str, texts: KnowledgeBase, scans: KnowledgeBase) -> tuple[int, int, int]:
    """Questions whose best hit holds the evidence, in text and in scans, and of how many."""
    questions = ROOT / "examples" / "evaluation" / f"{lang}-unseen" / "questions.jsonl"
    where: dict[str, list[str]] = defaultdict(list)
    for document in texts.documents():
        where[document.name] = [_folded(page.text) for page in texts.pages(document)]
    found = [0, 0, 0]
    for line in questions.read_text(encoding="utf-8").splitlines():
        question = json.loads(line)
        name = f"{Path(question.get('document') or '-').stem}.pdf"
        evidence = _folded(question.get("evidence") or "")
        pages = {
            at for at, page in enumerate(where.get(name, []), 1) if evidence and evidence in page
        }
        if not pages:
            continue
        found[2] += 1
        for at, base in enumerate((texts, scans)):
            hits = base.search(question["question"], k=1)
            found[at] += bool(
                hits
                and hits[0].document.name == name
                and any(hits[0].chunk.span.is_on(page) for page in pages)
            )
    return found[0], found[1], found[2]


if __name__ == "__main__":
    main()
