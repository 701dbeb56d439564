"""A follow-up made standalone, by rules: "And how much does it cost?" -> with what "it" is.

A question leans on the conversation when it holds a pronoun without a referent of its own, or is
too short to be a question by itself. Then the topic of the conversation, the content words of the
last standalone question that the follow-up does not hold itself, is added to it. Search is by words
and by meaning, so the topic need not be woven into the grammar; it is shown to the user as it is.

A question that names its own subject is left alone: a change of topic must not drag the old one in.
"""

import re
from collections.abc import Sequence

from quire.text import analysis, languages

_PRONOUN = re.compile(
    r"\b(?:it|its|he|him|his|she|her|hers|they|them|their|theirs|this|that|these|those|one|ones"
    r"|there|former|latter|same)\b",
    re.IGNORECASE,
)
_OWN_REFERENT = re.compile(
    r"\b(?:it (?:is|was) (?:possible|true|necessary)|is it (?:possible|true|necessary)|is there"
    r"|are there|was there|were there|there (?:is|are|was|were)|(?:this|that|these|those) \w+"
    r"|\w+ that)\b",
    re.IGNORECASE,
)
_OPENING = re.compile(r"^(?:and|but|or|so|then|also|what about|how about)\b", re.IGNORECASE)
_ZH_PRONOUN = re.compile("它们|他们|她们|其中|此外|[它他她其该此]|这[个些位种里]?|那[个些位种里]?")
_ZH_OPENING = re.compile("^(?:那么?|还有|然后|另外|而且|并且|后来)|呢[？?]?$")
_ZH_FUNCTION = re.compile(
    "什么时候|为什么|多少|什么|哪些|哪个|哪里|哪一[年个位种家]?|哪[年位种家]|怎么样?|如何|是否|谁|几|吗|呢"
    "|请问|有没有|[？?。！!，,、：:；;]"
)
_SHORT_EN, _SHORT_ZH = 2, 4  # content words, Han characters
_TOPIC_WORDS = 12


def standalone(question: str, previous: Sequence[str]) -> str:
    """The question as it can be understood by itself. `previous` are the standalone questions of
    the conversation, the oldest first.

    >>> standalone("And how much is it?", ["When must the deposit for the East Dome be paid?"])
    'And how much is it? (deposit East Dome paid)'
    >>> standalone("Who may fly a drone?", ["When must the deposit be paid?"])
    'Who may fly a drone?'
    >>> standalone("它多高？", ["主镜在哪里？"])
    '它多高？（主镜在哪里）'
    """
    if not previous:
        return question
    chinese = languages.detect(question) == "zh"
    leans = _leans_zh(question) if chinese else _leans_en(question)
    if not leans:
        return question
    topic = _topic(question, previous[-1])
    if not topic:
        return question
    return f"{question}（{topic}）" if chinese else f"{question} ({topic})"


def _leans_en(question: str) -> bool:
    if _OPENING.match(question.strip()):
        return True
    if _PRONOUN.search(_OWN_REFERENT.sub(" ", question)):
        return True
    said = [term for term in analysis.question_terms(question) if term not in analysis.STOP_WORDS]
    return len(said) < _SHORT_EN


def _leans_zh(question: str) -> bool:
    stripped = question.strip()
    if _ZH_PRONOUN.search(stripped) or _ZH_OPENING.search(stripped):
        return True
    return len(_ZH_FUNCTION.sub("", stripped)) < _SHORT_ZH


def _topic(question: str, before: str) -> str:
    """The previous question without its question words and without what this one says itself."""
    before = re.sub(r"\s*[(（]([^()（）]*)[)）]\s*$", r" \1", before)
    if languages.detect(before) == "zh":
        return re.sub(r"[？?。！!]+", "", before).strip()
    said = set(analysis.terms(question))
    words = [
        word
        for word in re.findall(r"[\w'’./-]+", before)
        if analysis.question_terms(word)
        and not set(analysis.terms(word)) <= said
        and word.casefold() not in analysis.STOP_WORDS
    ]
    return " ".join(words[:_TOPIC_WORDS])
