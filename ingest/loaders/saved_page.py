"""Web pages that a browser saved in one file, with their pictures and style sheets (.mht, .mhtml).

The file is built like a mail, and is none: its first page is what is read, and of a page that is
made of frames those too. Pictures and style sheets are passed by.
"""

import itertools
import re
from collections.abc import Iterator
from email.message import Message

from quire.ingest.loaders.content import Content, ContentBuilder, Source
from quire.ingest.loaders.mail import parsed, text_of
from quire.ingest.loaders.mail_headers import field
from quire.ingest.loaders.text import add_text
from quire.ingest.loaders.webpage import add_html

_MOST = 1_000  # parts looked at
_PAGES = {"text/html", "application/xhtml+xml"}
_FRAMES = re.compile(r"<frame\b", re.IGNORECASE)


def read(source: Source) -> Content:
    """One page without a number; the title is the web page's own. Raises Skipped where there is
    nothing to read, and Unreadable."""
    message = parsed(source.data)
    builder = ContentBuilder(source.limits)
    title, framed = "", False
    for page in _pages(message):
        text, cut = text_of(page, source.limits)
        if page.get_content_type() in _PAGES:
            title = add_html(text, builder, limits=source.limits) or title
        else:
            add_text(text, builder)
        if cut:
            builder.warn_of_cut()
        framed = framed or _FRAMES.search(text) is not None
        if not framed:
            break
    return builder.finish(title or field(message, "Subject")[:300] or source.stem)


def _pages(message: Message) -> Iterator[Message]:
    """The pages in a file: the one that it names as the first, then the others in their order."""
    parts = [*itertools.islice(message.walk(), _MOST)]
    pages = [part for part in parts if part.get_content_type() in _PAGES]
    pages = pages or [part for part in parts if part.get_content_type() == "text/plain"]
    named = str(message.get_param("start") or "")
    yield from sorted(pages, key=lambda page: not named or page.get("Content-ID") != named)
