"""What stands around a claim in a model's reply and claims nothing: labels, and lead-ins such as
"Yes," or "According to the documents,"."""

import re

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
    # subtle: a run of blanks is tried from its beginning only, else it would take quadratic time.
    rf"(?<!\s)\s*[\[［【]{_LABELS}[\]］】]|(?<!\s)\s+[(（]{_LABELS}[)）](?=\s*(?:[.。!！,，;；]|$))"
)
"""A label that the model wrote by itself, such as [1], or (2, 3) at the end of what it says; a year
is none, nor is f(7)."""


def without_labels(text: str) -> str:
    """A text without the labels that the model wrote into it.

    >>> without_labels("The lease ends in March [1]. It began in 2019 (2, 3).")
    'The lease ends in March. It began in 2019.'
    """
    return _MARK.sub("", text).strip()


def labels_in(text: str) -> tuple[int, ...]:
    """The labels that the model wrote into a text, in order, each once.

    >>> labels_in("The lease ends in March [1]. It began in 2019 (2, 3).")
    (1, 2, 3)
    """
    numbers = (int(n) for mark in _MARK.finditer(text) for n in re.findall(r"\d+", mark[0]))
    return tuple(dict.fromkeys(numbers))


def claim_of(text: str) -> str:
    """A sentence without what it says before it says something; all of it where nothing is left.

    >>> claim_of("Yes, according to the lease, the rent is 5."), claim_of("根据合同，租金为5元。")
    ('the rent is 5.', '租金为5元。')
    """
    return _LEAD_IN.sub("", text) or text
