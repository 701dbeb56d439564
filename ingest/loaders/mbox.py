"""Mailboxes: a file of many mails, each a page, with the number of the mail in the box."""

import re
from collections.abc import Iterator

from quire.errors import Unreadable
from quire.ingest.loaders.content import Content, ContentBuilder, Source
from quire.ingest.loaders.formats import MAILBOX
from quire.ingest.loaders.mail import add_mail

_QUOTED = re.compile(rb"^>(>*From )", re.M)


def read(source: Source) -> Content:
    """The mails of a box in their order; a box of one is that mail."""
    builder = ContentBuilder(source.limits)
    subjects: list[str] = []
    alone = len(MAILBOX.findall(source.data)) < 2
    for number, mail in enumerate(_mails(source.data), 1):
        if not alone:
            builder.start_page(number)
        if builder.full:
            break
        try:
            subjects.append(add_mail(mail, builder, limits=source.limits))
        except Unreadable as error:
            builder.warn(f"Message {number} is left out: {error.message}.")
    return builder.finish((subjects[0][:300] if alone and subjects else "") or source.stem)


def _mails(data: bytes) -> Iterator[bytes]:
    """The bytes of each mail, without the line before it."""
    start: int | None = None
    for line in MAILBOX.finditer(data):
        if start is not None:
            yield _QUOTED.sub(rb"\1", data[start : line.start()])
        start = line.end()
    if start is not None:
        yield _QUOTED.sub(rb"\1", data[start:])
