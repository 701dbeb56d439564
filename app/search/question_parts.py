"""What a question asks, apart from where it says to look and how it says to answer.

"According to the annual report for 2021: what was the net income? If there was none, say so." asks
for the net income. The words of the source stand in the names and titles of documents, and in their
text anywhere; those about the answer stand nowhere. Searched for like the others, both draw search
away from the passage.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from quire.text import analysis, languages, sentences
from quire.text.languages import CJK

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
    # "What are the steps, in order, for …?", "… step by step": that stands in no document.
    re.compile(
        r"(?:,\s*in (?:the )?(?:order|sequence)|,?\s*\bin the (?:right|correct|proper|same) order"
        r"|,?\s*\bstep[- ]by[- ]step|,?\s*\bone (?:by one|after the other))\b"
        r"(?:,(?=\s)|(?=\s*(?:[?.!]|$)))",
        re.IGNORECASE,
    ),
    re.compile(
        "^[按依]照?(?:先后|正确的?)?[顺次]序[，,]"
        "|[，,]?请?[按依]照?(?:先后|正确的?)?[顺次]序(?:列出|说明|回答)?(?=[。？?！]|$)"
    ),
)
_HAN = re.compile(f"[{CJK}]")
_LONG = 300  # characters, a Chinese one counting double, that a question may have
_FEW = 3  # sentences: so many are read as they are
_MOST_READ = 1_000_000  # characters, half of them from the beginning; mails are shorter
_MOST_ASKED = 600  # characters of all that is asked
_BEFORE = 3  # sentences before one that asks, where what it is about may stand
_LITTLE = 2  # words: what says fewer needs them
_ABOUT = 8  # words of them that are kept
_MOST_ABOUT = 40  # characters of a Chinese sentence that are
_ASKS = re.compile(
    r"""
    [?？][\"'”’」』）)]*$
  | \b(?:could|can|would|will)\ you\ (?:please\ |kindly\ )?
    (?:tell|let|confirm|explain|advise|clarify|check|say|remind|find\ out|look\ up)\b
  | \bplease\ (?:tell|let\ (?:me|us)\ know|confirm|advise|explain|clarify|remind)\b
  | \b(?:i|we)(?:['’]d|\ would)\ (?:like|love)\ to\ (?:know|understand|learn)\b
  | \b(?:i|we)\ (?:wonder|(?:need|want|wanted)\ to\ (?:know|understand|ask)
    |(?:am|are|was|were)\ wondering)\b
  | \b(?:my|our|the)\ questions?\ (?:is|are|was)\b
  | \blet\ (?:me|us)\ know\ (?:if|when|how|what|whether|who|where|which|why)\b
  | 请问|想(?:知道|了解|请教|问|咨询)|请(?:告知|告诉|说明|解释|确认|答复|指教)
  | 麻烦(?:您|你)?(?:告知|告诉|确认|问|解释)|烦请|[吗呢][。！!]?$
    """,
    re.IGNORECASE | re.VERBOSE,
)
_QUOTED_MAIL = re.compile(
    r"^\s*(?:>|-{2,}\s*(?:original|forwarded)\b|on .{5,80} wrote:|from:\s|-{4,}\s*原始邮件"
    r"|发件人[:：])",
    re.IGNORECASE | re.MULTILINE,
)
_CIVIL = re.compile(
    r"^(?:dear|hi|hello|hey|good (?:morning|afternoon|evening)|(?:kind |best |warm )?regards|best"
    r"|cheers|sincerely|yours|thanks|thank you|尊敬的|亲爱的|你好|您好|此致|敬礼|谢谢|祝)\b",
    re.IGNORECASE,
)
_CIVIL_ZH = re.compile(
    "[您你好吗们大家最近身体怎么样请问能不可以否麻烦帮我忙一下个有几问题想？?。！! ]*"
)
_CIVIL_TERMS = frozenset(
    analysis.stem(word)
    for word in "help question hope well mind today day all going fine doing favour ask".split()
)
_POINTS = re.compile(
    r"\b(?:it|its|this|that|they|their|them|these|those|there|he|she|his|her"
    r"|the (?:same|latter|former))\b"
    "|它|他|她|这|那|其|该",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<=\S )[A-ZÀ-Þ][\w’'-]*|\b\w*\d[\w./-]*\w|\b\d\b")


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


def asked(text: str) -> str:
    """What a long text asks, such as a mail of several paragraphs: the sentences that ask, and in
    brackets what is named before one that points back or says little. A text that is short, or that
    asks nothing, is given as it is.

    >>> mail = ("Dear team, we met at the fair in May and had a pleasant talk about pumps. Since "
    ...     "then we have rented Hall C for our machines, and all of us like it a lot. The weather "
    ...     "has been good and the staff were kind, which we did not expect after the long winter "
    ...     "and all of the trouble with the roads. Could you tell me what it costs for a week? "
    ...     "We will be back in summer, when the children are out of school, and look forward to "
    ...     "seeing you there again.")
    >>> asked(mail)
    'Could you tell me what it costs for a week? (Hall C)'
    """
    if len(text) + len(_HAN.findall(text[:_LONG])) <= _LONG:
        return text
    if len(text) > _MOST_READ:
        text = f"{text[: _MOST_READ // 2]}\n\n{text[-_MOST_READ // 2 :]}"
    own = _QUOTED_MAIL.split(text, maxsplit=1)[0]
    return _asked_in(own) or _asked_in(text) or text


def _asked_in(text: str) -> str:
    """What a text asks; empty where nothing in it does."""
    said = [text[start:end] for start, end in sentences.split(text)]
    asking = [at for at, sentence in enumerate(said) if _ASKS.search(sentence)]
    telling = [at for at in asking if _says_more_than_civil(said[at])]
    chosen = telling or asking
    if len(said) <= _FEW or not chosen:
        return text if chosen and len(text) <= _MOST_ASKED else _end_of(said, chosen)
    parts: list[str] = []
    about: list[str] = []
    room = _MOST_ASKED
    for at in chosen:
        sentence = " ".join(said[at].split())
        room -= len(sentence)
        if parts and room < 0:
            break
        parts.append(_tail(sentence))
        if _POINTS.search(sentence) or len(analysis.question_terms(sentence)) < _LITTLE:
            about += _named([s for s in said[max(0, at - _BEFORE) : at] if not _CIVIL.match(s)])
    joined = ("" if _HAN.match(parts[-1]) else " ").join(parts)
    there = set(re.findall(r"[\w-]+", joined))
    added = [word for word in dict.fromkeys(about) if word not in there][:_ABOUT]
    if not added:
        return joined
    chinese = languages.detect(joined) == "zh"
    return f"{joined}（{'，'.join(added)}）" if chinese else f"{joined} ({' '.join(added)})"


def _end_of(said: Sequence[str], chosen: Sequence[int]) -> str:
    """Of a question of one or two endless sentences its end, where what is asked mostly stands."""
    return " ".join(_tail(" ".join(said[at].split())) for at in chosen)


def _tail(sentence: str) -> str:
    if len(sentence) <= _MOST_ASKED:
        return sentence
    end = sentence[-_MOST_ASKED:]
    return end.partition(" ")[2] or end


def _says_more_than_civil(sentence: str) -> bool:
    """Whether a sentence asks for more than help and how one is."""
    if _HAN.search(sentence):
        return not _CIVIL_ZH.fullmatch(sentence)
    terms = set(analysis.question_terms(sentence)) - analysis.stop_terms()
    return any(len(term) > 1 for term in terms - _CIVIL_TERMS)


def _named(before: Sequence[str]) -> list[str]:
    """The names, codes and numbers in the last of some sentences that has any; where none has, what
    else the last one says, a Chinese one as it is."""
    if not before:
        return []
    for sentence in reversed(before):
        if names := [name for name in _NAME.findall(sentence) if name != "I"]:
            return names
    last = " ".join(before[-1].split())
    if languages.detect(last) == "zh":
        return [last.strip("。！!；;，, ")[-_MOST_ABOUT:]]
    silent = analysis.stop_terms()
    words = re.findall(r"[^\W\d_]+", last)
    return [word for word in words if not set(analysis.terms(word)) <= silent]
