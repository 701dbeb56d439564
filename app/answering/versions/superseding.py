"""Statements of a reply that say what held before.

A model that reads an amendment beside the agreement may give the old number, and its quote supports
that. So a statement that rests on what is superseded, and has a number or a date of that which the
newer text lacks, is not left as supported; nor is it contradicted: it was so. Where it says itself
that it speaks of the past, or rests on the newer text too, it stays.
"""

import dataclasses
import re
from collections.abc import Sequence

from quire.answering.versions import telling
from quire.answering.versions.settling import Chain, Said
from quire.records import Sentence
from quire.verification.quantities import quantities

_PAST = re.compile(
    r"\b(?:was|were|had|previous\w*|former\w*|earlier|before|prior|until|original\w*|old(?:er)?"
    r"|first (?:version|edition)|used to|no longer|replac\w+|supersed\w+|instead|rather than"
    r"|increase[ds]?|decrease[ds]?|rais\w+|reduc\w+|chang\w+|amend\w+|from .{1,40} to)\b"
    "|之前|以前|此前|先前|从前|原[来为本先是有]?|旧|曾|过去|改为|调整|取代|替代|替换|修订|修改|变更|由.{1,20}[为到至]|从.{1,20}[为到至]",
    re.IGNORECASE,
)
_HELD = frozenset({"supported", "computed", "partly", "contradicted"})


def marked(sentences: Sequence[Sentence], chains: Sequence[Chain]) -> tuple[Sentence, ...]:
    """The statements, those that say what is superseded as such: the newer quote first, then those
    that said it."""
    return tuple(_marked(sentence, chains) for sentence in sentences)


def is_superseded(shown: Sequence[Sentence], chains: Sequence[Chain]) -> bool:
    """Whether rows or records, as a table would answer with them, say what no longer holds. Where
    an amendment changes a row, it may be another cell than those `shown`."""
    return any(
        relation == "earlier"
        and telling.rests_on(sentence, said)
        and telling.is_replaced(said, chain, shown)
        for chain in chains
        for said, relation in chain.others
        for sentence in shown
    )


def _marked(sentence: Sentence, chains: Sequence[Chain]) -> Sentence:
    if sentence.support not in _HELD or _PAST.search(sentence.text):
        return sentence
    for chain in chains:
        if chain.ground is None and not chain.current.edition.amends:
            continue  # which is newer is not known
        if telling.rests_on(sentence, chain.current):
            continue
        for said, relation in chain.others:
            if (
                relation == "earlier"
                and telling.rests_on(sentence, said)
                and _says_the_old(sentence.text, old=said, new=chain.current)
            ):
                return _superseded(sentence, old=said, new=chain.current)
    return sentence


def _says_the_old(text: str, *, old: Said, new: Said) -> bool:
    """Whether a statement has a number or a date that the old text has and the new one lacks."""
    said, then, now = (
        {(one.value, one.unit) for one in quantities(each)}
        for each in (text, old.statement.told, new.statement.told)
    )
    return bool((said & then) - now)


def _superseded(sentence: Sentence, *, old: Said, new: Said) -> Sentence:
    newer = new.proof.passage.cite_statement(new.statement)
    older = old.proof.passage.cite_statement(old.statement)
    citations = tuple(dict.fromkeys((*newer, *older)))
    return dataclasses.replace(
        sentence, support="superseded", citations=citations, probability=None, formula=None
    )
