"""In which form a question wants its answer: one thing, a list, one step of it, how many, a reason,
yes or no.

Told by how questions are put, not by what they are about: "which" or "what" with a plural, "all",
"steps", "step by step", 哪些, 分别, 依次; "why", "how" with a verb, 为什么, 怎样.
"""

import re

from quire.text.lines import han_number

_MANY = r"(?:steps|items|points|stages|rules|things|conditions|jobs|services|entries|ways|reasons)"
# Words that end with s and are no plural.
_SINGULAR = r"(?!(?:is|was|does|has|this|his|its|us|as|\w*(?:ss|us|is))\b)"
_PLURAL = rf"(?:{_SINGULAR}[a-z-]{{2,}}s|people|children|men|women|criteria|data|equipment)"
_OWNED = "(?:(?:the|all|our|your|its|their) )*"
_LIST_EN = re.compile(
    r"\b(?:steps|step[- ]by[- ]step|procedures?|instructions|stages|checklist|overview|in order"
    r"(?! to)|in (?:which|what|the right) order"
    r"|(?:list|name|enumerate) (?:all|the|every|each|what|which|some|[a-z]+s)\b"
    rf"|all (?:(?:the|of|its|their|our|your) )*(?:[a-z-]+ )?{_PLURAL}"
    rf"|(?:what|which) (?:are|were) {_OWNED}(?:[\w-]+ ){{0,4}}?{_PLURAL}\b"
    rf"|(?:what|which) (?:[\w-]+ ){{0,4}}?{_PLURAL}(?= )(?: [\w,.'-]+){{0,12}}?"
    r" (?:are|were|do|does|did|must|should|can|may|need|have|will|shall|belong|apply|count|stand)\b"
    r"|(?:what|which) (?:kinds|types|sorts|ways|parts)\b"
    r"|what (?:must|should|do|does|can|may|shall) (?:[\w.'-]+ ){1,8}?(?:contain|include|cover|state"
    r"|bring|check|provide|offer|do)\b"
    r"|what (?:is|are) (?:not )?(?:included|excluded|covered|allowed|needed|required|forbidden"
    r"|insured|permitted|prohibited|exempt(?:ed)?)\b)",
    re.IGNORECASE,
)
_LIST_ZH = re.compile(
    "步骤|流程|程序是|清单|一览|哪些|哪几(?!年|天|月|号|点)|哪[两二三四五六七八九十]"
    "|列出|列举|逐[项一]|依次|分别|全部|所有|都[有要](?!.*吗)|各[是有为要]|有什么(?!用|关系|区别|不同|意义|影响)"
    "|包括什么|包含什么|怎么一步|按什么顺序|先后"
)
_HOW_TO_EN = re.compile(
    r"\bhow (?:do|does|can|should|must|would|could|to|is|are)\b(?! \w+ (?:cost|last|weigh)\b)",
    re.IGNORECASE,
)
_CONDITIONS = re.compile(
    r"^\W*(?:when (?:is|are|do|does|may|can|must|should|will|would)|in (?:which|what) cases?"
    r"|(?:under|on) (?:which|what) (?:conditions?|circumstances|grounds))\b"
    "|在?(?:什么|哪些|何种)(?:情况|情形|条件)|何时(?:可以|应当|必须|不得)",
    re.IGNORECASE,
)
_CONDITIONAL = re.compile(
    r"\b(?:if|when|where|unless|cases?|conditions?|circumstances|grounds)\b[^.:：]{0,60}[:：]\s*$"
    "|(?:情况|情形|条件|之一)[^。：]{0,20}[:：]\\s*$",
    re.IGNORECASE,
)
_THING = re.compile(
    rf"\b(?:what|which) (?:are|is|were) {_OWNED}(?P<is>[\w-]+)"
    rf"|\b(?:what|which|list) {_OWNED}(?P<named>(?!(?:are|is|were|do|does|did)\b)[\w-]+)",
    re.IGNORECASE,
)
_STEPS = re.compile(r"\bsteps?\b|\bprocedure|\binstructions\b|步骤|流程|依次|顺序", re.IGNORECASE)
_HOW_TO_ZH = re.compile("怎么(?!样的)|如何|怎样|怎么办")
_WHY_EN = re.compile(
    r"\bwhy\b|\bhow come\b|\bfor what reason"
    r"|\b(?:reason|cause|purpose)s? (?:for|of|why|that|is|was)"
    r"|\bwhat (?:\w+ )?(?:caused?|causes|drove|drives|led|leads|made|makes|explains)\b"
    r"|\bexplain\b|\bhow (?:did|do|does|can|could|has|have|had|was|were|is|are)\b",
    re.IGNORECASE,
)
_WHY_ZH = re.compile(
    "为什么|为何|为啥|何以|原因|缘由|理由|怎么(?!样的)|如何|怎样|怎会|何故|导致|目的是"
)
_YES_OR_NO_EN = re.compile(
    r"\W*(?:(?:if|when|in|at|on|for|under)\b[^,]*, )?(?:and |or |so )?"
    r"(?:is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have|had)\b",
    re.IGNORECASE,
)
_YES_OR_NO_ZH = re.compile("吗|是否|能不能|可不可以|有没有|要不要|会不会|是不是|需不需要|该不该")
_NTH = re.compile(
    r"\bstep (?:number |no\. ?)?(?P<after>\d{1,3})\b"
    r"|\b(?P<before>\d{1,3})(?:st|nd|rd|th) step\b"
    r"|\b(?P<word>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last) step\b"
    r"|第(?P<zh>[一二三四五六七八九十\d]{1,3})[步项条]|步骤(?P<zh_after>[一二三四五六七八九十\d]{1,3})"
    r"|(?P<zh_last>最后一[步项])",
    re.IGNORECASE,
)
_WORDS = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
_COUNT = re.compile(
    rf"\bhow many (?:[a-z-]+ )?{_MANY}\b|\bnumber of {_MANY}\b"
    "|(?:几|多少)(?:个|条|项|道)?(?:步|步骤|条|项|点|道|工序)",
    re.IGNORECASE,
)


def wants_list(question: str) -> bool:
    """Whether a question wants several things: steps, items, all that there are.

    >>> wants_list("What are the steps for changing the oil?"), wants_list("换油有哪些步骤？")
    (True, True)
    >>> wants_list("When does the lease end?"), wants_list("What is the address?")
    (False, False)
    """
    return bool(_LIST_EN.search(question) or _LIST_ZH.search(question))


def wants_instructions(question: str) -> bool:
    """Whether a question asks for steps, or how something is done, which steps answer where there
    are some.

    >>> wants_instructions("How do I clean the filter?"), wants_instructions("How long is it?")
    (True, False)
    """
    return any(form.search(question) for form in (_HOW_TO_EN, _HOW_TO_ZH, _STEPS, _NTH))


def wants_conditions(question: str) -> bool:
    """Whether a question asks when something is so, which a list of conditions answers.

    >>> wants_conditions("When is a claim refused?"), wants_conditions("When did it end?")
    (True, False)
    """
    return _CONDITIONS.search(question) is not None


def heads_conditions(head: str) -> bool:
    """Whether the head of a list says that its items are conditions.

    >>> heads_conditions("A claim is refused if:"), heads_conditions("有下列情形之一的，不予受理：")
    (True, True)
    """
    return _CONDITIONAL.search(head) is not None


def thing_asked(question: str) -> str:
    """The word for what a question for a list wants; empty where it has none.

    >>> thing_asked("What are the requirements for a stall?"), thing_asked("How do I pay?")
    ('requirements', '')
    """
    asked = _THING.search(question)
    return (asked["is"] or asked["named"]) if asked else ""


def wants_reason(question: str) -> bool:
    """Whether a question asks why or how something is so, which takes more than one sentence.

    >>> wants_reason("Why was it closed?"), wants_reason("Who won?")
    (True, False)
    """
    return bool(_WHY_EN.search(question) or _WHY_ZH.search(question))


def wants_yes_or_no(question: str) -> bool:
    """Whether a question asks if something is so.

    >>> wants_yes_or_no("May I bring a dog?"), wants_yes_or_no("Who may bring a dog?")
    (True, False)
    >>> wants_yes_or_no("可以带狗吗？"), wants_yes_or_no("谁可以带狗？")
    (True, False)
    """
    return bool(_YES_OR_NO_EN.match(question) or _YES_OR_NO_ZH.search(question))


def step_asked(question: str) -> int | None:
    """The number of the one step that a question wants, -1 for the last, None where it wants none.

    >>> step_asked("What is step 8 of cleaning the filter?"), step_asked("第三步是什么？")
    (8, 3)
    """
    asked = _NTH.search(question)
    if asked is None:
        return None
    said = next(group for group in asked.groups() if group).casefold()
    if said == "last" or asked["zh_last"]:
        return -1
    if said in _WORDS:
        return _WORDS.index(said) + 1
    return int(said) if said.isdigit() else han_number(said)


def wants_count(question: str) -> bool:
    """Whether a question wants the number of the items of a list.

    >>> wants_count("How many steps are there?"), wants_count("一共有几步？")
    (True, True)
    """
    return _COUNT.search(question) is not None
