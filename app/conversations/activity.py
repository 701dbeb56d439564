"""How much was asked, and what became of it, counted day by day without reading an answer whole."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import apsw

# A damaged answer is no JSON, or none that tells what became of the question: it counts as asked.
COUNTED = """
WITH turned AS MATERIALIZED ( -- subtle: else whole answers are sorted, which takes far longer
    SELECT id, conversation_id, date(asked_at, 'localtime') AS day,
           CASE WHEN json_valid(answer) THEN json_extract(answer, '$.status') END AS status,
           CASE WHEN json_valid(answer) THEN json_extract(answer, '$.request') END AS request
    FROM turns
)
SELECT day,
       count(*),
       sum(status IS 'answered' AND request IS NULL),
       sum(status IS 'extractive' AND request IS NULL),
       sum(status IS 'not_found' AND request IS NULL),
       sum(request IS NOT NULL),
       sum(verdict IS 'up'),
       sum(verdict IS 'down'),
       sum(origin IS 'program')
FROM turned JOIN conversations ON conversations.id = conversation_id
LEFT JOIN feedback ON turn_id = turned.id
WHERE removed_at = '' AND day IS NOT NULL GROUP BY day ORDER BY day
"""


@dataclass(frozen=True, slots=True)
class Day:
    """The questions of one `day`, in local time, ISO 8601, in chats that were not removed: how many
    were `asked`; how many had a `written` answer or one of `quotes`, were `refused`, or were put to
    Quire `itself`, such as "List all documents"; how many answers were judged `good` or `bad`; how
    many came from `programs`."""

    day: str
    asked: int
    written: int
    quotes: int
    refused: int
    itself: int
    good: int
    bad: int
    programs: int

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def count(connection: apsw.Connection) -> list[Day]:
    """Count what was asked, the first day first; days without a question are left out."""
    return [Day(*row) for row in connection.execute(COUNTED)]
