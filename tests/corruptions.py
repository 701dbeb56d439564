"""Sentences with the passages they were made from, and what is made of them to deceive.

The material is generated: records of an invented observatory and its neighbours, from templates
whose slots are filled at random with a fixed seed. A template gives a source sentence and other
true ways to say it (active and passive, another order, synonyms, numbers and dates written
otherwise). A corruption takes a true sentence and makes it false; the functions work on any
sentence, so that benchmarks/verification.py can use them on texts that cannot be shipped.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quire.text import sentences

TRUE = ("verbatim", "paraphrased")
FALSE = (
    "number swapped",
    "unit swapped",
    "negated",
    "negation removed",
    "entity swapped",
    "parts exchanged",
    "values crossed",
    "bound turned",
    "condition dropped",
    "spliced",
    "other passage",
)


@dataclass(frozen=True)
class Pair:
    """A sentence and the texts of the passages it is held against. `kind` is how it was made."""

    kind: str
    text: str
    passages: tuple[str, ...]


# -- material ----------------------------------------------------------------------------------

PEOPLE = (
    "Mira Lindqvist|Tomasz Wieczorek|Gao Lanying|Ilse Brandvold|Pema Lhadon|Ada Holm|Jonas Ferreira"
    "|Sunniva Dahl|Okello Mbeki|Harriet Vance|Rafael Quiroga|Yusuf Demir"
).split("|")
PLACES = "Luming|Harrow Fen|Ostergate|Bellmoor|Castrovale|Tindal Bay|Norwick|Almeda".split("|")
THINGS = "telescope|dome|mast|generator|boiler|archive|workshop|greenhouse|ferry|bridge".split("|")
PEOPLE_ZH = "林晓梅|陈国栋|高兰英|沈远之|吴志强|周文斌|郑雅琴|何建平|孙丽华|马天佑".split("|")
PLACES_ZH = "鹿鸣山|青石镇|白沙湾|东岭县|望海岛|梧桐谷|云溪市|北川乡".split("|")
THINGS_ZH = "望远镜|圆顶|气象塔|发电机|锅炉|档案室|温室|渡轮|石桥|配电柜".split("|")
MONTHS = (
    "January February March April May June July August September October November December".split()
)
DIGITS_ZH = "零一二三四五六七八九"


@dataclass(frozen=True)
class Filling:
    """What stands in the slots of a template."""

    a: str
    b: str
    place: str
    thing: str
    number: int
    count: int
    year: int
    month: int
    day: int

    @property
    def money(self) -> str:
        return f"{self.number:,}"

    @property
    def plain(self) -> str:
        return str(self.number)

    @property
    def words(self) -> str:
        """The number in English words: it is a multiple of 100 below 10,000."""
        return f"{in_words(self.number // 100)} hundred"

    @property
    def chinese(self) -> str:
        thousands, hundreds = divmod(self.number // 100, 10)
        text = f"{DIGITS_ZH[thousands]}千" if thousands else ""
        return text + (f"{DIGITS_ZH[hundreds]}百" if hundreds else "")

    @property
    def date(self) -> str:
        return f"{self.day} {MONTHS[self.month - 1]} {self.year}"

    @property
    def american(self) -> str:
        return f"{MONTHS[self.month - 1]} {self.day}, {self.year}"

    @property
    def iso(self) -> str:
        return f"{self.year}-{self.month:02}-{self.day:02}"

    @property
    def date_zh(self) -> str:
        return f"{self.year}年{self.month}月{self.day}日"

    @property
    def count_en(self) -> str:
        return in_words(self.count)

    @property
    def count_zh(self) -> str:
        return DIGITS_ZH[self.count]


def in_words(number: int) -> str:
    small = (
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen"
    ).split()
    tens = "twenty thirty forty fifty sixty seventy eighty ninety".split()
    if number < 20:
        return small[number]
    ten, one = divmod(number, 10)
    return tens[ten - 2] + (f"-{small[one]}" if one else "")


EN = (
    (
        "{a} paid {money} crowns to {b} for the {thing} on {date}.",
        "On {american}, {a} paid {plain} crowns to {b} for the {thing}.",
        "{plain} crowns were paid to {b} by {a} for the {thing} on {iso}.",
    ),
    (
        "The {thing} in {place} was built by {a} in {year}.",
        "{a} built the {thing} in {place} in {year}.",
        "In {year}, the {thing} in {place} was constructed by {a}.",
    ),
    (
        "{a} must inspect the {thing} every {count} weeks.",
        "Every {count_en} weeks {a} must inspect the {thing}.",
        "The {thing} must be inspected by {a} every {count_en} weeks.",
    ),
    (
        "Visitors are allowed to enter the {thing} at {place} until {count} o'clock.",
        "Until {count_en} o'clock visitors are permitted to enter the {thing} at {place}.",
        "At {place}, visitors are allowed to enter the {thing} until {count} o'clock.",
    ),
    (
        "The lease of the {thing} in {place} ends on {date}.",
        "On {iso} the lease of the {thing} in {place} ends.",
        "The lease of the {thing} in {place} finishes on {american}.",
    ),
    (
        "{a} sold the {thing} to {b} because the roof of the house in {place} was leaking.",
        "The {thing} was sold to {b} by {a} because the roof of the house in {place} was leaking.",
        "Because the roof of the house in {place} was leaking, {a} sold the {thing} to {b}.",
    ),
    (
        "The repair of the {thing} will cost about {money} yuan and take {count} days.",
        "The repair of the {thing} will cost approximately {plain} yuan and take {count_en} days.",
        "About {plain} yuan and {count} days is what the repair of the {thing} will cost and take.",
    ),
    (
        "In {place}, {a} is responsible for the {thing} and reports to {b}.",
        "{a} is responsible for the {thing} in {place} and reports to {b}.",
        "Responsible for the {thing} in {place} is {a}, who reports to {b}.",
    ),
    (
        "The {thing} of {place} has held {words} litres of water since {year}.",
        "Since {year} the {thing} of {place} has held {money} litres of water.",
        "The {thing} of {place} has held {plain} litres of water since {year}.",
    ),
    (
        "Dogs may not be taken into the {thing} of {place} between {count} and 18 o'clock.",
        "Between {count_en} and 18 o'clock dogs may not be taken into the {thing} of {place}.",
        "Into the {thing} of {place} dogs may not be taken between {count} and 18 o'clock.",
    ),
)
ZH = (
    (
        "{a}于{date_zh}向{b}支付了{money}元的{thing}维修费。",
        "{date_zh}，{a}向{b}支付了{plain}元的{thing}维修费。",
        "{a}于{date_zh}向{b}支付了{chinese}元的{thing}维修费。",
    ),
    (
        "{place}的{thing}由{a}在{year}年主持建造。",
        "{year}年，{a}主持建造了{place}的{thing}。",
        "{a}在{year}年主持建造了{place}的{thing}。",
    ),
    (
        "{a}必须每{count}个星期检查一次{thing}的螺栓。",
        "{a}必须每{count_zh}个星期检查一次{thing}的螺栓。",
        "{thing}的螺栓必须由{a}每{count_zh}个星期检查一次。",
    ),
    (
        "游客在{count}点以前允许进入{place}的{thing}参观。",
        "游客在{count_zh}点以前可以进入{place}的{thing}参观。",
        "{count}点以前，游客允许进入{place}的{thing}参观。",
    ),
    (
        "{place}{thing}的租约将在{date_zh}到期。",
        "{date_zh}，{place}{thing}的租约将到期。",
        "{place}{thing}的租约到期日为{iso}。",
    ),
    (
        "{a}把{place}的旧{thing}卖给了{b}。",
        "{place}的旧{thing}被{a}卖给了{b}。",
        "{a}将{place}的旧{thing}卖给了{b}。",
    ),
    (
        "修理{thing}大约需要{money}元和{count}天时间。",
        "修理{thing}大约需要{chinese}元和{count_zh}天时间。",
        "修理{thing}约需要{plain}元和{count}天时间。",
    ),
    (
        "在{place}，{a}负责管理{thing}，并向{b}汇报工作。",
        "{a}在{place}负责管理{thing}，并向{b}汇报工作。",
        "{place}的{thing}由{a}负责管理，并向{b}汇报工作。",
    ),
    (
        "自{year}年以来，{place}的{thing}蓄水量为{money}升。",
        "{place}的{thing}自{year}年以来蓄水量为{chinese}升。",
        "{place}的{thing}蓄水量自{year}年以来为{plain}升。",
    ),
    (
        "任何人不得携带宠物进入{place}的{thing}，违者罚款{money}元。",
        "任何人不得携带宠物进入{place}的{thing}，违者罚款{chinese}元。",
        "任何人不得带宠物进入{place}的{thing}，违者罚款{plain}元。",
    ),
)


# What is claimed of two things, or only under a condition, or denied: the source, and what would
# be false, or claims more than it says, with the name of how it was made.
EN_FALSE = (
    (
        "{a} pays {money} crowns for the {thing} and {b} pays {year} crowns for the boat.",
        ("values crossed", "{b} pays {money} crowns."),
        ("values crossed", "{a} pays {year} crowns for the boat."),
        ("unit swapped", "{a} pays {money} euros for the {thing}."),
    ),
    (
        "The owner of the {thing} must inform the keeper at least {count} days before a visit.",
        ("parts exchanged", "The keeper must inform the owner of the {thing}."),
        ("bound turned", "The owner of the {thing} must inform the keeper at most {count} days "
         "before a visit."),
        ("unit swapped", "The owner must inform the keeper at least {count} weeks before a visit."),
    ),
    (
        "The {thing} of {place} was not immediately repaired after the storm of {date}.",
        ("negation removed", "The {thing} of {place} was repaired after the storm of {date}."),
        ("negation removed", "The {thing} of {place} was repaired."),
    ),
    (
        "{a} may use the {thing} in {place} only with the consent of {b}.",
        ("condition dropped", "{a} may use the {thing} in {place}."),
        ("parts exchanged", "{b} may use the {thing} in {place} only with the consent of {a}."),
    ),
    (
        "There is no evidence that the {thing} of {place} burned in {year}.",
        ("negation removed", "The {thing} of {place} burned in {year}."),
    ),
    (
        "The {thing} of {place} is closed before {date} if it snows.",
        ("bound turned", "The {thing} of {place} is closed after {date} if it snows."),
        ("condition dropped", "The {thing} of {place} is closed before {date}."),
    ),
)  # fmt: skip
ZH_FALSE = (
    (
        "{a}为{thing}支付{money}元，{b}为船支付{year}元。",
        ("values crossed", "{b}支付{money}元。"),
        ("values crossed", "{a}支付{year}元。"),
        ("unit swapped", "{a}为{thing}支付{money}美元。"),
    ),
    (
        "{thing}的管理员应至少提前{count}天通知站长。",
        ("parts exchanged", "站长应至少提前{count}天通知{thing}的管理员。"),
        ("bound turned", "{thing}的管理员应至多提前{count}天通知站长。"),
        ("unit swapped", "{thing}的管理员应至少提前{count}小时通知站长。"),
    ),
    (
        "{place}的{thing}在风暴之后没有按时修复。",
        ("negation removed", "{place}的{thing}在风暴之后按时修复。"),
        ("negation removed", "{place}的{thing}按时修复。"),
    ),
    (
        "经{b}同意，{a}可以使用{place}的{thing}。",
        ("condition dropped", "{a}可以使用{place}的{thing}。"),
        ("parts exchanged", "经{a}同意，{b}可以使用{place}的{thing}。"),
    ),
    (
        "{a}不再担任{place}{thing}的负责人。",
        ("negation removed", "{a}担任{place}{thing}的负责人。"),
    ),
    (
        "如果下雪，{place}的{thing}在{date_zh}之前关闭。",
        ("bound turned", "如果下雪，{place}的{thing}在{date_zh}之后关闭。"),
        ("condition dropped", "{place}的{thing}在{date_zh}之前关闭。"),
    ),
)


def pairs(language: str, *, each: int, seed: int = 1) -> Iterator[Pair]:
    """About `each` pairs of every kind, from passages of three sentences."""
    draw = random.Random(seed)
    templates = ZH if language == "zh" else EN
    while each:
        each -= 1
        chosen = draw.sample(range(len(templates)), 3)
        told = [(templates[at], _filling(draw, language)) for at in chosen]
        source, *others = [_said(template[0], filling) for template, filling in told]
        template, filling = told[0]
        passage = (" " if language == "en" else "").join(
            [others[0], source, others[1]] if each % 2 else [source, *others]
        )
        elsewhere = _said(draw.choice(templates)[0], _filling(draw, language))
        yield Pair("verbatim", source, (passage, elsewhere))
        yield Pair("paraphrased", _said(draw.choice(template[1:]), filling), (passage, elsewhere))
        yield Pair("other passage", source, (" ".join(others), elsewhere))
        names = {filling.a, filling.b, filling.place, filling.thing}
        for kind, text in corrupted(
            draw.choice([source, _said(draw.choice(template[1:]), filling)]),
            others,
            draw,
            names=[name for name in names if name in source],
            instead=_instead(language, told[1][1], told[2][1], filling),
        ):
            yield Pair(kind, text, (passage, elsewhere))
        source, *false = draw.choice(ZH_FALSE if language == "zh" else EN_FALSE)
        yield Pair("verbatim", _said(source, filling), (_said(source, filling), elsewhere))
        for kind, text in false:
            yield Pair(kind, _said(text, filling), (_said(source, filling), elsewhere))


def _instead(language: str, *fillings: Filling) -> dict[str, list[str]]:
    """For each name of the last filling others of its kind, some of which the passage holds."""
    *others, last = fillings
    people, places, things = (
        (PEOPLE_ZH, PLACES_ZH, THINGS_ZH) if language == "zh" else (PEOPLE, PLACES, THINGS)
    )
    said = {last.a, last.b, last.place, last.thing}
    return {
        last.a: [o.a for o in others] + [p for p in people if p not in said][:2],
        last.b: [o.b for o in others] + [p for p in people if p not in said][:2],
        last.place: [o.place for o in others] + [p for p in places if p not in said][:2],
        last.thing: [o.thing for o in others] + [t for t in things if t not in said][:2],
    }


def _filling(draw: random.Random, language: str) -> Filling:
    people = PEOPLE_ZH if language == "zh" else PEOPLE
    a, b = draw.sample(people, 2)
    return Filling(
        a=a,
        b=b,
        place=draw.choice(PLACES_ZH if language == "zh" else PLACES),
        thing=draw.choice(THINGS_ZH if language == "zh" else THINGS),
        number=draw.randrange(11, 99) * 100,
        count=draw.randrange(3, 10),
        year=draw.randrange(1890, 2030),
        month=draw.randrange(1, 13),
        day=draw.randrange(1, 29),
    )


def _said(template: str, filling: Filling) -> str:
    fields = {name: getattr(filling, name) for name in re.findall(r"{(\w+)}", template)}
    text = template.format(**fields)
    return text[0].upper() + text[1:]


# -- corruptions -------------------------------------------------------------------------------


def corrupted(
    text: str,
    others: Sequence[str],
    draw: random.Random,
    *,
    names: Sequence[str],
    instead: dict[str, list[str]],
) -> Iterator[tuple[str, str]]:
    """False sentences made of a true one, each with its kind, where it can be made."""
    made = (
        ("number swapped", number_swapped(text, draw)),
        ("negated", negated(text)),
        ("entity swapped", entity_swapped(text, names, instead, draw)),
        ("spliced", spliced(text, others, draw)),
    )
    for kind, false in made:
        if false is not None and false != text:
            yield kind, false


_NUMBER = re.compile(r"(?<![\d,.])\d+(?:,\d{3})*(?:\.\d+)?(?![\d,]*\d)")


def number_swapped(text: str, draw: random.Random) -> str | None:
    """Another number in the place of one: two digits exchanged, or one digit changed."""
    found = list(_NUMBER.finditer(text))
    if not found:
        return None
    match = draw.choice(found)
    digits = [at for at, c in enumerate(match[0]) if c.isdigit()]
    number = list(match[0])
    at = draw.choice(digits)
    if len(digits) > 1 and draw.random() < 0.5:
        other = draw.choice(digits)
        number[at], number[other] = number[other], number[at]
    if "".join(number) == match[0]:
        number[at] = draw.choice([d for d in "123456789" if d != number[at]])
    return text[: match.start()] + "".join(number) + text[match.end() :]


_AUXILIARY = re.compile(r"\b(is|are|was|were|will|must|may|can|has|have|had|could|should|would)\b")
_NOT = re.compile(r"\b(is|are|was|were|will|must|may|can|has|have|had|could|should|would) not\b")
_VERB_PAST = re.compile(r"\b(paid|sold|built|made|became|began|won|wrote|took|led|gave|held)\b")
_PRESENT = {
    "paid": "pay",
    "sold": "sell",
    "built": "build",
    "made": "make",
    "became": "become",
    "began": "begin",
    "won": "win",
    "wrote": "write",
    "took": "take",
    "led": "lead",
    "gave": "give",
    "held": "hold",
}
_ZH_NOT = (
    ("不得", "可以"),
    ("不能", "能"),
    ("没有", "有"),
    ("必须", "不必"),
    ("允许", "不允许"),
    ("可以", "不可以"),
    ("支付了", "没有支付"),
    ("卖给了", "没有卖给"),
    ("负责", "不负责"),
    ("需要", "不需要"),
    ("将在", "将不在"),
    ("将到期", "不会到期"),
    ("主持建造", "没有主持建造"),
    ("为", "不为"),
    ("是", "不是"),
    ("有", "没有"),
    ("在", "不在"),
)


def negated(text: str) -> str | None:
    """The sentence turned into its opposite by a negation, or by taking one away."""
    if re.search(r"[\u4e00-\u9fff]", text):
        for word, other in _ZH_NOT:
            if word in text and not re.search(f"[不没]{word}", text):
                return text.replace(word, other, 1)
        return None
    if _NOT.search(text):
        return _NOT.sub(r"\1", text, count=1)
    if _AUXILIARY.search(text):
        return _AUXILIARY.sub(r"\1 not", text, count=1)
    found = _VERB_PAST.search(text)
    if found:
        return text[: found.start()] + f"did not {_PRESENT[found[0]]}" + text[found.end() :]
    return None


def entity_swapped(
    text: str, names: Sequence[str], instead: dict[str, list[str]], draw: random.Random
) -> str | None:
    """Another name of the same kind in the place of one."""
    there = sorted(name for name in names if name in text and instead.get(name))
    if not there:
        return None
    name = draw.choice(there)
    other = draw.choice([other for other in instead[name] if other not in text] or [name])
    return text.replace(name, other) if other != name else None


def spliced(text: str, others: Sequence[str], draw: random.Random) -> str | None:
    """The first half of a sentence with the second half of another one."""
    other = draw.choice(list(others))
    if re.search(r"[\u4e00-\u9fff]", text):
        at, to = len(text) // 2, len(other) // 2
        return text[:at] + other[to:]
    ours, theirs = text.split(), other.split()
    if min(len(ours), len(theirs)) < 6:
        return None
    return " ".join(ours[: len(ours) // 2] + theirs[len(theirs) // 2 :])


def sentences_of(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences.split(text)]
