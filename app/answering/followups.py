"""A follow-up made standalone, by rules: "And how much does it cost?" -> with what "it" is.

A question leans on the conversation when it holds a pronoun without a referent of its own, or is
too short to be a question by itself. Then the topic of the conversation is added to it: words of
the last question that did not lean itself. Search is by words and by meaning, so the topic need not
be woven into the grammar; it is shown to the user as it is.

A follow-up that says much itself is only given the names: the other words of the earlier question
would find what that one asked for again. One that says little is given all of its content words. In
Chinese, where names cannot be told by their letters, it is given the question and the last one.
docs/decisions/follow-ups.md has the numbers.

A question that names its own subject is left alone: a change of topic must not drag the old one in.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from quire.answering import ellipsis
from quire.answering.sense import Sense
from quire.records import Passage
from quire.search import question_parts
from quire.text import analysis, languages

_PRONOUN = re.compile(
    r"\b(?:it|its|he|him|his|she|her|hers|they|them|their|theirs|this|that|these|those|ones"
    r"|(?:the|this|that|which|another)(?: \w+)? ones?|the (?:former|latter|same)(?! \w)"
    r"|there(?=\W*$))\b",
    re.IGNORECASE,
)
_OWN_REFERENT = re.compile(
    r"\b(?:it (?:is|was) (?:possible|true|necessary)|is it (?:possible|true|necessary)|is there"
    r"|are there|was there|were there|there (?:is|are|was|were)"
    r"|(?:this|these|those|(?<!\bdoes )(?<!\bdid )(?<!\bdo )(?<!\bis )(?<!\bwas )(?<!\bwould )"
    r"(?<!\bwill )(?<!\bcan )(?<!\bcould )(?<!\bshould )that) (?!one\b)\w+"
    r"|(?:is it|it (?:is|was|gets?|got)) (?:cloudy|foggy|sunny|windy|stormy|dark|light|late|cold"
    r"|hot|warm|wet|icy|raining|snowing|freezing)(?=\W)|it (?:rain|snow|freeze|thunder)\w*"
    r"|(?!(?:in|on|for|of|with|about|at|to|from|by|after|before|than|like|is|was|do|does|did|would"
    r"|will|can|could|should)\b)\w+ that(?! one\b)(?=\s+\w))\b",
    re.IGNORECASE,
)
# "What do whales use their fins for?": the noun before it, in the plural, is what is meant.
_OWN_PLURAL = re.compile(
    r"\b(?:people|men|women|children|\w{3,}(?<![sui])s)\b.*?\b(?:they|their|theirs)\b",
    re.IGNORECASE,
)
_THERE = re.compile(r"\bthere(?=\W*$)", re.IGNORECASE)
_NOT_PLURAL = re.compile(
    r"\b(?:(?:what|who) \w+s|does|was|has|his|its|this|is"
    r"|how (?:many|much|long|often)(?: \w+)? (?:will|do|did|can|must|would|should))\b",
    re.IGNORECASE,
)
_OPENING = re.compile(r"^(?:and|but|or|so|then|also|what about|how about)\b", re.IGNORECASE)
_DEFINITION = re.compile(
    r"^(?:what|who) (?:is|are|was|were) (?:an? )?(?!the\b)[\w-]+\W*$", re.IGNORECASE
)
_ZH_PRONOUN = re.compile(
    "它们|他们|她们|其中|此外|[它他她其该此]|这[个些位种里]?|那[个些位种里边儿]|那(?=[是有么，,？?]|$)"
)
_ZH_OPENING = re.compile(
    "^[和跟](?=[^，。？?]{1,8}呢[？?]?$)|^(?:那么?(?!须)|还有|然后|另外|而且|并且|后来)|呢[？?]?$"
)
_ZH_SUBJECTLESS = re.compile(
    "^(?:最多|最少|至少|能|可以|可不可以|要|需要|应该|必须|多久|多长时间|怎么|如何|在哪|什么时候|由谁|一共|总共)"
    "[^A-Za-z0-9]{1,12}$"
)
"""Says what is done or how much, and not of what."""
_ZH_FUNCTION = re.compile(
    "什么时候|为什么|多少|什么|哪些|哪个|哪里|哪一[年个位种家]?|哪[年位种家]|怎么样?|如何|是否|谁|几|吗|呢"
    "|请问|有没有|[？?。！!，,、：:；;]"
)
_ZH_ASKED = re.compile(f"{_ZH_FUNCTION.pattern}|多[大久长高远深重快宽]")
_ELLIPSIS = re.compile(
    r"(?:and|but|or|so|then|also|what about|how about)\s+"
    r"(?:(?P<place>in|for|at|on|of|to|with|by)\s+)?"
    r"(?P<said>(?!(?:who|what|when|where|why|how|which|is|are|was|were|do|does|did|can|may|must)\b)"
    r"[\w.’'&/-]++(?:\s++[\w.’'&/-]++){0,4})\W*+",
    re.IGNORECASE,
)
"""A follow-up that says what is asked about instead, and nothing of what is asked."""
_ZH_ELLIPSIS = re.compile("(?:那么?|还有|然后|另外|而)?[^，,。；？?是有吗谁哪几么]{1,8}呢[？?]?")
_ZH_REPLACED = re.compile(
    "(?:(?<=的)|^)[^的是有在为要能可多几哪何谁什怎]{1,4}"
    "(?=[是有在为要]?(?:什么|多[少长久大高远深重]|几|哪|何|谁|怎|如何))"
)
"""The bare noun before the question word, with what belongs to it left in place."""
_CODE_ALONE = re.compile(
    r"(?:(?:and|or|what about|how about)\s+)?(?:(?:the|for)\s+)*(?:(?:model|type|code)\s+)?"
    r"(?:[A-Z]{1,2}|(?=\S*\d)[\w/-]+)\W*|那?(?=\S*[A-Z\d])[A-Za-z\d-]+型?的?呢?[？?]?",
    re.IGNORECASE,
)
"""Nothing but a code, or the end of one: by itself it says nothing, and stands in many places."""
_ZH_END = re.compile("[？?。！!]+")
_BARE = re.compile(r"[\w.’'&/-]+(?:\s+[\w.’'&/-]+){0,3}")
_ZH_BARE = re.compile(
    "(?!.*(?:谢|好的|明白|知道|可以|不用|没事|没有|是的|对的|不客气|再见|你好))"
    "(?P<said>[^，,。；？?！!呢]{1,8})[？?。]?"
)
_TALK = re.compile(
    r"(?:(?:ok|okay|hm+|um+|uh|oh|ah|aha|thanks|thank you|thx|cheers)\b"
    r"|(?:right|well|great|good|fine|cool|yes|yeah|no|alright|all right|got it|i see)(?=\s*[,.!;…])"
    "|(?:嗯+|哦|噢|好的?|明白了?|知道了|谢谢|多谢|行|对了|那个)(?=[，,。.！!… ])|[嗯哦噢])"
    r"[\s,.!;…，。！]*",
    re.IGNORECASE,
)
"""What is said before a question to show that the last answer was heard."""
_ADDED = re.compile(r"\s*[(（]([^()（）]*)[)）]\s*$")
_WORD = re.compile(r"[^\W_]+(?:['’./&-][^\W_]+)*")
_SHORT_EN, _SHORT_ZH = 2, 4  # content words, Han characters
_LITTLE = (
    2  # content words: such a follow-up needs all of the earlier question, not its names alone
)
_TOPIC_WORDS = 12


def standalone(
    question: str,
    previous: Sequence[str],
    *,
    unanswered: Collection[str] = (),
    sense: Sense | None = None,
) -> str:
    """The question as it can be understood by itself. `previous` are the standalone questions of
    the conversation, the oldest first, and `unanswered` those to which nothing was found: they
    lend their topic to a pronoun alone, which means what was said last. A question in another
    language lends nothing.

    >>> standalone("And how much is it?", ["When must the deposit for the East Dome be paid?"])
    'And how much is it? (deposit East Dome paid)'
    >>> standalone("Which trees grow in its northern garden?", ["When was the East Dome built?"])
    'Which trees grow in its northern garden? (East Dome)'
    >>> standalone("Who may fly a drone?", ["When must the deposit be paid?"])
    'Who may fly a drone?'
    >>> standalone("它多高？", ["主镜在哪里？"])
    '它多高？（主镜在哪里）'
    """
    return next(readings(question, previous, unanswered=unanswered, sense=sense))


def readings(
    question: str,
    previous: Sequence[str],
    *,
    unanswered: Collection[str] = (),
    sense: Sense | None = None,
) -> Iterator[str]:
    """What a question may mean, the likeliest first: one that is only a thing asked about instead
    may take the place of one in the last question that needed no topic, in the last, or in the last
    that was answered; where nothing in it points back, it may mean what it says, or go on with a
    question that had no answer."""
    heard = _heard(question)
    for one in _readings(heard, _alike(heard, previous), unanswered, sense):
        yield question if one == heard else one


def _readings(
    question: str, alike: Sequence[str], unanswered: Collection[str], sense: Sense | None
) -> Iterator[str]:
    answered = [one for one in alike if one not in unanswered]
    whole = [one for one in alike if one == _typed(one)]
    lenders = [_typed(one) for one in (*whole[-1:], *alike[-1:], *answered[-1:])]
    if whole and (meant := ellipsis.filled(_typed(alike[-1]), whole[-1], sense=sense)):
        lenders.insert(0, meant)  # the last was itself a thing asked about instead
    fragment = _fragment(question, alike)
    found = [
        filled
        for one in dict.fromkeys(lenders)
        if (filled := ellipsis.filled(fragment, one, sense=sense))
    ]
    yield from dict.fromkeys(found)
    completed = _completed(question, alike, unanswered)
    if not found:
        yield completed
    alone = may_stand_alone(question) and not (found and _CODE_ALONE.fullmatch(question.strip()))
    if question not in {*found, completed} and alone:
        yield question
    going_on = _completed(question, alike, ())
    if not found and going_on not in {question, completed}:
        yield going_on


def _typed(standalone: str) -> str:
    """An earlier question without the topic that was added to it; one in parentheses is itself."""
    return _ADDED.sub("", standalone) or standalone


def _anchor(previous: Sequence[str]) -> str:
    """The last question that did not lean on another; empty where each did."""
    whole = (one for one in reversed(previous) if one == _typed(one) and not _leans(one))
    return next(whole, "")


def _heard(question: str) -> str:
    """A question without what was said before it: "ok thanks, and on Sundays?"."""
    said = question.strip()
    while (found := _TALK.match(said)) and found.end() < len(said):
        said = said[found.end() :]
    return said


def _alike(question: str, previous: Sequence[str]) -> list[str]:
    """The earlier questions in a question's language; a code alone is of that of the last."""
    if previous and _CODE_ALONE.fullmatch(question.strip()):
        language = languages.detect(previous[-1])
    else:
        language = languages.detect(question)
    return [one for one in previous if languages.detect(one) == language]


def _fragment(question: str, alike: Sequence[str]) -> str:
    """A thing asked about instead, with the question mark or the 呢 that was not typed."""
    if not alike or languages.detect(alike[-1]) != "zh":
        return f"{question}?" if _BARE.fullmatch(question.strip()) else question
    bare = _ZH_BARE.fullmatch(question.strip())
    if not bare or _ZH_ASKED.search(question):
        return question
    return f"{bare['said']}呢"


def in_context(question: str, previous: Sequence[str]) -> Iterator[str]:
    """A question with what the conversation was about, whether it leans on it or not: that of the
    last question that did not lean, and of the last. What may be meant, where the documents say so.

    >>> list(in_context("员工自己掏多少", ["现在午餐餐标是多少？"]))
    ['员工自己掏多少（现在午餐餐标是多少）', '员工自己掏多少']
    """
    said = _heard(question)
    alike = _alike(said, previous)
    if not alike or _CODE_ALONE.fullmatch(question.strip()):
        return
    for one in dict.fromkeys((_anchor(alike), _typed(alike[-1]))):
        if languages.detect(one) == "zh":
            yield f"{said}（{_ZH_END.sub('', one).strip()}）"
        elif words := _content(one):
            yield f"{said} ({' '.join(words[:_TOPIC_WORDS])})"
    yield question


def _completed(question: str, previous: Sequence[str], unanswered: Collection[str]) -> str:
    """The question with the topic of an earlier one added, where it leans on one."""
    points = not may_stand_alone(question)
    asked = [one for one in previous if points or one not in unanswered]
    if not asked or not _leans(question):
        return question
    anchor = _anchor(asked) or _typed(asked[0])
    topic = _topic(question, anchor, _typed(asked[-1]))
    if not topic:
        return question
    return f"{question}（{topic}）" if languages.detect(anchor) == "zh" else f"{question} ({topic})"


def own(question: str, completed: str) -> str:
    """What a follow-up that was completed says by itself; empty where it says nothing to search
    for, where nothing was added, and where it is only a part of another question: "at Mill Road" is
    answered by all that is said of Mill Road."""
    question = _heard(question)
    if question == completed or _ADDED.sub("", completed) != question.strip():
        return ""
    subject = question_parts.parse(question).subject
    if languages.detect(question) == "zh":
        subject = _ZH_OPENING.sub("", subject.strip())
        said = _ZH_PRONOUN.sub("", _ZH_ASKED.sub("", subject))
        return subject if len(said) >= _LITTLE else ""
    return subject if len(_content(subject)) >= _LITTLE else ""


def may_stand_alone(question: str) -> bool:
    """Whether a follow-up may mean what it says and no more: it points back by no word, and is
    only short, or opens with "And"."""
    if languages.detect(question) == "zh":
        return not _points_zh(question)
    return not _points(question)


def is_about(passage: Passage, completed: str) -> bool:
    """Whether a passage is about what was added to a follow-up: with its title and headings it
    holds half of those words."""
    question = _ADDED.sub("", completed)
    topic = set(analysis.question_terms(completed)) - set(analysis.question_terms(question))
    said = analysis.term_set(passage.document.title, *passage.heading_path, passage.text)
    return 2 * len(topic & said) >= len(topic)


def _leans(question: str) -> bool:
    return _leans_zh(question) if languages.detect(question) == "zh" else _leans_en(question)


def _leans_en(question: str) -> bool:
    if _OPENING.match(question.strip()) or _points(question):
        return True
    return len(_content(question)) < _SHORT_EN and not _DEFINITION.match(question.strip())


def _points(question: str) -> bool:
    """Whether a question holds a pronoun for what it does not say itself."""
    rest = _OWN_REFERENT.sub(" ", question)
    if _OWN_PLURAL.search(_NOT_PLURAL.sub(" ", rest)):
        rest = re.sub(r"\b(?:they|their|theirs)\b", " ", rest, flags=re.IGNORECASE)
    return bool(_PRONOUN.search(rest))


def _leans_zh(question: str) -> bool:
    stripped = question.strip()
    if _ZH_PRONOUN.search(stripped) or _ZH_OPENING.search(stripped):
        return True
    if _ZH_SUBJECTLESS.search(stripped):
        return True
    return len(_ZH_ASKED.sub("", stripped)) < _SHORT_ZH


def _points_zh(question: str) -> bool:
    return _ZH_PRONOUN.search(question.strip()) is not None


def _topic(question: str, anchor: str, last: str) -> str:
    """What an earlier question, the anchor, was about, without what this one says itself."""
    if languages.detect(anchor) == "zh":
        said = [_ZH_END.sub("", one).strip() for one in (anchor, last)]
        if _ZH_ELLIPSIS.fullmatch(question.strip()):
            said = [_ZH_REPLACED.sub("", one) for one in said if not _ZH_ELLIPSIS.fullmatch(one)]
        return "；".join(dict.fromkeys(said))
    little = len(_content(question)) <= _LITTLE
    there = _THERE.search(question)
    places = there and (_names(last) or _names(anchor))
    words = _content(anchor) if little else _names(anchor) or _content(anchor)
    if places:
        words = places
    elif last != anchor and not _points(last):  # "And the rent?" sets what is asked about
        words += _content(last)
    replaced = {word for one in (anchor, last) for word in _replaced(question, one)}
    words = [word for word in words if word not in replaced]
    here = set(analysis.terms(question))
    kept = [word for word in words if not set(analysis.terms(word)) <= here]
    return " ".join(list(dict.fromkeys(kept))[:_TOPIC_WORDS])


def _replaced(question: str, earlier: str) -> list[str]:
    """The name in an earlier question in whose place one stands that is all a follow-up says: the
    last one of its kind, and after a preposition the one after the same.

    >>> _replaced("And the NP-300?", "How long is the warranty of the NP-200 from Acme?")
    ['NP-200']
    >>> _replaced("And in Paris?", "How many offices does Acme have in Rome?")
    ['Rome']
    """
    found = _ELLIPSIS.fullmatch(question.strip())
    if not found or not (names := _names(f"x {found['said']}")):
        return []
    place = found["place"] or ""
    coded = any(map(_has_digit, names))
    for run in reversed(_runs(earlier)):
        before = earlier[: earlier.find(" ".join(run))].casefold().split()
        after = [word for word in before[-2:] if word != "the"][-1:]
        if coded == any(map(_has_digit, run)) and (not place or after == [place.casefold()]):
            return run
    return []


def _has_digit(word: str) -> bool:
    return any(map(str.isdigit, word))


def _runs(question: str) -> list[list[str]]:
    """The names of a question, each with its words in a row."""
    names = _names(question)
    runs: list[list[str]] = []
    before = ""
    for word in _WORD.findall(question):
        if word in names:
            if before in names and runs:
                runs[-1].append(word)
            else:
                runs.append([word])
        before = word
    return runs


def _content(question: str) -> list[str]:
    """The words that say something by themselves."""
    return [
        word
        for word in _WORD.findall(question)
        if word.casefold() not in analysis.STOP_WORDS
        and not set(analysis.question_terms(word)) <= analysis.STOP_WORDS
    ]


def _names(question: str) -> list[str]:
    """Words with a capital that does not come from opening the sentence, and numbers after one."""
    names: list[str] = []
    follows = False
    for at, word in enumerate(_WORD.findall(question)):
        opens = at == 0 and not word.isupper() and not word.endswith(("'s", "’s"))
        follows = (follows and word[0].isdigit()) or (
            word[0].isupper() and not opens and word.casefold() not in analysis.STOP_WORDS
        )
        if follows:
            names.append(word)
    return names
