"""Office files written part by part, as no library writes them."""

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

O = "http://schemas.openxmlformats.org/officeDocument/2006"  # noqa: E741
NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "p": "http://schemas.openxmlformats.org/presentationml/2006/main",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
        "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
        "xdr": "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing",
        "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
        "m": f"{O}/math",
        "r": f"{O}/relationships",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "v": "urn:schemas-microsoft-com:vml",
    }.items()
)
Linked = tuple[str, str]
"""The kind of a relation and the XML inside of the root of the part that it leads to."""


def relations(links: Iterable[tuple[str, str, str]]) -> str:
    """A part of relations: their ids, kinds and targets."""
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        + "".join(
            f'<Relationship Id="{name}" Type="{O}/relationships/{kind}" Target="{target}"/>'
            for name, kind, target in links
        )
        + "</Relationships>"
    )


def write_package(
    path: Path, main: str, root: str, inside: str, linked: Mapping[str, Linked] | None = None
) -> Path:
    """A package whose main part `main` has the root element `root`. `linked` are parts that it
    leads to: by the name of the relation, its kind and the part's XML, root and all."""
    folder, _, name = main.rpartition("/")
    links = [(key, kind, f"{key}.xml") for key, (kind, _) in (linked or {}).items()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("_rels/.rels", relations([("r1", "officeDocument", main)]))
        parts.writestr(main, f"<{root} {NAMESPACES}>{inside}</{root}>")
        parts.writestr(f"{folder}/_rels/{name}.rels", relations(links))
        for key, (_, xml) in (linked or {}).items():
            tag = xml[1:].split(">")[0].split()[0]
            parts.writestr(f"{folder}/{key}.xml", xml.replace(tag, f"{tag} {NAMESPACES}", 1))
    return path


def write_docx(path: Path, body: str, **linked: Linked) -> Path:
    """A DOCX with this body."""
    inside = f"<w:body>{body}</w:body>"
    return write_package(path, "word/document.xml", "w:document", inside, linked)


def paragraph(text: str, properties: str = "") -> str:
    """A paragraph of WordprocessingML."""
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def chart(title: str, categories: Iterable[str], **series: Iterable[str]) -> str:
    """A bar chart of DrawingML with the data that it shows."""

    def points(values: Iterable[str]) -> str:
        return "".join(
            f'<c:pt idx="{n}"><c:v>{value}</c:v></c:pt>' for n, value in enumerate(values)
        )

    named = f"<c:cat><c:strRef><c:strCache>{points(categories)}</c:strCache></c:strRef></c:cat>"
    every = "".join(
        f"<c:ser><c:tx><c:strRef><c:f>Sheet1!$B$1</c:f><c:strCache>{points([name])}</c:strCache>"
        f"</c:strRef></c:tx>{named}<c:val><c:numRef><c:numCache><c:formatCode>0.0</c:formatCode>"
        f"{points(values)}</c:numCache></c:numRef></c:val></c:ser>"
        for name, values in series.items()
    )
    said = f"<c:tx><c:rich><a:p><a:r><a:t>{title}</a:t></a:r></a:p></c:rich></c:tx>"
    return (
        f"<c:chartSpace><c:chart><c:title>{said}</c:title><c:plotArea><c:barChart>{every}"
        "</c:barChart><c:catAx><c:title><c:tx><c:rich><a:p><a:r><a:t>Shore</a:t></a:r></a:p></c:rich>"
        "</c:tx></c:title></c:catAx></c:plotArea></c:chart></c:chartSpace>"
    )
