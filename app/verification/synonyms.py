"""Words that say the same, for laying two sentences side by side.

A few hundred common words of contracts, manuals, minutes and encyclopaedias. It is no thesaurus:
words stand together only where one may replace the other without changing what is claimed.
"""

from functools import cache

from quire.text import analysis

_EN = """
start begin commence
end finish conclude expire
buy purchase acquire
get obtain receive
give provide supply furnish
need require
must shall
help assist aid
show display
build built construct erect
sell sold
pay paid
buy bought
make made
lead led
make produce manufacture
use employ utilise utilize
keep retain
stay remain
big large
small little
fast quick rapid
allow permit
lend lent
forbid forbidden prohibit ban
depart leave
close shut
stop cease halt
choose select pick
repair mend fix
answer reply respond
ask request
tell inform notify
buy purchase
yearly annual annually
monthly
about approximately roughly around
nearly almost
near close
film movie
car automobile
job occupation
pupil student
doctor physician
street road
home house
rent lease
payment remittance
cost expense
fee charge
money funds
meeting session
staff personnel employees
company firm enterprise
author writer
kill slay
die pass
found establish set
discover find
marry wed
important significant
main principal chief
whole entire
total sum
also too additionally
because since
although though
however nevertheless
before prior
after following
during throughout
over above exceeding
under below
least minimum
most maximum
within inside
written composed
called named known
made created
located situated
held hosted
led headed
won gained
people persons individuals
inform notify
maintain service
replace exchange
check inspect examine
hang suspend
visitor guest
owner proprietor
"""
_ZH = """
开始 始于
结束 终止 到期 届满
购买 买入
出售 卖出
需要 须 应 应当 必须
允许 准许 可以
禁止 严禁 不得 不准
提供 给予
帮助 协助
使用 采用 利用
建造 兴建 修建
成立 创立 创办 设立
大约 约 大概
每年 一年一次
位于 坐落于 地处
称为 叫做 名为 叫作
担任 出任
死亡 去世 逝世
出生 生于
获得 取得 赢得
发现 找到
超过 多于 逾
至少 不少于
至多 最多 不超过
更换 替换
检查 检测
维修 修理
员工 职工 雇员
公司 企业
费用 开支
支付 缴纳 交付
通知 告知
参观 游览
会议 大会
因为 由于
如果 若 如 倘若 假如
无论 不管 不论
无人 没有人
但是 但 然而
并且 而且 同时
以及 和 与 及
目前 现在
主要 首要
全部 所有
仅 只
首次 第一次
"""

_LIGHT = """
accord amount answer case certain contain describe detail document example fact follow general
include information instance item kind mention name number part passage place point provide
question refer relate say show specific specify state stated term text thing total type use way
question require value various well
"""


@cache
def light() -> frozenset[str]:
    """Stems of English words that hardly claim anything: "the amount of the fee" is the fee.

    >>> "amount" in light(), "fee" in light()
    (True, False)
    """
    return frozenset(analysis.stem(word) for word in _LIGHT.split())


@cache
def groups(language: str) -> dict[str, frozenset[str]]:
    """For each word (Chinese) or stem (English) those that say the same, itself included.

    >>> sorted(groups("en")["buy"]), sorted(groups("zh")["位于"])
    (['acquir', 'bought', 'buy', 'purchas'], ['位于', '地处', '坐落于'])
    """
    found: dict[str, set[str]] = {}
    for line in (_ZH if language == "zh" else _EN).split("\n"):
        words = {w if language == "zh" else analysis.stem(w) for w in line.split()}
        for word in words:
            found.setdefault(word, set()).update(words)
    return {word: frozenset(others) for word, others in found.items()}
