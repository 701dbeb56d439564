"""Is a sentence of an answer supported by the passages? With the quote that proves it.

A sentence is laid against every stretch of one or two sentences of the passages, and the stretch
that holds most of its words is the candidate. Words alone do not decide: a quantity, a negation or
a name that the quote lacks makes a sentence false however alike it looks, and each of them vetoes
(`quire.verification.agreement`).

- supported: nearly all content words stand in the quote, none in the place of another or in another
  part (`quire.verification.word_order`), no veto; or the quote itself;
- partly: more than half of them do, and no veto; or the sentence is stitched from two quotes, each
  of which supports a part of it: it cites both, and that they belong together is its own claim;
- unsupported: all else. Such a sentence carries no label.
"""

import re
from collections.abc import Sequence

from quire.records import Passage, Sentence, Support
from quire.text import analysis
from quire.verification import agreement, clauses, coverage, identity, quotes
from quire.verification.quotes import Quote

_SUPPORTED = 0.8
_PARTLY = 0.5

_CLAUSE_TERMS = 2  # of content in a clause that can be supported by itself
_SOURCE = (
    "documents?|passages?|texts?|contexts?|sources?|information|excerpts?|quotes?|manual"
    "|handbook|guide"
    "|contract|agreement|lease|policy|report|minutes|notice|rules|regulations?|bylaws|statutes?"
    "|articles?"
    "|page|file|brochure|leaflet|instructions|menu|recipe|schedule|timetable|letter|memo"
    "|judgment|act|law"
    "|faq|website|terms|conditions|licence|license|catalogue|charter|protocol|specification"
    "|datasheet"
)
_SOURCE_ZH = (
    "段落|文档|文件|资料|原文|文本|内容|上下文|来源|手册|说明书?|合同|协议|租约|规[定程则]|条例"
    "|章程|制度|通知|公告|报告|纪要|记录"
    "|指南|须知|简介|条款|判决书?|法[律规]|办法|标准|规范|材料|页面|网站|备忘录|简报|报道|文章"
)
_LEAD_IN = re.compile(
    rf"""^(?:\s*(?:
      (?:yes|no|sure|certainly|indeed|answer|the\ answer\ is)\s*[,.:]
    | (?:according\ to|based\ on|as\ \w+\ in|under|per|in)\s(?:the\s|this\s)?(?:[\w-]+\s){{0,2}}
      (?:{_SOURCE})(?:\s*[\[(]?\d{{1,2}}[\])]?)?(?:\s(?:provided|above|given))?\s*,
    | as\s(?:the\s)?(?:\w+\s)?(?:{_SOURCE})\s\w+\s*,
    | the\s(?:[\w-]+\s){{0,2}}(?:{_SOURCE})
      \s(?:says?|states?|notes?|explains?|reports?|mentions?|shows?|records?|provides?)\sthat\s
    | (?:是的?|不是?|对|不对|不?可以|不?能|没有|有|答案?|回答)\s*[,，:：。]
    | (?:根据|依据|按照|按|据)[^，,。\d]{{0,6}}
      (?:第?\s*[\d一二三四五六]+\s*段|{_SOURCE_ZH})[^，,。]{{0,3}}[,，]
    | [^，,。\d]{{0,4}}(?:{_SOURCE_ZH})中?
      (?:规定|写明|指出|提示|显示|说明|提到|表示|记载|称|写道)[,，:：]
    | \d{{1,2}}[.)、]\s
    | [-*•]\s
    ))+\s*""",
    re.IGNORECASE | re.VERBOSE,
)
"""What a reply says before it says something: "Yes," or "According to the documents,"."""
_LABELS = r"\s*\d{1,2}(?:\s*[,，、-]\s*\d{1,2})*\s*"
_MARK = re.compile(
    rf"\s*[\[［【]{_LABELS}[\]］】]|\s+[(（]{_LABELS}[)）](?=\s*(?:[.。!！,，;；]|$))"
)
"""A label that the model wrote by itself, such as [1], or (2, 3) at the end of what it says; a year
is none, nor is f(7)."""


def verify(text: str, passages: Sequence[Passage]) -> Sentence:
    """The verdict on one sentence, with the citation that supports it.

    Labels that the model wrote are taken out of the text and not believed.
    """
    text = without_labels(text)
    claim = _LEAD_IN.sub("", text) or text
    found = list(quotes.of_passages(passages))
    support, quote = _best(claim, found)
    if support != "supported":
        stitched = _stitched(claim, found)
        if len(stitched) > 1:
            return Sentence(text, "partly", tuple(quote.citation() for quote in stitched))
    if quote is None:
        return Sentence(text, "unsupported")
    return Sentence(text, support, (quote.citation(),))


def without_labels(text: str) -> str:
    return _MARK.sub("", text).strip()


def _best(text: str, there: Sequence[Quote]) -> tuple[Support, Quote | None]:
    """The quote that supports a text best, and how far."""
    folded = analysis.fold(text).rstrip(".。 ")
    if said := next((q for q in there if analysis.fold(q.text).rstrip(".。 ") == folded), None):
        return "supported", said
    ranked = sorted(
        (
            (coverage.share(text, terms=quote.terms, there=quote.quantities), quote)
            for quote in there
        ),
        # Of two that hold as much, the shorter one proves more.
        key=lambda pair: (-pair[0], len(pair[1].text)),
    )
    partly: Quote | None = None
    for share, quote in ranked:
        if share < _PARTLY:
            break
        borrowed = quote.before & coverage.content(text)
        if borrowed <= coverage.opening(text) and agreement.agrees(text, quote.text):
            holds = agreement.aligned(text, quote.text, own=quote.own) and identity.is_said(
                text, quote.text
            )
            if share >= _SUPPORTED and holds:
                return "supported", quote
            partly = partly or quote
    return ("partly", partly) if partly else ("unsupported", None)


def _stitched(text: str, there: Sequence[Quote]) -> list[Quote]:
    """The quotes that support a sentence clause by clause, or none where a clause has no support of
    its own."""
    found: list[Quote] = []
    for clause in clauses.texts(text):
        if len(coverage.content(clause)) < _CLAUSE_TERMS:
            return []
        support, quote = _best(clause, there)
        if support != "supported" or quote is None:
            return []
        if quote not in found:
            found.append(quote)
    return found
