"""What a model says of what the sources do not tell.

A statement such as "The lease does not mention a deposit" states nothing of the world: no quote can
support it, and none need. A reply of nothing else is no answer. It is told from an answer that
denies something ("The lease does not allow dogs [2]") by what is denied: that the sources tell, not
that something is so; and by the label that an answer carries and an absence does not.
"""

import re
from collections.abc import Sequence

from quire.answering.reply_statements import Said
from quire.text import analysis

NOT_FOUND = re.compile(r"\s*(?:\*\*)?(?:NOT[ _]FOUND|未找到)(?:\*\*)?\s*[:：.。]?(?:\*\*)?\s*", re.I)
"""What the prompt asks a model to begin with that finds no answer."""

_SOURCE = (
    r"(?:sources?|documents?|passages?|excerpts?|extracts?|contexts?|texts?|materials?|files?"
    r"|snippets?|information|handbook|manual|lease|contract|agreement|minutes|article|report"
    r"|brochure|list|policy|section|sections|page|pages|entry|record|records|letter|notes?"
    r"|treaty|filing|clause|clauses|data)"
)
_TOLD = (
    r"(?:stat|mention|specif|provid|giv|say|said|tell|told|contain|cover|address|describ|explain"
    r"|record|list|indicat|includ|disclos|reveal|discuss|detail|quot|show|answer|name|set out"
    r"|spell|clarif|document|report|touch|refer|note|define|present|elaborat|identif|help|break"
    r"|deal|comment|make (?:any )?(?:mention|reference)|go into|shed|clear|available|part of"
    r"|among|known|possible|here|in there|in the)"
)
_NOT = (
    r"(?:not|n[’']t|never|neither|nowhere|nothing|no one|none|nor|without|silent|fails? to|unable to|omits?)"
)
_NONE = (
    r"(?:no (?:\w+ ){0,2}(?:information|details?|mention|indication|statement|explanation|reference"
    r"|figures?|record|data|answer|sources?|passages?|documents?|excerpts?|price|word|clue|hint)"
    r"|nothing|none of|neither of|nowhere|not (?:one|a single))"
)
_EN = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b{_SOURCE}\b.*\b(?:do(?:es)?|did|is|are|was|were|has|have|can|could)?\s?{_NOT}\b.{{0,60}}?{_TOLD}",
        rf"{_NOT}\b.{{0,40}}?{_TOLD}\w*\b.{{0,60}}\b{_SOURCE}\b",
        rf"\b{_NONE}\b.*\b{_SOURCE}\b",
        rf"\b{_SOURCE}\b.*\b{_NONE}\b",
        rf"\b{_SOURCE}\b.{{0,30}}\b(?:silent|unclear|leaves? .{{0,30}}open|breaks? off|omits?|lacks?)\b",
        rf"\b(?:unclear|unknown|left open|missing|absent|unspecified|undisclosed)\b.{{0,40}}\b{_SOURCE}\b",
        rf"\bcan(?:not|[’']t| not)\b.{{0,40}}\b(?:determin|establish|t(?:ell|old)|answer|infer|deriv|sa(?:y|id)"
        r"|found|find|judg|work(?:ed)? out|deduc|conclud|confirm|verif)",
        r"\b(?:could|did|do|was|were)(?: not|n[’']t) (?:able to )?(?:find|see|locate|come across)\b",
        r"\bI (?:found|find|see|have) (?:no|nothing)\b|\bunable to (?:find|determine|answer|tell)\b",
    )
)
_EN_BARE = re.compile(
    r"(?:\b(?:is|are|was|were|has been)(?: not|n[’']t)|\bnot)\s+(?:\w+\s+){0,2}?(?:stated|mentioned"
    r"|specified|provided|given|covered|addressed|described|explained|recorded|listed|indicated"
    r"|disclosed|revealed|detailed|named|known|told|clear|answered|found|documented|quoted"
    r"|discussed|available)\b|\b(?:unspecified|unclear|not in there)\b",
    re.IGNORECASE,
)
_SOURCE_ZH = (
    "(?:资料|材料|文档|文件|文本|上下文|来源|摘录|节选|片段|内容|文中|原文|文字|文章|段落|手册|纪要|合同"
    "|租约|协议|报告|年报|条目|说明书|条款|章节|部分|信息|几段话|记录|制度|规定|通知|目录|价目表|单据|[其从]中)"
)
_TOLD_ZH = (
    "(?:说明|说到|提及|提到|提供|给出|给|记载|记录|写|列出|列|涉及|交代|介绍|解释|指明|指出|透露|包含|包括"
    "|规定|约定|显示|回答|查到|找到|见到|看到|标明|注明|载明|披露|区分|描述|谈到|讲|讲到|明确|表明|体现|答案|信息"
    "|数据|相关|有关|关于|对应|内容|依据|线索|记述|述及|公布|标示|细分|说|这个|价格|交待|覆盖|讨论|细说)"
)
_ZH = tuple(
    re.compile(pattern)
    for pattern in (
        f"{_SOURCE_ZH}.*?(?:没有|没|未|并未|均未|都未|也未|不|无|缺少|缺乏|只字未|未曾).{{0,6}}?{_TOLD_ZH}",
        f"(?:没有|未|没|无).{{0,14}}?{_SOURCE_ZH}.{{0,12}}?{_TOLD_ZH}",
        f"(?:没有|找不到|查不到|未见|未能找到|未找到|没找到|没能找到).{{0,24}}?(?:信息|内容|规定|说明|资料|数据|记载|答案|约定|介绍|描述)",
        "无法(?:从|由|据|根据|在|仅)?.{0,16}?(?:确定|得知|判断|回答|得出|推断|知道|获知|了解|看出|答复|计算|确认|作答)",
        "无从(?:得知|知晓|判断|确定|知道)|不得而知|说不准|查无|尚不清楚",
        f"{_SOURCE_ZH}.{{0,16}}?(?:不详|不明确|不清楚|缺失|空白|看不出|找不到|查不到|未见|没有)",
        f"(?:找不到|查不到|没找到|没查到|看不出|未见).{{0,30}}",
    )
)
_BARE_ZH = re.compile(
    "(?:没有|未|并未|没|未作|尚未)(?:被|明确|具体|在[^，。]{1,8})?(?:说明|提及|提到|给出|提供|记载|列出|涉及|交代|指明|规定"
    "|注明|披露|写明|写|提)(?:$|[。，；!！])|不详[。，]?$"
)
_ENDS_LABELLED = re.compile(r"[\[［【][\d\s,，、-]{1,20}[\]］】][\s.。!！*]*$")
_GIVEN = r"(?:sources?|documents?|passages?|excerpts?|contexts?|texts?|materials?)"
_ONLY = re.compile(
    rf"\W*(?:the |these |your |any of the )?(?:\w+ )?{_GIVEN}\b[^,;.]{{0,30}}?\b(?:do(?:es)?|did|is|are) ?{_NOT} "
    rf"{_TOLD}(?!.*\b(?:but|however|though)\b)",
    re.IGNORECASE,
)
_ONLY_ZH = re.compile(
    "[^，。]{0,8}?(?:资料|材料|文档|上下文|来源|摘录|节选|文中)[里中]?[^，。]{0,4}?(?:没有|没|未|并未)[^，。]{0,4}?"
    f"{_TOLD_ZH}(?!.*(?:但|不过|然而))"
)
"""What a label may follow all the same: "The sources do not mention A; they credit it to B [1]"."""
_IDLE = re.compile(
    r"^\W*(?:sorry|apologi|i[’' ]?a?m (?:sorry|afraid)|unfortunately[.!]|regrettably[.!]|hmm"
    r"|(?:please|you (?:may|might|could|should)|i (?:recommend|suggest|would|can|could)|would you|feel free|let me"
    r"|if you|consider|try|kindly)\b|抱歉|很抱歉|对不起|不好意思|建议|请|您可以|你可以|可以(?:咨询|联系|查阅)|如需|如果您|需要我|是否需要|要不要|欢迎)",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    rf"^\W*(?:(?:the |these |this |it |they |that |source|clause|section|passage)[^.]{{0,40}}?)?\b(?:is|are|deals?|"
    r"describes?|speaks?|covers?|discuss(?:es)?|concerns?|talks?|contains?|states? only|is about)\b.{0,12}\b(?:about|with|only|of|on)\b"
    r"|(?:讲|说|谈|介绍|涉及|规定|描述)的(?:只)?是|只(?:介绍|涉及|说明|谈到|提到)|与此不同|另一回事"
    r"|\bdifferent matter\b|\binstead\b",
    re.IGNORECASE,
)


def is_absence(text: str, *, labelled: bool = False) -> bool:
    """Whether a statement says that the sources do not tell something; `labelled` that it ends in
    the label of a source, as an answer does.

    >>> is_absence("The sources do not mention a deposit.")
    True
    >>> is_absence("The lease does not allow dogs.", labelled=True)
    False
    """
    folded = " ".join(analysis.fold(text).split())
    if _CHINESE.search(folded):
        if labelled:
            return bool(_ONLY_ZH.match(folded))
        return any(pattern.search(folded) for pattern in (*_ZH, _BARE_ZH))
    if labelled:
        return bool(_ONLY.match(folded))
    return any(pattern.search(folded) for pattern in _EN) or bool(_EN_BARE.search(folded))


_CHINESE = re.compile("[\u3400-\u9fff]")


def finds_nothing(said: Sequence[Said]) -> bool:
    """Whether a reply says that the sources do not tell, and nothing else: apologies, advice and
    what the sources are about instead are no answer."""
    absent = [one for one in said if one.kind == "absence"]
    return bool(absent) and all(one.kind == "absence" or _is_idle(one) for one in said)


def _is_idle(one: Said) -> bool:
    text = one.claim
    return bool(_IDLE.search(text)) or bool(_ABOUT.search(text))
