"""Mails: the header lines that people read, then the body, and the mails that came with it.

Of a body in several forms the plain one is read, unless another says more. Forwarded messages,
digests, reports of delivery and invitations are part of the mail. Attachments are only named.
"""

import email
import email.errors
import email.policy
import re
from collections.abc import Iterator
from email.message import Message

from quire.errors import Skipped, Unreadable
from quire.ingest.limits import Limits
from quire.ingest.loaders.calendars import add_calendar
from quire.ingest.loaders.cleaning import clean_line
from quire.ingest.loaders.content import Content, ContentBuilder, Source
from quire.ingest.loaders.encoding import decode
from quire.ingest.loaders.mail_headers import add_headers, decoded, field
from quire.ingest.loaders.signed import signed_content
from quire.ingest.loaders.text import add_text
from quire.ingest.loaders.webpage import add_html

_SIGNED = "The message is signed; the signature was not checked."
_MAX_PARTS = 1000
_MAX_HEADER = 100_000  # bytes; decoding takes time quadratic in it, and real ones have 10,000
_DEEPEST = 5  # levels of headings for mails in mails
_NAMED = 20  # attachments
# Of the words of an HTML body, those that a plain one must have to be read in its place: two forms
# of one letter share nearly all of them, a line that "your program cannot show this" nearly none.
_SAME = 0.5
_WORDS = re.compile(r"[\u2e80-\u9fff]|[^\W_\u2e80-\u9fff]+")
_MAILS = {"message/rfc822", "message/global", "message/news"}
_CALENDARS = {"text/calendar", "application/ics"}


def read(source: Source) -> Content:
    """One page without a number; the title is the subject."""
    builder = ContentBuilder(source.limits)
    subject = add_mail(source.data, builder, limits=source.limits)
    return builder.finish(subject[:300] or source.stem)


def add_mail(data: bytes, builder: ContentBuilder, *, limits: Limits) -> str:
    """Adds one mail; returns its subject. Raises Unreadable if it is damaged or over a limit."""
    if re.search(rb"\n\r?\n", data[:_MAX_HEADER]) is None and len(data) > _MAX_HEADER:
        raise Unreadable(f"limit: the message's header has more than {_MAX_HEADER:,} bytes")
    message = parsed(data)
    subject = add_headers(message, builder, level=1)
    _Reader(builder, limits).add_parts(message)
    return subject


def parsed(data: bytes) -> Message:
    """A mail with its parts. Raises Unreadable if it is damaged."""
    try:
        # compat32: the newer policy parses addresses in quadratic time
        return email.message_from_bytes(data, policy=email.policy.compat32)
    except (email.errors.MessageError, ValueError, LookupError) as error:
        raise Unreadable("damaged message") from error


class _Reader:
    """Adds the parts of one mail."""

    def __init__(self, builder: ContentBuilder, limits: Limits) -> None:
        self._builder = builder
        self._limits = limits
        self._attached: list[str] = []
        self._known: dict[int, set[str]] = {}
        self._calendars: set[bytes] = set()  # an invitation often comes as a file, too

    def add_parts(self, message: Message) -> None:
        """Adds the body of a message and of those in it."""
        stack = [(message, 1)]
        for _ in range(_MAX_PARTS):
            if not stack:
                break
            part, level = stack.pop()
            stack += [(child, deeper) for child, deeper in reversed(self._add(part, level))]
        if self._attached:
            names = ", ".join(self._attached[:_NAMED])
            self._builder.warn(
                f"The attachments are not read: {names}. Save and add them by themselves."
            )

    def _add(self, part: Message, level: int) -> list[tuple[Message, int]]:
        """Adds a part, or returns the parts that it is made of, with the level of their mail."""
        kind = part.get_content_type()
        payload = part.get_payload()
        inner = [p for p in payload if isinstance(p, Message)] if isinstance(payload, list) else []
        signed = signed_content(part) if "pkcs7-mime" in kind else None
        if signed is not None:
            self._builder.warn(_SIGNED)
            return [(parsed(signed), level)]
        if kind == "multipart/encrypted" or "pkcs7-mime" in kind:
            self._builder.warn("The message is encrypted; only its header is read.")
        elif kind == "multipart/signed":  # what is signed, and then the signature
            self._builder.warn(_SIGNED)
            return [(each, level) for each in inner[:1]]
        elif kind == "multipart/alternative":
            return [(each, level) for each in self._chosen(inner)]
        elif part.is_multipart() and kind.startswith("multipart/"):
            return [(each, level) for each in inner]
        elif kind in _MAILS and inner:
            deeper = min(level + 1, _DEEPEST)
            add_headers(inner[0], self._builder, level=deeper)
            return [(inner[0], deeper)]
        elif inner:  # a report: lines like those of a header
            for each in inner:
                lines = [f"{name}: {field(each, name)}" for name in dict.fromkeys(each.keys())]
                self._builder.add("paragraph", "\n".join(lines))
            return [(each, level) for each in inner if each.get_payload()]
        elif kind in _CALENDARS:
            self._add_calendar(part, level)
        elif part.get_content_disposition() == "attachment" or not kind.startswith("text/"):
            self._name(part)
        else:
            self._add_body(part)
        return []

    def _add_body(self, part: Message) -> None:
        text, cut = text_of(part, self._limits)
        if part.get_content_type() == "text/html":
            add_html(text, self._builder, limits=self._limits)
        else:
            add_text(text, self._builder)
        if cut:
            self._builder.warn_of_cut()

    def _add_calendar(self, part: Message, level: int) -> None:
        text, _ = text_of(part, self._limits)
        said = text.encode("utf-8", "replace")
        if said not in self._calendars:
            self._calendars.add(said)
            add_calendar(text, self._builder, level=min(level + 1, _DEEPEST))

    def _name(self, part: Message) -> None:
        try:
            name = clean_line(decoded(part.get_filename() or ""))
        except (LookupError, ValueError):
            name = ""
        # Pictures in the text, such as the line below a signature, mostly have no name.
        if name or part.get_content_maintype() != "image":
            self._attached.append(name or part.get_content_type())

    def _chosen(self, forms: list[Message]) -> Iterator[Message]:
        """Of several forms of the same the one to read; an invitation goes with it."""
        readable = [form for form in forms if form.get_content_type() not in _CALENDARS]
        plain = next((form for form in readable if _leaf(form, "text/plain") is not None), None)
        rich = next((form for form in readable if _leaf(form, "text/html") is not None), None)
        best = plain if plain is not None else rich
        if plain is not None and rich is not None and plain is not rich:
            said = self._words(_leaf(plain, "text/plain"))
            shown = self._words(_leaf(rich, "text/html"))
            best = rich if len(said & shown) < _SAME * len(shown) else plain
        if best is not None:
            yield best
        else:
            yield from readable[-1:]
        yield from (form for form in forms if form.get_content_type() in _CALENDARS)

    def _words(self, part: Message | None) -> set[str]:
        """The words that a reader of a part sees."""
        if id(part) in self._known:  # of forms in forms, a part is in all
            return self._known[id(part)]
        scratch = ContentBuilder(self._limits)
        if part is not None:
            text, _ = text_of(part, self._limits)
            if part.get_content_type() == "text/html":
                add_html(text, scratch, limits=self._limits)
            else:
                scratch.add("paragraph", text)
        try:
            words = set(_WORDS.findall(scratch.finish("").pages[0].text.casefold()))
        except Skipped:
            words = set()
        self._known[id(part)] = words
        return words


def _leaf(part: Message, kind: str) -> Message | None:
    """The first part of a kind that is in a part, or the part itself."""
    for _, each in zip(range(_MAX_PARTS), part.walk(), strict=False):
        if each.get_content_type() == kind and each.get_content_disposition() != "attachment":
            return each
    return None


def text_of(part: Message, limits: Limits) -> tuple[str, bool]:
    """The text of a part, and whether it was cut."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return "", False
    return decode(payload, limit=limits.characters, declared=part.get_content_charset())
