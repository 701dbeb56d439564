"""What a knowledge base holds, counted by the catalog: no document is read for it."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import apsw

from quire.indexes import documents


@dataclass(frozen=True, slots=True)
class Holdings:
    """How much there is. `unread_pages` have no text, such as scans, so that nothing can be found
    on them; of `with_remarks` documents something was not read. `languages` counts documents by
    their code, and `added` those that are there by the day on which they were added, in local time,
    ISO 8601, the first day first."""

    documents: int
    pages: int
    unread_pages: int
    passages: int
    with_remarks: int
    languages: dict[str, int]
    added: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def count(connection: apsw.Connection) -> Holdings:
    """Count what there is."""
    total, passages, with_remarks = connection.execute(
        "SELECT count(*), coalesce(sum(chunks), 0), coalesce(sum(warnings != '[]'), 0) "
        "FROM documents"
    ).get
    pages, unread = documents.page_counts(connection)
    languages = "SELECT language, count(*) AS n FROM documents GROUP BY 1 ORDER BY n DESC, 1"
    added = (
        "SELECT date(added_at, 'localtime') AS day, count(*) FROM documents "
        "WHERE day IS NOT NULL GROUP BY 1 ORDER BY 1"
    )
    return Holdings(
        documents=total,
        pages=pages,
        unread_pages=unread,
        passages=passages,
        with_remarks=with_remarks,
        languages=dict(connection.execute(languages)),
        added=dict(connection.execute(added)),
    )
