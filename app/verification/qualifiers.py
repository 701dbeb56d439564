"""Words that change what a clause claims without changing what it is about.

"The tenant may sublet the flat only with consent" holds every word of "The tenant may sublet the
flat", and of "The flat was sublet" nearly all. What makes the difference are conditions,
exceptions, modal verbs and words such as "plans to" or "allegedly". They are lists, English and
Chinese: what matters is the commonest few hundred words.
"""

import re
from collections.abc import Iterator
from typing import Literal

from quire.text import analysis
from quire.verification import clauses
from quire.verification.script import is_chinese

Difference = Literal["", "loose", "contrary"]

_CONDITION = {
    "en": r"(?<!,) who (?=\w)|\b(?:if|unless|provided(?: that)?|in case|subject to|on condition"
    r"|as long as|so long as|only (?:when|with|after|once|by|on|in|at|for)|without|whenever"
    r"|when(?=[^,.;]{0,120}\b(?:is|are|has|have|rains?|snows?)\b))\b"
    r"|\bwith (?:the )?(?:prior |written )*(?:consent|permission|approval)\b",
    "zh": "如果|如|若|除非|只有|只要|一旦|须经|经.{0,8}(?:同意|批准|许可)|情况下|的话|倘若|假如"
    "|前提",
}
_EXCEPTION = {
    "en": r"\b(?:except(?:ing)?(?: for)?|other than|apart from|aside from|unlike|instead of"
    r"|rather than|excluding|but for|with the exception of|(?:any|every|no)(?:one|body"
    r"|thing)? but|(?<=staff )but|(?<=all )but)\b",
    "zh": "除(?!夕|法|草|湿|尘|非)|以外|之外|例外|而不是|而非|不同于|不像",
}
_MODAL = {
    "optional": {
        "en": r"\b(?:need not|needn['’]t|(?:does|do|did|is|are|was|were) not (?:have to|need"
        "|required?)"
        r"|(?:doesn|don|didn|isn|aren)['’]t (?:have to|need|required)|voluntary|optional)\b",
        "zh": "不必|无需|無需|不需要|不用|毋须|无须",
    },
    "forbidden": {
        "en": r"\b(?:may not|must not|mustn['’]t|shall not|cannot|can['’]t|can not|not (?:allowed"
        r"|permitted)|prohibit\w*|forbid\w*|forbade)\b",
        "zh": "不得(?!不)|不可以?|不能|禁止|严禁|不准|不许|不允许|不应",
    },
    "may": {
        "en": r"\b(?:may(?!\s\d)|might|can|could|able to|allowed|permitted|entitled|possibly"
        "|perhaps"
        r"|probably|likely)\b",
        "zh": "可以|可(?=[一-鿿])(?!能|靠|是|见|惜|持续|再生)|可能|允许|准许|或许|也许|能够|有权"
        "|能(?!源|力|量|耗|见)",
    },
    "must": {
        "en": r"\b(?:must|shall|ha(?:s|ve|d) to|requir\w+|oblig\w+|needs? to|ought)\b",
        "zh": "必须|必需|应当|应该|应(?=[一-鿿])(?!用|急|对|聘|收|付|答|邀)|须|需要|不得不|务必"
        "|有义务",
    },
}
_UNREAL = {
    "en": r"\b(?:plan(?:s|ned|ning)? (?:to|on)|intend\w*|propos\w+|consider(?:s|ed|ing)"
    "|hop(?:es?|ed)"
    r"|want(?:s|ed)? to|tr(?:y|ies|ied) to|attempt\w*|aims? to|expect(?:s|ed)? to|almost|nearly"
    r"|reported(?:ly)?|alleg\w+|suppos\w+|claim(?:s|ed)?|suspect\w*|stop(?:s|ped)?|ceas(?:es?|ed)"
    r"|(?:would|could|might|may) have|threaten\w*|promis\w+|(?:offer|agree)(?:s|d|ed)? to"
    r"|recommend\w*|suggest\w*|advis\w+|urg(?:es?|ed)|demand(?:s|ed))\b",
    "zh": "计划|拟|打算|考虑|希望|试图|预计|有望|提议|争取|据称|据说|声称|险些|几乎|差点|停止"
    "|涉嫌|疑似|承诺|威胁|建议",
}
_UNTRUE = {
    "en": r"\b(?:false(?:ly)?|untrue|wrong(?:ly)?|myth|rumou?r\w*|den(?:y|ies|ied)|doubt\w*"
    r"|unconfirmed|mistaken\w*)\b|:\s*no\b",
    "zh": "传闻|谣言|否认|证实|不实|误传|谬误",
}
_ROLE = {
    "en": r"\b(?:vice|deputy|former|acting|assistant|honorary|ex|interim|designate|late)[\s-]",
    "zh": "副|前任|代理|助理|名誉|候任|预备|准(?=[一-鿿]{2})(?!备|确|则|时|许)",
}
_ALL = {
    "en": r"\b(?:all|every(?!\s(?:year|month|week|day|hour|quarter|night|\w+\s(?:years|months"
    "|weeks|days"
    r"|hours)))|each|any|always|everyone|everybody|entire|whole)\b",
    "zh": "所有|全部|任何|一切|总是|全体|每个(?!月|星期|小时|季)|每位|每名|人人",
}
_ONLY = {"en": r"\b(?:only|solely|exclusively|just)\b", "zh": "仅|只(?!好|见|得)|唯一|独家"}
_NOT_ONLY = {
    "en": r"\bnot (?:only|just|merely|simply|until)\b",
    "zh": "不[仅但只光]|直到.{1,20}才",
}

_REACH = 120  # characters after a word of exception, in which stands what it excepts


def compare(text: str, quote: str, *, about: frozenset[str]) -> Difference:
    """Whether what qualifies a sentence also qualifies those statements of a quote that share one
    of the terms `about`, which are the sentence's. "loose" says that one of the two is qualified
    where the other is not, "contrary" that they exclude each other.

    >>> compare("The tenant may sublet.", "The tenant must sublet.", about=frozenset({"sublet"}))
    'contrary'
    >>> compare("Pets may stay.", "Pets may stay if they are small.", about=frozenset({"stay"}))
    'loose'
    """
    language = "zh" if is_chinese(text) else "en"
    said = " ".join(_about(quote, about)) or quote
    near = " ".join(_nearest(said, about)) or said
    ours, theirs = _modes(text, language), _modes(near, language)
    if _excluded(text, said, language) or (
        ours and theirs and not ours & theirs and "must" in ours | theirs
    ):
        return "contrary"
    if ours - theirs or "may" in theirs - ours:
        return "loose"
    for each in (_CONDITION, _EXCEPTION, _NOT_ONLY):
        if bool(re.search(each[language], text, re.I)) != bool(
            re.search(each[language], said, re.I)
        ):
            return "loose"
    for each, where in ((_UNREAL, near), (_ROLE, near), (_UNTRUE, said)):
        if _words(each[language], where) - _words(each[language], text):
            return "loose"
    for each in (_ALL, _ONLY):
        if re.search(each[language], text, re.I) and not re.search(each[language], said, re.I):
            return "loose"
    return ""


def _about(quote: str, terms: frozenset[str]) -> Iterator[str]:
    """The statements of a quote that share a term."""
    for statement in clauses.texts(quote, statements=True):
        if terms & set(analysis.terms(statement)):
            yield statement


def _nearest(text: str, terms: frozenset[str]) -> Iterator[str]:
    """The clauses that share most of some terms, or half as many."""
    parts = clauses.texts(text)
    shared = [len(terms & set(analysis.terms(part))) for part in parts]
    most = max(shared, default=0)
    for part, count in zip(parts, shared, strict=True):
        if 2 * count > most:
            yield part


def _modes(text: str, language: str) -> set[str]:
    """What modal verbs say: each is taken out of the text before the next kind is looked for, so
    that "may not" is no "may"."""
    found = set()
    for mode, words in _MODAL.items():
        pattern = re.compile(words[language], re.IGNORECASE)
        if pattern.search(text):
            found.add(mode)
            text = pattern.sub(" ", text)
    return found


def _words(pattern: str, text: str) -> set[str]:
    return {
        analysis.stem(match[0].casefold().split()[0].strip("-"))
        for match in re.finditer(pattern, text, re.IGNORECASE)
    }


def _excluded(text: str, quote: str, language: str) -> bool:
    """Whether a sentence, which makes no exception, is about what a quote excepts."""
    if re.search(_EXCEPTION[language], text, re.IGNORECASE):
        return False
    said = set(analysis.question_terms(text))
    for match in re.finditer(_EXCEPTION[language], quote, re.IGNORECASE):
        rest = quote[match.end() : match.end() + _REACH]
        if language == "zh":
            outside = re.search("[外,，]", rest)
            excepted = rest[: outside.start()] if outside else rest[:6]
        else:
            excepted = " ".join(next(iter(clauses.texts(rest)), "").split()[:4])
        if any(term in said for term in analysis.question_terms(excepted)[:1]):
            return True
    return False
