"""A search for what a model says is missing.

A model that has read twelve passages may say that the documents do not tell what stands in the
thirteenth, or what it has read over. So what it says is missing is searched for by itself, as a
question would be, and where the evidence is good its best sentence is cited beside the statement.

Chosen on the written replies of `training/replies`, and counted on these and on 120 others: of 324
statements that something is missing which stands there, a third get a place, in three of four cases
the right one; of 26 true ones three do.
"""

import dataclasses
from collections.abc import Sequence

from quire.answering import confidence, evidence
from quire.answering.absences import missing_thing
from quire.indexes.scope import Scope
from quire.records import Citation, Passage
from quire.search.passages import context, nearness
from quire.search.retriever import Retriever
from quire.text import analysis

_SEARCHED, _HITS, _PASSAGES = 20, 6, 4  # chunks, those kept of them, and the passages they make
_SURE = 0.6  # the confidence from which a place is worth looking at
_FEWEST = 2  # words of what is missing: one stands anywhere
_MOST = 3  # statements of a reply that are looked for


class LooksAgain:
    """Searches for what is said to be missing, of at most three statements of a reply. `found` are
    the passages that came up beyond those `there`, labelled after them."""

    def __init__(
        self, retriever: Retriever, *, there: Sequence[Passage], scope: Scope | None
    ) -> None:
        self.found: list[Passage] = []
        self._retriever = retriever
        self._there = there
        self._scope = scope
        self._left = _MOST

    def __call__(self, absence: str) -> Citation | None:
        """The sentence that may tell what a statement says is missing."""
        thing = missing_thing(absence)
        if not self._left or len(analysis.question_terms(thing)) < _FEWEST:
            return None
        self._left -= 1
        query = self._retriever.query(thing)
        with self._retriever.snapshot() as snapshot:
            hits = snapshot.search(query, k=_SEARCHED, scope=self._scope)
            passages = snapshot.passages(context(hits, most=_HITS, passages=_PASSAGES))
            information = snapshot.information(query)
        proofs = evidence.find(
            query, passages, information=information, embedder=self._retriever.recent
        )
        judged = confidence.judge(
            query,
            proofs,
            information=information,
            embedder=self._retriever.embedder.name,
            nearest=nearness(hits),
        )
        best = next((proof for proof in proofs if not proof.leads), None)
        if best is None or judged.confidence < _SURE:
            return None
        return self._labelled(best.passage).cite(best.start, best.text)

    def _labelled(self, passage: Passage) -> Passage:
        """A passage that came up, or the one that has its text already; a new one has the next
        label."""
        known = (*self._there, *self.found)
        for one in known:
            inside = one.span.start <= passage.span.start and passage.span.end <= one.span.end
            if one.document.id == passage.document.id and inside:
                return one
        label = max((one.label for one in known), default=0) + 1
        self.found.append(dataclasses.replace(passage, label=label))
        return self.found[-1]
