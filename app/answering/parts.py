"""What answers the parts of a question that the best sentences leave open.

"Which oil does it need, and up to which level is it filled in?" asks two things, and the sentence
that is best for all of it tells one. The words that only one part has say which sentence is for it.
"""

from collections.abc import Iterator, Sequence

from quire.answering import confidence, showing
from quire.answering.evidence import Evidence
from quire.records import Sentence
from quire.search import subquestions
from quire.text import analysis

_TOLD = 0.5  # of the words that only one part has, at least, in a sentence that is shown for it
_NEAR = 0.5  # of the best score, at least


def untold(
    question: str, shown: Sequence[Sentence], found: Sequence[Evidence]
) -> tuple[Sentence, ...]:
    """A sentence for each part of a question that has one, where it tells more of that part than
    any that is shown, from the documents that are. `found` is sorted, the best first."""
    parts = list(_apart(subquestions.split(question)))
    says = [(proof, _terms(proof)) for proof in found if not proof.leads] if parts else []
    if not says or not shown:
        return ()
    cited = [citation for sentence in shown for citation in sentence.citations]
    documents = {citation.document.id for citation in cited}
    quoted = {(citation.document.id, citation.start) for citation in cited}
    told = [terms for proof, terms in says if _place(proof) in quoted]
    told += [analysis.term_set(citation.quote) for citation in cited]
    least = _NEAR * says[0][0].score
    may = [
        (proof, terms)
        for proof, terms in says
        if proof.passage.document.id in documents and proof.score >= least
    ]
    added: list[Sentence] = []
    for words in parts if may else ():
        known = max((len(words & terms) for terms in told), default=0)
        proof, terms = max(may, key=lambda each: len(words & each[1]))
        if len(words & terms) >= max(known + 1, _TOLD * len(words)):
            added += showing.by_itself(proof.passage, proof.statement)
            told.append(terms)
    return tuple(added)


def _apart(parts: Sequence[str]) -> Iterator[set[str]]:
    """The telling words of each part that asks something which the others do not all have."""
    words = [set(analysis.question_terms(part)) for part in parts]
    common = set.intersection(*words) if words else set()
    for part, each in zip(parts, words, strict=True):
        own = each - common - confidence.common()
        if own and subquestions.asks(part):
            yield own


def _place(proof: Evidence) -> tuple[str, int]:
    return proof.passage.document.id, proof.start


def _terms(proof: Evidence) -> frozenset[str]:
    """The words of a sentence with what it stands under."""
    passage = proof.passage
    above = (passage.document.title, *passage.headings_at(proof.start))
    under = (stretch.text for stretch in proof.statement.under)
    return analysis.term_set(*above, *under, proof.told)
