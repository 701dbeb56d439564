"""A later question read in other ways too, where the first is not answered well: what is found for
the likeliest of them, as `choosing` weighs it."""

import dataclasses
from collections.abc import Callable, Iterable

from quire.answering import choosing, confidence, followups
from quire.answering.choosing import Weighed
from quire.answering.found import Found
from quire.answering.question import Asked
from quire.indexes import documents
from quire.indexes.scope import Scope
from quire.search import passages
from quire.search.snapshot import Snapshot
from quire.text import analysis


def likeliest(
    first: Found,
    readings: Iterable[str],
    snapshot: Snapshot,
    *,
    read: Callable[[str, Asked], Found],
) -> Found:
    """What is found for the reading of a later question that the documents answer best. `first` is
    for the first, `readings` are the others by the rules, and `read` finds what is said to one."""
    asked = first.asked
    cited = [exchange.documents for exchange in asked.before if exchange.documents]
    before = documents.get(snapshot.connection, cited[-1] if cited else ())

    def read_so(reading: str, otherwise: Asked) -> Found:
        return dataclasses.replace(read(reading, otherwise), asked=asked)

    def read_there() -> Found | None:
        if asked.scope:
            return None
        scope = Scope(file=[document.uri for document in before.values()])
        return read_so(first.standalone, dataclasses.replace(asked, scope=scope))

    return choosing.choose(
        first.standalone,
        first,
        readings,
        followups.in_context(asked.asks, [exchange.question for exchange in asked.before]),
        before=frozenset(before),
        read=lambda reading: read(reading, asked),
        read_as_typed=lambda reading: read_so(reading, dataclasses.replace(asked, text=reading)),
        read_there=read_there,
        weigh=_weighed,
    )


def _weighed(found: Found) -> Weighed:
    """How confident what was found is, where the best of it stands, and what of the question as it
    was typed is said there."""
    if not found.enough or not found.judgement:
        return Weighed(0.0, frozenset())
    words = frozenset(analysis.question_terms(found.asked.asks)) - confidence.common()
    best = next((proof for proof in found.evidence if not proof.leads), None)
    if found.tabled or best is None:
        there = [passage for passage, _, _ in found.tabled.rows] if found.tabled else []
        said = around = words.intersection(*map(passages.terms, there))
    else:
        there = [best.passage]
        headings = best.passage.headings_at(best.start)
        said = words & analysis.term_set(best.passage.document.title, *headings, best.text)
        around = words & passages.terms(best.passage)
    return Weighed(
        found.judgement.confidence,
        frozenset(passage.document.id for passage in there),
        said=said,
        around=around,
    )
