"""Which languages an embedding model can read, found out by asking it.

An English model given Chinese returns vectors all the same, and fused with equal weight they push
the right passages down: recall@1 fell from .96 to .41 on a Chinese set. So each model is tried once
on a dozen questions and passages per language that share meaning and few words; the share of
questions whose own passage comes out nearest is its reading of that language.
"""

from collections.abc import Mapping

from quire.models.protocols import Embedder

PAIRS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        ("How long may I stay away when I am ill?", "Sick leave is limited to ten days a year."),
        ("Who repairs a broken boiler?", "The landlord maintains the heating system."),
        ("When does the shop open?", "Business hours begin at nine in the morning."),
        ("Can I bring my dog?", "Pets are not allowed inside the building."),
        ("What does the trip cost?", "A ticket sells for twelve pounds."),
        ("Why did the engine stop?", "Lack of fuel shut the motor down."),
        ("Where is gold found?", "Precious metals are mined in the northern hills."),
        ("How tall is the tower?", "The spire rises to ninety metres."),
        ("Who wrote the play?", "The author of the drama was a schoolteacher."),
        ("Which illness do mosquitoes spread?", "Malaria is carried by insects."),
        ("How do plants make food?", "Leaves turn sunlight into sugar."),
        ("What do I do in a fire?", "On hearing the alarm, leave by the nearest exit."),
    ),
    "zh": (
        ("生病了可以休息多久？", "病假每年最多十天。"),
        ("锅炉坏了由谁来修？", "房东负责维护供暖系统。"),
        ("商店什么时候开门？", "营业时间从上午九点开始。"),
        ("能带我的狗进去吗？", "楼内禁止携带宠物。"),
        ("这趟行程要花多少钱？", "车票售价十二元。"),
        ("发动机为什么停了？", "燃料耗尽导致马达熄火。"),
        ("哪里出产黄金？", "贵金属开采于北部山区。"),
        ("那座塔有多高？", "尖顶高达九十米。"),
        ("这部戏是谁写的？", "该剧作者是一位小学教师。"),
        ("蚊子传播什么病？", "疟疾由昆虫携带。"),
        ("植物怎样制造养料？", "叶片把阳光转化为糖分。"),
        ("着火了该怎么办？", "听到警报后从最近的出口撤离。"),
    ),
}
_PASSING = 0.6
"""Below this share the leg is left out. Measured: all-MiniLM-L6-v2 reads English at 1.0 and
Chinese, from shared digits and the few characters in its vocabulary, at 0.33; it would cross at
0.25, where multilingual-e5-small crosses at 0.83."""


def measure_reading(embedder: Embedder) -> dict[str, float]:
    """The share of questions, by language, whose own passage the model ranks first."""
    return {each: _share_found(embedder, asked=each, told=each) for each in PAIRS}


def measure_crossing(embedder: Embedder, reading: Mapping[str, float]) -> float:
    """The share of questions whose own passage the model ranks first among passages in another
    language, for the two languages where it is least; 0 where it does not read several."""
    read = [language for language in PAIRS if can_read(reading, language)]
    found = {
        (asked, told): _share_found(embedder, asked=asked, told=told)
        for asked in read
        for told in read
        if asked != told
    }
    return min(found.values(), default=0.0)


def crosses(crossing: float) -> bool:
    """Whether a question in one language may be answered from a text in another."""
    return crossing >= _PASSING


def can_read(reading: Mapping[str, float], language: str) -> bool:
    """Whether dense search may take part for a text in `language`.

    A language that was not tried counts as read where the model reads all that were.
    """
    share = reading.get(language, min(reading.values(), default=0.0))
    return share >= _PASSING


def _share_found(embedder: Embedder, *, asked: str, told: str) -> float:
    """The share of questions in one language whose own passage in another, or in the same, is the
    nearest of that language's."""
    passages = embedder.embed_passages([passage for _, passage in PAIRS[told]])
    nearest = [int((passages @ embedder.embed_question(q)).argmax()) for q, _ in PAIRS[asked]]
    return sum(best == own for own, best in enumerate(nearest)) / len(nearest)
