"""How what is superseded is named beside an answer: one sentence each, with its quote."""

import dataclasses
import re
from collections.abc import Sequence

from quire.answering.versions import clauses
from quire.answering.versions.settling import Chain, Relation, Said
from quire.records import Sentence, Statement

_BULLET = re.compile(r"^\s*[-*+•·●○▪]\s+")
_MOST = 4  # sentences about other versions beside one answer
_LONGEST = 300  # characters of a quote that are told
_EARLIER = {
    "en": {
        "words": "An earlier version ({name}) said: “{quote}”",
        "dates": "An earlier document ({name}) said: “{quote}”",
        "files": "An older file ({name}, of {modified}) says: “{quote}”",
        "clause": "Before that ({name}): “{quote}”",
    },
    "zh": {
        "words": "较早的版本（{name}）的说法是：“{quote}”",
        "dates": "较早的文档（{name}）的说法是：“{quote}”",
        "files": "较旧的文件（{name}，{modified}）的说法是：“{quote}”",
        "clause": "在此之前（{name}）：“{quote}”",
    },
}
_LATER = {
    "en": {
        "words": "A later version ({name}) says: “{quote}”",
        "dates": "A later document ({name}) says: “{quote}”",
        "files": "A newer file ({name}, of {modified}) says: “{quote}”",
        "clause": "Changed later ({name}): “{quote}”",
    },
    "zh": {
        "words": "较新的版本（{name}）的说法是：“{quote}”",
        "dates": "较新的文档（{name}）的说法是：“{quote}”",
        "files": "较新的文件（{name}，{modified}）的说法是：“{quote}”",
        "clause": "后来改为（{name}）：“{quote}”",
    },
}
_OTHER = {
    "en": "Another source ({name}) says, and which of the two is newer cannot be told: “{quote}”",
    "zh": "另一来源（{name}）的说法不同，无法判断哪个更新：“{quote}”",
}
_MORE = {
    "en": "{count} more lines differ between the versions; ask what changed to see them.",
    "zh": "另有{count}处在各版本之间不同；可以询问有哪些变化来查看。",
}


def tell(
    chains: Sequence[Chain], shown: Sequence[Sentence], *, language: str
) -> tuple[tuple[Sentence, ...], tuple[str, ...]]:
    """What was said at other times of what is shown, as sentences, and a note where that is not
    all of it."""
    told: list[Sentence] = []
    more = 0
    for chain in chains:
        if not any(rests_on(sentence, chain.current) for sentence in shown):
            told += _newer(chain, [*shown, *told], language)
            continue
        for said, relation in chain.others:
            if any(rests_on(sentence, said) for sentence in (*shown, *told)):
                continue
            if len(told) < _MOST:
                told.append(_sentence(chain, said, relation, language))
            else:
                more += 1
    notes = (_MORE["zh" if language == "zh" else "en"].format(count=more),) if more else ()
    return tuple(told), notes


def _newer(chain: Chain, shown: Sequence[Sentence], language: str) -> list[Sentence]:
    """What now holds in place of something shown, as where it is an item of a list that is shown
    whole."""
    for said, relation in chain.others:
        if (
            relation == "earlier"
            and any(rests_on(sentence, said) for sentence in shown)
            and is_replaced(said, chain, shown)
        ):
            return [_sentence(chain, chain.current, "later", language)]
    return []


def quote(statement: Statement) -> str:
    """What a statement says, as it is quoted within a sentence."""
    told = _BULLET.sub("", statement.told).strip('“”"「」 ')
    return told if len(told) <= _LONGEST else f"{told[:_LONGEST]}…"


def _sentence(chain: Chain, said: Said, relation: Relation, language: str) -> Sentence:
    document = said.proof.passage.document
    tongue = "zh" if language == "zh" else "en"
    if relation == "other":
        text = _OTHER[tongue]
    else:
        text = (_EARLIER if relation == "earlier" else _LATER)[tongue][_why(chain, said)]
    return Sentence(
        text.format(
            name=document.name, modified=document.modified[:10], quote=quote(said.statement)
        ),
        "supported",
        said.proof.passage.cite_statement(said.statement),
        kind="version",
    )


def _why(chain: Chain, said: Said) -> str:
    """By what it is known that the one is newer."""
    if chain.current.edition.amends or said.edition.amends:
        return "clause"
    if chain.current.proof.passage.document.id == said.proof.passage.document.id:
        return "clause"
    return chain.ground or "words"


def is_replaced(said: Said, chain: Chain, shown: Sequence[Sentence]) -> bool:
    """Whether what holds takes the place of what is shown of something that was said before."""
    now = chain.current
    if any(rests_on(sentence, now) for sentence in shown):
        return False
    if not (now.edition.amends and now.clause and said.statement.cells):
        return True
    change = clauses.touching(now.statement, now.clause)
    return any(
        clauses.touches(change, dataclasses.replace(said.statement, text=sentence.text))
        for sentence in shown
        if rests_on(sentence, said)
    )


def rests_on(sentence: Sentence, said: Said) -> bool:
    """Whether a quote of a sentence is where that is said."""
    place = said.proof.passage.document.id
    start, end = said.statement.start, said.statement.end
    return any(
        citation.document.id == place and citation.start < end and start < citation.end
        for citation in sentence.citations
    )
