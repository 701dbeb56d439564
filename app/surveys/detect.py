"""Questions about the whole collection, told apart from questions about what it says.

"How many documents mention the notice period?" has no passage that answers it: every chunk must be
looked at. Such questions are recognised by their form, in English and Chinese. The rules would
rather miss one than take an ordinary question for one: what is counted must be documents or pages,
and what is done in them must be mentioning.
"""

import re
from dataclasses import dataclass
from typing import Literal

from quire.surveys import phrases
from quire.text import languages

Unit = Literal["documents", "pages", "mentions"]


@dataclass(frozen=True, slots=True)
class Survey:
    """What to look for in every chunk. An `exact` phrase stood in quotation marks and is taken as
    it is spelled. `kind` is the sort of document that was asked about, as the question says it,
    or empty where it asked about documents of any kind."""

    phrase: str
    exact: bool
    unit: Unit
    kind: str


_WORDS = 10  # at most in a phrase: a longer one is a clause
_HAN = 20
_PAGE = r"(?P<pages>pages?)"
_ANY = r"(?:documents?|docs?|files?|texts)"
_KIND = (
    r"(?P<kind>contracts|agreements|leases|invoices|bills|receipts|reports|letters|e-?mails|messages"
    r"|policies|manuals|handbooks|guidelines|notes|memos|minutes|transcripts|presentations|slides"
    r"|spreadsheets|articles|papers|books|chapters|statements|proposals|certificates|protocols"
    r"|specifications|standards|regulations|résumés|resumes|cvs|filings)"
)
_WHAT = rf"(?:{_PAGE}|{_ANY}|{_KIND})"
_OF = r"(?:(?:of|the|my|our|your|these|those|all|every|each|any|different) )*"
_MENTION = (
    r"(?:mention(?:s|ed|ing)?|refer(?:s|red|ring)? to|(?:talk(?:s|ing)? about|speaks? of)"
    r"|(?:contain|include|use|have|has)(?:s|ing)? "
    r"(?=(?:the |a )?(?:word|phrase|term|name|expression)s?\b|[\"“'‘]))"
)
# What holds or says something may be asked of a document in an ordinary question as well, unless it
# is asked of "documents" and nothing more particular.
_HOLD = r"(?:contain(?:s|ing)?|includ(?:es?|ing)|discuss(?:es|ing)?|say(?:s|ing)?|cit(?:es?|ing))"
_PLURAL = r"(?:documents|docs|files|(?P<pages>pages))"
_ENGLISH = tuple(
    re.compile(rf"^(?:please |(?:can|could) you |now |and )*{pattern}$", re.IGNORECASE)
    for pattern in (
        rf"(?:tell me |show me )?(?:how many|which|what) {_OF}{_WHAT} "
        rf"(?:that |which |are there that )?{_MENTION} ?(?P<phrase>.+)",
        rf"(?:tell me |show me )?(?:how many|which) {_OF}{_PLURAL} (?:that |which )?{_HOLD} "
        r"(?P<phrase>.+)",
        rf"(?:list|show|find|give|name|count)(?: me| us)? {_OF}{_WHAT} (?:that |which )?"
        rf"(?:{_MENTION}|{_HOLD}) ?(?P<phrase>.+)",
        r"(?:list|show|find|give|count)(?: me| us)? (?:(?:all|every|each|the) )+(?:of )?(?:the )?"
        r"(?P<mentions>mentions?|occurrences?) of (?P<phrase>.+)",
        rf"in (?:how many|which|what) {_OF}{_WHAT} (?:is|are|was|were) (?P<phrase>.+?) "
        r"(?:mentioned|named|referred to)",
        rf"in (?:how many|which|what) {_OF}{_WHAT} (?:does|do|did) (?P<phrase>.+?) "
        r"(?:appear|occur)",
        r"how (?P<mentions>many times|often) (?:is|are|was|were) (?P<phrase>.+?) mentioned",
        r"how (?P<mentions>many times|often) (?:does|do|did) "
        r"(?P<phrase>(?:the )?(?:word|phrase|term|name) .+?) (?:appear|occur)",
    )
)
_WHERE = re.compile(
    rf",? (?:anywhere|at all|at least once|in total|altogether"
    rf"|in {_OF}(?:{_ANY}|collection|library|knowledge base))$",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^(?:the |a )?(?:word|phrase|term|name|expression)s? (?:of )?|^(?:the|an?|any) (?=\w)",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"^(?:that|how|what|why|whether|when|where|who|whom|whose|which|if|it|its|them|this|these|those"
    r"|something|anything|nothing|him|her|each other|more|less|fewer|at least|at most)\b",
    re.IGNORECASE,
)

_MEASURE = "[份个篇页处封本张条种部项家]"
_PAGE_ZH = "(?P<pages>页面|页)"
_ANY_ZH = "(?:文件|文档|文本|资料|材料)"
_KIND_ZH = (
    "(?P<kind>合同|协议|租约|发票|收据|账单|报告|信件|邮件|通知|公告|制度|政策|规定|手册|说明书|指南"
    "|论文|文章|书籍|章节|记录|纪要|会议纪要|简历|报表|年报|财报|方案|标准|规范|法规|条例|证书|笔记|讲义|教材)"
)
_WHAT_ZH = f"(?:{_ANY_ZH}|{_KIND_ZH})"
_IN = "(?:里面|当中|之中|里|中|内)"
_MENTION_ZH = "(?:提到|提及|谈到|谈及|说到|讲到|写到|出现)(?:了|过)*"
_HOLD_ZH = "(?:包含|含有|涉及|包括|讨论|引用|使用)(?:了|过)?"
_ALSO = "(?:都|也|曾|曾经|一共|总共|共|有)*"
_QUOTED_ZH = "(?=[“\"「『‘'])"
_CHINESE = tuple(
    re.compile(f"^(?:请问|请|帮我|麻烦|一共|总共|共|在|有)*{pattern}$")
    for pattern in (
        f"(?:哪些|哪几|多少|几){_MEASURE}?(?:的)?{_WHAT_ZH}{_IN}?{_ALSO}{_MENTION_ZH}(?P<phrase>.+)",
        f"(?:哪些|哪几|多少|几){_PAGE_ZH}{_IN}?{_ALSO}{_MENTION_ZH}(?P<phrase>.+)",
        f"(?:哪些|哪几|多少|几){_MEASURE}?{_ANY_ZH}{_IN}?{_ALSO}{_HOLD_ZH}(?P<phrase>.+)",
        f"(?:哪些|哪几|多少|几){_MEASURE}?{_WHAT_ZH}{_IN}?{_ALSO}(?:{_HOLD_ZH}|有)"
        f"{_QUOTED_ZH}(?P<phrase>.+)",
        f"(?:列出|列举|找出|找到|查找|查出|给出|显示|告诉我)(?:一下)?(?:所有|全部|每一?{_MEASURE}|哪些)的?"
        f"(?:{_ANY_ZH}{_IN}?的?)?(?:{_MENTION_ZH}|{_HOLD_ZH})(?P<phrase>.+?)的(?:{_WHAT_ZH}|{_PAGE_ZH}"
        "|(?P<mentions>地方|位置|段落|内容|句子))",
        f"(?P<phrase>.+?)(?:在|出现在)(?:哪些|哪几|多少|几){_MEASURE}?(?:{_WHAT_ZH}|{_PAGE_ZH}){_IN}?"
        "(?:都|被)*(?:出现|提到|提及|谈到)?(?:了|过)*",
        f"(?P<phrase>.+?)在(?:这些|所有|全部|我的)*{_ANY_ZH}{_IN}(?:一共|总共|共)?(?:被)?"
        "(?P<mentions>出现|提到|提及)(?:了|过)*(?:多少|几)次",
        f"(?:这些|所有|全部|我的)*{_ANY_ZH}{_IN}?(?:一共|总共|共)?(?P<mentions>出现|提到|提及)(?:了|过)*"
        "(?:多少|几)次(?P<phrase>.+)",
        "(?P<phrase>[“\"「『‘'].+[”\"」』’'])(?:这个词)?(?:一共|总共|共)?(?:被)?"
        "(?P<mentions>出现|提到|提及)(?:了|过)*(?:多少|几)次",
    )
)
_LABEL_ZH = re.compile(
    "^(?:关于|有关|(?:关键)?词语?|字样|短语|术语)+(?=.)|(?:这个|一)(?:词语?|短语|术语)$|(?:的)?字样$"
)
_CLAUSE_ZH = re.compile(
    "^(?:它|他|她|其|这|那|什么|如何|怎么|为什么|为何|谁|哪|多少|几)|(?:吗|什么|谁)$"
)
_ENDS = re.compile(r"[\s?？!！。.…呢]+$")
_QUOTED = re.compile(
    r"^(?:“([^“”]+)”|\"([^\"]+)\"|「([^「」]+)」|『([^『』]+)』|[‘']([^‘’']+)[’'])$"
)


def detect(question: str) -> Survey | None:
    """The survey that a question asks for, or None for an ordinary question.

    >>> detect("Which contracts mention a notice period?")
    Survey(phrase='notice period', exact=False, unit='documents', kind='contracts')
    >>> detect('有多少页提到了“违约金”？')
    Survey(phrase='违约金', exact=True, unit='pages', kind='')
    >>> detect("How many moons does Mars have?")
    """
    text = _WHERE.sub("", _ENDS.sub("", " ".join(question.split())))
    chinese = languages.detect(text) == "zh"
    for pattern in _CHINESE if chinese else _ENGLISH:
        match = pattern.match(text)
        if match:
            phrase, exact = _phrase(match["phrase"], chinese=chinese)
            if phrases.words(phrase, exact=exact):
                return Survey(phrase, exact, _unit(match), match.groupdict().get("kind") or "")
    return None


def _unit(match: re.Match[str]) -> Unit:
    groups = match.groupdict()
    if groups.get("mentions"):
        return "mentions"
    return "pages" if groups.get("pages") else "documents"


def _phrase(text: str, *, chinese: bool) -> tuple[str, bool]:
    """The phrase to look for and whether it was quoted; empty where it is none."""
    label, clause = (_LABEL_ZH, _CLAUSE_ZH) if chinese else (_LABEL, _CLAUSE)
    text = label.sub("", text.strip(" ,，:：")).strip(" ,，:：")
    quoted = _QUOTED.match(text)
    if quoted:
        return next(group for group in quoted.groups() if group).strip(), True
    longest = len(text) > _HAN if chinese else len(text.split()) > _WORDS
    return ("", False) if longest or clause.search(text) else (text, False)
