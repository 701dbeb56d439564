"""What a file is, by its bytes. The name only chooses among formats that are all plain text."""

import re
from pathlib import PurePath

from quire.errors import Skipped
from quire.ingest.limits import Limits
from quire.ingest.loaders import ooxml
from quire.ingest.loaders.archive import Archive
from quire.ingest.loaders.encoding import looks_binary

PDF = "application/pdf"
_OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX = _OFFICE + "wordprocessingml.document"
PPTX = _OFFICE + "presentationml.presentation"
XLSX = _OFFICE + "spreadsheetml.sheet"
_OPEN = "application/vnd.oasis.opendocument."
ODT = _OPEN + "text"
ODS = _OPEN + "spreadsheet"
ODP = _OPEN + "presentation"
RTF = "application/rtf"
MSG = "application/vnd.ms-outlook"
EPUB = "application/epub+zip"
MARKDOWN = "text/markdown"
HTML = "text/html"
CSV = "text/csv"
EML = "message/rfc822"
MBOX = "application/mbox"
SAVED_PAGE = "multipart/related"
"""A web page with its pictures in one file (.mht, .mhtml), as browsers save it."""
CALENDAR = "text/calendar"
CODE = "text/x-source"
PLAIN = "text/plain"
GIVEN = "application/vnd.quire.text+json"
"""A text that a program gave, as `quire.ingest.loaders.given` keeps it."""
GIVEN_START = b'{"quire_text": 1, '
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/bmp", "image/tiff", "image/webp")
_PNG, _JPEG, _GIF, _BMP, _TIFF, _WEBP = PICTURES

# What the main part of an Open XML package is tells what the package is.
_PACKAGES = {"document": DOCX, "presentation": PPTX, "workbook": XLSX}
# What an OpenDocument file calls itself begins so; templates and masters go on.
_OPEN_DOCUMENTS = {"text": ODT, "spreadsheet": ODS, "presentation": ODP, "graphics": ODP}
# Zip archives that are documents and cannot be read: a part that they have, their name, and what
# to save them as.
_UNREAD_ZIPS = (
    ("visio/document.xml", "a Visio drawing", "Save it as PDF, then add it."),
    ("FixedDocSeq.fdseq", "XPS", "Save it as PDF, then add it."),
    ("FixedDocumentSequence.fdseq", "XPS", "Save it as PDF, then add it."),
    ("Index/Document.iwa", "Pages, Numbers or Keynote", "Export it as PDF, then add it."),
)
_SUPPORTED = (
    "Quire reads PDF, Word, PowerPoint, Excel and OpenDocument files, RTF, EPUB, HTML, Markdown, "
    "CSV, mails, calendars, plain text, code and pictures of text."
)
# Streams of older containers, the name of their format, and what to save them as.
_OLD_FORMATS = {
    "WordDocument": ("a Word 97-2003 document", "DOCX"),
    "PowerPoint Document": ("a PowerPoint 97-2003 presentation", "PPTX"),
    "Workbook": ("an Excel 97-2003 workbook", "XLSX"),
    "VisioDocument": ("a Visio drawing", "PDF"),
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Beginnings of pictures, which may be of text.
_PICTURE = (
    (b"\x89PNG\r\n\x1a\n", _PNG),
    (b"\xff\xd8\xff", _JPEG),
    (b"GIF8", _GIF),
    (b"II*\x00", _TIFF),
    (b"MM\x00*", _TIFF),
)
# Beginnings of files that hold no text, with the name that users know.
_NO_TEXT = (
    (b"RIFF", "a sound or film"),
    (b"ID3", "a sound"),
    (b"OggS", "a sound"),
    (b"fLaC", "a sound"),
    (b"\x00\x00\x00\x18ftyp", "a film"),
    (b"\x00\x00\x00\x20ftyp", "a film"),
    (b"\x1aE\xdf\xa3", "a film"),
    (b"SQLite format 3\x00", "a database"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"GGUF", "a language model"),
    (b"%!PS", "PostScript"),
    (b"wOFF", "a font"),
)
# Its length, four reserved bytes, the offset of its pixels, and the length of the next header.
_BMP_START = re.compile(rb"BM.{4}\0{4}.{4}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\0\0\0", re.DOTALL)
_HTML_START = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,2000}?-->\s*)*"
    rb"<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
# In one flat file; the declarations of namespaces before may take some thousand bytes.
_FLAT_START = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,2000}?-->\s*)*"
    rb"<(?:\w{1,50}:)?document\s[^>]{0,16000}?\bmimetype\s*=\s*[\"']"
    rb"application/vnd\.oasis\.opendocument\.([a-z-]{1,40})[\"']",
    re.DOTALL,
)
_SAVED_BY = re.compile(rb"^(?:from: [^\n]{0,20}saved by |snapshot-content-location:)", re.I | re.M)
_SAVED_ENDINGS = {".mht", ".mhtml"}
_MAIL_START = re.compile(
    rb"(?:[!-9;-~]{1,60}:[^\n]{0,1000}\r?\n(?:[ \t][^\n]{0,1000}\r?\n){0,50}){2,200}\r?\n"
)
MAILBOX = re.compile(
    rb"^From [^\r\n]{1,200}?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? [^\r\n]{0,30}\d\d:\d\d"
    rb"[^\r\n]{0,60}\r?\n(?=[!-9;-~]{1,60}:)",
    re.MULTILINE,
)
"""The line before a mail in a box: who sent it, when, and the first field of its header."""
_CALENDAR_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*BEGIN:VCALENDAR\s", re.IGNORECASE)
_MAIL_FIELD = re.compile(rb"^(?:from|message-id|received|mime-version):", re.I | re.M)
_CODE_ENDINGS = (
    ".py .pyi .js .mjs .ts .jsx .tsx .java .kt .scala .go .rs .c .h .cc .cpp .hpp .cs .m .swift "
    ".rb .php .pl .lua .r .jl .sql .sh .bash .zsh .ps1 .bat .cmake .gradle .proto .css .scss "
    ".json .jsonl .yaml .yml .toml .ini .cfg .conf .xml .tex .vue .dart .ex"
)
_TEXT_ENDINGS = {
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
    ".csv": CSV,
    ".tsv": CSV,
    ".eml": EML,
    **dict.fromkeys(_CODE_ENDINGS.split(), CODE),
}


def media_type_of(data: bytes, name: str, *, limits: Limits) -> str:
    """The media type of `data`, one that a loader exists for. Raises Skipped for all others, and
    Unreadable where it is a damaged archive, or one over a limit."""
    head = data[:4096]
    if b"%PDF-" in head[:1024]:
        return PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_type(data, limits)
    if head.startswith(b"{\\rtf"):
        return RTF
    if head.startswith(GIVEN_START):
        return GIVEN
    if head.startswith(_OLE):
        return _old_container_type(data)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return _WEBP
    if _BMP_START.match(head):
        return _BMP
    for beginning, media_type in _PICTURE:
        if head.startswith(beginning):
            return media_type
    for beginning, what in _NO_TEXT:
        if head.startswith(beginning) and (len(beginning) > 3 or looks_binary(data)):
            raise Skipped(f"unsupported format: {what}", hint=_SUPPORTED)
    if looks_binary(data):
        raise Skipped("unsupported format: binary data", hint=_SUPPORTED)
    ending = PurePath(name).suffix.lower()
    if _HTML_START.match(head) and ending not in {".md", ".markdown"}:
        return HTML
    if (flat := _FLAT_START.match(data[:20_000])) and (kind := _open_document(flat[1].decode())):
        return kind
    by_name = _TEXT_ENDINGS.get(ending, PLAIN)
    if by_name in {PLAIN, EML} and MAILBOX.match(head):
        return MBOX
    if by_name == PLAIN and _CALENDAR_START.match(head):
        return CALENDAR
    if by_name == PLAIN and (match := _MAIL_START.match(head)) and _MAIL_FIELD.search(match[0]):
        saved = ending in _SAVED_ENDINGS or _SAVED_BY.search(match[0])
        return SAVED_PAGE if saved else EML
    return by_name


def _open_document(told: str) -> str | None:
    """The media type of an OpenDocument file that calls itself so, None where it is not read."""
    return next((found for kind, found in _OPEN_DOCUMENTS.items() if told.startswith(kind)), None)


def _zip_type(data: bytes, limits: Limits) -> str:
    archive = Archive(data, limits=limits, types_allowed=True)
    if "META-INF/container.xml" in archive:
        return EPUB
    if "mimetype" in archive:
        told = archive.read("mimetype", most=200).decode("ascii", "replace").strip()
        if told.startswith(_OPEN):
            if media_type := _open_document(told.removeprefix(_OPEN)):
                return media_type
            raise Skipped(
                f"unsupported format: OpenDocument {told.removeprefix(_OPEN)[:40]}",
                hint="Save it as PDF, then add it.",
            )
    kind = ooxml.kind(archive)
    if kind in _PACKAGES:
        return _PACKAGES[kind]
    if kind == "binary":
        raise Skipped("unsupported format: a binary workbook", hint="Save it as XLSX, then add it.")
    for part, what, hint in _UNREAD_ZIPS:
        if part in archive:
            raise Skipped(f"unsupported format: {what}", hint=hint)
    raise Skipped("unsupported format: a zip archive", hint="Unpack it and add what is inside.")


def _old_container_type(data: bytes) -> str:
    """What an OLE container holds, by the names of its streams, which are in UTF-16."""
    if _wide("EncryptedPackage") in data:  # an encrypted DOCX is wrapped into one
        raise Skipped("password needed", hint="Save it without a password, then add it.")
    if _wide("__properties_version1.0") in data:
        return MSG
    for stream, (what, better) in _OLD_FORMATS.items():
        if _wide(stream) in data:
            raise Skipped(f"unsupported format: {what}", hint=f"Save it as {better}, then add it.")
    raise Skipped(
        "unsupported format: Office 97-2003",
        hint="Save it as DOCX, PPTX, XLSX or PDF, then add it.",
    )


def _wide(name: str) -> bytes:
    return name.encode("utf-16-le")
