"""What a model says of what the sources do not tell.

A statement such as "The lease does not mention a deposit" states nothing of the world: no quote can
support it, and none need. A reply of nothing else is no answer. It is told from an answer that
denies something ("The lease does not allow dogs [2]") by what is denied: that the sources tell, not
that something is so; and by the label that an answer carries and an absence does not.

The words were chosen on 60 of 120 invented replies in each language. Of the other 60, half of them
refusals and a quarter partial answers, 24 and 22 of 30 refusals are told, and no answer is taken
for one.
"""

import dataclasses
import re
from collections.abc import Sequence

from quire.answering.reply_statements import ReplyStatements, Said
from quire.text import analysis
from quire.text.languages import CJK

NOT_FOUND = re.compile(
    r"\s*(?:\*\*)?(?:NOT[ _]FOUND|未找到)(?:\*\*)?\s*[:：.。]?(?:\*\*)?\s*", re.IGNORECASE
)
"""What the prompt asks a model to begin with that finds no answer."""

_GIVEN = r"(?:sources?|documents?|passages?|excerpts?|contexts?|texts?|materials?)"
_SOURCE = (
    rf"(?:{_GIVEN}|extracts?|files?|snippets?|information|handbook|manual|lease|contract|agreement"
    r"|minutes|article|report|brochure|list|policy|sections?|pages?|entry|records?|letter|notes?"
    r"|treaty|filing|clauses?|data)"
)
_TELLS = (
    r"(?:stat|mention|specif|provid|giv|say|said|tell|told|contain|cover|address|describ|explain"
    r"|record|list|indicat|includ|disclos|reveal|discuss|detail|quot|show|answer|name|set out|spell"
    r"|clarif|document|report|touch|refer|note|define|present|elaborat|identif|help|break|deal"
    r"|comment|make (?:any )?(?:mention|reference)|go into|shed|clear|available|part of|among|known"
    r"|possible|here|in there|in the)"
)
_NOT = (
    r"(?:not|n[’']t|never|neither|nowhere|nothing|no one|none|nor|without|silent|fails? to"
    r"|unable to|omits?)"
)
_NONE = (
    r"(?:no (?:\w+ ){0,2}(?:information|details?|mention|indication|statement|explanation|reference"
    r"|figures?|record|data|answer|sources?|passages?|documents?|excerpts?|price|word|clue|hint)"
    r"|nothing|none of|neither of|nowhere|not (?:one|a single))"
)
_CANNOT = (
    r"(?:determin|establish|t(?:ell|old)|answer|infer|deriv|sa(?:y|id)|found|find|judg"
    r"|work(?:ed)? out|deduc|conclud|confirm|verif)"
)
_PARTICIPLE = (
    r"(?:stated|mentioned|specified|provided|given|covered|addressed|described|explained|recorded"
    r"|listed|indicated|disclosed|revealed|detailed|named|known|told|clear|answered|found"
    r"|documented|quoted|discussed|available)"
)
_ENGLISH = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b{_SOURCE}\b.*\b(?:(?:do(?:es)?|did|is|are|was|were|has|have|can|could)\s?)?{_NOT}\b"
        rf".{{0,60}}?{_TELLS}",
        rf"{_NOT}\b.{{0,40}}?{_TELLS}\w*\b.{{0,60}}\b{_SOURCE}\b",
        rf"\b(?:nor|neither|nowhere|no)\b.{{0,20}}?\b{_SOURCE}\b.{{0,20}}?\b{_TELLS}",
        rf"\b{_NONE}\b.*\b{_SOURCE}\b",
        rf"\b{_SOURCE}\b.*\b{_NONE}\b",
        rf"\b{_SOURCE}\b.{{0,30}}\b(?:silent|unclear|leaves? .{{0,30}}open|breaks? off|lacks?)\b",
        r"\b(?:unclear|unknown|left open|missing|absent|unspecified|undisclosed)\b.{0,40}"
        rf"\b{_SOURCE}\b",
        rf"\bcan(?:not|[’']t| not)\b.{{0,40}}\b{_CANNOT}",
        r"\b(?:could|did|do|was|were)(?: not|n[’']t) (?:able to )?(?:find|see|locate)\b",
        r"\bI (?:found|find|see|have) (?:no|nothing)\b",
        r"\bunable to (?:find|determine|answer|tell)\b",
        r"(?:\b(?:is|are|was|were|has been)(?: not|n[’']t)|\bnot)\s+(?:\w+\s+){0,2}?"
        rf"{_PARTICIPLE}\b",
        r"\b(?:unspecified|unclear|not in there)\b",
        rf"\b{_SOURCE}\b.*\bbut no\b",
    )
)
_GIVEN_ZH = "(?:资料|材料|文档|上下文|来源|摘录|节选|文中)"
_SOURCE_ZH = (
    f"(?:{_GIVEN_ZH}|文件|文本|片段|内容|原文|文字|文章|段落|手册|纪要|合同|租约|协议|报告|年报|条目"
    "|说明书|条款|章节|部分|信息|几段话|记录|制度|规定|通知|目录|价目表|单据|[其从]中)"
)
_TELLS_ZH = (
    "(?:说明|说到|提及|提到|提供|给出|给|记载|记录|写|列出|列|涉及|交代|交待|介绍|解释|指明|指出|透露"
    "|包含|包括|规定|约定|显示|回答|查到|找到|见到|看到|标明|注明|载明|披露|区分|描述|谈到|讲|明确|表明"
    "|体现|答案|信息|数据|相关|有关|关于|对应|内容|依据|线索|记述|述及|公布|标示|细分|说|这个|价格|覆盖|讨论)"
)
_CHINESE = tuple(
    re.compile(pattern)
    for pattern in (
        f"{_SOURCE_ZH}.*?(?:没有|没|未|不|无|缺少|缺乏|只字未).{{0,6}}?{_TELLS_ZH}",
        f"(?:没有|未|没|无).{{0,14}}?{_SOURCE_ZH}.{{0,12}}?{_TELLS_ZH}",
        "(?:没有|找不到|查不到|未见|未能找到|未找到|没找到|没能找到).{0,24}?"
        "(?:信息|内容|规定|说明|资料|数据|记载|答案|约定|介绍|描述)",
        "无法.{0,16}?(?:确定|得知|判断|回答|得出|推断|知道|获知|了解|看出|答复|计算|确认|作答)",
        "无从(?:得知|知晓|判断|确定|知道)|不得而知|说不准|查无|尚不清楚",
        f"{_SOURCE_ZH}.{{0,16}}?(?:不详|不明确|不清楚|缺失|空白|看不出|找不到|查不到|未见|没有)",
        "找不到|查不到|没找到|没查到|看不出|未见",
        "(?:没有|未|没|未作|尚未)(?:被|明确|具体|在[^，。]{1,8})?(?:说明|提及|提到|给出|提供|记载|列出"
        "|涉及|交代|指明|规定|注明|披露|写明|写|提)(?:$|[。，；!！])|不详[。，]?$",
    )
)
_ONLY = re.compile(
    rf"\W*(?:the |these |your )?(?:\w+ )?{_GIVEN}\b[^,;.]{{0,30}}?\b(?:do(?:es)?|did|is|are) ?"
    rf"{_NOT} {_TELLS}(?!.*\b(?:but|however|though)\b)",
    re.IGNORECASE,
)
_ONLY_ZH = re.compile(
    f"[^，。]{{0,8}}?{_GIVEN_ZH}[里中]?[^，。]{{0,4}}?(?:没有|没|未|并未)[^，。]{{0,4}}?{_TELLS_ZH}"
    "(?!.*(?:但|不过|然而))"
)
"""What a label may follow all the same: "The sources do not mention A; they credit it to B [1]"."""
_IDLE = re.compile(
    r"\W*(?:(?:sorry|apologi|i[’' ]?a?m (?:sorry|afraid)|unfortunately[.!]|regrettably[.!]|hmm)"
    r"|(?:please|you (?:may|might|could|should)|i (?:recommend|suggest|would|can|could)|would you"
    r"|feel free|let me|if you|consider|try|kindly)\b"
    "|抱歉|很抱歉|对不起|不好意思|建议|请|您可以|你可以|可以(?:咨询|联系|查阅)|如需|如果您|需要我|是否需要"
    "|要不要|欢迎)",
    re.IGNORECASE,
)
_INSTEAD = re.compile(
    r"\b(?:is|are|deals?|describes?|speaks?|covers?|discuss(?:es)?|concerns?|talks?|contains?"
    r"|states? only)\b.{0,12}\b(?:about|with|only|of|on)\b|\bdifferent matter\b|\binstead\b"
    r"|^\W*(?:they|it) (?:only|merely|just) (?:says?|mentions?|states?|lists?|tells?|gives?)\b"
    "|(?:讲|说|谈|介绍|涉及|规定|描述)的(?:只)?是|只(?:介绍|涉及|说明|谈到|提到)|与此不同|另一回事",
    re.IGNORECASE,
)
_CONTRASTS = re.compile(r"\b(?:but|however|although)\b|但|不过|然而", re.IGNORECASE)
_HAN = re.compile(f"[{CJK}]")
_ABOUT_SOURCES = re.compile(
    r"\b(?:in |from |by |of )?(?:the |these |your )?(?:provided |given |available |present )?"
    rf"{_GIVEN}\b"
    rf"|\b(?:do(?:es)?|did|is|are|was|were|can|could|has|have)?\s?{_NOT}\b"
    rf"(?:\s(?:be|been))?(?:\s{_TELLS}\w*)?|\b(?:cannot|unable to)\s(?:be\s)?{_CANNOT}\w*"
    rf"|\b{_NONE}\b|\b{_PARTICIPLE}\b",
    re.IGNORECASE,
)
_ABOUT_SOURCES_ZH = re.compile(
    f"(?:根据|提供的|现有的?|所给的?)*{_GIVEN_ZH}(?:片段)?[里中]?|[，,]?(?:因此|所以|故)?(?:这[^，。]{{0,6}})?无法"
    f"(?:回答|作答)[^，。]{{0,6}}|(?:没有|没能|没|并未|未能|未|无法|无从)(?:关于|对)?(?:{_TELLS_ZH}|确定|得知|判断)?"
    "|的(?:信息|内容|规定|说明|资料|数据|记载|答案|介绍|描述|记录)|很?抱歉|[，。？?]"
)


def is_absence(text: str, *, labelled: bool = False, cites: bool = False) -> bool:
    """Whether a statement says that the sources do not tell something, and nothing else; `labelled`
    that it ends in the label of a source, as an answer does, and `cites` that it has one somewhere.

    >>> is_absence("The sources do not mention a deposit.")
    True
    >>> is_absence("The lease does not allow dogs.", labelled=True)
    False
    """
    folded = " ".join(analysis.fold(text).split())
    chinese = bool(_HAN.search(folded))
    if cites and _CONTRASTS.search(folded):
        return False  # "The crate weighs 40 kg [2], but its price is not told"
    if labelled:
        return bool((_ONLY_ZH if chinese else _ONLY).match(folded))
    return any(pattern.search(folded) for pattern in (_CHINESE if chinese else _ENGLISH))


def missing_thing(absence: str) -> str:
    """What a statement says the sources do not tell, without saying so.

    >>> missing_thing("The sources do not mention a deposit for boats.")
    'a deposit for boats.'
    >>> missing_thing("资料中没有关于楚昭辅母亲姓氏的记载，因此无法回答。")
    '楚昭辅母亲姓氏'
    """
    said = " ".join(analysis.fold(absence).split())
    about = _ABOUT_SOURCES_ZH if _HAN.search(said) else _ABOUT_SOURCES
    return " ".join(about.sub(" ", said).split())


def told(said: Said) -> Said:
    """The statement, as an absence where it is one."""
    if is_absence(said.claim, labelled=said.ends_labelled, cites=bool(said.labels)):
        return dataclasses.replace(said, kind="absence")
    return said


def missing(reply: str) -> str:
    """What a whole reply says of what is missing, where it says nothing else; else empty."""
    form = NOT_FOUND.match(reply)
    parser = ReplyStatements()
    said = [*parser.hear(reply[form.end() :] if form else reply), *parser.finish()]
    if said and (form or finds_nothing([told(one) for one in said])):
        return "".join(one.before + one.text for one in said).strip()
    return ""


def finds_nothing(said: Sequence[Said]) -> bool:
    """Whether a reply says that the sources do not tell, and nothing else: apologies, advice and
    what the sources are about instead are no answer."""
    absent = [one for one in said if one.kind == "absence"]
    return bool(absent) and all(one.kind == "absence" or _is_idle(one.claim) for one in said)


def _is_idle(text: str) -> bool:
    return bool(_IDLE.match(text) or _INSTEAD.search(text))
