"""What a question asks, apart from where it says to look and how it says to answer.

"According to the annual report for 2021: what was the net income? If there was none, say so." asks
for the net income. The words of the source stand in the names and titles of documents, and in their
text anywhere; those about the answer stand nowhere. Searched for like the others, both draw search
away from the passage.
"""

import re
from dataclasses import dataclass

from quire.text import analysis, languages

_DOCUMENT = (
    r"reports?|filings?|10-?[kq]|8-?k|handbooks?|manuals?|contracts?|agreements?|leases?"
    r"|polic(?:y|ies)|minutes|documents?|articles?|files?|guides?|memos?|presentations?"
    r"|spreadsheets?|prospectus|specifications?|invoices?|statements?"
)
_SOURCE = re.compile(
    r"^\W*(?:according to|based on|as (?:stated|reported|described|shown|given|mentioned) in)\s+"
    rf"(?P<source>[^:?]{{1,120}}?:|(?=[^,?]*\b(?:{_DOCUMENT})\b)[^,?]{{1,120}},)\s+",
    re.IGNORECASE,
)
_DOCUMENT_ZH = (
    "报告|年报|季报|文件|文档|合同|协议|手册|指南|规程|章程|纪要|说明书?|文章|资料|材料|论文|公告|表格"
    "|邮件"
)
_SOURCE_ZH = re.compile(
    r"^\W*(?:根据|依据|按照|依照|参照)(?P<source>[^，,。：:？?]{0,40}?"
    rf"(?:{_DOCUMENT_ZH})[^，,。：:？?]{{0,6}})[，,：:]\s*"
)
_SAYING = r"(?:say|state|explain|tell|indicate|mention|specify|note|answer|reply|respond)"
_DIRECTIONS = (
    # "…; if it is not useful, then state that and explain why."
    re.compile(
        rf"(?:(?<=[.?!])\s+|;\s*)(?:and\s+)?if\b[^.?!;]*\b{_SAYING}\b[^.?!;]*[.?!]?", re.IGNORECASE
    ),
    re.compile(
        r"(?:(?<=[.?!])\s+|^)(?:please\s+)?(?:(?:answer|reply|respond)\b(?=[^?]*(?:[.!]|$))"
        r"|(?:cite|quote|give|name|mention|show)\s+(?:me\s+)?(?:your|the)\s+"
        r"(?:sources?|pages?|reasons?|reasoning|references?))[^.?!]*[.!]?",
        re.IGNORECASE,
    ),
    re.compile(
        "(?:如果|如|若)[^，。？！?!]*[，,]?(?:请|则|就)[^，。？！?!]*(?:说明|指出|注明|告诉)[^。？！?!]*[。！]?"
    ),
    re.compile(
        "请?(?:用|以)[^，。？?]{1,12}(?:回答|作答)[。！]?|请?(?:简要|简短|详细|简单)地?(?:回答|作答)[。！]?"
    ),
    re.compile("[，,]?并?请?(?:说明|注明|给出|列出)(?:理由|原因|出处|来源|页码)[。！]?$"),
)


@dataclass(frozen=True, slots=True)
class QuestionParts:
    """A question in two parts: what it asks, and the source in which it says to look, which is
    empty where it names none."""

    subject: str
    source: str = ""


def parse(question: str) -> QuestionParts:
    """Tell the parts of a question from each other.

    >>> parse("According to the 10-Q for the first quarter: What was the net income?")
    QuestionParts(subject='What was the net income?', source='the 10-Q for the first quarter')
    >>> parse("Is the margin improving? If it is not a useful metric, then state that.")
    QuestionParts(subject='Is the margin improving?', source='')
    >>> parse("根据设备维护规程，新员工要培训多少学时？请用一句话回答。")
    QuestionParts(subject='新员工要培训多少学时？', source='设备维护规程')
    >>> parse("According to Darwin, why do species change?").source
    ''
    """
    chinese = languages.detect(question) == "zh"
    found = (_SOURCE_ZH if chinese else _SOURCE).match(question)
    subject = question[found.end() :] if found else question
    for directions in _DIRECTIONS:
        subject = directions.sub("", subject)
    subject = subject.strip()
    if not _says_something(subject):
        return QuestionParts(question)
    return QuestionParts(subject, found["source"].rstrip(":, ") if found else "")


def _says_something(text: str) -> bool:
    """Whether a text has words of its own to search for, not only question words."""
    terms = analysis.question_terms(text)
    return any(len(term) > 1 and term not in analysis.stop_terms() for term in terms)
