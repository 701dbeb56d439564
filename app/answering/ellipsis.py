"""A follow-up that is only the thing asked about instead: "What about Mill Lane 17?", 那乙型呢.

It keeps what was asked: the last question is asked again with that thing in the place of the one
that it is like. That is what has its form, such as another code. In English it is else a name in
the place of a name, a noun phrase in that of one with the same head, and any other in that of the
phrase nearest in meaning, or of what the question is about; a phrase with a preposition takes the
place of one with the same, or is added. In Chinese it is what ends alike, the owner or the owned of
的, else the stretch in whose place it gives words that the documents have.

A correction is heard in the same way: "Sorry, I meant P4", 不对，我问的是C-21.
"""

import re
from collections.abc import Iterator

from quire.answering import same_form
from quire.answering.sense import NoSense, Sense
from quire.text import analysis, languages

_FRAGMENT = re.compile(
    r"^(?:(?:and |but )?(?:is (?:it|that) )?(?:the )?same(?= (?:for|at|in|on|with|to) \w)"
    r"|(?:and |but )?what (?:was|is|were|are|will) (?:it|that|they)(?: be)?"
    r"(?= (?:after|before|during|under|until|in|on|at|for) \w)"
    r"|and|but|or|so|then|also|what about|how about|and what about|what of)\b[\s,]*"
    r"(?P<said>[^?!]{2,60}?)\s*[?!.]*$|^(?P<bare>(?:the|an?|for|in|on|at|with)\s[^?!]{2,40}?)\s*\?+$"
    r"|^(?P<short>[\w.’'&/-]+(?:\s+[\w.’'&/-]+){0,3})\s*\?+$",
    re.IGNORECASE,
)
_CORRECTION = re.compile(
    r"^(?:(?:oh|no|sorry|oops|pardon|wait|actually|excuse me)[,.!:]?\s+)*"
    r"(?:I (?:mean|meant|was asking about)|make that|I was thinking of)"
    r"\s+(?P<said>[^?!]{1,60}?)\s*[?!.]*$"
    r"|^(?:no|sorry|oops|wait)[,.!:]?"
    r"\s+(?P<other>(?:(?:the|for|in|on|at)\s)?[^\s?!,]+(?:\s[^\s?!,]+)?)[?!.]*$",
    re.IGNORECASE,
)
_TALK = frozenset(
    "really sure ok okay yes no right else more seriously correct thanks thank you hello hi please"
    " anything something nothing everything all any".split()
)
_SAME_TIME = re.compile(
    r"\s+(?:(?:in|for|on) )?(?:that|this|the same) (?:year|month|week|day|time|season|quarter)$"
    r"|\s+(?:then|too|as well|instead|though|by the way)$",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\b(?:who|what|when|where|why|how|which|is|are|was|were|do|does|did|can|could|may|must|should"
    r"|will|would|has|have)\b",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"(?P<place>for|in|on|at|to|from|with|without|by|of|during|after|before|under|over)\s+(?P<rest>.+)",
    re.IGNORECASE | re.DOTALL,
)
_OWNER = re.compile(r"^(?:its|his|her|their)\s+", re.IGNORECASE)
_TIME = re.compile(
    r"\b(?:in|on|at|after|before|during|from)\s+(?:the\s+)?[^,?]*?"
    r"(?:\d|\b(?:days?|weeks?|months?|years?|hours?|nights?|weekends?|winter|summer|spring|autumn"
    r"|January|February|March|April|June|July|August|September|October|November|December"
    r"|\w+day)s?\b)[^,?]*",
    re.IGNORECASE,
)
_RELATIVE_TIME = re.compile(
    r"(?:the )?(?:year|month|week|season|day) (?:before|after)(?: that)?"
    r"|(?:last|this|next|(?:the )?(?:previous|following)) (?:year|month|week|season|summer|winter)",
    re.IGNORECASE,
)
_NOW = re.compile(
    r"\s*\b(?:now|today|currently|at present|at the moment|these days)\b", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_]+(?:['’./&-][^\W_]+)*")
_AUXILIARY = frozenset(
    "is are was were do does did can could may must should will would has have be".split()
)
_TIMES = frozenset("after before during until in under".split())
_DETERMINER = frozenset("the a an my our your their his her its this that each any".split())
_ASKER = frozenset("i you we one they he she people".split())
_BEFORE_VERB = frozenset("do does did can could may must should will would".split())
_MEASURES = frozenset(
    "many much long big heavy far often old high large wide deep hot loud fast soon early late tall"
    " expensive thick it them there".split()
)
_BREAKS = frozenset(
    "for in on at to from with without by of during after before under over and or if when that who"
    " which as than get gets got cost costs".split()
)
_ZH_FRAGMENT = re.compile(
    "^(?:那么?|还有|然后|另外|而)?[，,]?(?P<said>[^，,。；？?]{1,12}?)(?:又)?呢[？?]?$"
)
_ZH_CORRECTION = re.compile(
    "^(?:(?:不对|不是|错了|说错了|抱歉|不好意思|等等|哦)[，,。！!]?)*"
    "(?:我(?:是)?(?:说|指|想?问)的?是?|应该是|改成|换成)(?P<said>[^，,。；？?]{1,12}?)[。.]?$"
)
_ZH_EARLIER = re.compile(
    "^(?:那)?(?P<when>(?:原来|原先|以前|之前|过去|从前|最初|起初|老办法|旧办法|旧版|老版本?|老规定|旧规定|上一版|原合同)"
    "[里中]?)(?:(?:定|规定|约定|写)的)?(?:是|为|要)?(?:(?:多少|几|什么|哪|谁|怎么|多[久长大])[^，,。？?]{0,4})?呢?[？?]?$"
)
_ZH_FIRST = re.compile("最初|起初|原合同")
_ZH_NOW = re.compile("现在的?|目前的?|如今|今年的?|现行的?")
_ZH_ASKS = re.compile("什么|多[少久长大高远深重快宽]|几|哪|谁|怎|如何|为何|是否|吗")
_ZH_OWNED = re.compile(
    "(?P<owner>[^，,。？?的]{1,14})的(?P<owned>[^，,。？?的是有要在为能可多几哪何谁什怎]{1,8})"
)
_ZH_ENTITY = re.compile("[A-Za-z0-9]|[型款号类级人员工厂部店馆库室楼区车机]$")
_ZH_HOLIDAY = "国庆|春节|过年|元旦|清明|五一|端午|中秋|除夕|圣诞|[寒暑]假"
_ZH_TIME = re.compile(
    f"^(?:周|星期|礼拜)|[年月日天晚]$|节假日|假期|上午|下午|中午|夜间|^(?:{_ZH_HOLIDAY})节?$"
)
_ZH_OWN = re.compile("^(?:它们?|[他她]们?|其)的?(?P<owned>[^的它他她其]{1,8})$")
_ZH_TIMES = re.compile(
    f"(?:{_ZH_HOLIDAY})节?|工作日|"
    "平日|平时|(?:周|星期|礼拜)[一二三四五六日天末](?:至(?:周|星期)?[一二三四五六日天])?|节假日|法定假日"
    "|[春夏秋冬暑寒][天季假]|[上下中]午|晚上|夜间|\\d{4}年(?:\\d{1,2}月)?|\\d{1,2}月(?:\\d{1,2}[日号])?"
)
_ZH_CODE = re.compile("[A-Za-z]*-?[0-9]+[A-Za-z]*|[A-Za-z]+-?[0-9A-Za-z-]+")
_ZH_ADVERB = re.compile("^(?:最|至|一般|通常|每|大约|平均|总共|一共)")
_PART = 0.1  # by so much a part of a phrase is nearer in meaning than any whole one
_AT_HEAD = 0.03  # names open a Chinese question more often than they stand within it
_ZH_HEAD = re.compile(
    "^(?P<thing>[^，,。？?]{1,12}?)(?=有|是|能|可|要|需|支持|允许|应|最|多[少久长大高]|几|哪|谁|怎|如何|什么|在|的)"
)


def filled(question: str, last: str, *, sense: Sense | None = None) -> str | None:
    """The last question with what a follow-up says in its place; None where the follow-up is no
    fragment, or there is no place for it. `sense` tells which place is meant where form does not.

    >>> filled("What about Mill Lane 17?", "What is the rent of Oak Court 4?")
    'What is the rent of Mill Lane 17?'
    >>> filled("And the deposit?", "What is the rent of Oak Court 4?")
    'What is the deposit of Oak Court 4?'
    >>> filled("And on Sundays?", "When does the café open?")
    'When does the café open on Sundays?'
    >>> filled("What was it after the first amendment?", "What do cleaners earn now?")
    'What do cleaners earn after the first amendment?'
    >>> filled("它的型号呢", "水泵P3什么时候投运的？")
    '水泵P3的型号是什么？'
    >>> filled("那乙型呢？", "甲型网关支持3A标准测试吗？")
    '乙型网关支持3A标准测试吗？'
    """
    sense = sense or NoSense()
    if languages.detect(last) == "zh":
        if not _ZH_ASKS.search(last):
            return None
        if earlier := _ZH_EARLIER.match(question.strip()):
            when = earlier["when"] if _ZH_FIRST.match(earlier["when"]) else "原来"
            return when + _ZH_NOW.sub("", last.strip())
        found = _ZH_CORRECTION.match(question.strip()) or _ZH_FRAGMENT.match(question.strip())
        if not found or _ZH_ASKS.search(found["said"]):
            return None
        return _filled_zh(found["said"].strip(), last.strip(), sense)
    said = _said(question.strip())
    if not said or _ASKS.search(said) or not _ASKS.search(last) or len(said.split()) > 7:
        return None
    return _filled_en(said, last.strip(), sense)


def _said(question: str) -> str:
    """What a fragment, or a correction, says; empty where a question is neither."""
    if corrected := _CORRECTION.match(question):
        return (corrected["said"] or corrected["other"]).strip()
    found = _FRAGMENT.match(question)
    if not found:
        return ""
    short = found["short"]
    if short and (set(short.lower().split()) & _TALK or {short.lower()} <= analysis.STOP_WORDS):
        return ""
    said = (found["said"] or found["bare"] or short).strip()
    return _SAME_TIME.sub("", said) or said


def _filled_en(said: str, last: str, sense: Sense) -> str | None:
    if _RELATIVE_TIME.fullmatch(said):
        return same_form.put(said, last) or f"{last.rstrip(' ?')} {said}?"
    place = _PLACE.match(said)
    if place and place["place"].lower() not in {"for", "of"}:
        return same_form.put(place["rest"], last) or _with_phrase(
            said, place["place"].lower(), last
        )
    bare = _OWNER.sub("the ", place["rest"] if place else said)
    if put := same_form.put(bare, last):
        return put
    words = list(_WORD.finditer(last))
    target = (
        _names_in(bare, words, last)
        or _same_head(bare, words)
        or (None if place else _nearest(bare, words, last, sense) or _subject(words))
    )
    if target is None:
        return _with_phrase(said, place["place"].lower(), last) if place else None
    start, end = target
    before = last[:start].rstrip().rpartition(" ")
    if before[2].lower() in _DETERMINER and bare.split()[0].lower() in _DETERMINER:
        start = len(before[0]) + (1 if before[1] else 0)
    return f"{last[:start]}{bare}{last[end:]}"


def _with_phrase(said: str, place: str, last: str) -> str:
    """The question with a phrase in the place of its own that begins with the same preposition, or
    at its end."""
    if place in _TIMES:
        last = _NOW.sub("", last)
    if _TIME.match(said) and (own := _TIME.search(last)):
        return f"{last[: own.start()]}{said}{last[own.end() :]}"
    for own in re.finditer(
        rf"\b{place}\s+[^,?]*?(?=\s+(?:{'|'.join(_BREAKS)})\b|[,?]|$)", last, re.I
    ):
        return f"{last[: own.start()]}{said}{last[own.end() :]}"
    return f"{last.rstrip(' ?')} {said}?"


def _names_in(bare: str, words: list[re.Match[str]], last: str) -> tuple[int, int] | None:
    """The last name of a question, where a follow-up is one: of those with a digit where it has."""
    said = [word for word in bare.split() if word.lower() not in _DETERMINER]
    if not said or not any(_is_name(word) for word in said):
        return None
    runs: list[tuple[int, int]] = []
    for at, word in enumerate(words):
        first = at == 0 and not any(map(str.isdigit, word[0]))
        named = _is_name(word[0]) or (
            word[0].isdigit() and runs and runs[-1][1] == word.start() - 1
        )
        if named and not first:
            if runs and last[runs[-1][1] : word.start()].strip() == "":
                runs[-1] = (runs[-1][0], word.end())
            else:
                runs.append((word.start(), word.end()))
    coded = any(map(str.isdigit, bare))
    alike = [r for r in runs if any(map(str.isdigit, last[r[0] : r[1]])) == coded]
    found = alike or runs
    return found[-1] if found else None


def _is_name(word: str) -> bool:
    lower = word.lower()
    return (word[0].isupper() or any(map(str.isdigit, word))) and lower not in analysis.STOP_WORDS


def _same_head(bare: str, words: list[re.Match[str]]) -> tuple[int, int] | None:
    """The phrase of a question that ends with the same noun."""
    head = analysis.stem(_WORD.findall(bare)[-1].lower()) if _WORD.findall(bare) else ""
    for at in range(len(words) - 1, -1, -1):
        if analysis.stem(words[at][0].lower()) == head:
            first = at
            while first > 0 and _modifies(words[first - 1][0]):
                first -= 1
            return words[first].start(), words[at].end()
    return None


def _modifies(word: str) -> bool:
    lower = word.lower()
    return lower not in _BREAKS | _AUXILIARY | _DETERMINER and not _ASKS.fullmatch(word)


def _nearest(
    bare: str, words: list[re.Match[str]], last: str, sense: Sense
) -> tuple[int, int] | None:
    """The noun phrase of a question that is nearest in meaning, where that is known, or what stands
    before its noun where that is far nearer: "slab" is like the coil of "coil membership"."""
    whole = list(_phrases(words))
    parts = [(start, start + last[start:end].rfind(" ")) for start, end in whole]
    places = whole + [(start, end) for start, end in parts if end > start]
    scores = [*sense.likeness(bare, [last[start:end] for start, end in places])]
    for at in range(len(whole), len(places)):
        scores[at] -= _PART
    best = max(range(len(places)), key=scores.__getitem__, default=None)
    return None if best is None or scores[best] <= 0 else places[best]


def _phrases(words: list[re.Match[str]]) -> Iterator[tuple[int, int]]:
    """What may be noun phrases: words in a row that are no question word, preposition or verb, as
    far as their place tells."""
    at = 0
    while at < len(words):
        if not _noun(words[at][0]):
            at += 1
            continue
        first, before = at, words[at - 1][0].lower() if at else ""
        opener = words[at - 2][0].lower() if before in _DETERMINER and at > 1 else before
        while at < len(words) and _noun(words[at][0]):
            at += 1
        if before in _ASKER:  # the verb follows
            first += 1
        end = at
        if opener in _BEFORE_VERB and end - first > 1:
            end -= 1
        if first < end:
            yield words[first].start(), words[end - 1].end()


def _noun(word: str) -> bool:
    return _modifies(word) and word.lower() not in _ASKER | _MEASURES


def _subject(words: list[re.Match[str]]) -> tuple[int, int] | None:
    """What a question is about: the noun phrase after its first auxiliary verb."""
    for at, word in enumerate(words):
        if word[0].lower() in _AUXILIARY:
            first = at + 1
            if first < len(words) and words[first][0].lower() in _ASKER:
                first += 2  # and the verb: what is asked about follows
            while first < len(words) and words[first][0].lower() in _DETERMINER:
                first += 1
            end = first
            while end < len(words) and _modifies(words[end][0]):
                end += 1
            follows = words[end][0].lower() if end < len(words) else ""
            ends = follows not in {"cost", "costs", "get", "gets"} and words[at + 1 : at + 2]
            if ends and word[0].lower() in _BEFORE_VERB and end - first > 1:
                end -= words[at + 1][0].lower() not in _ASKER  # the verb
            return (words[first].start(), words[end - 1].end()) if end > first else None
    return None


def _filled_zh(said: str, last: str, sense: Sense) -> str | None:
    if own := _ZH_OWN.match(said):
        said = own["owned"]
        thing = _ZH_HEAD.match(last)
        if thing and not _ZH_OWNED.search(last) and not _ZH_ADVERB.match(thing["thing"]):
            return f"{thing['thing']}的{said}是什么？"
    owner = len(said) > 2 and said.endswith("的")
    said = said.removesuffix("的") if owner else said
    if put := same_form.put(said, last):
        return put
    for length in range(len(said) - 1, 0, -1):  # what ends alike
        tail = said[-length:]
        at = last.find(tail)
        head = len(said) - length
        if at >= head and tail.strip() and not _ZH_ASKS.search(last[at - head : at + length]):
            if last[at - head : at + length] == said:
                return None
            return _put_before(said, last, at - head, at + length, sense)
    if _ZH_TIME.search(said):
        own = _ZH_TIMES.search(last)
        return last[: own.start()] + said + last[own.end() :] if own else said + last
    entity = owner or _ZH_ENTITY.search(said) is not None
    if entity and (code := _ZH_CODE.search(last)):
        return last[: code.start()] + said + last[code.end() :]
    if owned := _ZH_OWNED.search(last):
        start, end = owned.span("owner" if entity else "owned")
        return last[:start] + said + last[end:]
    if thing := _ZH_HEAD.match(last):
        if _ZH_ADVERB.match(thing["thing"]):
            return said + last
        return _put_zh(said, _ZH_NOW.sub("", thing["thing"]), last[thing.end("thing") :], sense)
    return None


def _cuts_code(thing: str, *places: int) -> bool:
    """Whether a code or a number goes on over one of some places."""
    return any(re.search(r"[A-Za-z0-9]{2}", thing[at - 1 : at + 1]) for at in places if at)


def _put_before(said: str, last: str, start: int, end: int, sense: Sense) -> str:
    """What a follow-up says in the place of a stretch, or of one that begins a little before it
    where that leaves more words that the documents have: 棉纸 in the place of 铜版纸."""
    put = [last[:at] + said + last[end:] for at in range(start, max(-1, start - 3), -1)]
    return min(put, key=sense.unknown)


def _put_zh(said: str, thing: str, rest: str, sense: Sense) -> str:
    """What a question is about, `thing`, with what a follow-up says in the place of a stretch of
    it: of its length, or of one more or less, where that leaves words that the documents have, and
    of the nearest in meaning among these. Where nothing tells, in the place of all of it."""
    whole = said + rest
    places = [
        (start, start + length)
        for length in (len(said), len(said) + 1, len(said) - 1)
        for start in range(len(thing) - length + 1)
        if 1 < length < len(thing) and not _cuts_code(thing, start, start + length)
    ]
    if not places or not (scores := sense.likeness(said, [thing[a:b] for a, b in places])):
        return whole
    if not any(scores):
        return whole

    def fits(at: int) -> tuple[int, float]:
        start, end = places[at]
        left = thing[:start] + said + thing[end:] + rest
        misfits = sense.unknown(left) + (end - start != len(said))
        return -misfits, scores[at] + (_AT_HEAD if start == 0 else 0.0)

    start, end = places[max(range(len(places)), key=fits)]
    return thing[:start] + said + thing[end:] + rest
