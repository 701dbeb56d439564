"""Words that turn a statement round: negations, and words that exclude each other.

"Smoking is permitted" and "smoking is not permitted" share all but one word, and so do questions
with the sentences that seem to answer them. English and Chinese; lists rather than a model, since
what matters is the commonest few hundred words.
"""

import re
from collections.abc import Iterator
from functools import cache

from quire.text import analysis, languages
from quire.verification import synonyms
from quire.verification.script import is_chinese

_NEGATION_EN = re.compile(
    r"\b(?:not(?! (?:only|just|merely|simply|until)\b)|no(?! doubt\b|\.? ?[A-Z]*-?\d)"
    r"|never|neither|nor|none|nothing|nobody|nowhere|without|(?:can|is|are|was|were|do|does|did|has|have|had|may|must)not|\w+n['’]t|unable"
    r"|fail(?:s|ed)? to|refus(?:es?|ed|ing)|prohibit\w*|forbid(?:s|den)?|forbade|lacks?|lacked"
    r"|hardly|scarcely|unless|except)\b",
    re.IGNORECASE,
)
_NEGATION_ZH = re.compile(r"[不没無无未非否勿莫别]|禁止|严禁|除外|拒绝|缺乏|缺少")
_NO_NEGATION_ZH = re.compile(
    "不[过過仅僅但只断斷同久少]|不(?:得不|可不|能不)|非常|无论|無論|别[人的]|特别|特別|区别|區別"
    "|分别|分別|级别|性别"
    "|未来|未來|无限|是否|能否|可否|有没有|有無|有无|是不是|会不会|能不能|非洲|无线|莫斯科|类别"
    "|个别|识别|辨别|不丹|不列颠"
    "|无锡|无穷|非凡|毫无疑问|不一(?!定|致|样)|不管|不论|不料|不禁|差不多|不由|不锈|不幸|否则"
    "|几内亚|莫名|未免"
)

_HAN = re.compile(f"[{languages.CJK}]")

_PAIRS_EN = """
accept/refuse accept/reject active/inactive active/passive add/remove agree/disagree alive/dead
all/none allow/forbid allow/prevent allow/prohibit ally/enemy always/never always/sometimes
ancient/modern appear/disappear approve/reject arrive/depart arrive/leave attack/defend
attack/retreat before/after begin/end below/above benefit/harm best/worst better/worse big/little
big/small born/died bottom/top build/destroy buy/sell cheap/expensive complex/simple
connect/disconnect contract/expand create/destroy current/former day/night decrease/increase
deep/shallow demand/supply difficult/easy direct/indirect discourage/encourage domestic/foreign
dry/wet earlier/later earliest/latest early/late east/west eastern/western easy/hard empty/full
enter/exit enter/leave exclude/include export/import extend/shorten fail/succeed failure/success
fall/rise far/near fast/slow father/mother female/male few/many fewer/more fewest/most first/last
first/second foreign/native formal/informal former/latter friend/enemy gain/lose give/take
good/bad grow/shrink heavy/light high/low higher/lower highest/lowest husband/wife inner/outer
inside/outside internal/external large/small larger/smaller largest/smallest least/most left/right
legal/illegal less/more like/unlike long/short longer/shorter longest/shortest lose/win lost/won
lower/raise lower/upper major/minor majority/minority man/woman maximum/minimum men/women
narrow/wide necessary/unnecessary negative/positive new/old north/south northern/southern
older/younger oldest/youngest oldest/newest open/close oppose/support optional/required
optional/mandatory parent/child past/future peace/war permit/forbid permit/prohibit poor/rich
possible/impossible private/public pull/push reduce/increase rural/urban sister/brother
son/daughter start/end start/stop strong/weak stronger/weaker summer/winter thick/thin
king/queen victory/defeat warm/cold hot/cold young/old tenant/landlord buyer/seller
employer/employee lender/borrower morning/evening morning/afternoon
"""
_PAIRS_ZH = """
增加/减少 增长/下降 上升/下降 提高/降低 上涨/下跌 扩大/缩小 最大/最小 最高/最低
最多/最少 最早/最晚 最长/最短 第一/最后 首次/末次 首位/末位 以上/以下 超过/不足
大于/小于 高于/低于 多于/少于 早于/晚于 之前/之后 以前/以后 开始/结束 成立/解散
建立/撤销 开放/关闭 允许/禁止 可以/不得 必须/不必 支持/反对 赞成/反对 同意/拒绝
接受/拒绝 胜利/失败 成功/失败 获胜/落败 战胜/败给 进口/出口 输入/输出 买入/卖出
购买/出售 收入/支出 盈利/亏损 男性/女性 父亲/母亲 儿子/女儿 哥哥/弟弟 姐姐/妹妹
丈夫/妻子 内部/外部 国内/国外 公立/私立 公开/秘密 直接/间接 主要/次要 多数/少数
东部/西部 南部/北部 东面/西面 南面/北面 东侧/西侧 南侧/北侧 左侧/右侧 上游/下游
上方/下方 前者/后者 正面/负面 优点/缺点 合法/非法 强制/自愿 加入/退出 进入/离开
出生/逝世 出生/去世 升级/降级 晋升/降职 出租人/承租人 甲方/乙方 买方/卖方 上午/下午
白天/夜间 夏季/冬季 春季/秋季 至少/至多 最低/最高 不得低于/不得高于 不超过/不少于
"""


def negated(text: str) -> bool:
    """Whether a text denies something.

    >>> negated("No drone may be flown."), negated("不得使用。"), negated("不仅如此，非常大。")
    (True, True, False)
    """
    return any(True for _ in negations(text))


def negations(text: str) -> Iterator[tuple[int, int]]:
    """Where the words stand by which a text denies something: offsets (start, end), in order.

    >>> text = "No dog may stay without a lead, not only at night."
    >>> [text[start:end] for start, end in negations(text)]
    ['No', 'without']
    """
    if is_chinese(text):
        others = {at for match in _NO_NEGATION_ZH.finditer(text) for at in range(*match.span())}
        for match in _NEGATION_ZH.finditer(text):
            if match.start() not in others:
                yield match.span()
    else:
        found = [match.span() for match in _NEGATION_EN.finditer(text)]
        if _HAN.search(text):  # a list of foreign names, said in Chinese
            found += [match.span() for match in _NEGATION_ZH.finditer(text)]
        yield from sorted(found)


def opposed(one: str, other: str) -> bool:
    """Whether one text holds a word whose opposite, and not the word itself, the other one holds.

    >>> opposed("Who lost the war?", "They won the war."), opposed("最高的山？", "最低的山是它。")
    (True, True)
    >>> opposed("the first", "the first and the last")
    False
    """
    if is_chinese(one):
        left, right = analysis.fold(one), analysis.fold(other)
        same_zh = synonyms.groups("zh")
        return any(
            here in left
            and there in right
            and not any(word in right for word in same_zh.get(here, {here}))
            and not any(word in left for word in same_zh.get(there, {there}))
            for here, there in _chinese()
        )
    held, faced = set(analysis.terms(one)), set(analysis.terms(other))
    same = synonyms.groups("en")
    return any(
        here in held
        and there in faced
        and not faced & same.get(here, {here})
        and not held & same.get(there, {there})
        for here, there in _english()
    )


@cache
def _english() -> tuple[tuple[str, str], ...]:
    return tuple(
        (analysis.stem(here), analysis.stem(there))
        for here, there in _both_ways(_PAIRS_EN)
        if analysis.stem(here) != analysis.stem(there)
    )


@cache
def _chinese() -> tuple[tuple[str, str], ...]:
    return tuple(_both_ways(_PAIRS_ZH))


def _both_ways(pairs: str) -> Iterator[tuple[str, str]]:
    for pair in re.findall(r"\S+/\S+", pairs):
        here, there = pair.split("/")
        yield here, there
        yield there, here
